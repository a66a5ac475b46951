//! Minima and maxima: a queue of the rows that can still become the answer.

use super::super::sweep::{Range, Sweep};
use super::{Rows, doubles, integers, or_default};
use crate::table::Cells;

/// Answers nothing for what is not numbers or times.
pub(super) fn sweep(rows: &Rows<'_>, column: &Cells<'_>, greatest: bool, windows: &mut [Sweep<'_, '_>]) -> bool {
    for window in windows {
        let ranges = window.ranges;
        for answers in &mut window.answers {
            match column {
                Cells::F64(cells) => {
                    let value = |x: &f64| if x.is_nan() { None } else { Some(*x) };
                    doubles(answers, extremes(rows, cells, ranges, greatest, value));
                }
                Cells::I64(cells) => integers(answers, extremes(rows, cells, ranges, greatest, |x| *x)),
                Cells::Time(cells) => {
                    extremes(rows, cells, ranges, greatest, |x| *x).for_each(|found| or_default(answers, found));
                }
                _ => return false,
            }
        }
    }
    true
}

/// The value in each range that no later one beats; ranges rise at both ends.
#[inline]
fn extremes<C, T: Copy + PartialOrd>(
    rows: &Rows<'_>,
    cells: &[C],
    ranges: &[Range],
    greatest: bool,
    value: impl Fn(&C) -> Option<T> + Copy,
) -> impl Iterator<Item = Option<T>> {
    // Rows in order, each beaten by the one before it; those before `head` have left the window.
    let mut queue: Vec<(u32, T)> = Vec::new();
    let (mut head, mut high) = (0, 0);
    ranges.iter().map(move |(from, to)| {
        let start = high.max(*from);
        for (row, new) in (start..).zip(rows.inputs(cells, (start, *to), value)) {
            let Some(new) = new else { continue };
            let beats = |old: T| if greatest { new >= old } else { new <= old };
            while queue.len() > head && queue.last().is_some_and(|(_, old)| beats(*old)) {
                queue.pop();
            }
            queue.push((row, new));
        }
        high = high.max(*to);
        while queue.get(head).is_some_and(|(row, _)| row < from) {
            head += 1;
        }
        queue.get(head).map(|(_, value)| *value)
    })
}
