//! All partitions of a consumer together: [`GroupLag`].

use std::cmp::Reverse;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::partition::PartitionLag;
use super::status::{Reason, Status};
use crate::time::Span;

/// How far a consumer is behind in all its partitions.
///
/// It is as far as its worst partition: an hour's lag in one of a hundred is an hour's lag. Greatest values and sums are
/// over the partitions where they are known; how many those are not is told beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLag {
    /// How many partitions there are.
    pub partitions: usize,
    /// Of how many it is not known how many events there are to process.
    pub unknown_events: usize,
    /// Of how many the event-time lag is not known.
    pub unknown_event_time: usize,
    /// The most events to process in one partition.
    pub max_events: Option<u64>,
    /// The events to process in all.
    pub sum_events: Option<u64>,
    /// The greatest event-time lag.
    pub max_event_time: Option<Span>,
    /// How long ago the last event processed was, where that is longest.
    pub max_freshness: Option<Span>,
    /// When all partitions will have caught up; `None` if one will not, or is not known to.
    pub drain: Option<Span>,
    /// The worst status; unknown if there are no partitions.
    pub status: Status,
    /// What decided that.
    pub reason: Reason,
    /// The partition it is of: of several the one with most events, and of those the first.
    pub worst: Option<u32>,
}

impl GroupLag {
    pub(super) fn of(partitions: &[PartitionLag]) -> Self {
        let worst = partitions.iter().max_by_key(|lag| (lag.status, lag.events, Reverse(lag.partition)));
        let events = || partitions.iter().filter_map(|lag| lag.events);
        let drains = partitions.iter().map(|lag| lag.drain).collect::<Option<Vec<_>>>();
        Self {
            partitions: partitions.len(),
            unknown_events: partitions.iter().filter(|lag| lag.events.is_none()).count(),
            unknown_event_time: partitions.iter().filter(|lag| lag.event_time.is_none()).count(),
            max_events: events().max(),
            sum_events: events().reduce(u64::saturating_add),
            max_event_time: partitions.iter().filter_map(|lag| lag.event_time).max(),
            max_freshness: partitions.iter().filter_map(|lag| lag.freshness).max(),
            drain: drains.and_then(|drains| drains.into_iter().max()),
            status: worst.map_or(Status::Unknown, |lag| lag.status),
            reason: worst.map_or(Reason::NoPartitions, |lag| lag.reason),
            worst: worst.map(|lag| lag.partition),
        }
    }
}

impl fmt::Display for GroupLag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(partition) = self.worst {
            write!(f, " in partition {partition} of {}", self.partitions)?;
        }
        write!(f, ": {}", self.reason)?;
        if let (Some(most), Some(sum)) = (self.max_events, self.sum_events) {
            write!(f, "; {sum} events, at most {most} in one partition")?;
        }
        if let Some(lag) = self.max_event_time {
            write!(f, "; at most {lag}")?;
        }
        if self.unknown_events > 0 {
            write!(f, "; {} unknown", self.unknown_events)?;
        }
        Ok(())
    }
}
