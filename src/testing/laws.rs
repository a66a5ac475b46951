//! The laws of [`FeatureComputer`], each one function.

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::events::{list_of, moment, value_of};
use crate::codec::{self, Reader};
use crate::computer::{Arg, FeatureComputer, Input, MAX_ARGS};
use crate::error::{Error, Result};
use crate::time::{Interval, Timestamp};
use crate::value::{Kind, Value, ValueRef};

/// One generated input: a time, and the values of the columns.
type Sample = (Timestamp, Vec<Value>);

/// A column's kind, and the length of its lists, as far as they are fixed.
pub(crate) type Held = (Option<Kind>, Option<usize>);

/// How many cases the laws are tried on.
const CASES: u32 = 200;

/// Holds a computer to every law; `columns` tells what those it reads hold, in order, as far as the computer leaves it open.
pub(crate) fn hold<C: FeatureComputer>(computer: &C, columns: &[Held]) -> Result<()> {
    let laws: [(&'static str, Law<C>); 10] = [
        ("identity", identity),
        ("commutative", commutative),
        ("associative", associative),
        ("order", order),
        ("split", split),
        ("bytes", bytes),
        ("hostile bytes", hostile_bytes),
        ("presence", presence),
        ("idempotent", idempotent),
        ("group", group),
    ];
    let all = |a: &[Sample], b: &[Sample], c: &[Sample]| {
        laws.into_iter().try_for_each(|(name, law)| law(computer, a, b, c).map_err(|why| (name, why)))
    };
    try_all(<C::Input<'static> as Input<'static>>::ARGS, columns, &computer.id(), &all)
}

/// All laws on three sequences of inputs; the error is the law broken and how.
type Laws<'a> = &'a dyn Fn(&[Sample], &[Sample], &[Sample]) -> std::result::Result<(), (&'static str, String)>;

/// Tries the laws on generated inputs. Compiled once for all computers.
fn try_all(args: &'static [Arg], columns: &[Held], id: &str, laws: Laws<'_>) -> Result<()> {
    let three = [(); 3].map(|()| vec(sample(args, columns), 0..8));
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let broken = Cell::new("");
    let outcome = TestRunner::new_with_rng(config, rng).run(&three, |[a, b, c]| {
        laws(&a, &b, &c).map_err(|(name, why)| {
            broken.set(name);
            TestCaseError::fail(why)
        })
    });
    outcome.map_err(|why| {
        let message = match why {
            TestError::Fail(reason, inputs) => format!("{reason}; inputs {inputs:?}"),
            TestError::Abort(reason) => reason.to_string(),
        };
        Error::law(broken.get(), id, message)
    })
}

type Law<C> = fn(&C, &[Sample], &[Sample], &[Sample]) -> std::result::Result<(), String>;

fn sample(args: &'static [Arg], columns: &[Held]) -> impl Strategy<Value = Sample> + use<> {
    let of = |(i, arg): (usize, &Arg)| match (*arg, columns.get(i).copied().unwrap_or_default()) {
        (_, (_, Some(length))) => list_of(length),
        (Arg::Kind(kind), _) | (Arg::Any, (Some(kind), _)) => value_of(kind, &[]),
        (Arg::Any, (None, _)) => prop_oneof![value_of(Kind::F64, &[]), value_of(Kind::Str, &[])].boxed(),
    };
    // One value more than asked for stands for the tie break of dated inputs.
    let tie = value_of(Kind::I64, &[]);
    let values: Vec<_> = args.iter().enumerate().map(of).chain([tie]).take(MAX_ARGS).collect();
    (moment(), values)
}

fn fold_into<C: FeatureComputer>(computer: &C, state: &mut C::State, samples: &[Sample]) {
    for (at, values) in samples {
        let args: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
        if let Some(input) = C::Input::read(*at, &args) {
            computer.update(state, input);
        }
    }
}

fn fold<C: FeatureComputer>(computer: &C, samples: &[Sample]) -> C::State {
    let mut state = computer.identity();
    fold_into(computer, &mut state, samples);
    state
}

fn merged<C: FeatureComputer>(computer: &C, a: &C::State, b: &C::State) -> C::State {
    let mut state = a.clone();
    computer.merge(&mut state, b);
    state
}

fn encoded<C: FeatureComputer>(state: &C::State) -> Vec<u8> {
    let mut out = Vec::new();
    codec::put(&mut out, state);
    out
}

/// Equal as states, as bytes, and as answers.
fn same<C: FeatureComputer>(computer: &C, a: &C::State, b: &C::State) -> std::result::Result<(), String> {
    let over = Interval::new(Some(Timestamp::EPOCH), Timestamp::clamped(86_400_000_000));
    let (out_a, out_b) = (computer.output(a, over), computer.output(b, over));
    if a != b {
        return Err(format!("states {a:?} and {b:?}"));
    }
    if encoded::<C>(a) != encoded::<C>(b) {
        return Err(format!("bytes {:02x?} and {:02x?} of {a:?}", encoded::<C>(a), encoded::<C>(b)));
    }
    if out_a != out_b {
        return Err(format!("answers {out_a:?} and {out_b:?}"));
    }
    let shape = computer.output_shape();
    if !shape.fits(&out_a) {
        return Err(format!("answer {out_a:?} is not the {shape} it says"));
    }
    if out_a.is_null() && !C::NULLABLE {
        return Err("a null answer of one that says it has none".into());
    }
    Ok(())
}

type Checked = std::result::Result<(), String>;

fn identity<C: FeatureComputer>(computer: &C, a: &[Sample], _: &[Sample], _: &[Sample]) -> Checked {
    let a = fold(computer, a);
    same(computer, &merged(computer, &a, &computer.identity()), &a)?;
    same(computer, &merged(computer, &computer.identity(), &a), &a)
}

fn commutative<C: FeatureComputer>(computer: &C, a: &[Sample], b: &[Sample], _: &[Sample]) -> Checked {
    let (a, b) = (fold(computer, a), fold(computer, b));
    same(computer, &merged(computer, &a, &b), &merged(computer, &b, &a))
}

fn associative<C: FeatureComputer>(computer: &C, a: &[Sample], b: &[Sample], c: &[Sample]) -> Checked {
    let (a, b, c) = (fold(computer, a), fold(computer, b), fold(computer, c));
    let left = merged(computer, &merged(computer, &a, &b), &c);
    same(computer, &left, &merged(computer, &a, &merged(computer, &b, &c)))
}

fn order<C: FeatureComputer>(computer: &C, a: &[Sample], b: &[Sample], c: &[Sample]) -> Checked {
    let forward = [a, b, c].concat();
    let mut backward = forward.clone();
    backward.reverse();
    let turned = [c, a, b].concat();
    let state = fold(computer, &forward);
    same(computer, &state, &fold(computer, &backward))?;
    same(computer, &state, &fold(computer, &turned))
}

fn split<C: FeatureComputer>(computer: &C, a: &[Sample], b: &[Sample], c: &[Sample]) -> Checked {
    let all = fold(computer, &[a, b, c].concat());
    let mut parts = merged(computer, &fold(computer, a), &fold(computer, b));
    fold_into(computer, &mut parts, c);
    same(computer, &all, &parts)
}

fn bytes<C: FeatureComputer>(computer: &C, a: &[Sample], _: &[Sample], _: &[Sample]) -> Checked {
    let state = fold(computer, a);
    let bytes = encoded::<C>(&state);
    let mut reader = Reader::new(&bytes);
    let back: C::State = reader.take("state").map_err(|why| why.to_string())?;
    if !computer.accepts(&back) {
        return Err(format!("it does not accept its own state {back:?}"));
    }
    reader.finish().map_err(|why| why.to_string())?;
    same(computer, &state, &back)
}

/// Any bytes either fail to decode or decode to a state that survives encoding.
fn hostile_bytes<C: FeatureComputer>(computer: &C, a: &[Sample], b: &[Sample], _: &[Sample]) -> Checked {
    let mut bytes = encoded::<C>(&fold(computer, a));
    let noise = encoded::<C>(&fold(computer, b));
    for (at, byte) in noise.iter().enumerate() {
        let place = (at * 7 + usize::from(*byte)) % bytes.len().max(1);
        if let Some(target) = bytes.get_mut(place) {
            *target ^= byte | 1;
        }
        if let Some(state) = Reader::new(&bytes).take::<C::State>("state").ok().filter(|state| computer.accepts(state))
        {
            let again = encoded::<C>(&state);
            let back = Reader::new(&again).take::<C::State>("state").map_err(|why| format!("{state:?}: {why}"))?;
            same(computer, &state, &back)?;
        }
    }
    Ok(())
}

fn presence<C: FeatureComputer>(computer: &C, a: &[Sample], _: &[Sample], _: &[Sample]) -> Checked {
    let some = a.iter().any(|(at, values)| {
        let read: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
        C::Input::read(*at, &read).is_some()
    });
    let state = fold(computer, a);
    if some && state == computer.identity() {
        return Err(format!("inputs came in, but the state is the identity {state:?}"));
    }
    Ok(())
}

fn idempotent<C: FeatureComputer>(computer: &C, a: &[Sample], b: &[Sample], _: &[Sample]) -> Checked {
    if !C::IDEMPOTENT {
        return Ok(());
    }
    let once = fold(computer, &[a, b].concat());
    same(computer, &once, &fold(computer, &[a, b, a].concat()))?;
    same(computer, &once, &merged(computer, &once, &once))
}

fn group<C: FeatureComputer>(computer: &C, a: &[Sample], b: &[Sample], _: &[Sample]) -> Checked {
    if !C::GROUP {
        return Ok(());
    }
    let before = fold(computer, a);
    let mut state = fold(computer, &[a, b].concat());
    for (at, values) in b {
        let args: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
        if let Some(input) = C::Input::read(*at, &args) {
            computer.retract(&mut state, input);
        }
    }
    same(computer, &before, &state)
}
