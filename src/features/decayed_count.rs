//! Counts events, each losing half its weight every half-life.
//!
//! | | |
//! | --- | --- |
//! | input | `*`, or any column, whose nulls are skipped |
//! | output | `f64`, with the weights as of the end of the window; 0 when empty |
//! | state | an exact sum for each half-life that had events, of the latest `keep` |
//! | order, duplicates | order irrelevant, to the last bit; duplicates count |
//! | error | each value's weight and weighted value are rounded; each half-life's exact sum, their sum and the answer once each; whole half-lives counted from 1970 are let go once they are `keep` older than the latest event's |
//! | retractable | no: what was let go cannot come back |
//! | source | exponential decay, with `exp2` of one portable implementation |

use std::marker::PhantomData;

use super::{Aggregate, Decay, Every, NotNull, Parameter, Presence, Reads};
use crate::computer::{Dated, FeatureComputer};
use crate::time::{Interval, Span};
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "decayed_count",
    reads: Reads::Events,
    dated: false,
    bounded: false,
    parameters: &[Parameter::span("half_life"), Parameter::whole("keep", 1, 1_024, Some(64))],
    bind: |given| {
        if given.kinds.is_empty() {
            given.make(DecayedCount::<Every>::new(given.span("half_life"), given.whole("keep")))
        } else {
            given.make(DecayedCount::<NotNull>::new(given.span("half_life"), given.whole("keep")))
        }
    },
    examples: &[
        r#""decayed_count": "*", "half_life": "1d""#,
        r#""decayed_count": "amount", "half_life": "1h", "keep": 3"#,
    ],
};

/// Counts events, each losing half its weight every half-life.
#[derive(Clone, Copy, Debug)]
pub struct DecayedCount<P> {
    half_life: Span,
    keep: i64,
    presence: PhantomData<P>,
}

impl<P> DecayedCount<P> {
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
        Self { half_life, keep: keep as i64, presence: PhantomData }
    }
}

impl<P: Presence> FeatureComputer for DecayedCount<P> {
    type Input<'a> = Dated<'a, P::Ref<'a>>;
    type State = Decay;

    fn id(&self) -> String {
        format!("decayed_count_{}_{}_{}/1", P::NAME, self.half_life, self.keep)
    }
    fn output_shape(&self) -> Shape {
        Kind::F64.into()
    }
    fn identity(&self) -> Decay {
        Decay::new()
    }
    #[inline]
    fn update(&self, state: &mut Decay, input: Self::Input<'_>) {
        let value = 1.0;
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
