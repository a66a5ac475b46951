//! Exact sums and means: running sums as whole numbers of one power of two, of which two are subtracted.

use super::super::sweep::{Range, Sweep};
use super::{Rows, doubles, or_default};
use crate::exact::{nearest, parts, ratio_u32};
use crate::table::{Cells, Columnar};
use crate::value::Value;

/// A sum as a multiple of some unit, and how many inputs are in it.
type Sum = (i128, u32);

/// The powers of two that a unit may be: beyond them a sum or a mean of what fits 127 bits could leave the normal
/// doubles, and would be rounded twice.
const UNITS: std::ops::RangeInclusive<i32> = -980..=890;

/// Answers nothing where the values lie too far apart for one unit, or one of them is infinite.
pub(super) fn sweep(rows: &Rows<'_>, column: &Cells<'_>, windows: &mut [Sweep<'_, '_>]) -> bool {
    match column {
        Cells::F64(cells) => tally(rows, cells, windows, |x| if x.is_nan() { None } else { Some(*x) }),
        Cells::I64(cells) => tally(rows, cells, windows, |x| x.map(|x| x as f64)),
        _ => false,
    }
}

fn tally<C>(
    rows: &Rows<'_>,
    cells: &[C],
    windows: &mut [Sweep<'_, '_>],
    value: impl Fn(&C) -> Option<f64> + Copy,
) -> bool {
    let unit = if rows.few {
        let ranges = windows.iter().flat_map(|window| window.ranges);
        unit(rows, ranges.flat_map(|range| rows.inputs(cells, *range, value)))
    } else {
        unit(rows, rows.inputs(cells, rows.all(), value))
    };
    let Some(unit) = unit else { return false };
    let whole = |cell: &C| value(cell).map(|x| whole(x, unit));
    if rows.few {
        answer(windows, unit, |range| sum(rows.inputs(cells, *range, whole)));
    } else {
        let running = running(rows, rows.inputs(cells, rows.all(), whole));
        answer(windows, unit, |range| within(&running, range));
    }
    true
}

#[inline]
fn answer(windows: &mut [Sweep<'_, '_>], unit: i32, within: impl Fn(&Range) -> Sum) {
    let scale = f64::from_bits(((unit + 1023) as u64) << 52);
    for window in windows {
        let sums = window.ranges.iter().map(&within);
        for answers in &mut window.answers {
            let empty = if answers.default.is_some() { None } else { Some(0.0) };
            if answers.how == Columnar::Mean {
                let mean = |(sum, count)| ratio_u32(sum, count).map(|mean| mean * scale);
                doubles(answers, sums.clone().map(mean));
            } else {
                let sum = |(sum, count)| if count == 0 { empty } else { Some(nearest(sum) * scale) };
                doubles(answers, sums.clone().map(sum));
            }
        }
    }
}

/// The power of two that all inputs are whole numbers of, if their sums as such fit.
#[inline]
fn unit(rows: &Rows<'_>, inputs: impl Iterator<Item = Option<f64>>) -> Option<i32> {
    let (mut least, mut greatest) = (i32::MAX, i32::MIN);
    for x in inputs.flatten().filter(|x| *x != 0.0) {
        let exponent = parts(x)?.exponent;
        (least, greatest) = (least.min(exponent), greatest.max(exponent));
    }
    let unit = if greatest < least { 0 } else { least };
    // 53 bits of a value, the bits that many of them add up to, and the sign.
    let width = greatest.saturating_sub(unit).max(0) + 53 + rows.len().checked_ilog2().unwrap_or(0) as i32 + 1;
    (width <= 126 && UNITS.contains(&unit)).then_some(unit)
}

/// How many units a double is, which is a whole number of them.
#[inline(always)]
fn whole(x: f64, unit: i32) -> i128 {
    let Some(parts) = parts(x).filter(|parts| parts.mantissa != 0) else { return 0 };
    let whole = i128::from(parts.mantissa) << (parts.exponent - unit);
    if parts.negative { -whole } else { whole }
}

/// The sums before each row, and before the end.
#[inline]
fn running(rows: &Rows<'_>, inputs: impl Iterator<Item = Option<i128>>) -> Vec<Sum> {
    let mut all = Vec::with_capacity(rows.len() + 1);
    let mut before = (0, 0);
    all.extend(inputs.map(|input| {
        let next = input.map_or(before, |input| (before.0 + input, before.1 + 1));
        std::mem::replace(&mut before, next)
    }));
    all.push(before);
    all
}

/// The sum of the rows from `from` to `to`, out of those before each.
#[inline]
fn within(running: &[Sum], (from, to): &Range) -> Sum {
    let before = |row: u32| running.get(row as usize).copied().unwrap_or_default();
    let (from, to) = (before(*from), before(*to));
    (to.0 - from.0, to.1 - from.1)
}

#[inline]
fn sum(inputs: impl Iterator<Item = Option<i128>>) -> Sum {
    inputs.flatten().fold((0, 0), |(sum, count), input| (sum + input, count + 1))
}

/// Sums of integers; each fits, or is an overflow.
pub(super) fn sweep_i64(rows: &Rows<'_>, cells: &[Option<i64>], windows: &mut [Sweep<'_, '_>]) {
    let whole = |x: &Option<i64>| x.map(i128::from);
    if rows.few {
        answer_i64(windows, |range| sum(rows.inputs(cells, *range, whole)));
    } else {
        let running = running(rows, rows.inputs(cells, rows.all(), whole));
        answer_i64(windows, |range| within(&running, range));
    }
}

#[inline]
fn answer_i64(windows: &mut [Sweep<'_, '_>], within: impl Fn(&Range) -> Sum) {
    for window in windows {
        for answers in &mut window.answers {
            for (query, range) in window.ranges.iter().enumerate() {
                let (sum, count) = within(range);
                let sum = i64::try_from(sum);
                if sum.is_err() && answers.overflow.is_none() {
                    answers.overflow = Some(query);
                }
                let sum = sum.map_or(Value::Overflow, Value::I64);
                or_default(answers, Some(sum).filter(|_| count > 0 || answers.default.is_none()));
            }
        }
    }
}
