//! The mean time between neighbouring events.
//!
//! | | |
//! | --- | --- |
//! | input | `*`, or any column, whose nulls are skipped |
//! | output | `f64`, seconds; null for fewer than two events |
//! | state | a count and two moments |
//! | order, duplicates | order irrelevant; a duplicate is a gap of zero |
//! | error | rounded once |
//! | retractable | no |
//! | source | (last - first) / (count - 1) |

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::{Aggregate, Every, NotNull, Presence, Reads};
use crate::computer::{Dated, FeatureComputer};
use crate::exact::ratio;
use crate::time::{Interval, Timestamp};
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "gap_mean",
    reads: Reads::Events,
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| {
        if given.kinds.is_empty() { given.make(GapMean::<Every>::new()) } else { given.make(GapMean::<NotNull>::new()) }
    },
    examples: &[r#""gap_mean": "*""#, r#""gap_mean": "amount""#],
};

/// The mean time between neighbouring events that count by `P`, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct GapMean<P>(PhantomData<P>);

/// How many events, and the first and the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GapMeanState {
    count: u64,
    first: Timestamp,
    last: Timestamp,
}

impl<P> GapMean<P> {
    /// The computer for events that count by `P`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: Presence> FeatureComputer for GapMean<P> {
    type Input<'a> = Dated<'a, P::Ref<'a>>;
    type State = Option<GapMeanState>;

    fn id(&self) -> String {
        format!("gap_mean_{}/1", P::NAME)
    }
    fn output_shape(&self) -> Shape {
        Kind::F64.into()
    }
    fn identity(&self) -> Self::State {
        None
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        self.merge(state, &Some(GapMeanState { count: 1, first: input.at, last: input.at }));
    }
    #[inline]
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        *into = match (*into, *from) {
            (Some(a), Some(b)) => Some(GapMeanState {
                count: a.count.wrapping_add(b.count),
                first: a.first.min(b.first),
                last: a.last.max(b.last),
            }),
            (a, b) => a.or(b),
        };
    }
    fn accepts(&self, state: &Self::State) -> bool {
        state.is_none_or(|s| s.count > 0 && s.first <= s.last && (s.count > 1 || s.first == s.last))
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        let gaps = |state: &GapMeanState| state.count.checked_sub(1)?.checked_mul(1_000_000);
        let whole = |state: &GapMeanState| i128::from(state.last.as_micros()) - i128::from(state.first.as_micros());
        state.and_then(|state| ratio(whole(&state), gaps(&state)?)).into()
    }
}
