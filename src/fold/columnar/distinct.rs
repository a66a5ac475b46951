//! Distinct values: an input counts if the one before it of the same value has left the window.

use hashbrown::HashTable;

use super::super::sweep::{Range, Reading, Sweep};
use super::{Rows, integers, see_at_most};
use crate::hash::fold;
use crate::table::{Cells, NO_TEXT};
use crate::value::ValueRef;

/// Where the neighbours of a row's value are, within its entity.
struct Links {
    /// One more than the row before it that has the same value, 0 for none; for what is no input, no row at all.
    before: Vec<u32>,
    /// The next row that has the same value, or no row at all; for what is no input, 0.
    after: Vec<u32>,
}

/// No row has this number.
const NEVER: u32 = u32::MAX;

pub(super) fn sweep(rows: &Rows<'_>, column: &Cells<'_>, limit: usize, windows: &mut [Sweep<'_, '_>]) {
    let code = |codes: &[u32], row: usize| codes.get(row).filter(|code| **code != NO_TEXT).map(|code| u64::from(*code));
    if see_at_most(windows, rows.len() / 8) {
        return match column {
            Cells::Str(codes, _) => each(rows, |row| code(codes, row), limit, windows),
            _ => each(rows, |row| bits(column.get(row)), limit, windows),
        };
    }
    let links = match column {
        Cells::Str(codes, texts) if texts.len() <= 16 * rows.len() => link(rows, codes, texts.len()),
        Cells::Str(codes, _) => numbered(rows, |row| code(codes, row)),
        _ => numbered(rows, |row| bits(column.get(row))),
    };
    for window in windows {
        for answers in &mut window.answers {
            answer(answers, limit, counts(&links, window.ranges));
        }
    }
}

/// Looks at each range by itself.
fn each(rows: &Rows<'_>, value: impl Fn(usize) -> Option<u64>, limit: usize, windows: &mut [Sweep<'_, '_>]) {
    let mut found: Vec<u64> = Vec::new();
    let mut count = |(from, to): &Range| {
        found.clear();
        found.extend((*from as usize..*to as usize).filter(|row| rows.takes(*row)).filter_map(&value));
        found.sort_unstable();
        found.dedup();
        found.len()
    };
    for window in windows {
        for answers in &mut window.answers {
            answer(answers, limit, window.ranges.iter().map(&mut count));
        }
    }
}

#[inline]
fn answer(answers: &mut Reading<'_>, limit: usize, counts: impl Iterator<Item = usize>) {
    let most = limit.saturating_add(1);
    let empty = if answers.default.is_some() { None } else { Some(0) };
    integers(answers, counts.map(|count| if count == 0 { empty } else { Some(count.min(most) as i64) }));
}

/// How many different values are in each range; ranges rise at both ends.
#[inline]
fn counts(links: &Links, ranges: &[Range]) -> impl Iterator<Item = usize> {
    let (mut low, mut high, mut count) = (0, 0, 0usize);
    ranges.iter().map(move |(from, to)| {
        if *from >= high {
            (low, high, count) = (*from, *from, 0);
        }
        for before in links.before.get(high as usize..*to as usize).unwrap_or(&[]) {
            count += usize::from(*before <= low);
        }
        high = high.max(*to);
        for after in links.after.get(low as usize..*from as usize).unwrap_or(&[]) {
            count -= usize::from(*after >= high);
        }
        low = low.max(*from);
        count
    })
}

/// Links the rows of a column of codes below `codes_end`.
fn link(rows: &Rows<'_>, codes: &[u32], codes_end: usize) -> Links {
    let mut links = Links { before: vec![NEVER; rows.len()], after: vec![0; rows.len()] };
    // One more than the last row that had the code.
    let mut seen = vec![0u32; codes_end];
    for group in rows.groups() {
        let start = group.start as u32;
        for row in group {
            let Some(last) = codes.get(row).and_then(|code| seen.get_mut(*code as usize)) else { continue };
            if !rows.takes(row) {
                continue;
            }
            let here = row as u32 + 1;
            let known = std::mem::replace(last, here);
            // What another entity saw is not known here.
            let known = if known > start { known } else { 0 };
            if let Some(next) = (known as usize).checked_sub(1).and_then(|row| links.after.get_mut(row)) {
                *next = here - 1;
            }
            if let (Some(before), Some(after)) = (links.before.get_mut(row), links.after.get_mut(row)) {
                (*before, *after) = (known, NEVER);
            }
        }
    }
    links
}

/// Links the rows of a column after numbering its values.
fn numbered(rows: &Rows<'_>, value: impl Fn(usize) -> Option<u64>) -> Links {
    let mut known: HashTable<(u64, u32)> = HashTable::new();
    let mut number = |bits: u64| {
        let next = known.len() as u32;
        let found = known.entry(fold(bits), |(other, _)| *other == bits, |(other, _)| fold(*other));
        found.or_insert((bits, next)).get().1
    };
    let codes: Vec<u32> = (0..rows.len()).map(|row| value(row).map_or(NO_TEXT, &mut number)).collect();
    link(rows, &codes, known.len())
}

/// What tells a value from others of its kind.
fn bits(value: ValueRef<'_>) -> Option<u64> {
    match value {
        ValueRef::I64(x) => Some(x.cast_unsigned()),
        ValueRef::F64(x) => Some(x.to_bits()),
        ValueRef::Bool(x) => Some(u64::from(x)),
        ValueRef::Time(x) => Some(x.as_micros().cast_unsigned()),
        _ => None,
    }
}
