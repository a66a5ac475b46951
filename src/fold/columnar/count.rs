//! Counts: how many inputs came before each row.

use super::super::sweep::{Range, Sweep};
use super::{Rows, integers};
use crate::table::Cells;

pub(super) fn sweep(rows: &Rows<'_>, column: Option<&Cells<'_>>, windows: &mut [Sweep<'_, '_>]) {
    let input = |row: usize| u32::from(rows.takes(row) && column.is_none_or(|column| column.is_valid(row)));
    if rows.few {
        return answer(windows, |(from, to)| (*from..*to).map(|row| input(row as usize)).sum());
    }
    let mut before = Vec::with_capacity(rows.len() + 1);
    let mut count = 0;
    for row in 0..rows.len() {
        before.push(count);
        count += input(row);
    }
    before.push(count);
    let at = |row: u32| before.get(row as usize).copied().unwrap_or(0);
    answer(windows, |(from, to)| at(*to) - at(*from));
}

#[inline]
fn answer(windows: &mut [Sweep<'_, '_>], within: impl Fn(&Range) -> u32) {
    for window in windows {
        let (ranges, answers) = (window.ranges, &mut window.answers);
        for answers in answers {
            // A count of nothing is 0, or the default.
            let empty = if answers.default.is_some() { None } else { Some(0) };
            let count = |count| if count == 0 { empty } else { Some(i64::from(count)) };
            integers(answers, ranges.iter().map(|range| count(within(range))));
        }
    }
}
