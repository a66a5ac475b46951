//! Where the events are cut for the merge: `--cut`, `--cut-fraction` and `--cut-by`.

use skewless::{Cut, Positions, Span, Timestamp};

use crate::fail::{Failure, Outcome};
use crate::run::Place;

/// Which share of the events the batch view has, unless told otherwise.
const FRACTION: f64 = 0.7;
/// How many partitions the log has that the rows are taken for.
const PARTITIONS: usize = 4;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cutting {
    /// At a time.
    At(Timestamp),
    /// At the time before which this share of the events happened.
    Time(f64),
    /// After this share of the rows of each partition.
    Positions(f64),
}

impl Default for Cutting {
    fn default() -> Self {
        Self::Time(FRACTION)
    }
}

impl Cutting {
    /// Takes the three options together.
    pub(crate) fn read(at: Option<&str>, fraction: Option<&str>, by: Option<&str>) -> Outcome<Self> {
        if let (Some(_), Some(_)) = (at, fraction) {
            return Err(Failure::input("--cut and --cut-fraction are two words for one thing; give one of them"));
        }
        let by_positions = match by {
            None | Some("time") => false,
            Some("positions") => true,
            Some(word) => return Err(Failure::input(format!("--cut-by is `{word}`; allowed: time, positions"))),
        };
        match at {
            Some(_) if by_positions => {
                Err(Failure::input("--cut is a time and does not go with --cut-by positions; use --cut-fraction"))
            }
            Some(word) => Ok(Self::At(time(word)?)),
            None => {
                let fraction = fraction.map_or(Ok(FRACTION), share)?;
                Ok(if by_positions { Self::Positions(fraction) } else { Self::Time(fraction) })
            }
        }
    }

    /// Where that is among the events, of which these are the places in order of time.
    pub(crate) fn split(self, events: &[Place]) -> Split {
        let (cut, from) = match self {
            Self::At(at) => (at.into(), at),
            Self::Time(fraction) => {
                let at = time_at(fraction, events);
                (at.into(), at)
            }
            Self::Positions(fraction) => (positions(fraction, events.len()).into(), time_at(fraction, events)),
        };
        Split { cut, from }
    }
}

/// How events and queries are divided.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    /// The events that the batch view has.
    pub(crate) cut: Cut,
    /// The view's frontier: queries at or after it are answered by the merge.
    pub(crate) from: Timestamp,
}

/// The partition and offset of a row of the log, counted over all batches.
pub(crate) fn place_in_log(number: usize) -> (u32, u64) {
    ((number % PARTITIONS) as u32, (number / PARTITIONS) as u64)
}

/// How far each partition is read when this share of its rows is.
fn positions(fraction: f64, rows: usize) -> Positions {
    let of_partition = |partition: usize| (rows + PARTITIONS - 1 - partition) / PARTITIONS;
    let next = |partition| (partition as u32, part(fraction, of_partition(partition)) as u64);
    (0..PARTITIONS).map(next).collect()
}

/// The time of the event at that rank; just after the last one if there is none.
fn time_at(fraction: f64, events: &[Place]) -> Timestamp {
    let at = |place: &Place| Timestamp::from_micros(place.time).ok();
    let after = || at(events.last()?).map(|last| last.saturating_add(Span::micros(1)));
    events.get(part(fraction, events.len())).and_then(at).or_else(after).unwrap_or(Timestamp::EPOCH)
}

/// So much of `count`, rounded down.
fn part(fraction: f64, count: usize) -> usize {
    ((fraction * count as f64) as usize).min(count)
}

/// Reads a time.
fn time(word: &str) -> Outcome<Timestamp> {
    let found = word.parse().map_or_else(|_| word.parse(), Timestamp::from_micros);
    found.map_err(|why: skewless::Error| {
        Failure::input(format!("--cut is `{word}`; allowed: RFC 3339, or whole microseconds since 1970: {why}"))
    })
}

/// Reads a share.
fn share(word: &str) -> Outcome<f64> {
    word.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| Failure::input(format!("--cut-fraction is `{word}`; allowed: a number from 0 to 1")))
}
