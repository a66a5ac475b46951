//! Runs of events whose neighbours are close: sessions, found without looking at the events again.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The first and the last moment of each run, in order of time.
///
/// Depends on the set of moments alone: within a run neighbours are at most the gap apart, so a moment inside it, or
/// within the gap of an end, belongs to it however the runs were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs(Vec<(i64, i64)>);

impl Runs {
    /// No runs.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The first and the last moment of each run, in microseconds, in order of time.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (i64, i64)> + DoubleEndedIterator {
        self.0.iter().copied()
    }

    /// Whether neighbours are further apart than `gap`.
    pub(crate) fn fits(&self, gap: i64) -> bool {
        self.0.windows(2).all(|pair| matches!(pair, [a, b] if apart(a.1, b.0, gap)))
    }

    /// Adds a moment.
    pub(crate) fn add(&mut self, at: i64, gap: i64) {
        let place = self.0.partition_point(|(first, _)| *first <= at);
        let before = place.checked_sub(1).filter(|i| self.0.get(*i).is_some_and(|run| !apart(run.1, at, gap)));
        let after = self.0.get(place).copied().filter(|run| !apart(at, run.0, gap));
        match (before.and_then(|i| self.0.get_mut(i)), after) {
            (Some(run), Some(after)) => {
                run.1 = after.1;
                self.0.remove(place);
            }
            (Some(run), None) => run.1 = run.1.max(at),
            (None, Some(after)) => self.0[place] = (at, after.1),
            (None, None) => self.0.insert(place, (at, at)),
        }
    }

    /// Merges other runs in.
    pub(crate) fn merge(&mut self, other: &Self, gap: i64) {
        self.join(&other.0, gap);
    }

    fn join(&mut self, other: &[(i64, i64)], gap: i64) {
        if other.is_empty() {
            return;
        }
        let mine = std::mem::take(&mut self.0);
        let mut all: Vec<(i64, i64)> = Vec::with_capacity(mine.len() + other.len());
        all.extend(mine);
        all.extend_from_slice(other);
        all.sort();
        for run in all {
            match self.0.last_mut() {
                Some(last) if !apart(last.1, run.0, gap) => last.1 = last.1.max(run.1),
                _ => self.0.push(run),
            }
        }
    }
}

/// Whether two moments, the earlier one first, are further apart than `gap`; overlapping ones are not.
fn apart(earlier: i64, later: i64, gap: i64) -> bool {
    later > earlier && later.checked_sub(earlier).is_none_or(|between| between > gap)
}

impl Serialize for Runs {
    /// Each run as the distance from the one before and its length.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut before = 0i64;
        to.collect_seq(self.0.iter().map(|(first, last)| {
            let pair = (first.wrapping_sub(before), last.wrapping_sub(*first));
            before = *last;
            pair
        }))
    }
}

impl<'de> Deserialize<'de> for Runs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(i64, i64)>::deserialize(from)?;
        let (mut runs, mut before) = (Vec::with_capacity(pairs.len()), 0i64);
        for (distance, length) in pairs {
            // Wrapping, as it was written: two moments may be further apart than an i64.
            let first = before.wrapping_add(distance);
            let last = first.wrapping_add(length);
            if last < first || (!runs.is_empty() && first <= before) {
                return Err(serde::de::Error::custom("runs are not in order of time"));
            }
            runs.push((first, last));
            before = last;
        }
        Ok(Self(runs))
    }
}
