//! How long the last session lasted, from its first event to its last.
//!
//! | | |
//! | --- | --- |
//! | input | `*`, or any column, whose nulls are skipped |
//! | output | `f64`, seconds; 0 for a session of one event; null when empty |
//! | state | the first and the last moment of each session, shared by `session_count`, `session_duration` and `session_duration_mean`; no more sessions than the window has gaps |
//! | order, duplicates | irrelevant; duplicates are harmless |
//! | error | rounded once |
//! | retractable | no |
//! | source | sessionisation as in Flink and Spark: exactly `gap` apart is together |

use std::marker::PhantomData;

use super::{Aggregate, Every, NotNull, Parameter, Presence, Reads, Runs, seconds};
use crate::computer::{Dated, FeatureComputer};
use crate::time::{Interval, Span};
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "session_duration",
    reads: Reads::Events,
    dated: false,
    bounded: false,
    parameters: &[Parameter::span("gap")],
    bind: |given| {
        if given.kinds.is_empty() {
            given.make(SessionDuration::<Every>::new(given.span("gap")))
        } else {
            given.make(SessionDuration::<NotNull>::new(given.span("gap")))
        }
    },
    examples: &[r#""session_duration": "*", "gap": "30m""#, r#""session_duration": "amount", "gap": "2h""#],
};

/// How long the last session lasted, from its first event to its last. `P` tells which events count.
#[derive(Clone, Copy, Debug)]
pub struct SessionDuration<P> {
    gap: Span,
    presence: PhantomData<P>,
}

impl<P> SessionDuration<P> {
    /// The computer for events that count by `P`, in sessions that end after a pause of more than `gap`.
    pub const fn new(gap: Span) -> Self {
        Self { gap, presence: PhantomData }
    }
}

impl<P: Presence> FeatureComputer for SessionDuration<P> {
    type Input<'a> = Dated<'a, P::Ref<'a>>;
    type State = Runs;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("session_duration_{}_{}/1", P::NAME, self.gap)
    }
    fn state_id(&self) -> String {
        format!("sessions_{}_{}/1", P::NAME, self.gap)
    }
    fn output_shape(&self) -> Shape {
        Kind::F64.into()
    }
    fn identity(&self) -> Runs {
        Runs::new()
    }
    #[inline]
    fn update(&self, state: &mut Runs, input: Self::Input<'_>) {
        state.add(input.at.as_micros(), self.gap.as_micros());
    }
    fn merge(&self, into: &mut Runs, from: &Runs) {
        into.merge(from, self.gap.as_micros());
    }
    fn output(&self, state: &Runs, _: Interval) -> Value {
        state.iter().next_back().map(|(first, last)| seconds(first, last)).into()
    }
    fn accepts(&self, state: &Runs) -> bool {
        state.fits(self.gap.as_micros())
    }
}
