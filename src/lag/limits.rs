//! When a lag is one: [`Limits`].

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// From where on a consumer lags, and how long it is looked at before more is said.
///
/// # Bounds
/// By default a partition is healthy below 10,000 events, with no limit in time; a window is 10 looks, of which 8 must
/// know both ends; looks closer than a second are one; a look is stale after 5 minutes.
///
/// Ten thousand events are 55 seconds of one of 64 partitions that share a thousand million events a day, and a week of a
/// partition that has one a minute: where partitions are quiet, set a limit in [time](Self::time) too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    events: u64,
    time: Option<Span>,
    tail_slack: u64,
    window: usize,
    complete: usize,
    spacing: Span,
    stale: Span,
}

/// One of the two limits of a healthy partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// How many events there may be to process.
    Events,
    /// How long the event-time lag may be.
    Time,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events: 10_000,
            time: None,
            tail_slack: 0,
            window: 10,
            complete: 8,
            spacing: Span::seconds(1),
            stale: Span::minutes(5),
        }
    }
}

impl Limits {
    /// The default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// A partition with fewer events to process is healthy.
    #[must_use]
    pub const fn events(mut self, events: u64) -> Self {
        self.events = events;
        self
    }

    /// And only if its event-time lag is at most this long. A partition of which it is not known is then unknown.
    #[must_use]
    pub const fn time(mut self, time: Span) -> Self {
        self.time = Some(time);
        self
    }

    /// How many offsets at the end of the log may hold no events: 1 for a topic that is written in transactions, where
    /// a marker that no consumer is given follows the last event. Up to there a consumer has caught up.
    #[must_use]
    pub const fn tail_slack(mut self, offsets: u64) -> Self {
        self.tail_slack = offsets;
        self
    }

    /// How many looks are kept of each partition: between 3 and 256.
    #[must_use]
    pub const fn window(mut self, looks: usize) -> Self {
        self.window = looks;
        self
    }

    /// How many of them must know the position and the end of the log before progress is judged: between 3 and all.
    #[must_use]
    pub const fn complete(mut self, looks: usize) -> Self {
        self.complete = looks;
        self
    }

    /// How far looks are apart that count as two. Between them the latest always counts, and rates are not measured
    /// over a shorter time.
    #[must_use]
    pub const fn spacing(mut self, spacing: Span) -> Self {
        self.spacing = spacing;
        self
    }

    /// How far from now, before or after, a look may be and still say something.
    #[must_use]
    pub const fn stale(mut self, stale: Span) -> Self {
        self.stale = stale;
        self
    }

    /// Whether it is known that there is a limit in time, but not whether it is kept.
    pub(super) fn cannot_tell(&self, event_time: Option<Span>) -> bool {
        self.time.is_some() && event_time.is_none()
    }

    /// The limit that a lag is beyond, the one in events first; an event-time lag that is not known is beyond none.
    pub(super) fn exceeded(&self, events: u64, event_time: Option<Span>) -> Option<Limit> {
        if self.caught_up(events) {
            None
        } else if events >= self.events {
            Some(Limit::Events)
        } else {
            let beyond = event_time.zip(self.time).is_some_and(|(lag, limit)| lag > limit);
            beyond.then_some(Limit::Time)
        }
    }

    /// Whether a consumer with this many events to process has in truth caught up.
    pub(super) fn caught_up(&self, events: u64) -> bool {
        events <= self.tail_slack
    }

    // These are clamped where they are read: limits also come from JSON.
    pub(super) fn looks(&self) -> usize {
        self.window.clamp(3, 256)
    }

    pub(super) fn complete_looks(&self) -> usize {
        self.complete.clamp(3, self.looks())
    }

    pub(super) fn least_spacing(&self) -> Span {
        self.spacing
    }

    pub(super) fn stale_after(&self) -> Span {
        self.stale
    }
}
