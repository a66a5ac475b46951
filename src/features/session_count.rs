//! How many sessions there were: runs of events at most `gap` apart.
//!
//! | | |
//! | --- | --- |
//! | input | `*`, or any column, whose nulls are skipped |
//! | output | `i64`; 0 when empty |
//! | state | the first and the last moment of each session, shared by `session_count`, `session_duration` and `session_duration_mean`; no more sessions than the window has gaps |
//! | order, duplicates | irrelevant; duplicates are harmless |
//! | error | none |
//! | retractable | no |
//! | source | sessionisation as in Flink and Spark: exactly `gap` apart is together |

use std::marker::PhantomData;

use super::{Aggregate, Every, NotNull, Parameter, Presence, Reads, Runs};
use crate::computer::{Dated, FeatureComputer};
use crate::time::{Interval, Span};
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "session_count",
    reads: Reads::Events,
    dated: false,
    bounded: false,
    parameters: &[Parameter::span("gap")],
    bind: |given| {
        if given.kinds.is_empty() {
            given.make(SessionCount::<Every>::new(given.span("gap")))
        } else {
            given.make(SessionCount::<NotNull>::new(given.span("gap")))
        }
    },
    examples: &[r#""session_count": "*", "gap": "30m""#, r#""session_count": "amount", "gap": "2h""#],
};

/// How many sessions there were: runs of events at most `gap` apart. `P` tells which events count.
#[derive(Clone, Copy, Debug)]
pub struct SessionCount<P> {
    gap: Span,
    presence: PhantomData<P>,
}

impl<P> SessionCount<P> {
    /// The computer for events that count by `P`, in sessions that end after a pause of more than `gap`.
    pub const fn new(gap: Span) -> Self {
        Self { gap, presence: PhantomData }
    }
}

impl<P: Presence> FeatureComputer for SessionCount<P> {
    type Input<'a> = Dated<'a, P::Ref<'a>>;
    type State = Runs;
    const IDEMPOTENT: bool = true;
    const NULLABLE: bool = false;

    fn id(&self) -> String {
        format!("session_count_{}_{}/1", P::NAME, self.gap)
    }
    fn state_id(&self) -> String {
        format!("sessions_{}_{}/1", P::NAME, self.gap)
    }
    fn output_shape(&self) -> Shape {
        Kind::I64.into()
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
        Value::I64(state.iter().len() as i64)
    }
    fn accepts(&self, state: &Runs) -> bool {
        state.fits(self.gap.as_micros())
    }
}
