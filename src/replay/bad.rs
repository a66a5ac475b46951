//! Events that a replay could not fold in, and how many of them it puts up with.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How many bad events are kept to be looked at; all are counted.
const KEPT: usize = 100;
/// How much is kept of what was wrong with one, in bytes.
const REASON: usize = 256;

/// How many bad events a replay puts up with before it fails.
///
/// `most` are tolerated whenever they come; beyond that only as many as are `share` of the events read so far. The
/// default is none at all: a new version that cannot read what the old one could is what a replay should find out.
///
/// # Bounds
/// `share` is from 0 to 1: 0.001 is one in a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Tolerance {
    most: u64,
    share: f64,
}

/// A tolerance as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    most: u64,
    share: f64,
}

impl TryFrom<Unchecked> for Tolerance {
    type Error = Error;

    fn try_from(read: Unchecked) -> Result<Self> {
        Self::new(read.most, read.share)
    }
}

impl Tolerance {
    /// Not one.
    pub const NONE: Self = Self { most: 0, share: 0.0 };

    /// So many, or this share of all events read, whichever is more.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a share that is not from 0 to 1: 0.01 is accepted, -0.01,
    /// 1.5 and NaN are not.
    pub fn new(most: u64, share: f64) -> Result<Self> {
        if (0.0..=1.0).contains(&share) {
            Ok(Self { most, share })
        } else {
            Err(Error::parameter("share", share, "a number from 0 to 1"))
        }
    }

    /// Whether so many bad ones among so many are put up with.
    pub fn allows(self, bad: u64, read: u64) -> bool {
        bad <= self.most || bad as f64 <= self.share * read as f64
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.most, self.share) {
            (most, 0.0) => write!(f, "{most}"),
            (most, share) => write!(f, "{most} or {} % of those read", share * 100.0),
        }
    }
}

/// An event that was not folded in: where it is, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadEvent {
    /// Its partition.
    pub partition: u32,
    /// Its offset there.
    pub offset: u64,
    /// What is wrong with it; cut short after 256 bytes.
    pub reason: String,
}

impl BadEvent {
    pub(super) fn new(partition: u32, offset: u64, mut reason: String) -> Self {
        let end = (0..=REASON.min(reason.len())).rev().find(|at| reason.is_char_boundary(*at));
        reason.truncate(end.unwrap_or(0));
        Self { partition, offset, reason }
    }
}

impl fmt::Display for BadEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offset {} of partition {}: {}", self.offset, self.partition, self.reason)
    }
}

/// All bad events of a replay: their number, and the first hundred.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadEvents {
    count: u64,
    first: Vec<BadEvent>,
}

impl BadEvents {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first hundred, in the order in which they were met.
    pub fn first(&self) -> &[BadEvent] {
        &self.first
    }

    pub(super) fn add(&mut self, bad: BadEvent) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < KEPT {
            self.first.push(bad);
        }
    }

    /// Whether these are events that can have been counted here.
    pub(super) fn is_valid(&self) -> bool {
        let all = usize::try_from(self.count).map_or(KEPT, |count| count.min(KEPT));
        self.first.len() == all && self.first.iter().all(|bad| bad.reason.len() <= REASON)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tolerance_is_a_floor_and_then_a_share() {
        let tolerance = Tolerance::new(2, 0.1).unwrap();
        for (bad, read, allowed) in [(0, 0, true), (2, 2, true), (3, 3, false), (3, 29, false), (3, 30, true)] {
            assert_eq!(tolerance.allows(bad, read), allowed, "{bad} of {read}");
        }
        assert!(Tolerance::NONE.allows(0, 0) && !Tolerance::NONE.allows(1, u64::MAX));
        assert!(Tolerance::new(0, 1.0).unwrap().allows(u64::MAX, u64::MAX));
        for share in [-0.01, 1.5, f64::NAN, f64::INFINITY] {
            assert!(Tolerance::new(0, share).is_err(), "{share}");
        }
        assert_eq!(Tolerance::NONE.to_string(), "0");
        assert_eq!(tolerance.to_string(), "2 or 10 % of those read");
    }

    #[test]
    fn what_is_kept_of_bad_events_is_bounded() {
        let mut all = BadEvents::default();
        for offset in 0..250 {
            all.add(BadEvent::new(0, offset, "\u{e9}".repeat(200)));
        }
        assert_eq!((all.count(), all.first().len(), all.first()[99].offset), (250, 100, 99));
        assert_eq!(all.first()[0].reason.len(), 256);
        assert!(all.is_valid());
    }
}
