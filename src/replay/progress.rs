//! How far a replay has come: [`Progress`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::plan::Rate;
use crate::time::{Span, Timestamp};

/// How many looks the rate is taken over.
const LOOKS: usize = 16;
/// How many characters the bar has.
const BAR: u64 = 20;

/// How far a replay has come in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionProgress {
    /// The partition.
    pub partition: u32,
    /// Where the replay began.
    pub start: u64,
    /// The offset it reads next.
    pub next: u64,
    /// Where history ends: the end of the log when the replay was planned.
    pub end: u64,
}

impl PartitionProgress {
    /// How many offsets of history are left.
    pub fn remaining(&self) -> u64 {
        self.end.saturating_sub(self.next)
    }

    /// How many offsets of history there are in all.
    pub fn total(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// How far a replay has come through its history.
///
/// Offsets are counted, not events: some are of markers or were compacted away, and nobody knows how many before
/// they are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// By partition.
    pub partitions: Vec<PartitionProgress>,
    /// How many events were read, bad ones included, those delivered again not.
    pub events: u64,
    /// How many of them were bad.
    pub bad: u64,
    /// The latest event time so far.
    pub latest_event: Option<Timestamp>,
    /// Offsets a second, over the last looks; unknown before there were two at different times, and after a restart.
    pub rate: Option<f64>,
    /// How long the rest takes at that rate; unknown without one.
    pub eta: Option<Span>,
}

impl Progress {
    /// How many offsets of history there are in all.
    pub fn total(&self) -> u64 {
        self.partitions.iter().fold(0, |sum, partition| sum.saturating_add(partition.total()))
    }

    /// How many offsets of history are left.
    pub fn remaining(&self) -> u64 {
        self.partitions.iter().fold(0, |sum, partition| sum.saturating_add(partition.remaining()))
    }

    /// Whether all of history was read; so it is at once where there is none.
    pub fn is_complete(&self) -> bool {
        self.partitions.iter().all(|partition| partition.remaining() == 0)
    }

    /// The part of history that was read, from 0 to 1; all of nothing is 1.
    pub fn share(&self) -> f64 {
        let (total, done) = (self.total(), self.total().saturating_sub(self.remaining()));
        if total == 0 { 1.0 } else { done as f64 / total as f64 }
    }
}

impl fmt::Display for Progress {
    /// A bar and what goes with it, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (total, done) = (self.total(), self.total().saturating_sub(self.remaining()));
        // In whole numbers, and rounded down: only all of it is 100 %.
        let part =
            |of: u64| if total == 0 { of } else { (u128::from(done) * u128::from(of) / u128::from(total)) as u64 };
        for i in 0..BAR {
            f.write_str(if i < part(BAR) { "#" } else { "." })?;
        }
        write!(f, " {:3} %, {done} of {total} offsets", part(100))?;
        if let Some(rate) = self.rate {
            write!(f, ", {rate:.0}/s")?;
        }
        match self.eta {
            Some(eta) => write!(f, ", {} to go", rounded(eta))?,
            None if !self.is_complete() => f.write_str(", time to go unknown")?,
            None => {}
        }
        if self.bad > 0 { write!(f, ", {} bad", self.bad) } else { Ok(()) }
    }
}

/// A span in whole seconds, minutes or hours, rounded up.
fn rounded(span: Span) -> Span {
    let micros = span.as_micros();
    let unit = [3_600_000_000, 60_000_000, 1_000_000].into_iter().find(|unit| micros > 2 * unit).unwrap_or(1_000_000);
    let up = micros.div_euclid(unit).saturating_add(i64::from(micros % unit > 0));
    Span::from_micros(up.saturating_mul(unit)).unwrap_or(Span::ZERO)
}

/// What was seen at the last looks. Not stored: the time a process was down is not time it worked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Looks(Vec<(Timestamp, u64)>);

impl Looks {
    /// Takes note that so many offsets were done at `now`, and tells at what rate they were.
    pub(super) fn rate(&mut self, now: Timestamp, done: u64) -> Option<Rate> {
        // A clock that was set back has made what it said before worthless.
        if self.0.last().is_some_and(|(last, _)| *last > now) {
            self.0.clear();
        }
        if self.0.last().is_none_or(|(last, _)| *last < now) {
            if self.0.len() == LOOKS {
                self.0.remove(0);
            }
            self.0.push((now, done));
        }
        let (first, before) = self.0.first()?;
        // No time at all is no rate.
        Rate::new(done.saturating_sub(*before), now.since(*first)).ok()
    }
}

/// How long so much takes at that rate; `None` if for ever, or longer than a span can be.
pub(super) fn eta(remaining: u64, rate: Option<Rate>) -> Option<Span> {
    if remaining == 0 { Some(Span::ZERO) } else { rate?.time_for(remaining).ok().flatten() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn a_rate_needs_two_looks_and_survives_a_clock_that_goes_back() {
        let mut looks = Looks::default();
        assert_eq!(looks.rate(at(100), 0), None);
        assert_eq!(looks.rate(at(100), 50), None);
        assert_eq!(looks.rate(at(110), 100), Some(Rate::per_second(10)));
        assert_eq!(looks.rate(at(50), 120), None);
        assert_eq!(looks.rate(at(51), 125), Some(Rate::per_second(5)));
    }

    #[test]
    fn a_rate_forgets_what_is_long_past() {
        let mut looks = Looks::default();
        for i in 0..40u64 {
            // A fast start, then ten a second.
            let done = if i < 20 { i * 1_000 } else { 19_000 + (i - 19) * 10 };
            let rate = looks.rate(at(i as i64), done);
            assert!(i < 36 || rate == Some(Rate::per_second(10)), "{i}: {rate:?}");
        }
        assert_eq!(looks.0.len(), LOOKS);
    }

    #[test]
    fn progress_reads_well_and_never_says_all_too_early() {
        let partition = |next, end| PartitionProgress { partition: 0, start: 100, next, end };
        let mut progress = Progress {
            partitions: vec![partition(1_099, 1_100)],
            events: 999,
            bad: 0,
            latest_event: None,
            rate: Some(250.0),
            eta: eta(1, Some(Rate::per_second(250))),
        };
        assert_eq!(progress.to_string(), "###################.  99 %, 999 of 1000 offsets, 250/s, 1s to go");
        progress.partitions = vec![partition(100, 100)];
        (progress.rate, progress.eta, progress.bad) = (None, eta(0, None), 3);
        assert_eq!(progress.to_string(), "#################### 100 %, 0 of 0 offsets, 0s to go, 3 bad");
        assert!(progress.is_complete() && progress.share() == 1.0);
        assert_eq!((eta(1, None), eta(1, Some(Rate::ZERO)), eta(u64::MAX, Some(Rate::per_day(1)))), (None, None, None));
    }
}
