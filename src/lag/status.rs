//! How a consumer is doing: [`Status`], the rules, and the [`Reason`] that decided.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::limits::Limits;
use super::observation::Observation;
use super::track::Track;
use crate::time::{Span, Timestamp};

/// How a consumer is doing in a partition, from well to worst.
///
/// Not known is worse than slow, since it can be anything, and better than what is known to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Within the limits.
    Healthy,
    /// Beyond the limits and coming closer, as is expected of a consumer that replays.
    Replaying,
    /// Beyond the limits; coming closer, or it is too early to tell.
    Lagging,
    /// Beyond the limits, and not coming closer.
    Slow,
    /// Too little is known to say.
    Unknown,
    /// Beyond the limits, and its position does not move.
    Stalled,
    /// Beyond the limits, and it no longer reports its position.
    Stopped,
    /// Beyond the limits, and its position was set back.
    Rewound,
    /// Its position is beyond the end of the log, which was cut short or is another log.
    Ahead,
    /// Events that it has not processed are no longer in the log.
    DataLoss,
}

impl Status {
    /// Every status, from well to worst.
    pub const ALL: [Self; 10] = [
        Self::Healthy,
        Self::Replaying,
        Self::Lagging,
        Self::Slow,
        Self::Unknown,
        Self::Stalled,
        Self::Stopped,
        Self::Rewound,
        Self::Ahead,
        Self::DataLoss,
    ];

    /// As it is written: `data_loss`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Replaying => "replaying",
            Self::Lagging => "lagging",
            Self::Slow => "slow",
            Self::Unknown => "unknown",
            Self::Stalled => "stalled",
            Self::Stopped => "stopped",
            Self::Rewound => "rewound",
            Self::Ahead => "ahead",
            Self::DataLoss => "data_loss",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What decided a [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Unknown: there are no partitions.
    NoPartitions,
    /// Unknown: nobody has looked.
    NeverObserved,
    /// Unknown: the latest look is too far from now, which may be the clock's doing.
    Stale {
        /// How far it is from now.
        age: Span,
    },
    /// Unknown: the latest look does not know the position.
    NoPosition,
    /// Unknown: the latest look does not know the end of the log.
    NoLogEnd,
    /// Unknown: there is a limit in time, and the event-time lag is not known.
    NoEventTime,
    /// Data loss: the log starts after the position.
    Lost {
        /// How many events are gone.
        events: u64,
    },
    /// Ahead: a look found the log to end before a position that an earlier look had found.
    BeyondEnd {
        /// By how many offsets.
        offsets: u64,
    },
    /// Healthy: there is nothing to process.
    CaughtUp,
    /// Healthy: what there is to process is within the limits.
    WithinLimits,
    /// Lagging or replaying: there are not enough looks to say more.
    TooFewLooks,
    /// Lagging or replaying: it was within the limits not long ago.
    LatelyWithinLimits,
    /// Lagging or replaying: there is less to process, look by look.
    ComingCloser,
    /// Slow: there is not less to process, look by look.
    NotComingCloser,
    /// Stalled: the position is the same in all looks.
    NoProgress {
        /// For how long it is known to be.
        span: Span,
    },
    /// Stopped: nothing was reported, although there was something to process.
    NotReporting {
        /// For how long.
        span: Span,
    },
    /// Rewound: the position was further on, and has not come back to there.
    SetBack {
        /// Where it was.
        from: u64,
        /// Where it is.
        to: u64,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPartitions => f.write_str("there are no partitions"),
            Self::NeverObserved => f.write_str("never observed"),
            Self::Stale { age } => write!(f, "the latest look is {age} from now"),
            Self::NoPosition => f.write_str("the position is not known"),
            Self::NoLogEnd => f.write_str("the end of the log is not known"),
            Self::NoEventTime => f.write_str("the event-time lag is not known"),
            Self::Lost { events } => write!(f, "{events} events left the log unprocessed"),
            Self::BeyondEnd { offsets } => write!(f, "{offsets} offsets beyond the end of the log"),
            Self::CaughtUp => f.write_str("caught up"),
            Self::WithinLimits => f.write_str("within the limits"),
            Self::TooFewLooks => f.write_str("too few looks to say more"),
            Self::LatelyWithinLimits => f.write_str("within the limits not long ago"),
            Self::ComingCloser => f.write_str("coming closer"),
            Self::NotComingCloser => f.write_str("not coming closer"),
            Self::NoProgress { span } => write!(f, "no progress for {span}"),
            Self::NotReporting { span } => write!(f, "no position reported for {span}"),
            Self::SetBack { from, to } => write!(f, "set back from {from} to {to}"),
        }
    }
}

/// What the latest look says, as far as it is known.
pub(super) struct Found<'t> {
    pub(super) track: &'t Track,
    pub(super) latest: &'t Observation,
    pub(super) event_time: Option<Span>,
    pub(super) now: Timestamp,
}

impl Found<'_> {
    /// The rules, in this order: what is wrong whatever the lag; what is within the limits; and only then progress.
    pub(super) fn judge(&self, limits: &Limits, replaying: bool) -> (Status, Reason) {
        let look = self.latest;
        let (next, end) = match (look.next, look.log_end) {
            (Some(next), Some(end)) => (next, end),
            (None, _) => return (Status::Unknown, Reason::NoPosition),
            (_, None) => return (Status::Unknown, Reason::NoLogEnd),
        };
        if let Some(events) = look.log_start.and_then(|start| start.checked_sub(next)).filter(|lost| *lost > 0) {
            return (Status::DataLoss, Reason::Lost { events });
        }
        if self.is_ahead() {
            return (Status::Ahead, Reason::BeyondEnd { offsets: next.saturating_sub(end) });
        }
        let events = end.saturating_sub(next);
        if limits.caught_up(events) {
            return (Status::Healthy, Reason::CaughtUp);
        }
        if limits.exceeded(events, self.event_time).is_none() {
            return if limits.cannot_tell(self.event_time) {
                (Status::Unknown, Reason::NoEventTime)
            } else {
                (Status::Healthy, Reason::WithinLimits)
            };
        }
        let (status, reason) = self.progress(next, limits);
        let expected = replaying && status == Status::Lagging;
        (if expected { Status::Replaying } else { status }, reason)
    }

    /// Whether the log ends before where the consumer was when the window began.
    ///
    /// That the position is beyond the end says little alone: both were asked for one after the other, or an end was
    /// kept for a while, and the consumer went on meanwhile.
    fn is_ahead(&self) -> bool {
        let beyond = |look: &Observation| Some(look.next? > self.latest.log_end?);
        let oldest = self.track.complete().map(|(look, _)| look).next();
        oldest.is_some_and(|oldest| oldest.at < self.latest.at && beyond(oldest) == Some(true))
            && beyond(self.latest) == Some(true)
    }

    /// What the window says of a consumer that is beyond the limits: Burrow's rules, in their order.
    fn progress(&self, next: u64, limits: &Limits) -> (Status, Reason) {
        let looks: Vec<(&Observation, u64)> = self.track.complete().collect();
        let (Some((first, _)), true) = (looks.first(), looks.len() >= limits.complete_looks()) else {
            return (Status::Lagging, Reason::TooFewLooks);
        };
        let span = self.latest.at.since(first.at);
        if let Some(silence) = self.silence(&looks, limits).filter(|silence| *silence > span) {
            return (Status::Stopped, Reason::NotReporting { span: silence });
        }
        if let Some(from) = looks.iter().filter_map(|(look, _)| look.next).max().filter(|from| *from > next) {
            return (Status::Rewound, Reason::SetBack { from, to: next });
        }
        if looks.iter().any(|(look, events)| was_within(look, *events, limits)) {
            return (Status::Lagging, Reason::LatelyWithinLimits);
        }
        if looks.iter().all(|(look, _)| look.next == Some(next)) {
            return (Status::Stalled, Reason::NoProgress { span });
        }
        if is_shrinking(&looks) {
            (Status::Lagging, Reason::ComingCloser)
        } else {
            (Status::Slow, Reason::NotComingCloser)
        }
    }

    /// For how long the consumer has not reported its position although it had something to process.
    ///
    /// A consumer that had caught up had nothing to report: its silence starts with the event that came then.
    fn silence(&self, looks: &[(&Observation, u64)], limits: &Limits) -> Option<Span> {
        let committed = self.latest.committed_at?;
        let caught_up = looks.iter().rev().find(|(_, events)| limits.caught_up(*events)).map(|(look, _)| look.at);
        Some(self.now.since(caught_up.map_or(committed, |at| at.max(committed))))
    }
}

/// Whether a look of before was within the limits; its event time counts only if it was found and not estimated.
fn was_within(look: &Observation, events: u64, limits: &Limits) -> bool {
    let event_time = super::partition::measured(look, events, limits);
    limits.exceeded(events, event_time).is_none() && !limits.cannot_tell(event_time)
}

/// Whether of all pairs of looks there are more in which the later has less to process than in which it has more.
///
/// That is the sign of Mann and Kendall's statistic for a trend, which one look that dips or peaks does not turn.
fn is_shrinking(looks: &[(&Observation, u64)]) -> bool {
    let mut balance = 0i64;
    for (i, (_, before)) in looks.iter().enumerate() {
        for (_, after) in looks.iter().skip(i + 1) {
            balance += (after > before) as i64 - (after < before) as i64;
        }
    }
    balance < 0
}
