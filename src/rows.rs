//! Events kept whole: the instants at or above the frontier, and a batch's sorted table.
//!
//! A row is an event's time, one bit for each filter it passed, and the few values some aggregate still
//! needs. Rows are kept in time order; equal times stay in arrival order until [`Rows::canonicalise`].

use std::ops::Range;

use crate::computer::MAX_ARGS;
use crate::value::{Value, ValueRef};

/// An event's time and the filters it passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Head {
    pub(crate) time: i64,
    pub(crate) mask: u64,
}

/// Which rows an aggregate reads, and which of their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Select {
    /// The bit of the filter.
    pub(crate) bit: u64,
    /// Places of the arguments among a row's values.
    pub(crate) args: Vec<usize>,
    /// Filter bits that follow the arguments as true or false.
    pub(crate) conditions: Vec<u64>,
    /// The bit of the rows that take their input back out; 0 for none.
    pub(crate) retract: u64,
}

impl Select {
    /// The rows of a filter, without arguments.
    pub(crate) fn rows(bit: u64) -> Self {
        Self { bit, args: Vec::new(), conditions: Vec::new(), retract: 0 }
    }

    /// How many arguments there are.
    #[inline]
    pub(crate) fn width(&self) -> usize {
        self.args.len() + self.conditions.len()
    }

    /// Puts the arguments of a row into their places: its values, and which conditions it passed.
    #[inline]
    pub(crate) fn fill<'v>(
        &self,
        args: &mut [ValueRef<'v>; MAX_ARGS],
        mask: u64,
        value: impl Fn(usize) -> ValueRef<'v>,
    ) {
        let values = self.args.iter().map(|place| value(*place));
        let passed = self.conditions.iter().map(|bit| ValueRef::Bool(mask & bit != 0));
        for (arg, found) in args.iter_mut().zip(values.chain(passed)) {
            *arg = found;
        }
    }
}

/// Rows in time order, `width` values each.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    heads: Vec<Head>,
    values: Vec<Value>,
    width: usize,
}

/// The values of one place, row by row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'r> {
    values: &'r [Value],
    width: usize,
}

impl<'r> Column<'r> {
    /// The value of the row `i` after the first.
    #[inline]
    pub(crate) fn get(&self, i: usize) -> ValueRef<'r> {
        self.values.get(i * self.width).map_or(ValueRef::Null, Value::as_ref)
    }
}

impl Rows {
    pub(crate) fn new(width: usize) -> Self {
        Self { heads: Vec::new(), values: Vec::new(), width }
    }

    pub(crate) fn with_capacity(width: usize, rows: usize) -> Self {
        Self { heads: Vec::with_capacity(rows), values: Vec::with_capacity(rows * width), width }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    #[inline]
    pub(crate) fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// The values of row `i`.
    #[inline]
    pub(crate) fn values(&self, i: usize) -> &[Value] {
        self.values.get(i * self.width..(i + 1) * self.width).unwrap_or(&[])
    }

    /// The values at `place` of the rows from `first` on.
    #[inline]
    pub(crate) fn column(&self, first: usize, place: usize) -> Column<'_> {
        Column { values: self.values.get(first * self.width + place..).unwrap_or(&[]), width: self.width }
    }

    /// The arguments of row `i`, borrowed.
    #[inline]
    pub(crate) fn args(&self, i: usize, mask: u64, select: &Select) -> [ValueRef<'_>; MAX_ARGS] {
        let values = self.values(i);
        let mut args = [ValueRef::Null; MAX_ARGS];
        select.fill(&mut args, mask, |place| values.get(place).map_or(ValueRef::Null, Value::as_ref));
        args
    }

    /// The first row at or after `time`.
    #[inline]
    pub(crate) fn lower_bound(&self, time: i64) -> usize {
        self.heads.partition_point(|head| head.time < time)
    }

    /// Puts a row in its place, its values appended by `keep`; the next one in time order goes straight to
    /// the end.
    #[inline]
    pub(crate) fn insert(&mut self, head: Head, keep: impl FnOnce(&mut Vec<Value>)) {
        let late = self.heads.last().is_some_and(|last| last.time > head.time);
        self.heads.push(head);
        keep(&mut self.values);
        if late {
            self.sink();
        }
    }

    /// Moves the last row to its place.
    #[cold]
    fn sink(&mut self) {
        let Some((head, before)) = self.heads.split_last() else { return };
        let at = before.partition_point(|h| h.time <= head.time);
        if let Some(heads) = self.heads.get_mut(at..) {
            heads.rotate_right(1);
        }
        if let Some(values) = self.values.get_mut(at * self.width..) {
            values.rotate_right(self.width);
        }
    }

    /// Whether rows of equal time are sorted by mask and values.
    pub(crate) fn is_canonical(&self) -> bool {
        (1..self.len()).all(|i| match (self.heads.get(i - 1), self.heads.get(i)) {
            (Some(a), Some(b)) if a.time == b.time => (a, self.values(i - 1)) <= (b, self.values(i)),
            _ => true,
        })
    }

    /// Sorts rows of equal time by mask and values, so that equal multisets are equal rows.
    pub(crate) fn canonicalise(&mut self) {
        if self.is_canonical() {
            return;
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_unstable_by_key(|i| (self.heads.get(*i), self.values(*i)));
        self.values = order.iter().flat_map(|i| self.values(*i).iter().cloned()).collect();
        self.heads = order.iter().filter_map(|i| self.heads.get(*i).copied()).collect();
    }

    /// Drops the rows before `doubt.start`, and of those in `doubt` keeps what is needed: `need` gives each row's
    /// remaining bits (none: the row goes), `reads` tells whether a value of the row that is left is still read;
    /// others become null.
    pub(crate) fn reduce(
        &mut self,
        doubt: Range<i64>,
        need: impl Fn(Head) -> u64,
        reads: impl Fn(Head, usize) -> bool,
    ) {
        let (end, width) = (self.lower_bound(doubt.end), self.width);
        let mut kept = 0;
        for i in self.lower_bound(doubt.start)..end {
            let Some(old) = self.heads.get(i).copied() else { break };
            let head = Head { time: old.time, mask: need(old) };
            if head.mask == 0 {
                continue;
            }
            for column in 0..width {
                self.values.swap(kept * width + column, i * width + column);
                if let Some(value) = self.values.get_mut(kept * width + column)
                    && !value.is_null()
                    && !reads(head, column)
                {
                    *value = Value::Null;
                }
            }
            if let Some(slot) = self.heads.get_mut(kept) {
                *slot = head;
            }
            kept += 1;
        }
        self.heads.drain(kept..end);
        self.values.drain(kept * width..end * width);
    }

    /// Takes out the rows at or after `time`.
    pub(crate) fn split_off(&mut self, time: i64) -> Self {
        let at = self.lower_bound(time);
        Self { heads: self.heads.split_off(at), values: self.values.split_off(at * self.width), width: self.width }
    }

    /// Adds every row of `other`.
    pub(crate) fn union(&mut self, other: &Self) {
        let Some(first) = other.heads.first() else { return };
        if self.heads.last().is_none_or(|last| last.time <= first.time) {
            self.heads.extend_from_slice(&other.heads);
            self.values.extend_from_slice(&other.values);
            return;
        }
        let mut out = Self::with_capacity(self.width, self.len() + other.len());
        let (mut i, mut j) = (0, 0);
        loop {
            let (mine, theirs) = (self.heads.get(i), other.heads.get(j));
            let (source, at, head) = match (mine, theirs) {
                (Some(a), Some(b)) if a.time <= b.time => (&*self, &mut i, a),
                (_, Some(b)) => (other, &mut j, b),
                (Some(a), None) => (&*self, &mut i, a),
                (None, None) => break,
            };
            out.heads.push(*head);
            out.values.extend_from_slice(source.values(*at));
            *at += 1;
        }
        *self = out;
    }
}
