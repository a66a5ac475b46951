//! What a log costs, how long a replay takes, and which of the two architectures a workload wants: arithmetic with units.
//!
//! Everything is in whole events, bytes and microseconds; nothing is rounded on the way, and what does not fit is an error.
//! Replaying needs a log that is kept long enough ([`RetentionPlan`]), and a job that is faster than the events that come
//! meanwhile ([`ReplayPlan`]). Where that is not to be had, or not worth it, [`recommend()`] says so.

mod finding;
mod rate;
mod recommend;
mod replay;
mod retention;

pub use self::finding::Finding;
pub use self::rate::Rate;
pub use self::recommend::{Architecture, Consideration, Recommendation, Workload, recommend};
pub use self::replay::{ReplayForecast, ReplayPlan};
pub use self::retention::{RetentionForecast, RetentionPlan};
use crate::error::{Error, Result};
use crate::time::Span;

/// A number that a plan came to, as what is given to the host.
fn fitting(number: u128, what: &'static str) -> Result<u64> {
    u64::try_from(number).map_err(|_| Error::parameter(what, number, format!("at most {}", u64::MAX)))
}

/// A length of time, given as microseconds.
fn span(micros: u128, what: &'static str) -> Result<Span> {
    let fits = i64::try_from(micros).ok().and_then(|micros| Span::from_micros(micros).ok());
    fits.ok_or_else(|| Error::parameter(what, format!("{micros} us"), format!("at most {} us", i64::MAX)))
}

fn micros(span: Span) -> u128 {
    u128::from(span.as_micros().unsigned_abs())
}

fn sum(spans: &[Span], what: &'static str) -> Result<Span> {
    span(spans.iter().map(|span| micros(*span)).sum(), what)
}

/// The same to two digits or more, for people: 44 hours rather than 159215309813 microseconds.
fn about(span: Span) -> Span {
    let units = [Span::hours(1), Span::minutes(1), Span::seconds(1), Span::millis(1)].map(Span::as_micros);
    let unit = units.into_iter().find(|unit| span.as_micros() / 10 >= *unit).unwrap_or(1);
    Span::from_micros(span.as_micros() / unit * unit).unwrap_or(span)
}
