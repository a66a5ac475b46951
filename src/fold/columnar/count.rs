//! Counts: how many inputs came before each row.

use super::super::sweep::Sweep;
use super::{Rows, integers};
use crate::table::Cells;

pub(super) fn sweep(rows: &Rows<'_>, column: Option<&Cells<'_>>, windows: &mut [Sweep<'_, '_>]) {
    let mut before = Vec::with_capacity(rows.len() + 1);
    let mut count = 0u32;
    for row in 0..rows.len() {
        before.push(count);
        count += u32::from(rows.takes(row) && column.is_none_or(|column| column.is_valid(row)));
    }
    before.push(count);
    let at = |row: u32| before.get(row as usize).copied().unwrap_or(0);
    for window in windows {
        let (ranges, answers) = (window.ranges, &mut window.answers);
        for answers in answers {
            // A count of nothing is 0, or the default.
            let empty = if answers.default.is_some() { None } else { Some(0) };
            let count = |count| if count == 0 { empty } else { Some(i64::from(count)) };
            integers(answers, ranges.iter().map(|(from, to)| count(at(*to) - at(*from))));
        }
    }
}
