//! Sums a column, every value losing half its weight each half-life.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`, with the weights as of the end of the window; 0 when empty |
//! | state | an exact sum for each half-life that had events, of the latest `keep` |
//! | order, duplicates | order irrelevant, to the last bit; duplicates count |
//! | error | each value's weight and weighted value are rounded; each half-life's exact sum, their sum and the answer once each; whole half-lives counted from 1970 are let go once they are `keep` older than the latest event's |
//! | retractable | no: what was let go cannot come back |
//! | source | exponential decay, with `exp2` of one portable implementation |

use super::{Aggregate, Decay, NUMBERS, Parameter, Reads};
use crate::computer::{Dated, FeatureComputer};
use crate::time::{Interval, Span};
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "decayed_sum",
    reads: Reads::Columns(&[NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[Parameter::span("half_life"), Parameter::whole("keep", 1, 1_024, Some(64))],
    bind: |given| given.make(DecayedSum::new(given.span("half_life"), given.whole("keep"))),
    examples: &[
        r#""decayed_sum": "amount", "half_life": "1d""#,
        r#""decayed_sum": "amount", "half_life": "1h", "keep": 3"#,
    ],
};

/// Sums a column, every value losing half its weight each half-life.
#[derive(Clone, Copy, Debug)]
pub struct DecayedSum {
    half_life: Span,
    keep: i64,
}

impl DecayedSum {
    /// Weights halve every `half_life`, of which the latest `keep` are kept.
    ///
    /// A `keep` beyond 1 to 1,024 is taken as the nearer end.
    pub const fn new(half_life: Span, keep: usize) -> Self {
        let keep = if keep == 0 {
            1
        } else if keep > 1_024 {
            1_024
        } else {
            keep
        };
        Self { half_life, keep: keep as i64 }
    }
}

impl FeatureComputer for DecayedSum {
    type Input<'a> = Dated<'a, f64>;
    type State = Decay;

    fn id(&self) -> String {
        format!("decayed_sum_{}_{}/1", self.half_life, self.keep)
    }
    fn output_shape(&self) -> Shape {
        Kind::F64.into()
    }
    fn identity(&self) -> Decay {
        Decay::new()
    }
    #[inline]
    fn update(&self, state: &mut Decay, input: Self::Input<'_>) {
        let value = input.input;
        state.add(input.at.as_micros(), value, self.half_life.as_micros(), self.keep);
    }
    fn merge(&self, into: &mut Decay, from: &Decay) {
        into.merge(from, self.keep);
    }
    fn output(&self, state: &Decay, over: Interval) -> Value {
        state.value(over.end().as_micros(), self.half_life.as_micros()).into()
    }
    fn accepts(&self, state: &Decay) -> bool {
        state.fits(self.keep)
    }
}
