//! A log read into a new stream: [`Replay`].

use super::bad::{BadEvent, BadEvents, Tolerance};
use super::progress::{Looks, PartitionProgress, Progress, eta};
use crate::definition::FeatureSet;
use crate::error::{Error, ErrorKind, Result};
use crate::log::Positions;
use crate::plan::Rate;
use crate::record::{Column, Record};
use crate::state::Outcome;
use crate::stream::Stream;
use crate::time::Timestamp;
use crate::value::ValueRef;

/// One event as the log delivered it, or what it delivered in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery<R> {
    /// The partition.
    pub partition: u32,
    /// The offset there.
    pub offset: u64,
    /// The event, or why it could not be read.
    pub event: std::result::Result<R, String>,
}

impl<R> Delivery<R> {
    /// An event.
    pub fn new(partition: u32, offset: u64, event: R) -> Self {
        Self { partition, offset, event: Ok(event) }
    }

    /// Something at a known place that is no event: bytes that do not decode.
    pub fn unreadable(partition: u32, offset: u64, why: impl Into<String>) -> Self {
        Self { partition, offset, event: Err(why.into()) }
    }
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It went into the stream, or had done so before.
    Taken(Outcome),
    /// It did not, and is tolerated.
    Bad(BadEvent),
}

/// What stands for an event that could not be read: the stream refuses it, and knows that it was delivered.
struct Unreadable;

impl Record for Unreadable {
    fn field(&self, _: &Column) -> ValueRef<'_> {
        ValueRef::Null
    }
}

/// A log, read from a start into a new [`Stream`], up to the end that it had when the replay was planned and on from there.
///
/// The host brings the deliveries, each partition in its order, and says what time it is;
/// [`reading`](Self::reading) wraps an iterator of them. Bad events are counted and reported with their place, and
/// beyond a [`Tolerance`] the replay fails: it then gives no stream and no checkpoint.
///
/// # Laws
/// The states are those of a batch pass over the same events, byte for byte. A replay that is
/// [resumed](Self::resume) from any checkpoint, with the log delivered again from there or from any earlier place,
/// ends as one that was never interrupted.
///
/// # Examples
/// ```
/// use skewless::replay::{Delivery, Replay, Tolerance};
/// use skewless::{Entity, Feature, FeatureSet, Positions, Stream, Timestamp, Window};
/// use serde_json::json;
///
/// let set = FeatureSet::builder("s").entity("user").time("ts")
///     .feature("n", Feature::count().over(Window::lifetime())).build()?;
/// let log = [
///     Delivery::new(0, 0, json!({"user": "ada", "ts": 0})),
///     Delivery::unreadable(0, 1, "not JSON"),
///     Delivery::new(0, 2, json!({"user": "ada", "ts": 1})),
/// ];
/// let end = Positions::new().with(0, 3);
/// let mut replay = Replay::new(Stream::new(&set), Positions::new(), end)?.tolerance(Tolerance::new(1, 0.0)?);
///
/// let mut reading = replay.reading(log.clone());
/// reading.by_ref().take(2).try_for_each(|step| step.map(drop))?;
/// let checkpoint = reading.replay().checkpoint()?;
///
/// // After a crash: from the checkpoint's position, or from before it.
/// let mut replay = Replay::resume(&set, &checkpoint)?;
/// assert_eq!(replay.positions().next(0), 2);
/// replay.reading(log).try_for_each(|step| step.map(drop))?;
/// assert_eq!(replay.bad().first()[0].offset, 1);
/// let stream = replay.finish()?;
/// let n = stream.vector(&Entity::from("ada"), Timestamp::from_micros(2)?)?;
/// assert_eq!(n.get("n").and_then(|n| n.as_i64()), Some(2));
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Replay {
    pub(super) stream: Stream,
    pub(super) start: Positions,
    pub(super) end: Positions,
    /// Where the host said that there is nothing more before some offset.
    pub(super) passed: Positions,
    pub(super) tolerance: Tolerance,
    pub(super) bad: BadEvents,
    pub(super) looks: Looks,
}

impl Replay {
    /// A replay into `stream`, which must be new: of everything from `start` on, of which what lies before `end` is history.
    ///
    /// For the whole log `start` has no positions at all; where retention has deleted the beginning, it is the first
    /// offsets that are kept. `end` is the end of the log now.
    ///
    /// # Errors
    /// [`ErrorKind::Coverage`] for a stream that was given something already.
    pub fn new(stream: Stream, start: Positions, end: Positions) -> Result<Self> {
        Ok(Self {
            stream: stream.starting_at(start.clone())?,
            start,
            end,
            passed: Positions::new(),
            tolerance: Tolerance::NONE,
            bad: BadEvents::default(),
            looks: Looks::default(),
        })
    }

    /// How many bad events are tolerated: none if this is not said.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Takes one delivery.
    ///
    /// # Errors
    /// [`ErrorKind::Tolerance`] for a bad event that is one too many, and for everything after it.
    /// [`ErrorKind::Parameter`] for a place that no event can have, as of [`Stream::update_at`]; nothing has changed
    /// then.
    pub fn read<R: Record>(&mut self, delivery: &Delivery<R>) -> Result<Step> {
        self.check()?;
        let (partition, offset) = (delivery.partition, delivery.offset);
        let outcome = match &delivery.event {
            Ok(event) => self.stream.update_at(partition, offset, event),
            Err(_) => self.stream.update_at(partition, offset, &Unreadable),
        };
        let reason = match (outcome, &delivery.event) {
            (Ok(outcome), _) => return Ok(Step::Taken(outcome)),
            (Err(why), _) if why.kind() == ErrorKind::Parameter => return Err(why),
            (Err(why), Ok(_)) => why.to_string(),
            (Err(_), Err(reason)) => reason.clone(),
        };
        let bad = BadEvent::new(partition, offset, reason);
        self.bad.add(bad.clone());
        self.check().map_err(|why| why.context(bad.to_string()))?;
        Ok(Step::Bad(bad))
    }

    /// Reads a log: an iterator that takes a delivery with each step, and ends after the one that failed the replay.
    pub fn reading<R: Record, I: IntoIterator<Item = Delivery<R>>>(&mut self, log: I) -> Reading<'_, I::IntoIter> {
        Reading { replay: self, log: log.into_iter() }
    }

    /// Says that `partition` has nothing more before `next`, so that it does not wait for offsets that are never
    /// delivered: the last ones before the end may be a transaction's marker, or compacted away.
    ///
    /// An event from before there is still taken if it does come.
    pub fn pass(&mut self, partition: u32, next: u64) {
        self.passed.set(partition, self.passed.next(partition).max(next));
    }

    /// Moves the stream's frontier, as [`Stream::advance`]: with a watermark that goes along, history does not stay in
    /// memory event by event.
    pub fn advance(&mut self, frontier: Timestamp) {
        self.stream.advance(frontier);
    }

    /// Where the log is read on: the next offset of each partition.
    pub fn positions(&self) -> Positions {
        let mut positions = self.stream.positions();
        for (partition, next) in self.passed.iter() {
            positions.set(partition, next.max(positions.next(partition)));
        }
        positions
    }

    /// Whether an event is history: it was there when the replay was planned, and the old version has acted on it. What
    /// the new one would do about it beside keeping features, such as to send an alert, is to be left.
    pub fn is_history(&self, partition: u32, offset: u64) -> bool {
        self.end.covers(partition, offset)
    }

    /// Whether all of history was read, bad events included.
    pub fn is_complete(&self) -> bool {
        let positions = self.positions();
        self.end.iter().all(|(partition, end)| positions.next(partition) >= end)
    }

    /// How far it is at `now`, which is also when this was looked at: the rate is that of the last looks.
    pub fn progress(&mut self, now: Timestamp) -> Progress {
        let positions = self.positions();
        let partitions: Vec<PartitionProgress> = self
            .end
            .iter()
            .map(|(partition, end)| {
                let (start, next) = (self.start.next(partition), positions.next(partition));
                PartitionProgress { partition, start, next, end }
            })
            .collect();
        let (events, bad, latest_event) = (self.events(), self.bad.count(), self.stream.latest_event());
        let mut progress = Progress { partitions, events, bad, latest_event, rate: None, eta: None };
        let remaining = progress.remaining();
        let rate = self.looks.rate(now, progress.total().saturating_sub(remaining));
        (progress.rate, progress.eta) = (rate.map(Rate::as_per_second), eta(remaining, rate));
        progress
    }

    /// The events that could not be folded in.
    pub fn bad(&self) -> &BadEvents {
        &self.bad
    }

    /// How many events were read, bad ones included, those delivered again not.
    pub fn events(&self) -> u64 {
        let counters = self.stream.counters();
        counters.total().saturating_sub(counters.redelivered)
    }

    /// The definition.
    pub fn set(&self) -> &FeatureSet {
        self.stream.set()
    }

    /// What there is so far.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The stream, once all of history was read; it goes on with [`Stream::update_at`].
    ///
    /// # Errors
    /// [`ErrorKind::Tolerance`] if the replay has failed, [`ErrorKind::Coverage`] if a partition is not at its end yet.
    pub fn finish(self) -> Result<Stream> {
        self.check()?;
        let positions = self.positions();
        match self.end.iter().find(|(partition, end)| positions.next(*partition) < *end) {
            Some((partition, end)) => Err(Error::coverage(format!(
                "partition {partition} was read up to {}, and history ends at {end}",
                positions.next(partition)
            ))),
            None => Ok(self.stream),
        }
    }

    /// Whether it has not failed.
    pub(super) fn check(&self) -> Result<()> {
        let (bad, events) = (self.bad.count(), self.events());
        if self.tolerance.allows(bad, events) {
            return Ok(());
        }
        let allowed = self.tolerance;
        Err(Error::tolerance(format!("{bad} of {events} events are bad, tolerated: {allowed}; the replay has failed")))
    }
}

/// A log being read: see [`Replay::reading`].
#[derive(Debug)]
pub struct Reading<'a, I> {
    replay: &'a mut Replay,
    log: I,
}

impl<I> Reading<'_, I> {
    /// The replay, between two steps: for its progress and its checkpoints.
    pub fn replay(&mut self) -> &mut Replay {
        self.replay
    }
}

impl<R: Record, I: Iterator<Item = Delivery<R>>> Iterator for Reading<'_, I> {
    type Item = Result<Step>;

    fn next(&mut self) -> Option<Result<Step>> {
        // Nothing is taken from the log for a replay that has failed.
        self.replay.check().ok()?;
        self.log.next().map(|delivery| self.replay.read(&delivery))
    }
}
