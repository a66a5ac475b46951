//! How long sessions lasted on average, from first event to last.
//!
//! | | |
//! | --- | --- |
//! | input | `*`, or any column, whose nulls are skipped |
//! | output | `f64`, seconds; null when empty |
//! | state | the first and the last moment of each session, shared by `session_count`, `session_duration` and `session_duration_mean`; no more sessions than the window has gaps |
//! | order, duplicates | irrelevant; duplicates are harmless |
//! | error | rounded once |
//! | retractable | no |
//! | source | sessionisation as in Flink and Spark: exactly `gap` apart is together |

use super::parts::{SessionAnswer, Sessions};
use super::{Aggregate, Every, NotNull, Parameter, Reads, Runs};
use crate::exact::ratio;
use crate::value::{Kind, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "session_duration_mean",
    reads: Reads::Events,
    dated: false,
    bounded: false,
    parameters: &[Parameter::span("gap")],
    bind: |given| {
        if given.kinds.is_empty() {
            given.make(SessionDurationMean::<Every>::new(given.span("gap")))
        } else {
            given.make(SessionDurationMean::<NotNull>::new(given.span("gap")))
        }
    },
    examples: &[r#""session_duration_mean": "*", "gap": "30m""#, r#""session_duration_mean": "amount", "gap": "2h""#],
};

/// How long sessions lasted on average, from first event to last. `P` tells which events count.
pub type SessionDurationMean<P> = Sessions<P, MeanDuration>;

/// Reads their mean length off sessions.
#[derive(Clone, Copy, Debug)]
pub struct MeanDuration;

impl SessionAnswer for MeanDuration {
    const NAME: &'static str = "session_duration_mean";

    fn shape() -> Kind {
        Kind::F64
    }
    fn read(runs: &Runs) -> Value {
        let whole: i128 = runs.iter().map(|(first, last)| i128::from(last) - i128::from(first)).sum();
        ratio(whole, (runs.iter().len() as u64).saturating_mul(1_000_000)).into()
    }
}
