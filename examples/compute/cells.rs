//! Result columns, read cell by cell.

use std::fmt;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};
use skewless::Timestamp;

/// A column of a type that results have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cells<'a> {
    /// True or false.
    Bool(&'a BooleanArray),
    /// Integers.
    I64(&'a Int64Array),
    /// Doubles.
    F64(&'a Float64Array),
    /// Text.
    Str(&'a StringArray),
    /// Moments.
    Time(&'a TimestampMicrosecondArray),
    /// Lists of doubles.
    List(&'a ListArray),
}

/// One cell.
#[derive(Clone, Debug)]
pub(crate) enum Cell<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A double.
    F64(f64),
    /// Text.
    Str(&'a str),
    /// Microseconds.
    Time(i64),
    /// Doubles.
    List(Vec<f64>),
}

impl<'a> Cells<'a> {
    /// Recognises a column; `None` for a type that no result has.
    pub(crate) fn new(array: &'a ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Int64 => Self::I64(array.as_primitive::<Int64Type>()),
            DataType::Float64 => Self::F64(array.as_primitive::<Float64Type>()),
            DataType::Utf8 => Self::Str(array.as_string()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Time(array.as_primitive::<TimestampMicrosecondType>())
            }
            DataType::List(of) if *of.data_type() == DataType::Float64 => Self::List(array.as_list()),
            _ => return None,
        })
    }

    /// The cell in `row`, which must exist.
    #[inline]
    pub(crate) fn at(self, row: usize) -> Cell<'a> {
        let null = match self {
            Self::Bool(a) => a.is_null(row),
            Self::I64(a) => a.is_null(row),
            Self::F64(a) => a.is_null(row),
            Self::Str(a) => a.is_null(row),
            Self::Time(a) => a.is_null(row),
            Self::List(a) => a.is_null(row),
        };
        match self {
            _ if null => Cell::Null,
            Self::Bool(a) => Cell::Bool(a.value(row)),
            Self::I64(a) => Cell::I64(a.value(row)),
            Self::F64(a) => Cell::F64(a.value(row)),
            Self::Str(a) => Cell::Str(a.value(row)),
            Self::Time(a) => Cell::Time(a.value(row)),
            Self::List(a) => Cell::List(a.value(row).as_primitive::<Float64Type>().values().to_vec()),
        }
    }
}

impl Cell<'_> {
    /// Equality of bits: not that of numbers, for which 0 and -0 are the same.
    #[inline]
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::I64(a), Self::I64(b)) | (Self::Time(a), Self::Time(b)) => a == b,
            (Self::F64(a), Self::F64(b)) => a.to_bits() == b.to_bits(),
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
            }
            _ => false,
        }
    }

    /// Whether something is in it: neither null, nor zero, nor empty.
    pub(crate) fn is_telling(&self) -> bool {
        match self {
            Self::Null | Self::Bool(false) | Self::I64(0) => false,
            Self::F64(x) => *x != 0.0,
            Self::Str(text) => !text.is_empty(),
            _ => true,
        }
    }

    /// The bits in hexadecimal.
    pub(crate) fn bits(&self) -> String {
        let bytes = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        match self {
            Self::Null => "no bits".to_owned(),
            Self::Bool(x) => format!("0x{:02x}", u8::from(*x)),
            Self::I64(x) | Self::Time(x) => format!("0x{x:016x}"),
            Self::F64(x) => format!("0x{:016x}", x.to_bits()),
            Self::Str(text) => format!("0x{}", bytes(text)),
            Self::List(list) => list.iter().map(|x| format!("0x{:016x}", x.to_bits())).collect::<Vec<_>>().join(" "),
        }
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(x) => write!(f, "{x}"),
            Self::I64(x) => write!(f, "{x}"),
            Self::F64(x) => write!(f, "{x:?}"),
            Self::Str(text) => f.write_str(text),
            Self::Time(x) => match Timestamp::from_micros(*x) {
                Ok(at) => write!(f, "{at}"),
                Err(_) => write!(f, "{x} us"),
            },
            Self::List(list) => write!(f, "{list:?}"),
        }
    }
}
