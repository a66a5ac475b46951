//! Catches an aggregate that depends on order, on how its inputs were split, or on how it was stored.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use skewless::{ErrorKind, FeatureComputer, Interval, Kind, Shape, Value, testing};

#[test]
fn every_builtin_keeps_every_law() {
    testing::check_builtins().unwrap();
}

/// A plain running sum: what everyone writes first.
#[derive(Debug)]
struct PlainSum;

impl FeatureComputer for PlainSum {
    type Input<'a> = f64;
    type State = f64;
    fn id(&self) -> String {
        "plain_sum/1".into()
    }
    fn output_shape(&self) -> Shape {
        Kind::F64.into()
    }
    fn identity(&self) -> f64 {
        0.0
    }
    fn update(&self, state: &mut f64, input: f64) {
        *state += input;
    }
    fn merge(&self, into: &mut f64, from: &f64) {
        *into += from;
    }
    fn output(&self, state: &f64, _: Interval) -> Value {
        (*state).into()
    }
}

#[test]
fn a_plain_float_sum_is_caught() {
    let error = testing::check(PlainSum).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Law);
    assert!(error.to_string().contains("plain_sum/1"), "{error}");
}

/// Says duplicates are harmless, and counts them.
#[derive(Debug)]
struct FalseClaim;

impl FeatureComputer for FalseClaim {
    type Input<'a> = ();
    type State = u64;
    const IDEMPOTENT: bool = true;
    fn id(&self) -> String {
        "false_claim/1".into()
    }
    fn output_shape(&self) -> Shape {
        Kind::I64.into()
    }
    fn identity(&self) -> u64 {
        0
    }
    fn update(&self, state: &mut u64, (): ()) {
        *state += 1;
    }
    fn merge(&self, into: &mut u64, from: &u64) {
        *into += from;
    }
    fn output(&self, state: &u64, _: Interval) -> Value {
        Value::I64(*state as i64)
    }
}

#[test]
fn a_false_claim_of_idempotence_is_caught() {
    let error = testing::check(FalseClaim).unwrap_err();
    assert!(error.to_string().contains("law `idempotent`"), "{error}");
}
