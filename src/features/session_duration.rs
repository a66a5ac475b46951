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

use super::parts::{SessionAnswer, Sessions};
use super::{Aggregate, Every, NotNull, Parameter, Reads, Runs, seconds};
use crate::value::{Kind, Value};

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
pub type SessionDuration<P> = Sessions<P, LastDuration>;

/// Reads the length of the last off sessions.
#[derive(Clone, Copy, Debug)]
pub struct LastDuration;

impl SessionAnswer for LastDuration {
    const NAME: &'static str = "session_duration";

    fn shape() -> Kind {
        Kind::F64
    }
    fn read(runs: &Runs) -> Value {
        runs.iter().next_back().map(|(first, last)| seconds(first, last)).into()
    }
}
