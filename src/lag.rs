//! How far a consumer is behind its log: in events, in event time, and against retention.
//!
//! The host looks at the log and brings [`Observation`]s; a [`Lag`] keeps the latest of each partition and answers with
//! numbers, a [`Status`] and the [`Reason`] for it. No clock is read: every question names its time.
//!
//! # Rules
//! In this order, for each partition:
//!
//! 1. Not observed, not lately, or without a position or an end of the log: [`Unknown`](Status::Unknown).
//! 2. The log starts after the position: [`DataLoss`](Status::DataLoss). The log ends before where the consumer was at the
//!    beginning of the window: [`Ahead`](Status::Ahead).
//! 3. Within the [`Limits`]: [`Healthy`](Status::Healthy).
//! 4. Not enough looks to judge progress: [`Lagging`](Status::Lagging).
//! 5. No position was reported for longer than the window spans, although there was something to process:
//!    [`Stopped`](Status::Stopped).
//! 6. The position is before one that the window has: [`Rewound`](Status::Rewound). This goes before the next two, or a
//!    consumer set back to the beginning would pass for one that is catching up.
//! 7. Within the limits at some time in the window: [`Lagging`](Status::Lagging).
//! 8. The position is the same in the whole window: [`Stalled`](Status::Stalled).
//! 9. There is not less to process, look by look: [`Slow`](Status::Slow); otherwise [`Lagging`](Status::Lagging).
//!
//! A consumer that [replays](Lag::set_replaying) is expected to be far behind: it is [`Replaying`](Status::Replaying) where another
//! would be lagging, and everything else all the same.
//!
//! # Source
//! Rules 3 to 9 are those of Burrow (LinkedIn). There, lag that grows but for a single dip passes for well, since rule 9 asks
//! whether it ever fell; here all pairs of looks are compared (Mann and Kendall). There, a position that was never committed,
//! one that was lost and one beyond the end have no status of their own, and without enough looks all is well.

mod group;
mod limits;
mod observation;
mod partition;
mod sample;
mod status;
mod track;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::group::GroupLag;
pub use self::limits::{Limit, Limits};
pub use self::observation::{Counters, Observation, Observed};
pub use self::partition::PartitionLag;
pub use self::status::{Reason, Status};
use self::track::Track;
use crate::time::Timestamp;

/// How far one consumer is behind in each partition that it reads.
///
/// It can be written and read with serde at any time, and goes on as if nothing had happened.
///
/// # Examples
/// ```
/// use skewless::lag::{Reason, Status};
/// use skewless::{Lag, Observation, Span, Timestamp};
///
/// let now: Timestamp = "2026-11-23T10:00:00Z".parse()?;
/// let mut lag = Lag::of_partitions([0, 1]);
/// lag.observe(Observation::new(0, now).with_log(0, 5_000).with_next(4_000));
///
/// let first = lag.partition(0, now).unwrap();
/// assert_eq!((first.events, first.status), (Some(1_000), Status::Healthy));
///
/// let group = lag.group(now);
/// assert_eq!((group.sum_events, group.unknown_events), (Some(1_000), 1));
/// assert_eq!((group.status, group.reason), (Status::Unknown, Reason::NeverObserved));
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lag {
    limits: Limits,
    replaying: bool,
    counters: Counters,
    tracks: BTreeMap<u32, Track>,
}

impl Lag {
    /// Expects these partitions; one that is never observed is unknown. Others join when they are observed.
    pub fn of_partitions(partitions: impl IntoIterator<Item = u32>) -> Self {
        let tracks = partitions.into_iter().map(|partition| (partition, Track::default())).collect();
        Self { tracks, ..Self::default() }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Says whether the consumer replays, and so is expected to be far behind.
    pub fn set_replaying(&mut self, replaying: bool) {
        self.replaying = replaying;
    }

    /// Takes a look at a partition into account, unless it is of before the latest one.
    ///
    /// A position or an end of the log that is less than before is no reason to ignore a look: a consumer was set back,
    /// or a log cut short. A look at the very time of the latest one takes its place.
    pub fn observe(&mut self, look: Observation) -> Observed {
        let observed = self.tracks.entry(look.partition).or_default().observe(look, &self.limits);
        self.counters.count(observed);
        observed
    }

    /// Lets go of a partition that is no longer read.
    pub fn forget(&mut self, partition: u32) {
        self.tracks.remove(&partition);
    }

    /// How far the consumer is behind in a partition; `None` if it is neither expected nor observed.
    pub fn partition(&self, partition: u32, now: Timestamp) -> Option<PartitionLag> {
        let track = self.tracks.get(&partition)?;
        Some(PartitionLag::of(partition, track, now, &self.limits, self.replaying))
    }

    /// The same of every partition, by number.
    pub fn partitions(&self, now: Timestamp) -> Vec<PartitionLag> {
        let of =
            |(partition, track): (&u32, &Track)| PartitionLag::of(*partition, track, now, &self.limits, self.replaying);
        self.tracks.iter().map(of).collect()
    }

    /// How far the consumer is behind in all partitions together.
    pub fn group(&self, now: Timestamp) -> GroupLag {
        GroupLag::of(&self.partitions(now))
    }

    /// What became of all observations so far, those of forgotten partitions among them.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}
