//! What a controller says: [`Decision`], with its [`Phase`], [`Action`]s and [`Reason`]s.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use crate::lag;
use crate::log::Positions;
use crate::time::{Span, Timestamp};

/// Which of the two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The one that was in service when the replay was planned.
    Old,
    /// The one that replays the log.
    New,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Old => "the old version",
            Self::New => "the new version",
        })
    }
}

/// How far the handover from the old version to the new one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing was begun.
    Planned,
    /// The new version reads history: what was in the log at the start.
    Replaying,
    /// It has read that, and reads what has come since.
    CatchingUp,
    /// It has caught up, and can be promoted. The old one is in service.
    Ready,
    /// The new version is in service. The old one goes on reading, and can be gone back to.
    Live,
    /// The new version is in service for good. The old one waits for the last requests that have it pinned.
    Draining,
    /// The old version is gone: the end.
    Retired,
    /// The new version was in service, and the old one is again: the end, with the new one kept to be looked at.
    RolledBack,
    /// The new version is of no use, and is discarded: the end. Another attempt is another replay.
    Failed,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 9] = [
        Self::Planned,
        Self::Replaying,
        Self::CatchingUp,
        Self::Ready,
        Self::Live,
        Self::Draining,
        Self::Retired,
        Self::RolledBack,
        Self::Failed,
    ];

    /// As it is written: `catching_up`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Replaying => "replaying",
            Self::CatchingUp => "catching_up",
            Self::Ready => "ready",
            Self::Live => "live",
            Self::Draining => "draining",
            Self::Retired => "retired",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing comes after it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Retired | Self::RolledBack | Self::Failed)
    }

    /// Whether the new version was never in service, and can still fail.
    pub(super) const fn is_before_live(self) -> bool {
        matches!(self, Self::Planned | Self::Replaying | Self::CatchingUp | Self::Ready)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What has to be so. The same action comes with each decision for as long as it has, so that one that was lost in a
/// crash is not lost; doing it again must change nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// The new version reads the log, from here if it has no checkpoint of this replay, into a state of its own. For what
    /// is history it does nothing else: no alerts, no events downstream.
    Replay {
        /// Where it begins. A partition that is not in it begins at 0.
        from: Positions,
    },
    /// The two versions are compared; as of this time, if it is known, both have had all events that came in order.
    Compare {
        /// See [`Controller::common_cut`](super::Controller::common_cut).
        as_of: Option<Timestamp>,
    },
    /// This version comes into service if the epoch is still the expected one; and the controller is told what came of
    /// it. Who does it a second time must not take the epoch that it made itself for somebody else's.
    Swap {
        /// Which.
        to: Side,
        /// The epoch that must be in service.
        expected: u64,
    },
    /// The version goes on reading the log, though it serves nobody.
    Hold(Side),
    /// The version reads the log no more. What it has stays.
    Stop(Side),
    /// The version goes, with its state, its checkpoints and its position in the log.
    Delete(Side),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replay { from } => write!(f, "replay from {from}"),
            Self::Compare { as_of: Some(as_of) } => write!(f, "compare as of {as_of}"),
            Self::Compare { as_of: None } => f.write_str("compare"),
            Self::Swap { to, expected } => write!(f, "swap {to} in for epoch {expected}"),
            Self::Hold(side) => write!(f, "let {side} read on"),
            Self::Stop(side) => write!(f, "stop {side}"),
            Self::Delete(side) => write!(f, "delete {side}"),
        }
    }
}

/// Why things are not further on, or how they came to an end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Part of history is not read yet.
    History {
        /// The partition.
        partition: u32,
        /// What is read next, if that is known.
        next: Option<u64>,
        /// Where history ends.
        end: u64,
    },
    /// The event-time lag of a partition is not known.
    Unknown {
        /// Whose.
        side: Side,
        /// The partition.
        partition: u32,
        /// What is known of it.
        why: lag::Reason,
    },
    /// The event-time lag of a partition is too great.
    Lagging {
        /// Whose.
        side: Side,
        /// The partition.
        partition: u32,
        /// How great.
        lag: Span,
        /// How great it may be.
        limit: Span,
    },
    /// Retention reaches the new version before it has caught up, as things go.
    RetentionCloses {
        /// The partition.
        partition: u32,
        /// When.
        within: Span,
    },
    /// The lag is small enough, but was not for long enough.
    Settling {
        /// In how many checks it was.
        checks: u32,
        /// In how many it must be.
        of: u32,
    },
    /// The two versions were not compared yet.
    NotCompared,
    /// The new version is further behind than the old one, by more than it may be.
    Regression {
        /// The partition.
        partition: u32,
        /// The new one's event-time lag.
        new: Span,
        /// The old one's. If it is not known the old one is taken to have none.
        old: Option<Span>,
        /// By how much it may be.
        limit: Span,
    },
    /// A swap is out, and what came of it is not known.
    SwapOut {
        /// Which version was to come into service.
        to: Side,
    },
    /// Somebody else has put another version into service.
    SwapLost {
        /// The epoch that should have been in service.
        expected: u64,
        /// The one that was.
        found: u64,
    },
    /// The new version has not been well for long enough.
    Holding {
        /// How much longer it must be.
        left: Span,
    },
    /// Requests have the old version pinned, or nobody has said how many.
    Pinned {
        /// How many.
        pins: Option<usize>,
    },
    /// It has failed.
    Failed(Failure),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::History { partition, next: Some(next), end } => {
                write!(f, "partition {partition} is at {next} of {end}")
            }
            Self::History { partition, next: None, end } => {
                write!(f, "it is not known how far partition {partition} is on the way to {end}")
            }
            Self::Unknown { side, partition, why } => {
                write!(f, "the lag of {side} in partition {partition} is not known: {why}")
            }
            Self::Lagging { side, partition, lag, limit } => {
                write!(f, "{side} is {lag} behind in partition {partition}, allowed: {limit}")
            }
            Self::RetentionCloses { partition, within } => {
                write!(f, "retention reaches the new version in partition {partition} within {within}")
            }
            Self::Settling { checks, of } => write!(f, "within the limit in {checks} of {of} checks"),
            Self::NotCompared => f.write_str("the two versions were not compared"),
            Self::Regression { partition, new, old, limit } => {
                write!(f, "the new version is {new} behind in partition {partition}, the old one ")?;
                match old {
                    Some(old) => write!(f, "{old}")?,
                    None => f.write_str("unknown")?,
                }
                write!(f, "; allowed: {limit} more")
            }
            Self::SwapOut { to } => write!(f, "a swap to {to} is out"),
            Self::SwapLost { expected, found } => {
                write!(f, "epoch {found} is in service, and {expected} was expected: somebody else swapped")
            }
            Self::Holding { left } => write!(f, "the old version is held for {left} more"),
            Self::Pinned { pins: Some(pins) } => write!(f, "{pins} requests have the old version pinned"),
            Self::Pinned { pins: None } => f.write_str("it is not known how many requests have the old version pinned"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

/// Where things are, what has to be so, and why they are not further on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The phase.
    pub phase: Phase,
    /// What has to be so.
    pub actions: Vec<Action>,
    /// Why it is no other phase.
    pub reasons: Vec<Reason>,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.phase)?;
        let all = self.reasons.iter().enumerate();
        all.into_iter().try_for_each(|(i, reason)| write!(f, "{} {reason}", if i == 0 { ":" } else { ";" }))
    }
}
