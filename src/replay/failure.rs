//! Why a new version is of no use: [`Failure`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::decision::Side;
use crate::hash::Fingerprint;
use crate::time::Span;

/// Why a new version was discarded before it came into service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Failure {
    /// Retention deleted events before the new version had read them.
    DataLoss {
        /// The partition.
        partition: u32,
        /// What it would have read next.
        next: u64,
        /// The first offset that is still kept.
        log_start: u64,
    },
    /// There is a partition that the replay was not planned for.
    PartitionsChanged {
        /// Which.
        partition: u32,
    },
    /// A version runs with another definition than was planned.
    DefinitionChanged {
        /// Which version.
        side: Side,
        /// The definition that it has.
        found: Fingerprint,
        /// The one that was planned.
        expected: Fingerprint,
    },
    /// It was not ready in time.
    TooLong {
        /// How long it may take.
        longest: Span,
    },
    /// Somebody looked at the comparison and did not like it.
    ComparisonRejected {
        /// Why.
        why: String,
    },
    /// Somebody gave it up, or the replay itself has failed.
    Aborted {
        /// Why.
        why: String,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataLoss { partition, next, log_start } => write!(
                f,
                "the log of partition {partition} starts at {log_start}, and {next} was to be read next: events are lost"
            ),
            Self::PartitionsChanged { partition } => {
                write!(f, "partition {partition} is not one of those the replay was planned for")
            }
            Self::DefinitionChanged { side, found, expected } => {
                write!(f, "{side} runs with definition {found}, planned was {expected}")
            }
            Self::TooLong { longest } => write!(f, "it was not ready within {longest}"),
            Self::ComparisonRejected { why } => write!(f, "the comparison was rejected: {why}"),
            Self::Aborted { why } => write!(f, "given up: {why}"),
        }
    }
}
