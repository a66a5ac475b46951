//! What a stream has of the log, kept apart by the cuts it was told of.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use super::{Entity, Stream};
use crate::error::{Error, Result};
use crate::log::{Cut, Positions};
use crate::state::State;
use crate::time::Timestamp;

/// The states of the events from one cut up to the next.
#[derive(Clone)]
pub(super) struct Generation {
    /// Where it begins; `None` for the beginning of the stream.
    pub(super) from: Option<Cut>,
    pub(super) states: HashTable<(Entity, State)>,
}

impl Generation {
    pub(super) fn new(from: Option<Cut>) -> Self {
        Self { from, states: HashTable::new() }
    }

    pub(super) fn find(&self, entity: &Entity) -> Option<&State> {
        self.states.find(entity.hash(), |(known, _)| known == entity).map(|(_, state)| state)
    }

    pub(super) fn put(&mut self, entity: &Entity, state: State) {
        self.states.insert_unique(entity.hash(), (entity.clone(), state), |(known, _)| known.hash());
    }
}

/// A stretch of the log that neither a view nor a stream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// Offsets `[from, to)` of a partition.
    Offsets {
        /// The partition.
        partition: u32,
        /// Where the view ends.
        from: u64,
        /// Where the stream begins.
        to: u64,
    },
    /// Event times `[from, to)`; without an end where the stream has nothing that it could tell apart.
    Times {
        /// Where the view ends.
        from: Timestamp,
        /// Where the stream begins.
        to: Option<Timestamp>,
    },
    /// Events that came without a place in the log, so that they are on no side of positions.
    Unplaced,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offsets { partition, from, to } => write!(f, "offsets {from}..{to} of partition {partition}"),
            Self::Times { from, to: Some(to) } => write!(f, "event times {from}..{to}"),
            Self::Times { from, to: None } => write!(f, "event times from {from}"),
            Self::Unplaced => f.write_str("events without a place in the log"),
        }
    }
}

/// What a stream can add to a view that was made up to some cut.
///
/// With no gaps, view and stream together have every event once that either was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// What neither has.
    pub gaps: Vec<Gap>,
    /// The partitions in which the stream has not yet come as far as the view: nothing is missing, but nothing is
    /// newer either. None for event time, where [`is_behind`](Self::is_behind) says it.
    pub behind: Vec<Behind>,
    late: bool,
}

/// A partition that a stream has not yet read as far as a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behind {
    /// The partition.
    pub partition: u32,
    /// The offset the stream reads next.
    pub next: u64,
    /// The view's.
    pub cut: u64,
}

impl Coverage {
    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Whether the stream has yet to come as far as the view, in some partition or in event time.
    pub fn is_behind(&self) -> bool {
        self.late || !self.behind.is_empty()
    }
}

impl Stream {
    /// The same, empty stream that is given all that comes after `cut`, and only that: it will not take what `cut`
    /// covers, and knows that it does not have it. No positions at all are the beginning of the log.
    ///
    /// A stream that is not told where it starts takes the first offset it sees of a partition for its start.
    ///
    /// # Errors
    /// [`ErrorKind::Coverage`](crate::ErrorKind::Coverage) for a stream that was given something already.
    pub fn starting_at(mut self, cut: impl Into<Cut>) -> Result<Self> {
        let cut = cut.into();
        if self.counters.total() > 0 || !self.is_empty() || self.generations.len() > 1 {
            return Err(Error::coverage(format!("the stream was given events already; it cannot start at {cut}")));
        }
        match &cut {
            Cut::Positions(positions) => self.received.begin(positions),
            Cut::EventTime(at) => self.begun = Some(*at),
        }
        self.generations = vec![Generation::new(Some(cut))];
        Ok(self)
    }

    /// The same, empty stream that is given these partitions only, as one of several instances is: what a view has of
    /// others is not waited for, and their events are refused.
    ///
    /// # Errors
    /// [`ErrorKind::Coverage`](crate::ErrorKind::Coverage) for a stream that was given something already.
    pub fn of_partitions(mut self, partitions: impl IntoIterator<Item = u32>) -> Result<Self> {
        if !self.received.is_empty() {
            return Err(Error::coverage("the stream was given events or told where it starts already"));
        }
        self.received.own(partitions.into_iter().collect());
        Ok(self)
    }

    /// How far the log was read: the cut to ask the next batch view for, and where to read on after a restart.
    pub fn positions(&self) -> Positions {
        self.received.positions()
    }

    /// Keeps what lies before `cut` apart from what lies after it, from now on.
    ///
    /// Tell the stream of a cut before it has read that far, or ask the batch job for a view up to
    /// [`positions`](Self::positions), which can always be told apart now. An event time can still be told apart
    /// once events after it came in, as long as the frontier is not beyond it; that goes through the entities.
    ///
    /// A stream knows cuts of one sort, of which each is before or after the others; one it knows already changes
    /// nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Coverage`](crate::ErrorKind::Coverage) when events on both sides of the cut were folded
    /// into one: positions 100 after offset 120 was read, but not positions 121; an event time below the frontier
    /// when there are events after it. Or a cut of another sort, or one that is ahead of another in one partition and
    /// behind it in the next; positions, where events came without a place.
    pub fn announce(&mut self, cut: impl Into<Cut>) -> Result<()> {
        let cut = cut.into();
        if self.generations.iter().any(|known| known.from.as_ref() == Some(&cut)) {
            return Ok(());
        }
        if self.begins_at(&cut) {
            self.generations[0].from = Some(cut);
            self.changes += 1;
            return Ok(());
        }
        let mut place = 0;
        for (at, known) in self.generations.iter().enumerate() {
            match known.from.as_ref().map_or(Some(Ordering::Less), |from| from.partial_cmp(&cut)) {
                Some(Ordering::Less) => place = at + 1,
                Some(_) if at > 0 => break,
                _ => {
                    let known = known.from.as_ref().map_or_else(String::new, Cut::to_string);
                    return Err(Error::coverage(format!(
                        "a cut at {cut} is not after {known}, which the stream knows"
                    )));
                }
            }
        }
        let mut next = Generation::new(Some(cut.clone()));
        match &cut {
            Cut::Positions(positions) => self.check_places(place, positions)?,
            Cut::EventTime(at) => self.split(place - 1, *at, &mut next)?,
        }
        self.generations.insert(place, next);
        self.changes += 1;
        Ok(())
    }

    /// Makes sure that no event before generation `place` is after `cut`.
    fn check_places(&self, place: usize, cut: &Positions) -> Result<()> {
        if self.unplaced {
            return Err(Error::coverage("events came without a place in the log, so they are on no side of positions"));
        }
        let until = |partition: u32, next: u64| match self.generations.get(place).and_then(|later| later.from.as_ref())
        {
            Some(Cut::Positions(later)) => next.min(later.next(partition)),
            _ => next,
        };
        let mut read = self.received.iter().map(|(partition, known)| (partition, until(partition, known.next)));
        if let Some((partition, next)) = read.find(|(partition, next)| *next > cut.next(*partition)) {
            return Err(Error::coverage(format!(
                "partition {partition} was read up to {next}; what lies before {} cannot be told apart any more; the \
                 stream's positions can: {}",
                cut.next(partition),
                self.positions()
            )));
        }
        Ok(())
    }

    /// Moves what generation `place` has at or after `at` into `next`.
    fn split(&mut self, place: usize, at: Timestamp, next: &mut Generation) -> Result<()> {
        let frontier = self.frontier();
        if self.seen_until.is_none_or(|latest| latest < at) {
            return Ok(());
        }
        let Some(earlier) = self.generations.get_mut(place) else { return Ok(()) };
        if let Some(frontier) = frontier.filter(|frontier| *frontier > at && !earlier.states.is_empty()) {
            return Err(Error::coverage(format!(
                "the frontier is at {frontier}; what lies before {at} cannot be told apart any more"
            )));
        }
        earlier.states.retain(|(entity, state)| {
            let later = state.split_off(at);
            if later.first_event().is_some() {
                next.put(entity, later);
            }
            state.first_event().is_some()
        });
        Ok(())
    }

    /// Says that a view up to `served` is in service, and that no view before `keep` is gone back to: what both
    /// have is let go of. Returns how many states were.
    ///
    /// From now on events that arrive below an event-time cut `served` are
    /// [`BelowCut`](crate::Outcome::BelowCut).
    pub fn land(&mut self, served: &Cut, keep: &Cut) -> usize {
        self.served = Some(served.clone());
        self.changes += 1;
        let covered = |next: &Generation| next.from.as_ref().is_some_and(|from| from <= keep);
        let gone = self.generations.iter().skip(1).take_while(|next| covered(next)).count();
        let gone = self.generations.drain(..gone).map(|old| old.states.len()).sum();
        // No view before `keep` is gone back to: what it covers is not taken any more if it is read again.
        let begins_before = self.generations[0].from.as_ref().is_none_or(|from| from <= keep);
        let next = self.generations.get(1).and_then(|next| next.from.as_ref());
        if begins_before && next.is_none_or(|next| keep < next) && self.after(keep) == Some(0) {
            self.generations[0].from = Some(keep.clone());
        }
        gone
    }

    /// What this stream can add to a view up to `cut`.
    pub fn coverage(&self, cut: &Cut) -> Coverage {
        let after = self.after(cut);
        let mut coverage = Coverage::default();
        match cut {
            Cut::Positions(view) => {
                if self.unplaced {
                    coverage.gaps.push(Gap::Unplaced);
                }
                for partition in self.partitions(after) {
                    let next = self.received.get(partition).map_or(0, |known| known.next);
                    let from = view.next(partition);
                    let to = after.map_or(next, |place| self.lower(place, partition));
                    if to > from {
                        coverage.gaps.push(Gap::Offsets { partition, from, to });
                    }
                }
                for (partition, theirs) in view.iter().filter(|(partition, _)| self.received.owns(*partition)) {
                    let ours = self.received.get(partition).map_or(0, |known| known.next);
                    if ours < theirs {
                        coverage.behind.push(Behind { partition, next: ours, cut: theirs });
                    }
                }
            }
            Cut::EventTime(from) => {
                let to = after.map(|place| self.generations.get(place).and_then(|found| found.from.as_ref()));
                coverage.late = self.reached().is_none_or(|reached| reached < *from);
                match to {
                    Some(Some(Cut::EventTime(to))) if to > from => {
                        coverage.gaps.push(Gap::Times { from: *from, to: Some(*to) });
                    }
                    None if self.seen_until.is_some() => coverage.gaps.push(Gap::Times { from: *from, to: None }),
                    _ => {}
                }
            }
        }
        coverage
    }

    /// The state of what `entity` did after `cut`: what the stream adds to a view up to there. Without the events
    /// of [gaps](Self::coverage), if there are any.
    pub fn state_after(&self, entity: &Entity, cut: &Cut) -> Option<Cow<'_, State>> {
        self.after(cut).and_then(|place| self.merged(entity, place))
    }

    /// The first generation that has nothing of what `cut` covers.
    pub(crate) fn after(&self, cut: &Cut) -> Option<usize> {
        (0..self.generations.len()).find(|place| match (cut, &self.generations[*place].from) {
            (Cut::EventTime(at), Some(Cut::EventTime(from))) => from >= at,
            (Cut::EventTime(_), _) | (Cut::Positions(_), Some(Cut::EventTime(_))) => false,
            (Cut::Positions(at), from) => {
                let mut ours = at.iter().filter(|(partition, _)| self.received.owns(*partition));
                let theirs = ours.all(|(partition, next)| self.lower(*place, partition) >= next);
                theirs && (from.is_some() || !self.received.is_empty())
            }
        })
    }

    /// The partitions that were read, or that generation `place` was announced with.
    fn partitions(&self, place: Option<usize>) -> BTreeSet<u32> {
        let mut all: BTreeSet<u32> = self.received.iter().map(|(partition, _)| partition).collect();
        let from = place.and_then(|place| self.generations.get(place)?.from.as_ref());
        if let Some(Cut::Positions(from)) = from {
            all.extend(from.iter().map(|(partition, _)| partition).filter(|partition| self.received.owns(*partition)));
        }
        all
    }

    /// The first offset of `partition` that a generation can have.
    fn lower(&self, place: usize, partition: u32) -> u64 {
        let announced = match self.generations.get(place).and_then(|generation| generation.from.as_ref()) {
            Some(Cut::Positions(from)) => from.next(partition),
            _ => 0,
        };
        announced.max(self.received.get(partition).map_or(0, |known| known.start))
    }

    /// Whether the stream as a whole is what comes after `cut`.
    fn begins_at(&self, cut: &Cut) -> bool {
        self.generations.len() == 1 && self.after(cut) == Some(0) && self.coverage(cut).is_complete()
    }

    /// Whether this stream was given the log from its beginning, as far as it can know.
    pub(crate) fn is_from_the_beginning(&self) -> bool {
        let nothing = |from: &Cut| matches!(from, Cut::Positions(from) if from.is_empty());
        let first = self.generations.first().is_some_and(|first| first.from.as_ref().is_none_or(nothing));
        first && self.received.iter().all(|(_, known)| known.start == 0)
    }

    /// An entity's states from generation `place` on, merged.
    pub(crate) fn merged(&self, entity: &Entity, place: usize) -> Option<Cow<'_, State>> {
        let generations = self.generations.get(place..).unwrap_or(&[]);
        let mut states = generations.iter().filter_map(|generation| generation.find(entity));
        let mut all = Cow::Borrowed(states.next()?);
        for state in states {
            // One stream has one definition.
            let _ = all.to_mut().merge(state);
        }
        Some(all)
    }

    /// The generation an event belongs to; none if every view kept has it.
    #[inline]
    pub(super) fn generation_of(&self, place: Option<(u32, u64)>, time: Timestamp) -> Option<usize> {
        let not_before = |known: &Generation| known.from.as_ref().is_none_or(|from| !from.covers(place, time));
        self.generations.iter().rposition(not_before)
    }

    pub(super) fn newest(&self) -> &Generation {
        &self.generations[self.generations.len() - 1]
    }

    /// How far in event time the stream has come: by its events, by its frontier, or by where it was said to start.
    pub(crate) fn reached(&self) -> Option<Timestamp> {
        self.seen_until.max(self.frontier()).max(self.begun)
    }

    /// Whether the stream knows cuts of the other sort than this one.
    pub(crate) fn has_cuts_of_other_sort(&self, cut: &Cut) -> bool {
        let mut known = self.generations.iter().filter_map(|known| known.from.as_ref());
        known.any(|known| std::mem::discriminant(known) != std::mem::discriminant(cut))
    }

    /// Counts up whenever it may be that another cut can be told apart than before, or one no more.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// The offset that is read next of a partition.
    pub(crate) fn next_of(&self, partition: u32) -> u64 {
        self.received.get(partition).map_or(0, |known| known.next)
    }

    pub(super) fn newest_mut(&mut self) -> &mut Generation {
        let last = self.generations.len() - 1;
        &mut self.generations[last]
    }
}
