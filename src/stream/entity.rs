//! Whose event it is: [`Entity`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::not_a_key;
use crate::error::{Error, Result};
use crate::hash::mix;
use crate::record::{Column, MAX_ENTITY_COLUMNS, Record};
use crate::value::{Kind, Value, ValueRef};

/// Whose events these are: one value, or several for a composite key.
///
/// Text and integers are different: `5` is not `"5"`. The order of entities is that of their values.
///
/// # Examples
/// ```
/// use skewless::{Entity, Value};
/// let user = Entity::from("ada");
/// let shop_user = Entity::new([Value::from(7i64), Value::from("ada")]);
/// assert_eq!(shop_user.to_string(), "7/ada");
/// # let _ = user;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entity(Parts);

/// Most keys have one part; it is kept without a detour.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Parts {
    One(Value),
    Many(Box<[Value]>),
}

impl Entity {
    /// An entity of these parts, in the order of the definition's entity columns.
    pub fn new(parts: impl IntoIterator<Item = Value>) -> Self {
        let mut parts: Vec<Value> = parts.into_iter().collect();
        match (parts.len(), parts.pop()) {
            (1, Some(part)) => Self(Parts::One(part)),
            (_, last) => {
                parts.extend(last);
                Self(Parts::Many(parts.into()))
            }
        }
    }

    /// The parts.
    pub fn parts(&self) -> &[Value] {
        match &self.0 {
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Many(parts) => parts,
        }
    }

    /// Succeeds if an event with these entity columns could be this entity's.
    pub(crate) fn check(&self, columns: &[Column]) -> Result<()> {
        let parted = Parted(self);
        let key = Key::read(columns, &parted)?;
        if key.to_entity() == *self {
            return Ok(());
        }
        let names: Vec<&str> = columns.iter().map(Column::name).collect();
        let expected = format!("{} values, of the kinds its columns have", columns.len());
        Err(Error::column(&names.join(", "), expected, format!("the entity {self}")))
    }

    pub(crate) fn hash(&self) -> u64 {
        self.parts().iter().fold(0, |seed, part| hash_of(seed, part.as_ref()))
    }
}

impl<T: Into<Value>> From<T> for Entity {
    fn from(part: T) -> Self {
        Self(Parts::One(part.into()))
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.parts().iter().enumerate() {
            write!(f, "{}{part}", if i == 0 { "" } else { "/" })?;
        }
        Ok(())
    }
}

/// An entity as the record of its own columns.
struct Parted<'a>(&'a Entity);

impl Record for Parted<'_> {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        self.0.parts().get(column.index()).map_or(ValueRef::Null, Value::as_ref)
    }
}

/// An event's entity, borrowed: looked up without allocating.
#[derive(Debug)]
pub(crate) struct Key<'a> {
    parts: [ValueRef<'a>; MAX_ENTITY_COLUMNS],
    len: usize,
}

impl<'a> Key<'a> {
    pub(crate) fn read<R: Record + ?Sized>(columns: &[Column], event: &'a R) -> Result<Self> {
        let mut parts = [ValueRef::Null; MAX_ENTITY_COLUMNS];
        for (part, column) in parts.iter_mut().zip(columns) {
            *part = key_part(column, event.field(column))?;
        }
        Ok(Self { parts, len: columns.len().min(MAX_ENTITY_COLUMNS) })
    }

    pub(crate) fn parts(&self) -> &[ValueRef<'a>] {
        self.parts.get(..self.len).unwrap_or(&[])
    }

    #[inline]
    pub(crate) fn hash(&self) -> u64 {
        self.parts().iter().fold(0, |seed, part| hash_of(seed, *part))
    }

    #[inline]
    pub(crate) fn is(&self, entity: &Entity) -> bool {
        entity.parts().len() == self.len && entity.parts().iter().zip(self.parts()).all(|(a, b)| a.as_ref() == *b)
    }

    pub(crate) fn to_entity(&self) -> Entity {
        Entity::new(self.parts().iter().map(|part| part.to_value()))
    }
}

/// Brings a value to the kind of its entity column, or says why it cannot name an entity.
#[inline]
pub(crate) fn key_part<'a>(column: &Column, found: ValueRef<'a>) -> Result<ValueRef<'a>> {
    let part = match column.kind() {
        Some(kind) => found.to_kind(kind).map_err(|found| Error::column(column.name(), kind, found))?,
        None => found,
    };
    match part {
        ValueRef::Str(_) | ValueRef::I64(_) | ValueRef::Bool(_) | ValueRef::Time(_) => Ok(part),
        part if part.is_null() => Err(Error::missing(column.name(), "missing or null; it is part of the entity")),
        part => Err(not_a_key(column.name(), part)),
    }
}

/// Folds one part into the hash of a key. In memory only; nothing stored depends on it.
#[inline]
pub(crate) fn hash_of(seed: u64, part: ValueRef<'_>) -> u64 {
    match part {
        ValueRef::Str(text) => mix(seed, Kind::Str as u8, text.as_bytes()),
        ValueRef::I64(x) => mix(seed, Kind::I64 as u8, &x.to_le_bytes()),
        ValueRef::Bool(x) => mix(seed, Kind::Bool as u8, &[u8::from(x)]),
        ValueRef::Time(x) => mix(seed, Kind::Time as u8, &x.as_micros().to_le_bytes()),
        _ => seed,
    }
}
