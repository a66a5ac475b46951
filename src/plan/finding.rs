//! What stands in the way of a plan: [`Finding`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::about;
use super::rate::Rate;
use crate::time::Span;

/// Something that stands in the way of a plan, or will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Finding {
    /// Events come as fast as they are processed, or faster.
    NeverCatchesUp {
        /// At what rate the log is processed.
        replay: Rate,
        /// At what rate events come.
        arrival: Rate,
    },
    /// The log no longer has all that is to be replayed.
    HistoryGone {
        /// How far back the replay is to begin.
        history: Span,
        /// How long the log keeps events.
        retention: Span,
    },
    /// The replay takes longer than it may.
    TooLong {
        /// How long it takes.
        takes: Span,
        /// How long it may take.
        within: Span,
    },
    /// When the replay is over and the hold too, the log has let go of where the replay began: it cannot be done again. Of
    /// all findings the only one that a plan can be carried out with.
    NoSecondAttempt {
        /// How long the log keeps events.
        retention: Span,
        /// How long it would have to.
        required: Span,
    },
    /// The log keeps events for too short a time.
    RetentionTooShort {
        /// How long it keeps them.
        retention: Span,
        /// How long it would have to.
        required: Span,
    },
    /// What the log keeps does not fit on the disks.
    DiskTooSmall {
        /// How many bytes there are to store.
        stored: u64,
        /// How many there is room for.
        disk: u64,
    },
}

impl Finding {
    /// Whether the plan cannot be carried out because of it.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::NoSecondAttempt { .. })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NeverCatchesUp { replay, arrival } => {
                write!(f, "never catches up: processes {replay}, while {arrival} come")
            }
            Self::HistoryGone { history, retention } => {
                write!(f, "begins {history} back, but the log keeps {retention}")
            }
            Self::TooLong { takes, within } => write!(f, "takes {}, and may take {within}", about(takes)),
            Self::NoSecondAttempt { retention, required } => {
                write!(f, "cannot be done again: that takes a log that keeps {}, not {retention}", about(required))
            }
            Self::RetentionTooShort { retention, required } => {
                write!(f, "the log keeps {retention}, and would have to keep {}", about(required))
            }
            Self::DiskTooSmall { stored, disk } => write!(f, "{stored} bytes to store, and room for {disk}"),
        }
    }
}

/// Whether a plan with these findings can be carried out.
pub(super) fn is_feasible(findings: &[Finding]) -> bool {
    !findings.iter().any(Finding::is_fatal)
}

/// Writes what was found: the end of a line that says what a plan comes to.
pub(super) fn write_all(f: &mut fmt::Formatter<'_>, findings: &[Finding]) -> fmt::Result {
    f.write_str(if is_feasible(findings) { "; feasible" } else { "; not feasible" })?;
    let mut separators = std::iter::once(": ").chain(std::iter::repeat("; "));
    findings.iter().zip(&mut separators).try_for_each(|(finding, separator)| write!(f, "{separator}{finding}"))
}
