//! Values made from what Rust programs have.

use super::{Double, Items, List, Pairs, Text, Value, ValueRef};
use crate::time::Timestamp;

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        value.as_ref()
    }
}

macro_rules! ref_from {
    ($($from:ty => $kind:ident),+ $(,)?) => {$(
        impl<'a> From<$from> for ValueRef<'a> {
            fn from(x: $from) -> Self {
                Self::$kind(x)
            }
        }
    )+};
}

ref_from!(bool => Bool, i64 => I64, f64 => F64, &'a str => Str, Timestamp => Time, &'a [f64] => List);

impl From<f64> for Value {
    /// NaN becomes null and `-0.0` becomes `0.0`.
    fn from(x: f64) -> Self {
        if x.is_nan() { Self::Null } else { Self::F64(x + 0.0) }
    }
}

macro_rules! value_from {
    ($($from:ty => $make:expr),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from(x: $from) -> Self {
                $make(x)
            }
        }
    )+};
}

value_from! {
    bool => Self::Bool,
    i64 => Self::I64,
    i32 => |x| Self::I64(i64::from(x)),
    &str => |x| Self::Str(Text::new(x)),
    String => |x: String| Self::Str(Text::new(&x)),
    Text => Self::Str,
    List => Self::List,
    Items => Self::Items,
    Pairs => Self::Map,
    Double => |x: Double| Self::F64(x.get()),
    Timestamp => Self::Time,
    Vec<f64> => |x: Vec<f64>| Self::List(List::new(&x)),
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(x: Option<T>) -> Self {
        x.map_or(Self::Null, Into::into)
    }
}
