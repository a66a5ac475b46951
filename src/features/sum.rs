//! Sums a column.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` or `i64`; null is skipped |
//! | output | the input's kind; 0 when empty; null for infinities of both signs |
//! | state | a count and an exact sum; 10 to 13 bytes stored for typical money |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | `f64`: the real-number sum, rounded once. `i64`: none, or [`Value::Overflow`] |
//! | retractable | yes |
//! | source | SQL `SUM`, but 0 when empty, and exact |

use serde::{Deserialize, Serialize};

use super::{Aggregate, NUMBERS, Reads};
use crate::computer::FeatureComputer;
use crate::exact::Tally;
use crate::table::Columnar;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "sum",
    reads: Reads::Columns(&[NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| match given.kind(0) {
        Kind::I64 => given.make(SumI64),
        _ => given.make(Sum),
    },
    examples: &[
        r#""sum": "amount""#,
        r#""sum": "qty""#,
        r#""sum": "amount", "by": "word", "buckets": 2"#,
        r#""sum": "amount", "retract": {"flag": true}"#,
    ],
};

/// Sums doubles exactly. Infinities of both signs give null.
#[derive(Clone, Copy, Debug)]
pub struct Sum;

/// Sums integers exactly, in 128 bits.
#[derive(Clone, Copy, Debug)]
pub struct SumI64;

/// How many values, and their exact sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SumI64State {
    count: u64,
    total: i128,
}

reads_off!(f64, Tally, "tally/1": Sum "sum_f64/1" by Sum => Tally::value);

impl FeatureComputer for SumI64 {
    type Input<'a> = i64;
    type State = SumI64State;
    const GROUP: bool = true;
    const NULLABLE: bool = false;

    fn id(&self) -> String {
        "sum_i64/1".into()
    }
    fn output_shape(&self) -> Shape {
        Kind::I64.into()
    }
    fn identity(&self) -> Self::State {
        SumI64State::default()
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: i64) {
        state.count = state.count.wrapping_add(1);
        state.total = state.total.wrapping_add(i128::from(input));
    }
    #[inline]
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        into.count = into.count.wrapping_add(from.count);
        into.total = into.total.wrapping_add(from.total);
    }
    fn columnar(&self) -> Columnar {
        Columnar::SumI64
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        i64::try_from(state.total).map_or(Value::Overflow, Value::I64)
    }
    #[inline]
    fn retract(&self, state: &mut Self::State, input: i64) {
        state.count = state.count.wrapping_sub(1);
        state.total = state.total.wrapping_sub(i128::from(input));
    }
}
