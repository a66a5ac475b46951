//! The words for data: [`Kind`], [`Value`] and the borrowed [`ValueRef`].
//!
//! One rule makes every door agree: a value is brought to its column's kind on entry
//! ([`ValueRef::to_kind`]), NaN becomes null and `-0.0` becomes `0.0` there, and nothing after that
//! point has to ask again.

mod convert;
mod nested;
mod owned;
mod wire;

pub(crate) use self::nested::OTHER;
pub use self::nested::{Items, Pairs, Shape};
pub use self::owned::{Double, List, Text};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// What a column holds. Fixed by the definition, never by the data that happens to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// True or false.
    Bool,
    /// A 64-bit signed integer.
    I64,
    /// A double; never NaN once inside.
    F64,
    /// UTF-8 text, ordered by its bytes.
    #[serde(rename = "string")]
    Str,
    /// A [`Timestamp`].
    #[serde(rename = "timestamp")]
    Time,
    /// A list of doubles, such as an embedding.
    List,
}

impl Kind {
    /// Every kind with the name used in definitions.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Bool, "bool"),
        (Self::I64, "i64"),
        (Self::F64, "f64"),
        (Self::Str, "string"),
        (Self::Time, "timestamp"),
        (Self::List, "list"),
    ];

    /// The kind called `name` in definitions.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(kind, _)| *kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(kind, _)| kind == self).map_or("?", |(_, name)| name))
    }
}

/// One owned value: a feature's answer, or an input kept inside a state.
///
/// Equality and order are total and by bits: within a kind numbers by size, text by bytes; across
/// kinds by the order of the variants, null least.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value {
    /// Nothing: no input, or an undefined result.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A double.
    F64(f64),
    /// Text.
    Str(Text),
    /// A moment.
    Time(Timestamp),
    /// A list of doubles.
    List(List),
    /// A list of answers, such as the last five categories; only ever an answer.
    Items(Items),
    /// Answers by key, such as a count a category; only ever an answer.
    Map(Pairs),
    /// An integer result outside `i64`: not null, not wrapped. See [`Vector::value`](crate::Vector::value).
    Overflow,
}

/// One borrowed value: how a [`Record`](trait@crate::Record) hands over a field.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A double; NaN counts as null.
    F64(f64),
    /// Text.
    Str(&'a str),
    /// A moment.
    Time(Timestamp),
    /// A list of doubles.
    List(&'a [f64]),
    /// Something this crate has no kind for, with its name; only `is_null` and `count` take it.
    Other(&'static str),
}

impl<'a> ValueRef<'a> {
    /// Whether this is null; NaN is.
    #[inline]
    pub fn is_null(self) -> bool {
        match self {
            Self::Null => true,
            Self::F64(x) => x.is_nan(),
            _ => false,
        }
    }

    /// The kind it has as it is; `None` for null and for what this crate has no kind for.
    pub(crate) fn kind(self) -> Option<Kind> {
        match self {
            Self::Null | Self::Other(_) => None,
            Self::Bool(_) => Some(Kind::Bool),
            Self::I64(_) => Some(Kind::I64),
            Self::F64(_) => Some(Kind::F64),
            Self::Str(_) => Some(Kind::Str),
            Self::Time(_) => Some(Kind::Time),
            Self::List(_) => Some(Kind::List),
        }
    }

    /// Brings the value to `kind`, or gives back what it was instead.
    ///
    /// An integer becomes the nearest double (exact up to 2^53); a double becomes an integer only if
    /// it is one; an integer becomes a moment as microseconds, text as RFC 3339. Nothing else converts.
    ///
    /// # Errors
    /// A short description of the value, for the caller's message: `3.0` as `i64` is accepted, `3.5` is not.
    #[inline]
    pub fn to_kind(self, kind: Kind) -> Result<ValueRef<'a>, String> {
        match (kind, self) {
            (_, Self::Null) => Ok(Self::Null),
            (Kind::F64, Self::F64(x)) => Ok(if x.is_nan() { Self::Null } else { Self::F64(x + 0.0) }),
            (Kind::Str, Self::Str(_))
            | (Kind::I64, Self::I64(_))
            | (Kind::Bool, Self::Bool(_))
            | (Kind::Time, Self::Time(_))
            | (Kind::List, Self::List(_)) => Ok(self),
            (Kind::F64, Self::I64(x)) => Ok(Self::F64(x as f64)),
            (Kind::Time, Self::I64(micros)) => {
                Timestamp::from_micros(micros).map(Self::Time).map_err(|e| e.to_string())
            }
            _ => self.convert(kind),
        }
    }

    #[cold]
    fn convert(self, kind: Kind) -> Result<ValueRef<'a>, String> {
        const TWO_63: f64 = 9_223_372_036_854_775_808.0;
        match (kind, self) {
            (_, Self::F64(x)) if x.is_nan() => Ok(Self::Null),
            (Kind::I64, Self::F64(x)) if x.trunc() == x && (-TWO_63..TWO_63).contains(&x) => Ok(Self::I64(x as i64)),
            (Kind::Time, Self::Str(text)) => text.parse().map(Self::Time).map_err(|e: crate::Error| e.to_string()),
            _ => Err(self.to_string()),
        }
    }

    /// An owned copy, with NaN and `-0.0` made plain.
    pub fn to_value(self) -> Value {
        match self {
            Self::Null | Self::Other(_) => Value::Null,
            Self::Bool(x) => Value::Bool(x),
            Self::I64(x) => Value::I64(x),
            Self::F64(x) => Value::from(x),
            Self::Str(x) => Value::Str(Text::new(x)),
            Self::Time(x) => Value::Time(x),
            Self::List(x) => Value::List(List::new(x)),
        }
    }
}

impl fmt::Display for ValueRef<'_> {
    /// The value with its kind: `f64 3.5`, `string "a"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => write!(f, "null"),
            Self::Bool(x) => write!(f, "bool {x}"),
            Self::I64(x) => write!(f, "i64 {x}"),
            Self::F64(x) => write!(f, "f64 {x:?}"),
            Self::Str(x) => write!(f, "string {x:?}"),
            Self::Time(x) => write!(f, "timestamp {x}"),
            Self::List(x) => write!(f, "list of {} numbers", x.len()),
            Self::Other(name) => write!(f, "{name}"),
        }
    }
}

impl Value {
    /// The same value, borrowed.
    #[inline]
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Bool(x) => ValueRef::Bool(*x),
            Self::I64(x) => ValueRef::I64(*x),
            Self::F64(x) => ValueRef::F64(*x),
            Self::Str(x) => ValueRef::Str(x),
            Self::Time(x) => ValueRef::Time(*x),
            Self::List(x) => ValueRef::List(x),
            Self::Items(_) => ValueRef::Other("a list of answers"),
            Self::Map(_) => ValueRef::Other("answers by key"),
            Self::Overflow => ValueRef::Other("integer overflow"),
        }
    }

    /// The kind; `None` for null, overflow, and answers made of answers.
    pub fn kind(&self) -> Option<Kind> {
        self.as_ref().kind()
    }

    /// Whether this is [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// How this compares with a borrowed value, in the same order as with an owned one.
    #[inline]
    pub(crate) fn compare(&self, other: ValueRef<'_>) -> Ordering {
        match (self, other) {
            (Self::Bool(a), ValueRef::Bool(b)) => a.cmp(&b),
            (Self::I64(a), ValueRef::I64(b)) => a.cmp(&b),
            (Self::F64(a), ValueRef::F64(b)) => a.total_cmp(&b),
            (Self::Str(a), ValueRef::Str(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Time(a), ValueRef::Time(b)) => a.cmp(&b),
            (Self::List(a), ValueRef::List(b)) => a.compare(b),
            _ => self.cmp(&other.to_value()),
        }
    }

    /// The number as a double, integers rounded to the nearest; `None` for everything else.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::F64(x) => Some(*x),
            Self::I64(x) => Some(*x as f64),
            _ => None,
        }
    }

    /// The integer; `None` for everything else.
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::I64(x) = self { Some(*x) } else { None }
    }

    /// The text; `None` for everything else.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Str(x) = self { Some(x) } else { None }
    }

    /// The list of doubles; `None` for everything else.
    pub fn as_list(&self) -> Option<&[f64]> {
        if let Self::List(x) = self { Some(x) } else { None }
    }

    /// The list of answers; `None` for everything else.
    pub fn as_items(&self) -> Option<&[Self]> {
        if let Self::Items(x) = self { Some(x) } else { None }
    }

    /// The keys with their answers; `None` for everything else.
    pub fn as_map(&self) -> Option<&[(Self, Self)]> {
        if let Self::Map(x) = self { Some(x) } else { None }
    }

    /// Whether this, or anything in it, is an integer outside `i64`.
    #[inline]
    pub(crate) fn overflows(&self) -> bool {
        match self {
            Self::Overflow => true,
            Self::Items(_) | Self::Map(_) => self.overflows_inside(),
            _ => false,
        }
    }

    fn overflows_inside(&self) -> bool {
        match self {
            Self::Items(items) => items.iter().any(Self::overflows),
            Self::Map(pairs) => pairs.iter().any(|(_, value)| value.overflows()),
            _ => false,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::I64(_) => 2,
            Self::F64(_) => 3,
            Self::Str(_) => 4,
            Self::Time(_) => 5,
            Self::List(_) => 6,
            Self::Items(_) => 7,
            Self::Map(_) => 8,
            Self::Overflow => 9,
        }
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::I64(a), Self::I64(b)) => a.cmp(b),
            (Self::F64(a), Self::F64(b)) => a.total_cmp(b),
            (Self::Str(a), Self::Str(b)) => a.cmp(b),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) => a.compare(b),
            (Self::Items(a), Self::Items(b)) => a.cmp(b),
            (Self::Map(a), Self::Map(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            // Texts of different lengths are told apart without looking at them.
            (Self::Str(a), Self::Str(b)) => **a == **b,
            (Self::I64(a), Self::I64(b)) => a == b,
            (Self::F64(a), Self::F64(b)) => a.to_bits() == b.to_bits(),
            _ => self.cmp(other).is_eq(),
        }
    }
}

impl Eq for Value {}

impl fmt::Display for Value {
    /// The bare value, as a table shows it; text without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(x) => write!(f, "{x}"),
            Self::I64(x) => write!(f, "{x}"),
            Self::F64(x) => write!(f, "{x:?}"),
            Self::Str(x) => f.write_str(x),
            Self::Time(x) => write!(f, "{x}"),
            Self::List(x) => write!(f, "{:?}", &**x),
            Self::Items(x) => x.fmt(f),
            Self::Map(x) => x.fmt(f),
            Self::Overflow => f.write_str("overflow"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_three_words() {
        assert_eq!(size_of::<Value>(), 24);
        assert_eq!(size_of::<ValueRef<'_>>(), 24);
    }

    #[test]
    fn negative_zero_and_nan_do_not_get_in() {
        assert_eq!(ValueRef::F64(-0.0).to_kind(Kind::F64).unwrap().to_value(), Value::F64(0.0));
        assert_eq!(ValueRef::F64(f64::NAN).to_kind(Kind::F64).unwrap(), ValueRef::Null);
        assert_eq!(ValueRef::F64(-f64::NAN).to_kind(Kind::I64).unwrap(), ValueRef::Null);
    }

    #[test]
    fn only_whole_doubles_become_integers() {
        assert_eq!(ValueRef::F64(3.0).to_kind(Kind::I64).unwrap(), ValueRef::I64(3));
        assert_eq!(ValueRef::F64(3.5).to_kind(Kind::I64).unwrap_err(), "f64 3.5");
        assert!(ValueRef::F64(9_223_372_036_854_775_808.0).to_kind(Kind::I64).is_err());
        assert!(ValueRef::F64(f64::INFINITY).to_kind(Kind::I64).is_err());
        assert!(ValueRef::Str("3").to_kind(Kind::F64).is_err());
    }
}
