//! How long a replay takes, and whether it can be done: [`ReplayPlan`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::finding::{Finding, is_feasible, write_all};
use super::rate::Rate;
use super::{about, fitting, sum};
use crate::error::{Error, Result};
use crate::time::Span;

/// A replay of a log into a new version of a feature set, beside the version that is live.
///
/// Rates are of all partitions together, and events are taken to be spread over them evenly. Where they are not, the busiest
/// partition is the last to catch up: make a plan of that one alone, with its own rates.
///
/// # Examples
/// ```
/// use skewless::Span;
/// use skewless::plan::{Rate, ReplayPlan};
///
/// let plan = ReplayPlan::new(Span::days(30), Rate::per_day(1_000_000_000), Rate::per_second(200_000));
/// let replay = plan.evaluate()?;
/// assert!(replay.is_feasible());
/// assert_eq!(replay.to_string(), "30000000000 events of 30d, caught up in 44h; feasible");
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayPlan {
    /// How far back the replay begins.
    pub history: Span,
    /// At what rate events come, then as now.
    pub arrival: Rate,
    /// At what rate the log is processed.
    pub replay: Rate,
    /// Into how many partitions the log is divided; 1 by default.
    pub partitions: u32,
    /// How many bytes an event is when it is read; not asked by default.
    pub bytes_per_event: u64,
    /// How long the log keeps events; for ever by default.
    pub retention: Option<Span>,
    /// For how long the version before is kept after the swap; a day by default.
    pub hold: Span,
    /// How long the replay may take; as long as it likes by default.
    pub within: Option<Span>,
}

/// What a [`ReplayPlan`] comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayForecast {
    /// How far back it begins.
    pub history: Span,
    /// How many events are in the log when it begins.
    pub backlog: u64,
    /// How many those are in each partition, if they are spread evenly.
    pub backlog_per_partition: u64,
    /// When it has caught up, with what came meanwhile too; `None` if it never has.
    pub takes: Option<Span>,
    /// How many events it has processed by then.
    pub processed: Option<u64>,
    /// How many bytes it has read by then.
    pub bytes: Option<u64>,
    /// How long the log has to keep events so that it can be done again when the hold is over.
    pub required: Option<Span>,
    /// What stands in the way.
    pub findings: Vec<Finding>,
}

impl ReplayPlan {
    /// A plan with the defaults.
    pub const fn new(history: Span, arrival: Rate, replay: Rate) -> Self {
        Self {
            history,
            arrival,
            replay,
            partitions: 1,
            bytes_per_event: 0,
            retention: None,
            hold: Span::days(1),
            within: None,
        }
    }

    /// What the plan comes to.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for no partitions, and for numbers that do not fit. A replay that never
    /// catches up is no error: it is a [`Finding`].
    pub fn evaluate(&self) -> Result<ReplayForecast> {
        if self.partitions == 0 {
            return Err(Error::parameter("partitions", 0, "at least 1"));
        }
        let backlog = self.arrival.events_in(self.history)?;
        let takes = self.replay.time_to_drain(backlog, self.arrival)?;
        let came = takes.map(|takes| self.arrival.events_in(takes)).transpose()?;
        let processed = came.map(|came| fitting(u128::from(backlog) + u128::from(came), "events")).transpose()?;
        let bytes = |events: u64| fitting(u128::from(events) * u128::from(self.bytes_per_event), "bytes");
        let required = takes.map(|takes| sum(&[self.history, takes, self.hold], "required")).transpose()?;
        Ok(ReplayForecast {
            history: self.history,
            backlog,
            backlog_per_partition: backlog.div_ceil(u64::from(self.partitions)),
            takes,
            processed,
            bytes: processed.map(bytes).transpose()?,
            required,
            findings: self.findings(takes, required),
        })
    }

    fn findings(&self, takes: Option<Span>, required: Option<Span>) -> Vec<Finding> {
        let &Self { history, arrival, replay, .. } = self;
        let mut findings = Vec::new();
        if takes.is_none() {
            findings.push(Finding::NeverCatchesUp { replay, arrival });
        }
        // From here on the log loses events no faster than the replay goes through them, so the beginning is what decides.
        if let Some(retention) = self.retention.filter(|retention| *retention < history) {
            findings.push(Finding::HistoryGone { history, retention });
        } else if let (Some(retention), Some(required)) = (self.retention, required)
            && retention < required
        {
            findings.push(Finding::NoSecondAttempt { retention, required });
        }
        if let (Some(takes), Some(within)) = (takes, self.within)
            && takes > within
        {
            findings.push(Finding::TooLong { takes, within });
        }
        findings
    }
}

impl ReplayForecast {
    /// Whether the plan can be carried out.
    pub fn is_feasible(&self) -> bool {
        is_feasible(&self.findings)
    }
}

impl fmt::Display for ReplayForecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events of {}", self.backlog, about(self.history))?;
        if let Some(takes) = self.takes {
            write!(f, ", caught up in {}", about(takes))?;
        }
        write_all(f, &self.findings)
    }
}
