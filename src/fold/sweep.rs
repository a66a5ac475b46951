//! A fold over a batch: every window of it answered in one pass over sorted rows.

use super::{Fold, answer, step};
use crate::computer::{FeatureComputer, Input, MAX_ARGS};
use crate::rows::Select;
use crate::table::{Answered, Cells, Columnar, Table};
use crate::time::{Bounds, Interval, Timestamp};
use crate::value::{Value, ValueRef};

/// A row range `[start, end)` of a batch.
pub(crate) type Range = (u32, u32);

/// One window of a batch: the rows each query sees, and what is read off there.
#[derive(Debug)]
pub(crate) struct Sweep<'s, 'a> {
    pub(crate) ranges: &'s [Range],
    pub(crate) intervals: Intervals<'s>,
    pub(crate) answers: Vec<Reading<'a>>,
}

/// What a window is at each query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Intervals<'a> {
    /// The queries' times, in sorted order.
    pub(crate) times: &'a [i64],
    /// Where the window starts at each, if that depends on the events; else empty.
    pub(crate) starts: &'a [i64],
    pub(crate) bounds: Bounds,
}

impl Intervals<'_> {
    /// The window at query `i`.
    #[inline]
    pub(super) fn at(&self, i: usize) -> Interval {
        let (start, end) = self.bounds.at(self.times.get(i).copied().unwrap_or(0));
        Interval::raw(self.starts.get(i).copied().unwrap_or(start), end)
    }
}

/// One feature's answers, query by query.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    /// What they come to by column.
    pub(crate) how: Columnar,
    pub(crate) default: Option<&'a Value>,
    /// Who reads them off the state, if not the computer that folds it.
    pub(crate) reader: Option<&'a dyn Fold>,
    pub(crate) out: Answered<'a>,
    /// The first answer that is, or has in it, an integer outside `i64`.
    pub(crate) overflow: Option<usize>,
}

impl Reading<'_> {
    /// Reads the next query's answer off a state.
    #[inline]
    pub(super) fn read<C: FeatureComputer>(&mut self, computer: &C, state: &C::State, over: impl FnOnce() -> Interval) {
        let value = match self.reader {
            None => answer(computer, state, over, self.default),
            Some(reader) => reader.answer(state, over(), self.default),
        };
        if value.overflows() && self.overflow.is_none() {
            self.overflow = Some(self.out.len());
        }
        self.out.push(value);
    }
}

/// The inputs of the rows a fold takes.
pub(super) struct Gathered<'t, C: FeatureComputer> {
    pub(super) inputs: Vec<C::Input<'t>>,
    /// Which inputs are taken back out; empty if none ever is.
    minus: Vec<bool>,
    /// For each row how many inputs came before it.
    rank: Vec<u32>,
}

impl<'t, C: FeatureComputer> Gathered<'t, C> {
    pub(super) fn new(table: &'t Table<'_>, select: &Select) -> Self {
        let columns: Vec<&Cells<'_>> = select.args.iter().filter_map(|place| table.columns.get(*place)).collect();
        let width = columns.len() + select.conditions.len();
        let mut inputs = Vec::with_capacity(table.times.len());
        let mut rank = Vec::with_capacity(table.times.len() + 1);
        let mut minus = Vec::new();
        let mut args = [ValueRef::Null; MAX_ARGS];
        for (row, (time, mask)) in table.times.iter().zip(&*table.masks).enumerate() {
            rank.push(inputs.len() as u32);
            if mask & select.bit == 0 {
                continue;
            }
            for (arg, column) in args.iter_mut().zip(&columns) {
                *arg = column.get(row);
            }
            for (arg, bit) in args.iter_mut().skip(columns.len()).zip(&select.conditions) {
                *arg = ValueRef::Bool(mask & bit != 0);
            }
            let args = args.get(..width).unwrap_or(&[]);
            if let Some(input) = C::Input::read(Timestamp::clamped(*time), args) {
                inputs.push(input);
                if select.retract != 0 {
                    minus.push(mask & select.retract != 0);
                }
            }
        }
        rank.push(inputs.len() as u32);
        Self { inputs, minus, rank }
    }

    /// The inputs of a range of rows.
    #[inline]
    pub(super) fn places(&self, (from, to): Range) -> (usize, usize) {
        let at = |row: u32| self.rank.get(row as usize).copied().unwrap_or(0) as usize;
        (at(from), at(to))
    }

    /// Folds a range of inputs in, or all of it back out.
    #[inline]
    fn fold(&self, computer: &C, state: &mut C::State, range: std::ops::Range<usize>, out: bool) {
        let inputs = self.inputs.get(range.clone()).unwrap_or(&[]);
        if self.minus.is_empty() {
            inputs.iter().for_each(|input| step(computer, state, *input, out));
            return;
        }
        for (input, minus) in inputs.iter().zip(self.minus.get(range).unwrap_or(&[])) {
            step(computer, state, *input, *minus != out);
        }
    }
}

/// Two pointers: what enters is added, what leaves is taken out, exactly.
pub(super) fn sweep_group<C: FeatureComputer>(
    computer: &C,
    gathered: &Gathered<'_, C>,
    ranges: impl Iterator<Item = (usize, usize)>,
    mut emit: impl FnMut(usize, &C::State),
) {
    let mut state = computer.identity();
    let (mut low, mut high) = (0, 0);
    for (query, (from, to)) in ranges.enumerate() {
        // Starting afresh is cheaper than taking out more than what stays.
        if from >= high || from - low > to - from {
            state = computer.identity();
            (low, high) = (from, from);
        }
        gathered.fold(computer, &mut state, low..from, true);
        gathered.fold(computer, &mut state, high..to, false);
        (low, high) = (low.max(from), high.max(to));
        emit(query, &state);
    }
}

/// Two stacks: running merges from the middle back to the start, and one from the middle to the end.
pub(super) fn sweep_monoid<C: FeatureComputer>(
    computer: &C,
    inputs: &[C::Input<'_>],
    ranges: impl Iterator<Item = (usize, usize)>,
    mut emit: impl FnMut(usize, &C::State),
) {
    let mut front = Suffixes::new();
    let mut back = computer.identity();
    // `front` folds the inputs from anywhere before `middle` to `middle`; `back` those from there to `high`.
    let (mut middle, mut high) = (0, 0);
    for (query, (from, to)) in ranges.enumerate() {
        if from >= high {
            front.clear();
            back = computer.identity();
            (middle, high) = (from, from);
        }
        for input in inputs.get(high..to).unwrap_or(&[]) {
            computer.update(&mut back, *input);
        }
        high = high.max(to);
        if from > middle {
            front.fill(computer, inputs, from, high);
            back = computer.identity();
            middle = high;
        }
        match front.at(computer, inputs, from) {
            Some(suffix) => {
                let mut state = suffix.clone();
                computer.merge(&mut state, &back);
                emit(query, &state);
            }
            None => emit(query, &back),
        }
    }
}

/// The most suffixes of which every fold is kept.
const WHOLE: usize = 256;

/// Folds of `inputs[k..end]` for every `k`, of which only about two square roots of the length are kept: one
/// at the end of each block, and those of the block that is being read. A large state is kept a thousand times
/// over a million inputs, not a million times.
struct Suffixes<S> {
    /// The first input folded, and the one after the last.
    start: usize,
    end: usize,
    /// How many inputs a block has; blocks are counted from the end.
    block: usize,
    /// The fold from each block's end to `end`, last block first; the last one's is the identity.
    coarse: Vec<S>,
    /// The folds from the places of one block, its last input first.
    fine: Vec<S>,
    /// The inputs of that block: from, and to.
    open: (usize, usize),
}

impl<S: Clone> Suffixes<S> {
    fn new() -> Self {
        Self { start: 0, end: 0, block: 1, coarse: Vec::new(), fine: Vec::new(), open: (0, 0) }
    }

    fn clear(&mut self) {
        (self.start, self.end, self.open) = (0, 0, (0, 0));
        self.coarse.clear();
        self.fine.clear();
    }

    /// Folds `inputs[k..end]` for every `k` from `start`.
    fn fill<C: FeatureComputer<State = S>>(&mut self, computer: &C, inputs: &[C::Input<'_>], start: usize, end: usize) {
        self.clear();
        (self.start, self.end) = (start, end);
        let length = end.saturating_sub(start);
        let mut state = computer.identity();
        // Few states are kept whole: that costs less than folding twice.
        if length <= WHOLE {
            self.block = WHOLE;
            self.coarse.push(state);
            return;
        }
        self.block = length.isqrt();
        for block in inputs.get(start..end).unwrap_or(&[]).rchunks(self.block) {
            self.coarse.push(state.clone());
            block.iter().rev().for_each(|input| computer.update(&mut state, *input));
        }
    }

    /// The fold of `inputs[k..end]`; `None` where that is nothing.
    #[inline]
    fn at<C: FeatureComputer<State = S>>(&mut self, computer: &C, inputs: &[C::Input<'_>], k: usize) -> Option<&S> {
        if k < self.start || k >= self.end {
            return None;
        }
        if k < self.open.0 || k >= self.open.1 {
            self.unfold(computer, inputs, k);
        }
        self.fine.get(self.open.1.checked_sub(k + 1)?)
    }

    /// Folds from every place of the block that `k` is in.
    fn unfold<C: FeatureComputer<State = S>>(&mut self, computer: &C, inputs: &[C::Input<'_>], k: usize) {
        let block = (self.end - 1 - k) / self.block;
        let last = self.end - block * self.block;
        self.open = (last.saturating_sub(self.block).max(self.start), last);
        self.fine.clear();
        let Some(mut state) = self.coarse.get(block).cloned() else { return };
        for input in inputs.get(self.open.0..last).unwrap_or(&[]).iter().rev() {
            computer.update(&mut state, *input);
            self.fine.push(state.clone());
        }
    }
}
