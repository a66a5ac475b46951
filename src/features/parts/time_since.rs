//! How long ago the first or the last event was: `time_since_first` and `time_since_last`.

use std::marker::PhantomData;

use super::Presence;
use crate::computer::{Dated, FeatureComputer};
use crate::features::seconds;
use crate::time::{Interval, Timestamp};
use crate::value::{Kind, Shape, Value};

/// Seconds from the first event that counts by `P`, or the last, to the end of the window.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeSince<P, const LAST: bool>(PhantomData<P>);

impl<P, const LAST: bool> TimeSince<P, LAST> {
    /// The computer for events that count by `P`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: Presence, const LAST: bool> FeatureComputer for TimeSince<P, LAST> {
    type Input<'a> = Dated<'a, P::Ref<'a>>;
    type State = Option<Timestamp>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("time_since_{}_{}/1", if LAST { "last" } else { "first" }, P::NAME)
    }
    fn output_shape(&self) -> Shape {
        Kind::F64.into()
    }
    fn identity(&self) -> Self::State {
        None
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        self.merge(state, &Some(input.at));
    }
    #[inline]
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        if let Some(at) = from {
            *into = Some(into.map_or(*at, |known| if LAST { known.max(*at) } else { known.min(*at) }));
        }
    }
    fn output(&self, state: &Self::State, over: Interval) -> Value {
        state.map(|at| seconds(at.as_micros(), over.end().as_micros())).into()
    }
}
