//! One column of one batch, whichever door it came through.

use std::borrow::Cow;
use std::fmt::{self, Debug};

use crate::table::{Bits, Dictionary, NO_TEXT};
use crate::time::{OUT_OF_RANGE, Timestamp};
use crate::value::{Kind, ValueRef};

/// One column, its type found out once; values are borrowed.
#[derive(Clone, Debug)]
pub(super) struct Chunk<'a> {
    pub(super) values: Values<'a>,
    /// Which rows hold a value; `None` for all.
    pub(super) valid: Option<Bits<'a>>,
}

/// The values of a column; where a row is null, anything may stand.
#[derive(Clone, Debug)]
pub(super) enum Values<'a> {
    I8(&'a [i8]),
    I16(&'a [i16]),
    I32(&'a [i32]),
    I64(&'a [i64]),
    U8(&'a [u8]),
    U16(&'a [u16]),
    U32(&'a [u32]),
    U64(&'a [u64]),
    F32(Cow<'a, [f32]>),
    F64(&'a [f64]),
    Bool(Bits<'a>),
    Text(&'a dyn Texts),
    /// Counts of a unit with so many a second.
    Time(&'a [i64], i64),
    /// Days since 1970-01-01.
    Days(&'a [i32]),
    /// Places in a shorter column; `u32::MAX` for null.
    Coded(Vec<u32>, Box<Chunk<'a>>),
    List(Lists<'a>),
    Null,
}

/// Lists of doubles.
#[derive(Clone, Debug)]
pub(super) struct Lists<'a> {
    /// `None` if they are of something else.
    pub(super) items: Option<&'a [f64]>,
    pub(super) valid: Option<Bits<'a>>,
    pub(super) bounds: Bounds<'a>,
}

/// Where each list starts and ends among the items.
#[derive(Clone, Debug)]
pub(super) enum Bounds<'a> {
    #[cfg_attr(not(feature = "arrow"), allow(dead_code, reason = "only Arrow has lists that short"))]
    I32(&'a [i32]),
    I64(&'a [i64]),
    Every(usize),
}

/// A column of text. Its loops are compiled for the array behind it.
pub(super) trait Texts: Sync {
    /// The text at `row`, which is not null.
    fn text(&self, row: usize) -> &str;

    /// Appends the code of each of `len` rows, [`NO_TEXT`] for those that are not there.
    fn codes<'s>(&'s self, len: usize, valid: Valid<'_>, dictionary: &mut Dictionary<'s>, out: &mut Vec<u32>) {
        if valid.bits.is_none() && valid.kept.is_none() {
            out.extend((0..len).map(|row| dictionary.code(self.text(row))));
        } else {
            out.extend((0..len).map(|row| if valid.get(row) { dictionary.code(self.text(row)) } else { NO_TEXT }));
        }
    }

    /// Appends the text of each of `len` rows, and its place among them; [`NO_TEXT`] for those that are not there.
    fn list<'s>(&'s self, len: usize, valid: Valid<'_>, list: &mut Vec<&'s str>, out: &mut Vec<u32>) {
        list.reserve(len);
        out.extend((0..len).map(|row| {
            if !valid.get(row) {
                return NO_TEXT;
            }
            list.push(self.text(row));
            list.len() as u32 - 1
        }));
    }

    /// Appends the code that each row has already, [`NO_TEXT`] if it has none.
    fn find(&self, len: usize, valid: Valid<'_>, dictionary: &Dictionary<'_>, out: &mut Vec<u32>) {
        out.extend((0..len).map(|row| if valid.get(row) { dictionary.find(self.text(row)) } else { NO_TEXT }));
    }

    /// Sets `bit` in the mask, found by its place, of each row whose text is equal to one, or is not.
    fn mark(&self, valid: Valid<'_>, (text, equal): (&str, bool), bit: u64, places: &[u32], masks: &mut [u64]) {
        for (row, place) in places.iter().enumerate() {
            let passes = valid.get(row) && (self.text(row) == text) == equal;
            if let Some(mask) = masks.get_mut(*place as usize) {
                *mask |= if passes { bit } else { 0 };
            }
        }
    }
}

/// Which rows of a chunk are there and wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Valid<'k> {
    pub(super) bits: Option<Bits<'k>>,
    /// `None` for all.
    pub(super) kept: Option<&'k [bool]>,
}

impl Valid<'_> {
    #[inline]
    fn get(self, row: usize) -> bool {
        self.bits.is_none_or(|bits| bits.get(row)) && self.kept.is_none_or(|kept| kept.get(row) == Some(&true))
    }
}

impl Debug for dyn Texts + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("texts")
    }
}

impl<'a> Chunk<'a> {
    /// The kind of what is in there; `None` for nulls.
    pub(super) fn kind(&self) -> Option<Kind> {
        Some(match &self.values {
            Values::I8(_) | Values::I16(_) | Values::I32(_) | Values::I64(_) => Kind::I64,
            Values::U8(_) | Values::U16(_) | Values::U32(_) | Values::U64(_) => Kind::I64,
            Values::F32(_) | Values::F64(_) => Kind::F64,
            Values::Bool(_) => Kind::Bool,
            Values::Text(_) => Kind::Str,
            Values::Time(..) | Values::Days(_) => Kind::Time,
            Values::Coded(_, values) => return values.kind(),
            Values::List(_) => Kind::List,
            Values::Null => return None,
        })
    }

    /// Appends each row's code: [`NO_TEXT`] for null, for what is no text, and where `kept` says that it is left out.
    pub(super) fn codes(&self, len: usize, kept: Option<&[bool]>, dictionary: &mut Dictionary<'a>, out: &mut Vec<u32>) {
        match &self.values {
            Values::Text(texts) => texts.codes(len, Valid { bits: self.valid, kept }, dictionary, out),
            Values::Coded(places, values) => {
                // Each text of the shorter column is looked up once, when a row first has it.
                let mut known =
                    vec![NO_TEXT; places.iter().filter(|at| **at != NO_TEXT).max().map_or(0, |at| *at as usize + 1)];
                let valid = Valid { bits: None, kept };
                out.extend(places.iter().enumerate().map(|(row, place)| {
                    let Some(code) = known.get_mut(*place as usize).filter(|_| valid.get(row)) else { return NO_TEXT };
                    if *code == NO_TEXT
                        && let ValueRef::Str(text) = values.cell(*place as usize)
                    {
                        *code = dictionary.code(text);
                    }
                    *code
                }));
            }
            _ => out.extend(std::iter::repeat_n(NO_TEXT, len)),
        }
    }

    /// Appends each row's text, and its place among them; [`NO_TEXT`] as [`codes`](Self::codes) has it.
    pub(super) fn list(&self, len: usize, kept: Option<&[bool]>, list: &mut Vec<&'a str>, out: &mut Vec<u32>) {
        let valid = Valid { bits: self.valid, kept };
        match &self.values {
            Values::Text(texts) => texts.list(len, valid, list, out),
            _ => out.extend((0..len).map(|row| match self.cell(row) {
                ValueRef::Str(text) if valid.get(row) => {
                    list.push(text);
                    list.len() as u32 - 1
                }
                _ => NO_TEXT,
            })),
        }
    }

    /// Whether `row` is null, as far as the column says; a NaN is not, yet.
    #[inline]
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.valid.is_some_and(|bits| !bits.get(row))
    }

    /// The cell at `row`, as it is; what this crate has no kind for comes as [`ValueRef::Other`].
    #[inline]
    pub(super) fn cell(&self, row: usize) -> ValueRef<'a> {
        fn at<'v, T: Copy>(values: &[T], row: usize, make: impl Fn(T) -> ValueRef<'v>) -> ValueRef<'v> {
            values.get(row).map_or(ValueRef::Null, |x| make(*x))
        }
        if self.is_null(row) {
            return ValueRef::Null;
        }
        let time = |count: i64, per_second: i64| {
            Timestamp::from_units(count, per_second).map_or(ValueRef::Other(OUT_OF_RANGE), ValueRef::Time)
        };
        let unsigned = |x| i64::try_from(x).map_or(ValueRef::Other("an unsigned integer beyond i64"), ValueRef::I64);
        match &self.values {
            Values::F64(values) => at(values, row, ValueRef::F64),
            Values::I64(values) => at(values, row, ValueRef::I64),
            Values::Text(texts) => ValueRef::Str(texts.text(row)),
            Values::Bool(bits) => ValueRef::Bool(bits.get(row)),
            Values::Time(counts, per_second) => at(counts, row, |x| time(x, *per_second)),
            Values::Coded(codes, values) => match codes.get(row) {
                Some(code) if *code != NO_TEXT => values.cell(*code as usize),
                _ => ValueRef::Null,
            },
            Values::I8(values) => at(values, row, |x| ValueRef::I64(i64::from(x))),
            Values::I16(values) => at(values, row, |x| ValueRef::I64(i64::from(x))),
            Values::I32(values) => at(values, row, |x| ValueRef::I64(i64::from(x))),
            Values::U8(values) => at(values, row, |x| ValueRef::I64(i64::from(x))),
            Values::U16(values) => at(values, row, |x| ValueRef::I64(i64::from(x))),
            Values::U32(values) => at(values, row, |x| ValueRef::I64(i64::from(x))),
            Values::U64(values) => at(values, row, unsigned),
            Values::F32(values) => at(values, row, |x| ValueRef::F64(f64::from(x))),
            Values::Days(days) => at(days, row, |x| time(i64::from(x) * 86_400, 1)),
            Values::List(lists) => lists.cell(row),
            Values::Null => ValueRef::Null,
        }
    }
}

impl<'a> Lists<'a> {
    fn cell(&self, row: usize) -> ValueRef<'a> {
        let (from, to) = match self.bounds {
            Bounds::I32(ends) => (ends.get(row).map(|at| *at as usize), ends.get(row + 1).map(|at| *at as usize)),
            Bounds::I64(ends) => (ends.get(row).map(|at| *at as usize), ends.get(row + 1).map(|at| *at as usize)),
            Bounds::Every(width) => (Some(row * width), Some((row + 1) * width)),
        };
        let (Some(items), Some(from), Some(to)) = (self.items, from, to) else {
            return ValueRef::Other("a list of something other than Float64");
        };
        if self.valid.is_some_and(|valid| (from..to).any(|at| !valid.get(at))) {
            return ValueRef::Other("a list with nulls in it");
        }
        items.get(from..to).map_or(ValueRef::Null, ValueRef::List)
    }
}
