//! How long ago the last event was.
//!
//! | | |
//! | --- | --- |
//! | input | `*`, or any column, whose nulls are skipped |
//! | output | `f64`, seconds from that event to the end of the window; null when empty |
//! | state | a moment |
//! | order, duplicates | irrelevant; duplicates are harmless |
//! | error | rounded once |
//! | retractable | no |
//! | source | recency, as every feature team writes it |

use std::marker::PhantomData;

use super::{Aggregate, Every, NotNull, Presence, Reads, seconds};
use crate::computer::{Dated, FeatureComputer};
use crate::time::{Interval, Timestamp};
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "time_since_last",
    reads: Reads::Events,
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| {
        if given.kinds.is_empty() {
            given.make(TimeSinceLast::<Every>::new())
        } else {
            given.make(TimeSinceLast::<NotNull>::new())
        }
    },
    examples: &[r#""time_since_last": "*""#, r#""time_since_last": "amount""#],
};

/// Seconds since the last event that counts by `P`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeSinceLast<P>(PhantomData<P>);

impl<P> TimeSinceLast<P> {
    /// The computer for events that count by `P`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: Presence> FeatureComputer for TimeSinceLast<P> {
    type Input<'a> = Dated<'a, P::Ref<'a>>;
    type State = Option<Timestamp>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("time_since_last_{}/1", P::NAME)
    }
    fn output_shape(&self) -> Shape {
        Kind::F64.into()
    }
    fn identity(&self) -> Self::State {
        None
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        *state = Some(state.map_or(input.at, |known| known.max(input.at)));
    }
    #[inline]
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        if let Some(at) = from {
            *into = Some(into.map_or(*at, |known| known.max(*at)));
        }
    }
    fn output(&self, state: &Self::State, over: Interval) -> Value {
        state.map(|at| seconds(at.as_micros(), over.end().as_micros())).into()
    }
}
