//! Many entities, one event at a time: [`Stream`].

mod entity;
mod policy;
mod snapshot;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

pub use self::entity::Entity;
pub(crate) use self::entity::Key;
#[cfg(feature = "arrow")]
pub(crate) use self::entity::key_part;
use self::policy::Clock;
pub use self::policy::FrontierPolicy;
use crate::definition::FeatureSet;
use crate::error::{Error, ErrorKind, Result};
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
}

impl Counters {
    /// All refused events.
    pub fn refused(&self) -> u64 {
        self.refused_missing.saturating_add(self.refused_type).saturating_add(self.refused_time)
    }

    /// All events ever given.
    pub fn total(&self) -> u64 {
        self.applied.saturating_add(self.late).saturating_add(self.expired).saturating_add(self.refused())
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
    states: HashTable<(Entity, State)>,
    clock: Clock,
    counters: Counters,
}

impl Stream {
    /// An empty stream whose frontier only the host moves.
    pub fn new(set: &FeatureSet) -> Self {
        Self::with_policy(set, FrontierPolicy::Host)
    }

    /// An empty stream that moves its frontier by `policy`; the host may still move it on.
    pub fn with_policy(set: &FeatureSet, policy: FrontierPolicy) -> Self {
        Self { set: set.clone(), states: HashTable::new(), clock: Clock::new(policy), counters: Counters::default() }
    }

    /// The definition.
    pub fn set(&self) -> &FeatureSet {
        &self.set
    }

    /// What has become of all events so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many entities are kept.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether no entity is kept.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// The frontier, if it was ever moved.
    pub fn frontier(&self) -> Option<Timestamp> {
        self.clock.frontier()
    }

    /// Folds one event into its entity's state.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] without an entity or a time, [`ErrorKind::Type`] for a value that is not of
    /// its column's kind, [`ErrorKind::Time`] for a time out of range. The event is then counted as
    /// refused and nothing else has changed.
    pub fn update<R: Record + ?Sized>(&mut self, event: &R) -> Result<Outcome> {
        let outcome = self.fold(event);
        match &outcome {
            Ok(Outcome::Applied) => add(&mut self.counters.applied),
            Ok(Outcome::Late) => add(&mut self.counters.late),
            Ok(Outcome::Expired) => add(&mut self.counters.expired),
            Err(error) => match error.kind() {
                ErrorKind::Missing => add(&mut self.counters.refused_missing),
                ErrorKind::Time => add(&mut self.counters.refused_time),
                _ => add(&mut self.counters.refused_type),
            },
        }
        outcome
    }

    fn fold<R: Record + ?Sized>(&mut self, event: &R) -> Result<Outcome> {
        let set = &self.set;
        let key = Key::read(set.entity_columns(), event)?;
        let mut room = Cells::new(set.plan());
        let entry = Entry::read(set.plan(), event, &mut room)?;
        let frontier = self.clock.frontier();
        let hash = key.hash();
        let found = self.states.entry(hash, |(entity, _)| key.is(entity), |(entity, _)| entity.hash());
        let state = &mut found.or_insert_with(|| (key.to_entity(), State::new(set))).into_mut().1;
        if let Some(frontier) = frontier {
            state.advance(frontier);
        }
        let outcome = state.enter(&entry);
        if self.clock.observe(entry.time) {
            add(&mut self.counters.ahead);
        }
        Ok(outcome)
    }

    /// The values of all features of `entity` at `as_of`: what a state would give, or for an entity that
    /// is not kept, the values of no events and [`is_seen`](Vector::is_seen) false.
    ///
    /// # Errors
    /// As [`State::vector`].
    pub fn vector(&self, entity: &Entity, as_of: Timestamp) -> Result<Vector> {
        let mut empty = None;
        let state = self.state(entity).unwrap_or_else(|| empty.insert(State::new(&self.set)));
        match self.clock.frontier() {
            // A state that no event has touched since the frontier moved must answer as if it had.
            Some(frontier) if as_of < frontier && state.frontier() != Some(frontier) => {
                let mut state = state.clone();
                state.advance(frontier);
                state.vector(as_of)
            }
            _ => state.vector(as_of),
        }
    }

    /// The state of `entity`, if kept. Its frontier may be an earlier one: states follow when touched.
    pub fn state(&self, entity: &Entity) -> Option<&State> {
        self.states.find(entity.hash(), |(known, _)| known == entity).map(|(_, state)| state)
    }

    /// Puts a state in, merging it with what is there; how a restored or batch-made state gets in.
    ///
    /// The stream's frontier becomes at least the state's: below it, the state's events are panes already.
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
        let set = self.set.clone();
        let found = self.states.entry(entity.hash(), |(known, _)| *known == entity, |(known, _)| known.hash());
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
        let before = self.states.len();
        let frontier = self.clock.frontier();
        self.states.retain(|(_, state)| {
            if let Some(frontier) = frontier {
                state.advance(frontier);
            }
            state.evict();
            !state.is_vacant()
        });
        before - self.states.len()
    }

    /// All entities with their states, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&Entity, &State)> {
        self.states.iter().map(|(entity, state)| (entity, state))
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
