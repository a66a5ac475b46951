//! A batch's events by column, sorted by entity and time: what the sweeps run over.

use crate::error::Error;
use crate::time::Timestamp;
use crate::value::{Kind, List, Shape, Value, ValueRef};

/// One column of a batch; its text and lists are borrowed from the batch.
#[derive(Clone, Debug)]
pub(crate) enum Cells<'a> {
    /// NaN stands for null.
    F64(Vec<f64>),
    I64(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
    Str(Vec<Option<&'a str>>),
    Time(Vec<Option<Timestamp>>),
    /// Owned, because a list's zeros and NaNs are made plain on entry.
    List(Vec<Option<List>>),
    /// Only whether there is a value.
    Present(Vec<bool>),
}

impl<'a> Cells<'a> {
    /// `len` nulls of `kind`; a column without a kind keeps only whether it is null.
    pub(crate) fn nulls(kind: Option<Kind>, len: usize) -> Self {
        match kind {
            Some(Kind::F64) => Self::F64(vec![f64::NAN; len]),
            Some(Kind::I64) => Self::I64(vec![None; len]),
            Some(Kind::Bool) => Self::Bool(vec![None; len]),
            Some(Kind::Str) => Self::Str(vec![None; len]),
            Some(Kind::Time) => Self::Time(vec![None; len]),
            Some(Kind::List) => Self::List(vec![None; len]),
            None => Self::Present(vec![false; len]),
        }
    }

    /// Puts a value, already of the column's kind, at `row`.
    #[inline]
    pub(crate) fn put(&mut self, row: usize, value: ValueRef<'a>) {
        fn set<T>(cells: &mut [T], row: usize, value: T) {
            if let Some(cell) = cells.get_mut(row) {
                *cell = value;
            }
        }
        match (self, value) {
            (Self::F64(cells), ValueRef::F64(x)) => set(cells, row, x),
            (Self::I64(cells), ValueRef::I64(x)) => set(cells, row, Some(x)),
            (Self::Bool(cells), ValueRef::Bool(x)) => set(cells, row, Some(x)),
            (Self::Str(cells), ValueRef::Str(x)) => set(cells, row, Some(x)),
            (Self::Time(cells), ValueRef::Time(x)) => set(cells, row, Some(x)),
            (Self::List(cells), ValueRef::List(x)) => set(cells, row, Some(List::new(x))),
            (Self::Present(cells), value) => set(cells, row, !value.is_null()),
            _ => {}
        }
    }

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
            Self::Str(cells) => some(cells.get(row), ValueRef::Str),
            Self::Time(cells) => some(cells.get(row), ValueRef::Time),
            Self::List(cells) => match cells.get(row) {
                Some(Some(list)) => ValueRef::List(list),
                _ => ValueRef::Null,
            },
            Self::Present(cells) => match cells.get(row) {
                Some(true) => ValueRef::Bool(true),
                _ => ValueRef::Null,
            },
        }
    }
}

/// One feature's answers, one a query.
#[derive(Debug)]
pub(crate) enum Answered {
    /// Doubles, and which of them there are.
    F64(Vec<f64>, Vec<bool>),
    /// Integers, and which of them there are.
    I64(Vec<i64>, Vec<bool>),
    /// Answers of any other kind.
    Any(Vec<Value>),
}

impl Answered {
    /// None yet, of `shape`, with room for `len`.
    pub(crate) fn with_capacity(shape: &Shape, len: usize) -> Self {
        match shape {
            Shape::One(Kind::F64) => Self::F64(Vec::with_capacity(len), Vec::with_capacity(len)),
            Shape::One(Kind::I64) => Self::I64(Vec::with_capacity(len), Vec::with_capacity(len)),
            _ => Self::Any(Vec::with_capacity(len)),
        }
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F64(values, _) => values.len(),
            Self::I64(values, _) => values.len(),
            Self::Any(values) => values.len(),
        }
    }

    /// Adds an answer.
    #[inline]
    pub(crate) fn push(&mut self, value: Value) {
        match (self, value) {
            (Self::F64(values, valid), Value::F64(x)) => {
                values.push(x);
                valid.push(true);
            }
            (Self::F64(values, valid), _) => {
                values.push(0.0);
                valid.push(false);
            }
            (Self::I64(values, valid), Value::I64(x)) => {
                values.push(x);
                valid.push(true);
            }
            (Self::I64(values, valid), _) => {
                values.push(0);
                valid.push(false);
            }
            (Self::Any(values), value) => values.push(value),
        }
    }

    /// Puts the answers where `order` says.
    pub(crate) fn scatter(self, order: &[u32]) -> Self {
        fn scattered<T: Clone>(sorted: Vec<T>, order: &[u32], blank: T) -> Vec<T> {
            let mut out = vec![blank; sorted.len()];
            for (value, row) in sorted.into_iter().zip(order) {
                if let Some(slot) = out.get_mut(*row as usize) {
                    *slot = value;
                }
            }
            out
        }
        if order.is_sorted() {
            return self;
        }
        match self {
            Self::F64(values, valid) => Self::F64(scattered(values, order, 0.0), scattered(valid, order, false)),
            Self::I64(values, valid) => Self::I64(scattered(values, order, 0), scattered(valid, order, false)),
            Self::Any(values) => Self::Any(scattered(values, order, Value::Null)),
        }
    }

    /// The answer at `row`.
    pub(crate) fn get(&self, row: usize) -> Value {
        match self {
            Self::F64(values, valid) if valid.get(row) == Some(&true) => {
                Value::F64(values.get(row).copied().unwrap_or(0.0))
            }
            Self::I64(values, valid) if valid.get(row) == Some(&true) => {
                Value::I64(values.get(row).copied().unwrap_or(0))
            }
            Self::Any(values) => values.get(row).cloned().unwrap_or(Value::Null),
            _ => Value::Null,
        }
    }
}

/// A batch's events, sorted by entity and then by time.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    pub(crate) times: Vec<i64>,
    pub(crate) masks: Vec<u64>,
    /// The kept columns, by place.
    pub(crate) columns: Vec<Cells<'a>>,
}

/// Rows grouped by a small number, in order of time within each group.
#[derive(Debug)]
pub(crate) struct Grouping {
    /// Row numbers, group by group.
    pub(crate) order: Vec<u32>,
    /// Where each group starts in `order`; one more than there are groups.
    pub(crate) starts: Vec<u32>,
}

impl Grouping {
    /// Groups rows by `group` (all below `groups`) and sorts each group by `time`.
    pub(crate) fn new(group: &[u32], time: &[i64], groups: usize) -> Self {
        let mut starts = vec![0u32; groups + 1];
        for g in group {
            starts[*g as usize + 1] += 1;
        }
        for g in 0..groups {
            starts[g + 1] += starts[g];
        }
        let mut next = starts.clone();
        let mut order = vec![0u32; group.len()];
        for (row, g) in group.iter().enumerate() {
            let place = &mut next[*g as usize];
            order[*place as usize] = row as u32;
            *place += 1;
        }
        for bounds in starts.windows(2) {
            let rows = &mut order[bounds[0] as usize..bounds[1] as usize];
            // Most data comes in order of time already.
            if !rows.is_sorted_by_key(|row| time[*row as usize]) {
                rows.sort_by_key(|row| time[*row as usize]);
            }
        }
        Self { order, starts }
    }

    /// The rows of group `g`, as places in `order`.
    pub(crate) fn group(&self, g: usize) -> std::ops::Range<usize> {
        let at = |i: usize| self.starts.get(i).map_or(self.order.len(), |start| *start as usize);
        at(g)..at(g + 1)
    }
}

/// The most rows one pass takes: row numbers are 32-bit.
pub(crate) fn check_rows(rows: usize, what: &'static str) -> Result<(), Error> {
    if rows < u32::MAX as usize {
        Ok(())
    } else {
        Err(Error::definition(what, format!("{rows} rows in one pass; at most {} are allowed", u32::MAX - 1)))
    }
}
