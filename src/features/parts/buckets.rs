//! States by key, of which a limited number are kept apart.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sketches::ValueHash;
use crate::value::{Value, ValueRef};

/// Ranks keys; nothing stored depends on its value, only on the order it gives.
const RANK: ValueHash = ValueHash::new(0);

/// One state a key for the keys of least hash, up to a limit, and one for all others together.
///
/// Which keys are kept depends on the set of keys alone: a key among the least of all is among the least of
/// any part, so it is never let go on the way, and all its inputs are in its own state. Going by the hash makes
/// the kept keys a fair sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets<S> {
    kept: Vec<Bucket<S>>,
    other: Option<S>,
}

#[derive(Clone, Debug, PartialEq)]
struct Bucket<S> {
    rank: u64,
    key: Value,
    state: S,
}

impl<S> Buckets<S> {
    /// No keys.
    pub const fn new() -> Self {
        Self { kept: Vec::new(), other: None }
    }

    /// How many keys are kept apart.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether no key ever came.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The keys kept apart and their states, least hash first.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &S)> {
        self.kept.iter().map(|bucket| (&bucket.key, &bucket.state))
    }

    /// The state of all keys that went over the limit; `None` if none did.
    pub fn other(&self) -> Option<&S> {
        self.other.as_ref()
    }

    /// The keys and states in the order of the keys, that of the others last, under null.
    pub(crate) fn sorted(&self) -> Vec<(Value, &S)> {
        let mut out: Vec<(Value, &S)> = self.iter().map(|(key, state)| (key.clone(), state)).collect();
        out.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        out.extend(self.other.iter().map(|other| (Value::Null, other)));
        out
    }

    /// The state to fold an input of `key` into.
    pub(super) fn at(
        &mut self,
        key: ValueRef<'_>,
        limit: usize,
        identity: impl Fn() -> S,
        merge: impl Fn(&mut S, &S),
    ) -> &mut S {
        let rank = RANK.hash(key);
        let place = self.kept.binary_search_by(|bucket| bucket.rank.cmp(&rank).then_with(|| bucket.key.compare(key)));
        let place = match place {
            Ok(place) => place,
            Err(place) if place >= limit => return self.other.get_or_insert_with(identity),
            Err(place) => {
                self.kept.insert(place, Bucket { rank, key: key.to_value(), state: identity() });
                self.cut(limit, &identity, &merge);
                place
            }
        };
        &mut self.kept[place].state
    }

    /// Folds the keys beyond the limit into the state of the others.
    fn cut(&mut self, limit: usize, identity: impl Fn() -> S, merge: impl Fn(&mut S, &S)) {
        while self.kept.len() > limit {
            if let Some(last) = self.kept.pop() {
                merge(self.other.get_or_insert_with(&identity), &last.state);
            }
        }
    }
}

impl<S: Clone> Buckets<S> {
    /// Merges another one in.
    pub(super) fn merge(&mut self, from: &Self, limit: usize, identity: impl Fn() -> S, merge: impl Fn(&mut S, &S)) {
        let mut kept: Vec<Bucket<S>> = Vec::with_capacity(self.kept.len().max(from.kept.len()));
        let mut theirs = from.kept.iter().peekable();
        for mut mine in std::mem::take(&mut self.kept) {
            let order = |other: &&Bucket<S>| (other.rank, &other.key) < (mine.rank, &mine.key);
            while let Some(before) = theirs.next_if(order) {
                kept.push(before.clone());
            }
            if let Some(same) = theirs.next_if(|other| other.rank == mine.rank && other.key == mine.key) {
                merge(&mut mine.state, &same.state);
            }
            kept.push(mine);
        }
        kept.extend(theirs.cloned());
        self.kept = kept;
        if let Some(other) = &from.other {
            merge(self.other.get_or_insert_with(&identity), other);
        }
        self.cut(limit, identity, merge);
    }
}

impl<S> Default for Buckets<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Serialize> Serialize for Buckets<S> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let kept: Vec<(&Value, &S)> = self.iter().collect();
        (kept, &self.other).serialize(to)
    }
}

impl<'de, S: Deserialize<'de>> Deserialize<'de> for Buckets<S> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (kept, other): (Vec<(Value, S)>, Option<S>) = Deserialize::deserialize(from)?;
        let kept: Vec<Bucket<S>> =
            kept.into_iter().map(|(key, state)| Bucket { rank: RANK.hash(key.as_ref()), key, state }).collect();
        if !kept.is_sorted_by(|a, b| (a.rank, &a.key) < (b.rank, &b.key)) {
            return Err(serde::de::Error::custom("keys are not in the order of their hashes, or twice"));
        }
        if kept.iter().any(|bucket| bucket.key.kind().is_none()) {
            return Err(serde::de::Error::custom("a key that is null"));
        }
        Ok(Self { kept, other })
    }
}
