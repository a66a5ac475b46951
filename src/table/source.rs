//! Columns dealt out to blocks.

use std::borrow::Cow;
use std::ops::Range;

use super::{Cells, Deal, NO_TEXT};
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

/// A column brought to its kind; once its rows are dealt out, block by block.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// NaN stands for null.
    F64(Vec<f64>),
    I64(Vec<i64>, Vec<bool>),
    Time(Vec<i64>, Vec<bool>),
    Bool(Vec<Option<bool>>),
    /// Codes, [`NO_TEXT`] for null, and the texts they stand for.
    Str(Vec<u32>, Vec<&'a str>),
    /// Owned, because a list's zeros and NaNs are made plain on entry.
    List(Vec<Option<List>>),
    Present(Vec<bool>),
}

impl Source<'_> {
    /// Rows that are in the order given, dealt out.
    pub(crate) fn dealt(self, deal: &Deal) -> Self {
        match self {
            Self::F64(values) => Self::F64(deal.put(values.into_iter(), f64::NAN)),
            Self::I64(values, valid) => Self::I64(deal.put(values.into_iter(), 0), deal.put(valid.into_iter(), false)),
            Self::Time(values, valid) => {
                Self::Time(deal.put(values.into_iter(), 0), deal.put(valid.into_iter(), false))
            }
            Self::Bool(values) => Self::Bool(deal.put(values.into_iter(), None)),
            Self::Str(codes, texts) => Self::Str(deal.put(codes.into_iter(), NO_TEXT), texts),
            Self::List(lists) => Self::List(deal.put(lists.into_iter(), None)),
            Self::Present(valid) => Self::Present(deal.put(valid.into_iter(), false)),
        }
    }

    /// The rows of a block as `order` has them; as they are without one.
    pub(crate) fn pick(&self, block: Range<usize>, order: Option<&[u32]>) -> Cells<'_> {
        match self {
            Self::F64(values) => Cells::F64(pick(values, block, order, f64::NAN)),
            Self::I64(values, valid) => Cells::I64(pick_valid(values, valid, block, order, |value| value)),
            Self::Time(values, valid) => Cells::Time(pick_valid(values, valid, block, order, Timestamp::clamped)),
            Self::Bool(values) => Cells::Bool(pick(values, block, order, None)),
            Self::Str(codes, texts) => Cells::Str(pick(codes, block, order, NO_TEXT), texts),
            Self::List(lists) => {
                let lists = lists.get(block).unwrap_or(&[]);
                let list = |row: usize| lists.get(row).and_then(Option::as_ref);
                Cells::List(match order {
                    None => lists.iter().map(Option::as_ref).collect(),
                    Some(order) => order.iter().map(|row| list(*row as usize)).collect(),
                })
            }
            Self::Present(valid) => Cells::Present(pick(valid, block, order, false)),
        }
    }
}

/// The values of a block as `order` has them; as they are without one.
#[inline]
pub(crate) fn pick<'v, T: Copy>(values: &'v [T], block: Range<usize>, order: Option<&[u32]>, blank: T) -> Cow<'v, [T]> {
    let values = values.get(block).unwrap_or(&[]);
    let value = |row: &u32| values.get(*row as usize).copied().unwrap_or(blank);
    order.map_or(Cow::Borrowed(values), |order| Cow::Owned(order.iter().map(value).collect()))
}

fn pick_valid<T: Copy + Default, U>(
    values: &[T],
    valid: &[bool],
    block: Range<usize>,
    order: Option<&[u32]>,
    make: impl Fn(T) -> U,
) -> Vec<Option<U>> {
    let values = pick(values, block.clone(), order, T::default());
    let valid = pick(valid, block, order, false);
    values.iter().zip(valid.iter()).map(|(value, valid)| valid.then(|| make(*value))).collect()
}
