//! How long a log has to be kept, and what that takes: [`RetentionPlan`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::finding::{Finding, is_feasible, write_all};
use super::rate::Rate;
use super::{about, fitting, micros, span, sum};
use crate::error::{Error, Result};
use crate::time::Span;

/// A log out of which a feature set is to be replayed.
///
/// A log keeps events for a time after they were *written*, by segments: the oldest go when the newest of their segment
/// is old enough. Whoever replays into another log should mind that what is written there with its old times
/// may be let go of at once.
///
/// # Examples
/// ```
/// use skewless::Span;
/// use skewless::plan::{Rate, RetentionPlan};
///
/// // A thousand million events a day of 500 bytes, three years of which are to be replayed.
/// let mut plan = RetentionPlan::new(Rate::per_day(1_000_000_000), 500, Span::days(3 * 365));
/// (plan.replication, plan.hold, plan.safety_percent) = (1, Span::ZERO, 0);
/// let retention = plan.evaluate()?;
/// assert_eq!(retention.bytes_per_day, 500_000_000_000);
/// assert_eq!(retention.stored, 547_500_000_000_000);
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionPlan {
    /// At what rate events come.
    pub arrival: Rate,
    /// How many bytes an event is, before compression.
    pub bytes_per_event: u64,
    /// How many copies are stored; 3 by default.
    pub replication: u32,
    /// How many bytes a hundred are after compression; 100, for none, by default.
    pub compressed_percent: u32,
    /// How far back a replay begins: the reach of the longest window, or of the training data.
    pub horizon: Span,
    /// How long a replay takes; none by default, see [`ReplayPlan`](super::ReplayPlan).
    pub replay: Span,
    /// For how long the version before is kept after a swap, in which it may turn out that it has to be done again; a day by
    /// default.
    pub hold: Span,
    /// What is added to all that, in hundredths of it; 20 by default.
    pub safety_percent: u32,
    /// How long the log keeps events, if that is settled.
    pub retention: Option<Span>,
    /// How many bytes there is room for, if that is.
    pub disk: Option<u64>,
}

/// What a [`RetentionPlan`] comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionForecast {
    /// How long the log has to keep events: horizon, replay, hold, and the safety on top.
    pub required: Span,
    /// How long the plan has it keep them: what is settled, or else what is required.
    pub keeps: Span,
    /// How many events those are.
    pub events: u64,
    /// How many bytes come in a day, before compression and copies.
    pub bytes_per_day: u64,
    /// How many bytes are stored in a day, compressed and in all copies.
    pub stored_per_day: u64,
    /// How many bytes are stored in all.
    pub stored: u64,
    /// What stands in the way.
    pub findings: Vec<Finding>,
}

impl RetentionPlan {
    /// A plan with the defaults.
    pub const fn new(arrival: Rate, bytes_per_event: u64, horizon: Span) -> Self {
        Self {
            arrival,
            bytes_per_event,
            replication: 3,
            compressed_percent: 100,
            horizon,
            replay: Span::ZERO,
            hold: Span::days(1),
            safety_percent: 20,
            retention: None,
            disk: None,
        }
    }

    /// What the plan comes to.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for no copies at all, and for numbers that do not fit: 18 million TB
    /// are accepted, 19 million are not.
    pub fn evaluate(&self) -> Result<RetentionForecast> {
        if self.replication == 0 {
            return Err(Error::parameter("replication", 0, "at least 1"));
        }
        let all = sum(&[self.horizon, self.replay, self.hold], "required")?;
        let percent = 100 + u128::from(self.safety_percent);
        let required = span((micros(all) * percent).div_ceil(100), "required")?;
        let keeps = self.retention.unwrap_or(required);
        let (per_day, events) = (self.arrival.events_in(Span::days(1))?, self.arrival.events_in(keeps)?);
        let raw = |events: u64| u128::from(events) * u128::from(self.bytes_per_event);
        let copies = u128::from(self.replication) * u128::from(self.compressed_percent);
        let stored = |events: u64| {
            let bytes = raw(events).checked_mul(copies).map_or(u128::MAX, |hundredths| hundredths.div_ceil(100));
            fitting(bytes, "bytes")
        };
        let mut found = RetentionForecast {
            required,
            keeps,
            events,
            bytes_per_day: fitting(raw(per_day), "bytes")?,
            stored_per_day: stored(per_day)?,
            stored: stored(events)?,
            findings: Vec::new(),
        };
        if let Some(retention) = self.retention.filter(|retention| *retention < required) {
            found.findings.push(Finding::RetentionTooShort { retention, required });
        }
        if let Some(disk) = self.disk.filter(|disk| *disk < found.stored) {
            found.findings.push(Finding::DiskTooSmall { stored: found.stored, disk });
        }
        Ok(found)
    }
}

impl RetentionForecast {
    /// Whether the plan can be carried out.
    pub fn is_feasible(&self) -> bool {
        is_feasible(&self.findings)
    }
}

impl fmt::Display for RetentionForecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, stored, keeps, .. } = self;
        write!(f, "{} of log: {events} events, {stored} bytes stored", about(*keeps))?;
        write_all(f, &self.findings)
    }
}
