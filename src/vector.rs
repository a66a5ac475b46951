//! What a model sees: [`Vector`], as values, as a struct of one's own, or as numbers in a row.

mod dense;
mod deserialize;
mod header;

use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

pub use self::dense::{Dense, Nulls};
pub(crate) use self::header::{Header, Layout};
use crate::error::{Error, Result};
use crate::time::Timestamp;
use crate::value::Value;

/// The values of all features of one entity at one time, in the order of the definition.
///
/// Three things stay apart: a number that is 0, a value that is [`Value::Null`] because nothing was there
/// to answer from, and an entity that was never seen ([`Vector::is_seen`]).
///
/// Equality is by bits. Serialises as an object of its values.
#[derive(Clone, PartialEq)]
pub struct Vector {
    header: Arc<Header>,
    values: Vec<Value>,
    as_of: Timestamp,
    seen: bool,
}

impl Vector {
    pub(crate) fn new(header: Arc<Header>, values: Vec<Value>, as_of: Timestamp, seen: bool) -> Self {
        Self { header, values, as_of, seen }
    }

    /// The time it was asked for; no event at or after it has any part in it.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// Whether the entity had any event before [`as_of`](Self::as_of).
    pub fn is_seen(&self) -> bool {
        self.seen
    }

    /// The values, in the order of [`FeatureSet::names`](crate::FeatureSet::names).
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// The value called `name`; `None` if there is no such feature.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.header.position(name).and_then(|place| self.values.get(place))
    }

    /// The value called `name`, which must exist and must not have overflowed.
    ///
    /// # Errors
    /// [`ErrorKind::Definition`](crate::ErrorKind::Definition) for a name the set does not have,
    /// [`ErrorKind::Overflow`](crate::ErrorKind::Overflow) for an integer sum outside `i64`: a sum of
    /// 2^63 - 1 is accepted, one more is not.
    pub fn value(&self, name: &str) -> Result<&Value> {
        match self.get(name) {
            Some(value) if value.overflows() => Err(Error::overflow(name)),
            Some(value) => Ok(value),
            None => Err(self.header.no_such(name)),
        }
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.header.names().iter().map(String::as_str).zip(&self.values)
    }
}

impl fmt::Debug for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vector at {}{} ", self.as_of, if self.seen { "" } else { " (never seen)" })?;
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Vector {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.values.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
