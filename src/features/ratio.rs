//! The share of events that pass one filter among those that pass another.
//!
//! | | |
//! | --- | --- |
//! | input | two filters: `[numerator, denominator]` |
//! | output | `f64`, the number of events that pass the first over the number that pass the second; null while that is 0 |
//! | state | two counts |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | rounded once |
//! | retractable | yes |
//! | source | conversion rates; the filters need not imply each other, so it may exceed 1 |

use serde::{Deserialize, Serialize};

use super::{Aggregate, Reads, Truths};
use crate::computer::FeatureComputer;
use crate::exact::ratio;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "ratio",
    reads: Reads::Conditions(2),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(Ratio),
    examples: &[
        r#""ratio": [{"word": "a"}, {"flag": true}]"#,
        r#""ratio": [{"amount": {"gt": 0}}, {"amount": {"is_null": false}}], "where": {"flag": false}, "by": "word""#,
    ],
};

/// How many events there were and passed the first filter, and how many passed the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RatioState {
    numerator: Truths,
    denominator: i64,
}

/// The number of events that pass one filter over the number that pass another.
#[derive(Clone, Copy, Debug)]
pub struct Ratio;

impl FeatureComputer for Ratio {
    type Input<'a> = (bool, bool);
    type State = RatioState;
    const GROUP: bool = true;

    fn id(&self) -> String {
        "ratio/1".into()
    }
    fn output_shape(&self) -> Shape {
        Kind::F64.into()
    }
    fn identity(&self) -> Self::State {
        RatioState::default()
    }
    #[inline]
    fn update(&self, state: &mut Self::State, (numerator, denominator): (bool, bool)) {
        state.numerator.add(i64::from(numerator), 1);
        state.denominator = state.denominator.wrapping_add(i64::from(denominator));
    }
    #[inline]
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        into.numerator.add(from.numerator.truths(), from.numerator.count());
        into.denominator = into.denominator.wrapping_add(from.denominator);
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        let denominator = u64::try_from(state.denominator).unwrap_or(0);
        ratio(state.numerator.truths().into(), denominator).into()
    }
    #[inline]
    fn retract(&self, state: &mut Self::State, (numerator, denominator): (bool, bool)) {
        state.numerator.add(-i64::from(numerator), -1);
        state.denominator = state.denominator.wrapping_sub(i64::from(denominator));
    }
}
