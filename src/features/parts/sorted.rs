//! A sorted list with a limit: what the aggregates that keep the first, last, least or greatest few fold into.

use std::cmp::Ordering;

use serde::{Deserialize, Deserializer, Serialize};

use crate::computer::Dated;
use crate::time::Timestamp;
use crate::value::{Kind, Value, ValueRef};

/// Items in rising order, equal ones as often as they came.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Sorted<T>(Vec<T>);

/// So many items are looked up one by one rather than sorted in.
const FEW: usize = 4;
/// In so many, equality finds an item sooner than order does.
const MANY: usize = 16;

/// Which end of the order is kept when there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Least,
    Greatest,
}

impl<T> Sorted<T> {
    /// No items.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The items in rising order.
    pub fn items(&self) -> &[T] {
        &self.0
    }
}

impl<T: Ord + Clone> Sorted<T> {
    /// Whether an item that compares with those here as `order` tells would be among the `limit` kept.
    #[inline]
    pub(crate) fn takes(&self, limit: usize, end: End, order: impl Fn(&T) -> Ordering) -> bool {
        if self.0.len() < limit {
            return true;
        }
        match end {
            End::Least => self.0.last().is_some_and(|worst| order(worst).is_gt()),
            End::Greatest => self.0.first().is_some_and(|worst| order(worst).is_lt()),
        }
    }

    /// Puts an item in its place and lets go of the one too many.
    pub(crate) fn insert(&mut self, item: T, limit: usize, end: End) {
        let place = self.0.partition_point(|known| *known <= item);
        self.0.insert(place, item);
        self.cut(limit, end);
    }

    /// As [`insert`](Self::insert), for items of which one of each is kept.
    pub(crate) fn insert_once(&mut self, item: T, limit: usize, end: End) {
        if let Err(place) = self.0.binary_search(&item) {
            self.0.insert(place, item);
            self.cut(limit, end);
        }
    }

    /// Merges another list in.
    pub(crate) fn merge(&mut self, from: &Self, limit: usize, end: End) {
        self.join(from);
        self.cut(limit, end);
    }

    /// As [`merge`](Self::merge), for items of which one of each is kept.
    pub(crate) fn merge_once(&mut self, from: &Self, limit: usize, end: End) {
        if from.0.len() <= FEW {
            // What panes of a quiet entity hold, mostly known already.
            for item in &from.0 {
                if self.0.len() <= MANY && self.0.contains(item) {
                    continue;
                }
                if let Err(place) = self.0.binary_search(item) {
                    self.0.insert(place, item.clone());
                }
            }
        } else if self.join(from) {
            self.0.dedup();
        }
        self.cut(limit, end);
    }

    /// Takes in another list; tells whether the two reach into each other, so that an item can be in both.
    fn join(&mut self, from: &Self) -> bool {
        let (Some(least), Some(greatest)) = (from.0.first(), from.0.last()) else { return false };
        // Panes by time are one after another: no sorting then.
        let at = if self.0.last().is_none_or(|last| last < least) {
            self.0.len()
        } else if self.0.first().is_some_and(|first| greatest < first) {
            0
        } else {
            self.0.extend_from_slice(&from.0);
            // Two runs: the sort finds and merges them.
            self.0.sort();
            return true;
        };
        self.0.splice(at..at, from.0.iter().cloned());
        false
    }

    /// Takes an item out by its place.
    pub(crate) fn remove(&mut self, place: usize) {
        self.0.remove(place);
    }

    fn cut(&mut self, limit: usize, end: End) {
        match end {
            End::Least => self.0.truncate(limit),
            End::Greatest => {
                let extra = self.0.len().saturating_sub(limit);
                self.0.drain(..extra);
            }
        }
    }
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'de, T: Deserialize<'de> + Ord> Deserialize<'de> for Sorted<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let items = Vec::<T>::deserialize(from)?;
        if items.is_sorted() { Ok(Self(items)) } else { Err(serde::de::Error::custom("items are not in order")) }
    }
}

/// A value with its event time and tie break, in the order that decides between events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    pub(crate) at: Timestamp,
    pub(crate) tie: Value,
    pub(crate) value: Value,
}

impl Moment {
    /// How this compares with an event's input.
    #[inline]
    pub(crate) fn compare(&self, input: &Dated<'_, ValueRef<'_>>) -> Ordering {
        let by_tie = || self.tie.compare(input.tie);
        self.at.cmp(&input.at).then_with(by_tie).then_with(|| self.value.compare(input.input))
    }

    /// Keeps an event's input.
    pub(crate) fn keep(input: &Dated<'_, ValueRef<'_>>) -> Self {
        Self { at: input.at, tie: input.tie.to_value(), value: input.input.to_value() }
    }
}

/// Whether every value is of a kind.
pub(crate) fn all_of<'v>(kind: Kind, mut values: impl Iterator<Item = &'v Value>) -> bool {
    values.all(|value| value.kind() == Some(kind))
}
