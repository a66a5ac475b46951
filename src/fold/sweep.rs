//! A fold over a batch: every window of it answered in one pass over sorted rows.

use super::{Fold, answer};
use crate::computer::{FeatureComputer, Input, MAX_ARGS};
use crate::rows::Select;
use crate::table::{Answered, Cells, Table};
use crate::time::Timestamp;
use crate::value::{Value, ValueRef};

/// A row range `[start, end)` of a batch.
pub(crate) type Range = (u32, u32);

/// One window of a batch: the rows each query sees, and what is read off there.
#[derive(Debug)]
pub(crate) struct Sweep<'a> {
    pub(crate) ranges: &'a [Range],
    pub(crate) answers: Vec<Answers<'a>>,
}

/// One feature's answers, query by query.
#[derive(Debug)]
pub(crate) struct Answers<'a> {
    pub(crate) default: Option<&'a Value>,
    /// Who reads them off the state, if not the computer that folds it.
    pub(crate) reader: Option<&'a dyn Fold>,
    pub(crate) out: Answered,
    /// The first answer that is an integer outside `i64`.
    pub(crate) overflow: Option<usize>,
}

impl Answers<'_> {
    /// Reads the next query's answer off a state.
    #[inline]
    pub(super) fn read<C: FeatureComputer>(&mut self, computer: &C, state: &C::State) {
        let value = match self.reader {
            None => answer(computer, state, self.default),
            Some(reader) => reader.answer(state, self.default),
        };
        if matches!(value, Value::Overflow) && self.overflow.is_none() {
            self.overflow = Some(self.out.len());
        }
        self.out.push(value);
    }
}

/// The inputs of the rows a fold takes, and for each row how many came before it.
pub(super) fn gather<'t, C: FeatureComputer>(table: &'t Table<'_>, select: &Select) -> (Vec<C::Input<'t>>, Vec<u32>) {
    let columns: Vec<&Cells<'_>> = select.args.iter().filter_map(|place| table.columns.get(*place)).collect();
    let mut inputs = Vec::with_capacity(table.times.len());
    let mut rank = Vec::with_capacity(table.times.len() + 1);
    let mut args = [ValueRef::Null; MAX_ARGS];
    for (row, (time, mask)) in table.times.iter().zip(&table.masks).enumerate() {
        rank.push(inputs.len() as u32);
        if mask & select.bit == 0 {
            continue;
        }
        for (arg, column) in args.iter_mut().zip(&columns) {
            *arg = column.get(row);
        }
        inputs.extend(C::Input::read(Timestamp::clamped(*time), args.get(..columns.len()).unwrap_or(&[])));
    }
    rank.push(inputs.len() as u32);
    (inputs, rank)
}

/// Two pointers: what enters is added, what leaves is taken out, exactly.
pub(super) fn sweep_group<C: FeatureComputer>(
    computer: &C,
    inputs: &[C::Input<'_>],
    ranges: impl Iterator<Item = (usize, usize)>,
    mut emit: impl FnMut(&C::State),
) {
    let mut state = computer.identity();
    let (mut low, mut high) = (0, 0);
    for (from, to) in ranges {
        // Starting afresh is cheaper than taking out more than what stays.
        if from >= high || from - low > to - from {
            state = computer.identity();
            (low, high) = (from, from);
        }
        for input in inputs.get(low..from).unwrap_or(&[]) {
            computer.retract(&mut state, *input);
        }
        for input in inputs.get(high..to).unwrap_or(&[]) {
            computer.update(&mut state, *input);
        }
        (low, high) = (low.max(from), high.max(to));
        emit(&state);
    }
}

/// Two stacks: running merges from the middle back to the start, and one from the middle to the end.
pub(super) fn sweep_monoid<C: FeatureComputer>(
    computer: &C,
    inputs: &[C::Input<'_>],
    ranges: impl Iterator<Item = (usize, usize)>,
    mut emit: impl FnMut(&C::State),
) {
    let mut front: Vec<C::State> = Vec::new();
    let mut back = computer.identity();
    // `front[k]` folds the inputs from `middle - 1 - k` to `middle`; `back` those from there to `high`.
    let (mut middle, mut high) = (0, 0);
    for (from, to) in ranges {
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
            front.clear();
            let mut suffix = computer.identity();
            for input in inputs.get(from..high).unwrap_or(&[]).iter().rev() {
                computer.update(&mut suffix, *input);
                front.push(suffix.clone());
            }
            back = computer.identity();
            middle = high;
        }
        match middle.checked_sub(from + 1).and_then(|k| front.get(k)) {
            Some(suffix) => {
                let mut state = suffix.clone();
                computer.merge(&mut state, &back);
                emit(&state);
            }
            None => emit(&back),
        }
    }
}
