//! Columns as they came.

use std::borrow::Cow;

use super::{Cells, NO_TEXT};
use crate::time::Timestamp;
use crate::value::List;

/// Bits of a bitmap, lowest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Bits<'a> {
    /// The bits of `bytes` from `offset` on.
    pub(crate) fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    #[inline]
    pub(crate) fn get(self, at: usize) -> bool {
        let at = self.offset + at;
        self.bytes.get(at >> 3).is_some_and(|byte| byte >> (at & 7) & 1 == 1)
    }
}

/// Which rows hold a value.
#[derive(Clone, Debug)]
pub(crate) enum Valid<'a> {
    All,
    Bits(Bits<'a>),
    Flags(Vec<bool>),
}

impl Valid<'_> {
    #[inline]
    pub(crate) fn get(&self, row: usize) -> bool {
        match self {
            Self::All => true,
            Self::Bits(bits) => bits.get(row),
            Self::Flags(flags) => flags.get(row).copied().unwrap_or(false),
        }
    }
}

/// A column in the order given, brought to its kind; numbers are borrowed where they can be.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// May hold NaN and `-0.0`, which are made plain when rows are picked.
    F64(Cow<'a, [f64]>, Valid<'a>),
    I64(Cow<'a, [i64]>, Valid<'a>),
    Time(Cow<'a, [i64]>, Valid<'a>),
    Bool(Vec<Option<bool>>),
    /// Codes, [`NO_TEXT`] for null, and the texts they stand for.
    Str(Vec<u32>, Vec<&'a str>),
    /// Owned, because a list's zeros and NaNs are made plain on entry.
    List(Vec<Option<List>>),
    Present(Valid<'a>),
}

impl Source<'_> {
    /// The rows of `order`, in that order.
    pub(crate) fn pick(&self, order: &[u32]) -> Cells<'_> {
        match self {
            Self::F64(values, valid) => Cells::F64(pick(order, values, valid, |x| x + 0.0, f64::NAN)),
            Self::I64(values, valid) => Cells::I64(pick(order, values, valid, Some, None)),
            Self::Time(values, valid) => Cells::Time(pick(order, values, valid, |x| Some(Timestamp::clamped(x)), None)),
            Self::Bool(values) => Cells::Bool(pick(order, values, &Valid::All, |x| x, None)),
            Self::Str(codes, texts) => Cells::Str(pick(order, codes, &Valid::All, |x| x, NO_TEXT), texts),
            Self::List(lists) => {
                Cells::List(order.iter().map(|row| lists.get(*row as usize).and_then(Option::as_ref)).collect())
            }
            Self::Present(valid) => Cells::Present(order.iter().map(|row| valid.get(*row as usize)).collect()),
        }
    }
}

/// One loop for each way to know what is valid.
#[inline]
fn pick<T: Copy, U: Copy>(order: &[u32], values: &[T], valid: &Valid<'_>, plain: impl Fn(T) -> U, null: U) -> Vec<U> {
    let value = |row: usize| values.get(row).map_or(null, |x| plain(*x));
    let rows = order.iter().map(|row| *row as usize);
    match valid {
        Valid::All => rows.map(value).collect(),
        Valid::Bits(bits) => rows.map(|row| if bits.get(row) { value(row) } else { null }).collect(),
        Valid::Flags(flags) => rows.map(|row| if flags.get(row) == Some(&true) { value(row) } else { null }).collect(),
    }
}
