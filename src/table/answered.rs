//! Answers by column.

use super::NO_TEXT;
use crate::value::{Kind, Shape, Text, Value};

/// Numbers, and which of them there are.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<T> {
    pub(crate) values: Vec<T>,
    /// Empty while all of them are there.
    pub(crate) valid: Vec<bool>,
}

impl<T: Copy + Default> Numbers<T> {
    fn new(len: usize) -> Self {
        Self { values: Vec::with_capacity(len), valid: Vec::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, value: Option<T>) {
        if value.is_none() && self.valid.is_empty() {
            self.valid.reserve(self.values.capacity());
            self.valid.resize(self.values.len(), true);
            self.valid.push(false);
        } else if !self.valid.is_empty() || value.is_none() {
            self.valid.push(value.is_some());
        }
        self.values.push(value.unwrap_or_default());
    }

    #[inline]
    fn get(&self, row: usize) -> Option<T> {
        self.values.get(row).copied().filter(|_| self.valid.is_empty() || self.valid.get(row) == Some(&true))
    }

    fn scatter(&mut self, part: &Self, rows: &[u32]) {
        for (value, row) in part.values.iter().zip(rows) {
            if let Some(slot) = self.values.get_mut(*row as usize) {
                *slot = *value;
            }
        }
        if !part.valid.is_empty() {
            self.valid.resize(self.values.len(), true);
            for (valid, row) in part.valid.iter().zip(rows) {
                if let Some(slot) = self.valid.get_mut(*row as usize) {
                    *slot = *valid;
                }
            }
        }
    }
}

/// One feature's answers, one a query.
#[derive(Debug)]
pub(crate) enum Answered<'a> {
    F64(Numbers<f64>),
    I64(Numbers<i64>),
    /// Codes, [`NO_TEXT`] for null, and the texts they stand for.
    Str(Vec<u32>, &'a [&'a str]),
    /// Answers of any other kind.
    Any(Vec<Value>),
}

impl<'a> Answered<'a> {
    /// None yet, of `shape`, with room for `len`; text as codes into `texts`, where there are any.
    pub(crate) fn with_capacity(shape: &Shape, len: usize, texts: Option<&'a [&'a str]>) -> Self {
        match (shape, texts) {
            (Shape::One(Kind::F64), _) => Self::F64(Numbers::new(len)),
            (Shape::One(Kind::I64), _) => Self::I64(Numbers::new(len)),
            (Shape::One(Kind::Str), Some(texts)) => Self::Str(Vec::with_capacity(len), texts),
            _ => Self::Any(Vec::with_capacity(len)),
        }
    }

    /// `len` answers that are filled in part by part.
    pub(crate) fn blank(shape: &Shape, len: usize, texts: Option<&'a [&'a str]>) -> Self {
        let mut blank = Self::with_capacity(shape, 0, texts);
        match &mut blank {
            Self::F64(numbers) => numbers.values = vec![0.0; len],
            Self::I64(numbers) => numbers.values = vec![0; len],
            Self::Str(codes, _) => *codes = vec![NO_TEXT; len],
            Self::Any(values) => values.resize(len, Value::Null),
        }
        blank
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F64(numbers) => numbers.values.len(),
            Self::I64(numbers) => numbers.values.len(),
            Self::Str(codes, _) => codes.len(),
            Self::Any(values) => values.len(),
        }
    }

    /// Adds an answer.
    #[inline]
    pub(crate) fn push(&mut self, value: Value) {
        match (self, value) {
            (Self::F64(numbers), Value::F64(x)) => numbers.push(Some(x)),
            (Self::F64(numbers), _) => numbers.push(None),
            (Self::I64(numbers), Value::I64(x)) => numbers.push(Some(x)),
            (Self::I64(numbers), _) => numbers.push(None),
            // Only what picks a value among those of a column gives its code; see `columnar`.
            (Self::Str(codes, _), _) => codes.push(NO_TEXT),
            (Self::Any(values), value) => values.push(value),
        }
    }

    /// Puts a part's answers where `rows` says.
    pub(crate) fn scatter(&mut self, part: Answered<'_>, rows: &[u32]) {
        match (self, part) {
            (Self::F64(all), Answered::F64(part)) => all.scatter(&part, rows),
            (Self::I64(all), Answered::I64(part)) => all.scatter(&part, rows),
            (Self::Str(all, _), Answered::Str(part, _)) => put(all, part, rows),
            (Self::Any(all), Answered::Any(part)) => put(all, part, rows),
            (all, part) => debug_assert!(false, "{all:?} and {part:?} are of one feature"),
        }
    }

    /// The answer at `row`.
    pub(crate) fn get(&self, row: usize) -> Value {
        match self {
            Self::F64(numbers) => numbers.get(row).into(),
            Self::I64(numbers) => numbers.get(row).into(),
            Self::Str(codes, texts) => {
                let text = codes.get(row).and_then(|code| texts.get(*code as usize));
                text.map_or(Value::Null, |text| Value::Str(Text::new(text)))
            }
            Self::Any(values) => values.get(row).cloned().unwrap_or(Value::Null),
        }
    }
}

fn put<T>(all: &mut [T], part: Vec<T>, rows: &[u32]) {
    for (value, row) in part.into_iter().zip(rows) {
        if let Some(slot) = all.get_mut(*row as usize) {
            *slot = value;
        }
    }
}
