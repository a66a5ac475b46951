//! A batch by column: what the sweeps run over.
//!
//! A [`Source`] is a column, its rows dealt out to blocks of entities ([`Deal`]) so that a block is near the processor
//! while it is worked on; [`Cells`] are the rows of one block, sorted by entity and time.

mod answered;
mod columnar;
mod deal;
mod dictionary;
mod grouping;
mod source;

pub(crate) use self::answered::{Answered, Numbers};
pub use self::columnar::Columnar;
pub(crate) use self::deal::{Blocks, Deal};
pub(crate) use self::dictionary::{Dictionary, NO_TEXT};
pub(crate) use self::grouping::{Grouping, LEFT_OUT};
pub(crate) use self::source::{Bits, Source, pick};
use std::borrow::Cow;

use crate::error::Error;
use crate::time::Timestamp;
use crate::value::{List, ValueRef};

/// Some rows of a column; text is borrowed from the batch.
#[derive(Clone, Debug)]
pub(crate) enum Cells<'a> {
    /// NaN stands for null.
    F64(Cow<'a, [f64]>),
    I64(Vec<Option<i64>>),
    Bool(Cow<'a, [Option<bool>]>),
    /// Codes of texts; [`NO_TEXT`] for null.
    Str(Cow<'a, [u32]>, &'a [&'a str]),
    Time(Vec<Option<Timestamp>>),
    List(Vec<Option<&'a List>>),
    /// Only whether there is a value.
    Present(Cow<'a, [bool]>),
}

impl Cells<'_> {
    /// The value at `row`.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> ValueRef<'_> {
        fn some<'v, T: Copy>(cell: Option<&Option<T>>, make: impl Fn(T) -> ValueRef<'v>) -> ValueRef<'v> {
            cell.copied().flatten().map_or(ValueRef::Null, make)
        }
        match self {
            Self::F64(cells) => match cells.get(row) {
                Some(x) if !x.is_nan() => ValueRef::F64(*x),
                _ => ValueRef::Null,
            },
            Self::I64(cells) => some(cells.get(row), ValueRef::I64),
            Self::Bool(cells) => some(cells.get(row), ValueRef::Bool),
            Self::Str(codes, texts) => {
                let text = codes.get(row).and_then(|code| texts.get(*code as usize));
                text.map_or(ValueRef::Null, |text| ValueRef::Str(text))
            }
            Self::Time(cells) => some(cells.get(row), ValueRef::Time),
            Self::List(cells) => some(cells.get(row), |list| ValueRef::List(list)),
            Self::Present(cells) => match cells.get(row) {
                Some(true) => ValueRef::Bool(true),
                _ => ValueRef::Null,
            },
        }
    }

    /// Whether there is a value at `row`.
    #[inline]
    pub(crate) fn is_valid(&self, row: usize) -> bool {
        match self {
            Self::F64(cells) => cells.get(row).is_some_and(|x| !x.is_nan()),
            Self::Str(codes, _) => codes.get(row).is_some_and(|code| *code != NO_TEXT),
            _ => !self.get(row).is_null(),
        }
    }
}

/// Some of a batch's events, sorted by entity and then by time.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    pub(crate) times: Cow<'a, [i64]>,
    pub(crate) masks: Cow<'a, [u64]>,
    /// Where each entity's rows start, and where the last one's end.
    pub(crate) starts: Vec<u32>,
    /// The kept columns, by place.
    pub(crate) columns: Vec<Cells<'a>>,
}

/// The most rows one pass takes: row numbers are 32-bit.
pub(crate) fn check_rows(rows: usize, what: &'static str) -> Result<(), Error> {
    if rows < u32::MAX as usize {
        Ok(())
    } else {
        Err(Error::definition(what, format!("{rows} rows in one pass; at most {} are allowed", u32::MAX - 1)))
    }
}
