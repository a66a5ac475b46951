//! The words for logs: [`Positions`] and [`Cut`].

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How far a log was read: for each partition the offset of the next event, as Kafka commits it.
///
/// A partition that is not named was not read at all, which is the same as a next offset of 0. Number the
/// partitions of several topics as you like; the numbers only have to stay.
///
/// # Examples
/// ```
/// use skewless::Positions;
/// let read: Positions = [(0, 100), (1, 80)].into_iter().collect();
/// assert!(read.covers(0, 99) && !read.covers(0, 100) && !read.covers(2, 0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Positions(BTreeMap<u32, u64>);

impl Positions {
    /// Nothing read.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The same with `partition` read up to, and not including, `next`.
    #[must_use]
    pub fn with(mut self, partition: u32, next: u64) -> Self {
        self.set(partition, next);
        self
    }

    /// Says how far `partition` was read.
    pub fn set(&mut self, partition: u32, next: u64) {
        if next == 0 {
            self.0.remove(&partition);
        } else {
            self.0.insert(partition, next);
        }
    }

    /// The offset of the first event of `partition` that was not read.
    #[inline]
    pub fn next(&self, partition: u32) -> u64 {
        self.0.get(&partition).copied().unwrap_or(0)
    }

    /// Whether the event at `offset` of `partition` was read.
    #[inline]
    pub fn covers(&self, partition: u32, offset: u64) -> bool {
        offset < self.next(partition)
    }

    /// The partitions of which something was read, and the next offset of each.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.0.iter().map(|(partition, next)| (*partition, *next))
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(u32, u64)> for Positions {
    fn from_iter<I: IntoIterator<Item = (u32, u64)>>(all: I) -> Self {
        all.into_iter().fold(Self::new(), |positions, (partition, next)| positions.with(partition, next))
    }
}

impl PartialOrd for Positions {
    /// Later where no partition was read less far; of two that are each ahead somewhere, neither is later.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let all = self.0.keys().chain(other.0.keys());
        let mut orders = all.map(|partition| self.next(*partition).cmp(&other.next(*partition)));
        orders.try_fold(Ordering::Equal, |so_far, order| match (so_far, order) {
            (Ordering::Equal, order) => Some(order),
            (so_far, order) if order.is_eq() || order == so_far => Some(so_far),
            _ => None,
        })
    }
}

impl<'de> Deserialize<'de> for Positions {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let map = BTreeMap::deserialize(from)?;
        if map.values().any(|next| *next == 0) {
            return Err(serde::de::Error::custom("a partition of which nothing was read is left out"));
        }
        Ok(Self(map))
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (partition, next)) in self.iter().enumerate() {
            write!(f, "{}{partition}: {next}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}

/// What divides the events of a log into those a batch view has and those the real-time side adds.
///
/// Every event is on exactly one side. With [`Positions`](Self::Positions) that holds for late events too: they
/// are where their place in the log says. With [`EventTime`](Self::EventTime) an event that arrives late, below the
/// cut, after the batch job has read the log, is on the batch side and not in the view: it is counted as
/// [`below_cut`](crate::Counters::below_cut) and seen again with the next view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Events before this time are the view's; one at exactly this time is not.
    ///
    /// # Units
    /// Written as microseconds since the epoch.
    EventTime(Timestamp),
    /// Events below these offsets are the view's.
    Positions(Positions),
}

impl Cut {
    /// Whether an event is on the batch side of this cut; one without a place in the log is on neither side of
    /// positions, and so not.
    #[inline]
    pub fn covers(&self, place: Option<(u32, u64)>, time: Timestamp) -> bool {
        match (self, place) {
            (Self::EventTime(cut), _) => time < *cut,
            (Self::Positions(cut), Some((partition, offset))) => cut.covers(partition, offset),
            (Self::Positions(_), None) => false,
        }
    }
}

impl PartialOrd for Cut {
    /// Cuts of two sorts have no order.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::EventTime(a), Self::EventTime(b)) => Some(a.cmp(b)),
            (Self::Positions(a), Self::Positions(b)) => a.partial_cmp(b),
            _ => None,
        }
    }
}

impl From<Timestamp> for Cut {
    fn from(at: Timestamp) -> Self {
        Self::EventTime(at)
    }
}

impl From<Positions> for Cut {
    fn from(positions: Positions) -> Self {
        Self::Positions(positions)
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventTime(at) => write!(f, "event time {at}"),
            Self::Positions(positions) => write!(f, "positions {positions}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions<const N: usize>(all: [(u32, u64); N]) -> Positions {
        all.into_iter().collect()
    }

    #[test]
    fn positions_are_later_only_where_no_partition_is_behind() {
        let (a, b, c) = (positions([(0, 5)]), positions([(0, 5), (1, 2)]), positions([(0, 4), (1, 9)]));
        assert!(a < b && a == positions([(0, 5), (7, 0)]));
        assert_eq!(b.partial_cmp(&a), Some(Ordering::Greater));
        assert_eq!((b.partial_cmp(&c), c.partial_cmp(&b)), (None, None));
        assert!(Positions::new() < a);
        assert_eq!(Cut::from(a).partial_cmp(&Cut::from(Timestamp::EPOCH)), None);
    }

    #[test]
    fn positions_have_one_form() {
        let json = serde_json::to_string(&Cut::from(positions([(3, 7), (0, 1), (9, 0)]))).unwrap();
        assert_eq!(json, r#"{"positions":{"0":1,"3":7}}"#);
        assert_eq!(serde_json::from_str::<Cut>(&json).unwrap(), Cut::from(positions([(0, 1), (3, 7)])));
        assert!(serde_json::from_str::<Positions>(r#"{"0": 0}"#).is_err());
        let time: Cut = serde_json::from_str(r#"{"event_time": -1}"#).unwrap();
        assert_eq!(time.to_string(), "event time 1969-12-31T23:59:59.999999Z");
    }
}
