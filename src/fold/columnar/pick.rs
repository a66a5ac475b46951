//! First and last values: for each row the one to pick there.

use std::cmp::Ordering;

use super::super::sweep::{Reading, Sweep};
use super::{Rows, or_default};
use crate::table::{Answered, Cells, NO_TEXT};
use crate::value::ValueRef;

/// The place of no row.
const NONE: u32 = u32::MAX;

pub(super) fn sweep(
    rows: &Rows<'_>,
    column: &Cells<'_>,
    tie: Option<&Cells<'_>>,
    last: bool,
    windows: &mut [Sweep<'_, '_>],
) {
    let picked = match (rows.few, last) {
        (true, _) => Vec::new(),
        (_, true) => latest(rows, column, tie),
        (_, false) => earliest(rows, column, tie),
    };
    for window in windows {
        let rows = window.ranges.iter().map(|(from, to)| {
            let row = match (rows.few, last) {
                (true, true) => first_of((*from..*to).rev(), rows, column, tie, Ordering::is_gt),
                (true, false) => first_of(*from..*to, rows, column, tie, Ordering::is_lt),
                // The row where the range starts, or the last in it: both are of the entity that asks.
                (_, true) => picked.get(to.saturating_sub(1) as usize).copied().unwrap_or(NONE),
                (_, false) => picked.get(*from as usize).copied().unwrap_or(NONE),
            };
            (*from..*to).contains(&row).then_some(row as usize)
        });
        window.answers.iter_mut().for_each(|answers| answer(answers, column, rows.clone()));
    }
}

fn answer(answers: &mut Reading<'_>, column: &Cells<'_>, rows: impl Iterator<Item = Option<usize>>) {
    if let (Answered::Str(out, _), Cells::Str(codes, _)) = (&mut answers.out, column) {
        out.extend(rows.map(|row| row.and_then(|row| codes.get(row)).copied().unwrap_or(NO_TEXT)));
        return;
    }
    rows.for_each(|row| or_default(answers, row.map(|row| column.get(row).to_value())));
}

/// Of rows that lead away from an end of the window, the best input among those of the same time as the first there is.
fn first_of(
    range: impl Iterator<Item = u32>,
    rows: &Rows<'_>,
    column: &Cells<'_>,
    tie: Option<&Cells<'_>>,
    better: impl Fn(Ordering) -> bool,
) -> u32 {
    let time = |row: u32| rows.table.times.get(row as usize);
    let mut best = NONE;
    for row in range {
        if best != NONE && time(row) != time(best) {
            break;
        }
        let input = rows.takes(row as usize) && column.is_valid(row as usize);
        if input && (best == NONE || better(order(rows, column, tie, row, best))) {
            best = row;
        }
    }
    best
}

/// For each row the latest input up to it, of the same entity.
///
/// Ranges end where the time does, so rows of equal time are all in or all out.
fn latest(rows: &Rows<'_>, column: &Cells<'_>, tie: Option<&Cells<'_>>) -> Vec<u32> {
    let mut picked = Vec::with_capacity(rows.len());
    for group in rows.groups() {
        let mut best = NONE;
        for row in group {
            if rows.takes(row) && column.is_valid(row) && order(rows, column, tie, row as u32, best).is_ge() {
                best = row as u32;
            }
            picked.push(best);
        }
    }
    picked
}

/// For each row the earliest input from it on, of the same entity.
fn earliest(rows: &Rows<'_>, column: &Cells<'_>, tie: Option<&Cells<'_>>) -> Vec<u32> {
    let mut picked = vec![NONE; rows.len()];
    for group in rows.groups() {
        let mut best = NONE;
        for row in group.rev() {
            if rows.takes(row)
                && column.is_valid(row)
                && (best == NONE || order(rows, column, tie, row as u32, best).is_le())
            {
                best = row as u32;
            }
            if let Some(slot) = picked.get_mut(row) {
                *slot = best;
            }
        }
    }
    picked
}

/// How two inputs compare by time, tie break and value; no input is the least.
#[inline]
fn order(rows: &Rows<'_>, column: &Cells<'_>, tie: Option<&Cells<'_>>, a: u32, b: u32) -> Ordering {
    if b == NONE {
        return Ordering::Greater;
    }
    let (a, b) = (a as usize, b as usize);
    let time = |row: usize| rows.table.times.get(row);
    time(a).cmp(&time(b)).then_with(|| {
        let ties = tie.map_or(Ordering::Equal, |tie| compare(tie, a, b));
        ties.then_with(|| compare(column, a, b))
    })
}

/// Two values of a column in the order of their kind, null least.
fn compare(column: &Cells<'_>, a: usize, b: usize) -> Ordering {
    if let Cells::Str(codes, _) = column
        && codes.get(a) == codes.get(b)
    {
        return Ordering::Equal;
    }
    match (column.get(a), column.get(b)) {
        (ValueRef::Str(a), ValueRef::Str(b)) => a.as_bytes().cmp(b.as_bytes()),
        (a, b) => a.to_value().cmp(&b.to_value()),
    }
}
