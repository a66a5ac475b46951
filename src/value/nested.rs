//! Answers made of answers, and the shapes answers have.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{Kind, List, Value};

/// A list of answers, shared when cloned; any of them may be null.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Items(Arc<[Value]>);

/// Keys with answers, in the order of the aggregate that made them; shared when cloned.
///
/// A null key stands for all that went over the limit of a `histogram` or of `by`. In JSON it is called `(other)`, so a
/// category of that very name is told from it in values and in Arrow, but not in JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pairs(Arc<[(Value, Value)]>);

/// What a null key is called where keys are text.
pub(crate) const OTHER: &str = "(other)";

impl Deref for Items {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl FromIterator<Value> for Items {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl fmt::Display for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, item) in self.iter().enumerate() {
            write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

impl Deref for Pairs {
    type Target = [(Value, Value)];

    fn deref(&self) -> &[(Value, Value)] {
        &self.0
    }
}

impl FromIterator<(Value, Value)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl fmt::Display for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (key, value)) in self.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            match key {
                Value::Null => write!(f, "{comma}{OTHER}: {value}")?,
                key => write!(f, "{comma}{key}: {value}")?,
            }
        }
        f.write_str("}")
    }
}

/// What an answer looks like when it is not null.
///
/// # Examples
/// ```
/// use skewless::{Kind, Shape};
/// assert_eq!(Shape::list(Kind::Str).to_string(), "list of string");
/// assert_eq!(Shape::map(Kind::Str, Kind::I64).to_string(), "map of string to i64");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// One value.
    One(Kind),
    /// A list of answers of one shape.
    List(Box<Shape>),
    /// Keys of one kind with answers of one shape.
    Map(Kind, Box<Shape>),
}

impl From<Kind> for Shape {
    fn from(kind: Kind) -> Self {
        Self::One(kind)
    }
}

impl Shape {
    /// A list of `items`.
    pub fn list(items: impl Into<Self>) -> Self {
        Self::List(Box::new(items.into()))
    }

    /// A map from keys of kind `key` to `values`.
    pub fn map(key: Kind, values: impl Into<Self>) -> Self {
        Self::Map(key, Box::new(values.into()))
    }

    /// The kind, if it is one value.
    pub fn kind(&self) -> Option<Kind> {
        if let Self::One(kind) = self { Some(*kind) } else { None }
    }

    /// Whether `value` is null, an overflow, or of this shape.
    pub fn fits(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null | Value::Overflow) => true,
            (Self::One(kind), value) => value.kind() == Some(*kind),
            (Self::List(shape), Value::Items(items)) => items.iter().all(|item| shape.fits(item)),
            (Self::Map(key, shape), Value::Map(pairs)) => {
                pairs.iter().all(|(k, value)| k.kind().is_none_or(|kind| kind == *key) && shape.fits(value))
            }
            _ => false,
        }
    }

    /// Brings a value written in a definition to this shape; what it was instead is the error.
    pub(crate) fn settle(&self, value: &Value) -> Result<Value, String> {
        match (self, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Self::One(Kind::List), Value::Items(items)) => {
                let numbers: Option<Vec<f64>> = items.iter().map(Value::as_f64).collect();
                numbers.map(|numbers| Value::List(List::new(&numbers))).ok_or_else(|| value.to_string())
            }
            (Self::One(kind), value) => value.as_ref().to_kind(*kind).map(super::ValueRef::to_value),
            (Self::List(shape), Value::Items(items)) => {
                items.iter().map(|item| shape.settle(item)).collect::<Result<Items, _>>().map(Value::Items)
            }
            (Self::List(shape), Value::List(list)) => {
                list.iter().map(|x| shape.settle(&Value::from(*x))).collect::<Result<Items, _>>().map(Value::Items)
            }
            (Self::Map(Kind::Str, shape), Value::Map(pairs)) => {
                let mut keys: Vec<&Value> = pairs.iter().map(|(key, _)| key).collect();
                keys.sort_unstable();
                if let Some(key) = keys.iter().find(|key| key.as_str().is_none_or(|key| key == OTHER)) {
                    return Err(format!("key {key}"));
                }
                if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
                    return Err(format!("key {} twice", pair[0]));
                }
                let pairs = pairs.iter().map(|(key, value)| Ok((key.clone(), shape.settle(value)?)));
                pairs.collect::<Result<Pairs, String>>().map(Value::Map)
            }
            (_, value) => Err(value.as_ref().to_string()),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(kind) => kind.fmt(f),
            Self::List(items) => write!(f, "list of {items}"),
            Self::Map(key, values) => write!(f, "map of {key} to {values}"),
        }
    }
}
