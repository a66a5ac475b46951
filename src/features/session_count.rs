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

use super::parts::{SessionAnswer, Sessions};
use super::{Aggregate, Every, NotNull, Parameter, Reads, Runs};
use crate::value::{Kind, Value};

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
pub type SessionCount<P> = Sessions<P, SessionsCounted>;

/// Reads their number off sessions.
#[derive(Clone, Copy, Debug)]
pub struct SessionsCounted;

impl SessionAnswer for SessionsCounted {
    const NAME: &'static str = "session_count";
    const NULLABLE: bool = false;

    fn shape() -> Kind {
        Kind::I64
    }
    fn read(runs: &Runs) -> Value {
        Value::I64(runs.iter().len() as i64)
    }
}
