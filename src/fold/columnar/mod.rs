//! By column: how a batch pass answers the commonest aggregates without a state for each row.
//!
//! What such an aggregate means is still said by its [`FeatureComputer`](crate::FeatureComputer); this is a faster way
//! to the same bits, and the tests of parity hold one against the other. Each file prepares one array over the rows of
//! a block and then answers every query of every window from it in a step or two; where the queries see few rows, as
//! those of a snapshot do, it looks at just these.

mod count;
mod distinct;
mod extreme;
mod pick;
mod tally;

use super::sweep::{Range, Reading, Sweep};
use crate::rows::Select;
use crate::table::{Answered, Cells, Columnar, Table};
use crate::value::Value;

/// Reading all windows, or none and says so.
pub(super) fn sweep(how: Columnar, table: &Table<'_>, select: &Select, windows: &mut [Sweep<'_, '_>]) -> bool {
    let mut answers = windows.iter().flat_map(|window| &window.answers);
    if select.retract != 0 || !answers.all(|answers| how.tells(answers.how)) {
        return false;
    }
    let column = select.args.first().and_then(|at| table.columns.get(*at));
    let rows = Rows { table, bit: select.bit, few: see_at_most(windows, table.times.len()) };
    match (how, column) {
        (Columnar::Count, _) => count::sweep(&rows, column, windows),
        (Columnar::Sum | Columnar::Mean, Some(column)) => return tally::sweep(&rows, column, windows),
        (Columnar::SumI64, Some(Cells::I64(column))) => tally::sweep_i64(&rows, column, windows),
        (Columnar::Min, Some(column)) => return extreme::sweep(&rows, column, false, windows),
        (Columnar::Max, Some(column)) => return extreme::sweep(&rows, column, true, windows),
        (Columnar::First | Columnar::Last, Some(column)) => {
            let tie = select.args.get(1).and_then(|at| table.columns.get(*at));
            pick::sweep(&rows, column, tie, how == Columnar::Last, windows);
        }
        (Columnar::Distinct(limit), Some(column)) => distinct::sweep(&rows, column, limit, windows),
        _ => return false,
    }
    true
}

/// The rows of a block, and which of them a fold takes.
struct Rows<'t> {
    table: &'t Table<'t>,
    bit: u64,
    /// Whether all queries together look at no more rows than there are.
    few: bool,
}

/// Whether all ranges of all windows together have at most so many rows.
fn see_at_most(windows: &[Sweep<'_, '_>], most: usize) -> bool {
    let mut ranges = windows.iter().flat_map(|window| window.ranges);
    ranges.try_fold(most, |rest, (from, to)| rest.checked_sub((to - from) as usize)).is_some()
}

impl<'t> Rows<'t> {
    fn len(&self) -> usize {
        self.table.times.len()
    }

    fn all(&self) -> Range {
        (0, self.len() as u32)
    }

    #[inline]
    fn takes(&self, row: usize) -> bool {
        self.table.masks.get(row).is_some_and(|mask| mask & self.bit != 0)
    }

    /// What each row of a range gives out of its cell, where it is an input.
    #[inline(always)]
    fn inputs<'i, C, T>(
        &self,
        cells: &'i [C],
        (from, to): Range,
        value: impl Fn(&C) -> Option<T> + 'i,
    ) -> impl Iterator<Item = Option<T>> + 'i
    where
        't: 'i,
    {
        let (range, bit) = (from as usize..to as usize, self.bit);
        let masks = self.table.masks.get(range.clone()).unwrap_or(&[]);
        let cells = cells.get(range).unwrap_or(&[]);
        masks.iter().zip(cells).map(move |(mask, cell)| if mask & bit != 0 { value(cell) } else { None })
    }

    /// The rows of each entity.
    fn groups(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.table.starts.windows(2).map(|bounds| bounds[0] as usize..bounds[1] as usize)
    }
}

/// An answer, or the feature's default where there is none.
#[inline]
fn or_default(answers: &mut Reading<'_>, value: Option<impl Into<Value>>) {
    match (value, answers.default) {
        (Some(value), _) => answers.out.push(value.into()),
        (None, default) => answers.out.push(default.cloned().unwrap_or(Value::Null)),
    }
}

/// Pushes doubles: straight into their column where the feature has no default.
#[inline]
fn doubles(answers: &mut Reading<'_>, values: impl Iterator<Item = Option<f64>>) {
    match (&mut answers.out, answers.default) {
        (Answered::F64(numbers), None) => numbers.extend(values),
        _ => values.for_each(|value| or_default(answers, value)),
    }
}

/// Pushes integers in the same way.
#[inline]
fn integers(answers: &mut Reading<'_>, values: impl Iterator<Item = Option<i64>>) {
    match (&mut answers.out, answers.default) {
        (Answered::I64(numbers), None) => numbers.extend(values),
        _ => values.for_each(|value| or_default(answers, value)),
    }
}
