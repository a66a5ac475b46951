//! Minima and maxima: a queue of the rows that can still become the answer.

use super::super::sweep::{Range, Sweep};
use super::{Rows, doubles, integers, or_default};
use crate::table::Cells;

/// Answers nothing for what is not numbers or times.
pub(super) fn sweep(rows: &Rows<'_>, column: &Cells<'_>, greatest: bool, windows: &mut [Sweep<'_, '_>]) -> bool {
    for window in windows {
        let ranges = window.ranges;
        match column {
            Cells::F64(values) => {
                let value = |row: usize| values.get(row).copied().filter(|x| !x.is_nan());
                let found = extremes(rows, ranges, value, |new, old| if greatest { new >= old } else { new <= old });
                window.answers.iter_mut().for_each(|answers| doubles(answers, found.iter().copied()));
            }
            Cells::I64(values) => {
                let value = |row: usize| values.get(row).copied().flatten();
                let found = extremes(rows, ranges, value, |new, old| if greatest { new >= old } else { new <= old });
                window.answers.iter_mut().for_each(|answers| integers(answers, found.iter().copied()));
            }
            Cells::Time(values) => {
                let value = |row: usize| values.get(row).copied().flatten();
                let found = extremes(rows, ranges, value, |new, old| if greatest { new >= old } else { new <= old });
                for answers in &mut window.answers {
                    found.iter().for_each(|found| or_default(answers, *found));
                }
            }
            _ => return false,
        }
    }
    true
}

/// The value in each range that no later one beats; ranges rise at both ends.
#[inline]
fn extremes<T: Copy>(
    rows: &Rows<'_>,
    ranges: &[Range],
    value: impl Fn(usize) -> Option<T>,
    beats: impl Fn(T, T) -> bool,
) -> Vec<Option<T>> {
    // Rows in order, each beaten by the one before it; those before `head` have left the window.
    let mut queue: Vec<(u32, T)> = Vec::new();
    let (mut head, mut high) = (0, 0);
    let mut found = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        for row in high.max(*from)..*to {
            let Some(new) = value(row as usize).filter(|_| rows.takes(row as usize)) else { continue };
            while queue.len() > head && queue.last().is_some_and(|(_, old)| beats(new, *old)) {
                queue.pop();
            }
            queue.push((row, new));
        }
        high = high.max(*to);
        while queue.get(head).is_some_and(|(row, _)| row < from) {
            head += 1;
        }
        found.push(queue.get(head).map(|(_, value)| *value));
    }
    found
}
