//! What a host brings: [`Observation`], and what became of it.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// One look at one partition of the log and at how far one consumer has read it.
///
/// A look is whole: what it does not know is unknown, even if the look before knew it. A position that was never
/// committed is `None`, not 0.
///
/// # Units
/// Offsets count events; where transactions leave markers in the log, they count those too.
///
/// # Examples
/// ```
/// use skewless::{Observation, Timestamp};
/// let at: Timestamp = "2026-11-23T10:00:00Z".parse()?;
/// let look = Observation::new(0, at).with_log(100, 5_000).with_next(4_000);
/// assert_eq!((look.log_end, look.next, look.head_time), (Some(5_000), Some(4_000), None));
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Which partition.
    pub partition: u32,
    /// When the host looked.
    pub at: Timestamp,
    /// The first offset that is still kept.
    pub log_start: Option<u64>,
    /// The offset that the next event will get. For a consumer that reads committed transactions only: the last
    /// stable offset, or it seems to lag behind what it must not read yet.
    pub log_end: Option<u64>,
    /// The offset of the next event that this consumer will process.
    pub next: Option<u64>,
    /// When the consumer last reported its position, whether or not it had moved. Only with it can a consumer that is
    /// gone be told from one that is stuck.
    pub committed_at: Option<Timestamp>,
    /// The event time of the last event processed: the last in the log, not the one of the greatest time. One event
    /// from a clock that runs ahead would hide every lag.
    pub processed_time: Option<Timestamp>,
    /// The event time of the last event in the log.
    pub head_time: Option<Timestamp>,
}

impl Observation {
    /// A look at `at` that found out nothing yet.
    pub const fn new(partition: u32, at: Timestamp) -> Self {
        Self {
            partition,
            at,
            log_start: None,
            log_end: None,
            next: None,
            committed_at: None,
            processed_time: None,
            head_time: None,
        }
    }

    /// The same with the first offset kept, and the offset after the last.
    #[must_use]
    pub const fn with_log(mut self, start: u64, end: u64) -> Self {
        (self.log_start, self.log_end) = (Some(start), Some(end));
        self
    }

    /// The same with the consumer's position.
    #[must_use]
    pub const fn with_next(mut self, next: u64) -> Self {
        self.next = Some(next);
        self
    }

    /// The same with the time at which the consumer last reported its position.
    #[must_use]
    pub const fn with_committed_at(mut self, at: Timestamp) -> Self {
        self.committed_at = Some(at);
        self
    }

    /// The same with the event time of the last event processed.
    #[must_use]
    pub const fn with_processed_time(mut self, time: Timestamp) -> Self {
        self.processed_time = Some(time);
        self
    }

    /// The same with the event time of the last event in the log.
    #[must_use]
    pub const fn with_head_time(mut self, time: Timestamp) -> Self {
        self.head_time = Some(time);
        self
    }

    /// How many events are in the log and not processed, if both ends are known.
    pub(super) fn events(&self) -> Option<u64> {
        Some(self.log_end?.saturating_sub(self.next?))
    }
}

/// What became of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// It is the latest look now.
    Taken,
    /// It is the latest look now, and those before are forgotten: several looks in a row were of before the latest,
    /// so it is the host's clock that went back.
    Restarted,
    /// It says what the latest look says, and is ignored.
    Repeated,
    /// It is of before the latest look, and is ignored.
    OutOfOrder,
}

/// How many observations became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Taken, those that restarted a partition among them.
    pub taken: u64,
    /// Taken after the host's clock went back.
    pub restarted: u64,
    /// Ignored because the latest look says the same.
    pub repeated: u64,
    /// Ignored because they are of before the latest look.
    pub out_of_order: u64,
}

impl Counters {
    pub(super) fn count(&mut self, observed: Observed) {
        let count = |counter: &mut u64| *counter = counter.saturating_add(1);
        match observed {
            Observed::Taken => count(&mut self.taken),
            Observed::Restarted => {
                count(&mut self.taken);
                count(&mut self.restarted);
            }
            Observed::Repeated => count(&mut self.repeated),
            Observed::OutOfOrder => count(&mut self.out_of_order),
        }
    }
}
