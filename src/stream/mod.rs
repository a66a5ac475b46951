//! Many entities, one event at a time: [`Stream`].

mod entity;
mod generation;
mod policy;
mod received;
mod snapshot;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use self::entity::Entity;
pub(crate) use self::entity::Key;
#[cfg(any(feature = "arrow", feature = "polars"))]
pub(crate) use self::entity::key_part;
use self::generation::Generation;
pub use self::generation::{Behind, Coverage, Gap};
use self::policy::Clock;
pub use self::policy::FrontierPolicy;
use self::received::{Admission, Received};
use crate::definition::FeatureSet;
use crate::error::{Error, ErrorKind, Result};
use crate::log::{Cut, Positions};
use crate::record::Record;
use crate::state::{Cells, Entry, Outcome, State};
use crate::time::Timestamp;
use crate::vector::Vector;

/// What has become of all events so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Folded in at or above the frontier.
    pub applied: u64,
    /// Folded in below the frontier.
    pub late: u64,
    /// Too old for every window that looks for them.
    pub expired: u64,
    /// Refused for want of an entity or a time.
    pub refused_missing: u64,
    /// Refused for a value that is not of its column's kind.
    pub refused_type: u64,
    /// Refused for a time that is out of range or unreadable.
    pub refused_time: u64,
    /// Folded in, but too far ahead to be let move the frontier; also among the applied.
    pub ahead: u64,
    /// Delivered again by the log, or had by every view kept.
    pub redelivered: u64,
    /// Late below the event-time cut of the view in service.
    pub below_cut: u64,
    /// Offsets of the log passed over and not delivered since: markers, compacted events, or lost ones. No events
    /// are in this count.
    pub skipped: u64,
}

impl Counters {
    /// All refused events.
    pub fn refused(&self) -> u64 {
        self.refused_missing.saturating_add(self.refused_type).saturating_add(self.refused_time)
    }

    /// All events ever given.
    pub fn total(&self) -> u64 {
        let folded = self.applied.saturating_add(self.late).saturating_add(self.expired);
        let not_folded = self.redelivered.saturating_add(self.below_cut).saturating_add(self.refused());
        folded.saturating_add(not_folded)
    }
}

/// The states of many entities in memory, fed one event at a time.
///
/// No clock, no thread, no I/O: the host brings the events, moves the frontier or names a
/// [`FrontierPolicy`], and takes snapshots. Every event is accounted for in [`counters`](Self::counters).
///
/// # Examples
/// ```
/// use skewless::{Entity, Feature, FeatureSet, Span, Stream, Timestamp, Window};
/// use serde_json::json;
///
/// let set = FeatureSet::builder("shopper")
///     .entity("user")
///     .time("ts")
///     .feature("events_1h", Feature::count().over(Window::sliding(Span::hours(1))))
///     .build()?;
/// let mut stream = Stream::new(&set);
/// stream.update(&json!({"user": "ada", "ts": "2026-11-23T10:00:00Z"}))?;
/// stream.update(&json!({"user": "ada", "ts": "2026-11-23T10:30:00Z"}))?;
///
/// let noon: Timestamp = "2026-11-23T10:30:00Z".parse()?;
/// assert_eq!(stream.vector(&Entity::from("ada"), noon)?.get("events_1h").and_then(|v| v.as_i64()), Some(1));
/// assert!(!stream.vector(&Entity::from("bob"), noon)?.is_seen());
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone)]
pub struct Stream {
    set: FeatureSet,
    /// At least one; the newest last.
    generations: Vec<Generation>,
    clock: Clock,
    counters: Counters,
    /// What came with a place in the log.
    received: Received,
    /// The cut of the view in service.
    served: Option<Cut>,
    /// The latest event.
    seen_until: Option<Timestamp>,
    /// The event time it was said to start at.
    begun: Option<Timestamp>,
    /// Whether events came without a place in the log.
    unplaced: bool,
    /// Counts what changes which cuts can be told apart; not stored.
    changes: u64,
}

impl Stream {
    /// An empty stream whose frontier only the host moves.
    pub fn new(set: &FeatureSet) -> Self {
        Self::with_policy(set, FrontierPolicy::Host)
    }

    /// An empty stream that moves its frontier by `policy`; the host may still move it on.
    pub fn with_policy(set: &FeatureSet, policy: FrontierPolicy) -> Self {
        Self {
            set: set.clone(),
            generations: vec![Generation::new(None)],
            clock: Clock::new(policy),
            counters: Counters::default(),
            received: Received::default(),
            served: None,
            seen_until: None,
            begun: None,
            unplaced: false,
            changes: 0,
        }
    }

    /// The definition.
    pub fn set(&self) -> &FeatureSet {
        &self.set
    }

    /// What has become of all events so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many entities are kept. Goes through those that came since the last cut, where cuts were announced.
    pub fn len(&self) -> usize {
        self.distinct().count()
    }

    /// Whether no entity is kept.
    pub fn is_empty(&self) -> bool {
        self.generations.iter().all(|generation| generation.states.is_empty())
    }

    /// The frontier, if it was ever moved.
    pub fn frontier(&self) -> Option<Timestamp> {
        self.clock.frontier()
    }

    /// The latest event time taken, wherever it was from.
    pub fn latest_event(&self) -> Option<Timestamp> {
        self.seen_until
    }

    /// Whether this stream was told to start at `start`.
    pub(crate) fn began_at(&self, start: &Positions) -> bool {
        matches!(&self.generations[0].from, Some(Cut::Positions(from)) if from == start)
    }

    /// Folds one event into its entity's state.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] without an entity or a time, [`ErrorKind::Type`] for a value that is not of
    /// its column's kind, [`ErrorKind::Time`] for a time out of range; [`ErrorKind::Missing`] also for every event
    /// of a stream whose cuts are positions, which needs [`update_at`](Self::update_at). The event is then counted
    /// as refused and nothing else has changed.
    pub fn update<R: Record + ?Sized>(&mut self, event: &R) -> Result<Outcome> {
        let outcome = if matches!(self.newest().from, Some(Cut::Positions(_))) {
            Err(Error::missing("offset", "missing: this stream is cut at positions, so an event needs its own"))
        } else {
            self.fold(event, None)
        };
        if outcome.is_ok() && !self.unplaced {
            self.unplaced = true;
            self.changes += 1;
        }
        self.count(&outcome);
        outcome
    }

    /// Folds in the event at `offset` of `partition`, if it is new: one that was delivered before is ignored, so a
    /// log may be read again from any earlier place.
    ///
    /// Offsets may be passed over, as those of markers and compacted events are. One that was and comes after all is
    /// still taken, unless a thousand more stretches of its partition were passed over since. A refused event
    /// counts as delivered.
    ///
    /// # Errors
    /// As [`update`](Self::update); [`ErrorKind::Parameter`] for the offset `u64::MAX`, which has no next one, and for a
    /// partition that is not this stream's. Neither is counted.
    ///
    /// # Examples
    /// ```
    /// use skewless::{Feature, FeatureSet, Outcome, Stream, Window};
    /// use serde_json::json;
    ///
    /// let set = FeatureSet::builder("s").entity("user").time("ts")
    ///     .feature("n", Feature::count().over(Window::lifetime())).build()?;
    /// let mut stream = Stream::new(&set);
    /// let event = json!({"user": "ada", "ts": 0});
    /// assert_eq!(stream.update_at(0, 41, &event)?, Outcome::Applied);
    /// assert_eq!(stream.update_at(0, 41, &event)?, Outcome::Redelivered);
    /// assert_eq!(stream.positions().next(0), 42);
    /// # Ok::<(), skewless::Error>(())
    /// ```
    pub fn update_at<R: Record + ?Sized>(&mut self, partition: u32, offset: u64, event: &R) -> Result<Outcome> {
        let admission = self.received.admit(partition, offset)?;
        let skipped = &mut self.counters.skipped;
        match admission {
            Admission::Skipped(count) => *skipped = skipped.saturating_add(count),
            Admission::Begun(count) => {
                *skipped = skipped.saturating_add(count);
                self.changes += 1;
            }
            Admission::Filled => *skipped = skipped.saturating_sub(1),
            Admission::New | Admission::Known => {}
        }
        let outcome = match admission {
            Admission::Known => Ok(Outcome::Redelivered),
            _ => self.fold(event, Some((partition, offset))),
        };
        self.count(&outcome);
        outcome
    }

    fn count(&mut self, outcome: &Result<Outcome>) {
        add(match outcome {
            Ok(Outcome::Applied) => &mut self.counters.applied,
            Ok(Outcome::Late) => &mut self.counters.late,
            Ok(Outcome::Expired) => &mut self.counters.expired,
            Ok(Outcome::Redelivered) => &mut self.counters.redelivered,
            Ok(Outcome::BelowCut) => &mut self.counters.below_cut,
            Err(error) => match error.kind() {
                ErrorKind::Missing => &mut self.counters.refused_missing,
                ErrorKind::Time => &mut self.counters.refused_time,
                _ => &mut self.counters.refused_type,
            },
        });
    }

    fn fold<R: Record + ?Sized>(&mut self, event: &R, place: Option<(u32, u64)>) -> Result<Outcome> {
        let set = &self.set;
        let key = Key::read(set.entity_columns(), event)?;
        let mut room = Cells::new(set.plan());
        let entry = Entry::read(set.plan(), event, &mut room)?;
        let below = matches!(self.served, Some(Cut::EventTime(cut)) if entry.time < cut);
        let Some(generation) = self.generation_of(place, entry.time) else {
            let timed = matches!(self.generations[0].from, Some(Cut::EventTime(_)));
            return Ok(if timed { Outcome::BelowCut } else { Outcome::Redelivered });
        };
        let frontier = self.clock.frontier();
        let hash = key.hash();
        let states = &mut self.generations[generation].states;
        let found = states.entry(hash, |(entity, _)| key.is(entity), |(entity, _)| entity.hash());
        let state = &mut found.or_insert_with(|| (key.to_entity(), State::new(set))).into_mut().1;
        if let Some(frontier) = frontier {
            state.advance(frontier);
        }
        let outcome = state.enter(&entry);
        self.seen_until = self.seen_until.max(Some(entry.time));
        if self.clock.observe(entry.time) {
            add(&mut self.counters.ahead);
        }
        Ok(if below { Outcome::BelowCut } else { outcome })
    }

    /// The values of all features of `entity` at `as_of`: what a state would give, or for an entity that
    /// is not kept, the values of no events and [`is_seen`](Vector::is_seen) false.
    ///
    /// # Errors
    /// As [`State::vector`].
    pub fn vector(&self, entity: &Entity, as_of: Timestamp) -> Result<Vector> {
        let mut state = self.state(entity).unwrap_or_else(|| Cow::Owned(State::new(&self.set)));
        if let Some(frontier) = self.clock.frontier()
            && as_of < frontier
            && state.frontier() != Some(frontier)
        {
            // A state that no event has touched since the frontier moved must answer as if it had.
            state.to_mut().advance(frontier);
        }
        state.vector(as_of)
    }

    /// The state of `entity`, if kept; copied only where it is in parts because cuts were announced. Its frontier
    /// may be an earlier one than the stream's: states follow when touched.
    pub fn state(&self, entity: &Entity) -> Option<Cow<'_, State>> {
        self.merged(entity, 0)
    }

    /// Puts a state in, merging it with what is there; how a restored or batch-made state gets in.
    ///
    /// The stream's frontier becomes at least the state's: below it, the state's events are panes already. Where cuts
    /// were announced, its events count as coming after the last one; they have no place in the log, so a stream that
    /// took a state cannot be cut at positions, and says of every view that is that something may be missing.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] for a state of another definition, [`ErrorKind::Type`] or
    /// [`ErrorKind::Missing`] for an entity that the definition's entity columns cannot hold.
    pub fn merge_state(&mut self, entity: Entity, state: &State) -> Result<()> {
        entity.check(self.set.entity_columns())?;
        self.set.check_same(state.set())?;
        if let Some(frontier) = state.frontier() {
            self.clock.advance(frontier);
        }
        self.seen_until = self.seen_until.max(state.known_until());
        self.unplaced = true;
        self.changes += 1;
        let set = self.set.clone();
        let states = &mut self.newest_mut().states;
        let found = states.entry(entity.hash(), |(known, _)| *known == entity, |(known, _)| known.hash());
        found.or_insert_with(|| (entity.clone(), State::new(&set))).into_mut().1.merge(state)
    }

    /// Moves the frontier to `frontier`, the host's watermark; an earlier one changes nothing.
    ///
    /// Costs nothing per entity: states follow when they are next touched, evicted or stored.
    pub fn advance(&mut self, frontier: Timestamp) {
        self.clock.advance(frontier);
    }

    /// Lets every state follow the frontier, and forgets entities of which nothing is left to see.
    ///
    /// Returns how many were forgotten. An entity that is forgotten counts as never seen.
    pub fn evict(&mut self) -> usize {
        let before = self.len();
        let frontier = self.clock.frontier();
        for generation in &mut self.generations {
            for (_, state) in &mut generation.states {
                if let Some(frontier) = frontier {
                    state.advance(frontier);
                }
                state.evict();
            }
        }
        // An entity goes as a whole: what is left of it knows when it was first seen.
        for place in 0..self.generations.len() {
            let mut states = std::mem::take(&mut self.generations[place].states);
            states.retain(|(entity, state)| {
                let known = |other: &Generation| other.find(entity).is_some_and(|state| !state.is_vacant());
                !state.is_vacant() || self.generations.iter().any(known)
            });
            self.generations[place].states = states;
        }
        before - self.len()
    }

    /// All entities with their states, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&Entity, Cow<'_, State>)> {
        self.distinct().filter_map(|(place, entity)| Some((entity, self.merged(entity, place)?)))
    }

    /// Every entity once, with the first generation it is in.
    fn distinct(&self) -> impl Iterator<Item = (usize, &Entity)> {
        self.generations.iter().enumerate().flat_map(move |(place, generation)| {
            let before = self.generations.get(..place).unwrap_or(&[]);
            let new = move |entity: &&Entity| before.iter().all(|earlier| earlier.find(entity).is_none());
            generation.states.iter().map(|(entity, _)| entity).filter(new).map(move |entity| (place, entity))
        })
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("set", &self.set)
            .field("entities", &self.len())
            .field("frontier", &self.frontier())
            .field("counters", &self.counters)
            .finish()
    }
}

fn add(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

/// A column that cannot name an entity, in words.
pub(crate) fn not_a_key(column: &str, found: impl std::fmt::Display) -> Error {
    Error::column(column, "a string, i64, bool or timestamp, as it is part of the entity", found)
}
