//! Exact sums and means: running sums as whole numbers of one power of two, of which two are subtracted.

use super::super::sweep::{Range, Sweep};
use super::{Rows, doubles, or_default};
use crate::exact::{nearest, parts, ratio_u32};
use crate::table::{Cells, Columnar};
use crate::value::Value;

/// The sum and the count of any run of rows, the sum as a multiple of a unit.
enum Sums<T> {
    /// What came before each row, and before the end.
    Running(Vec<i128>, Vec<u32>),
    /// What a row adds, if it is an input.
    Each(T),
}

impl<T: Fn(usize) -> Option<i128>> Sums<T> {
    #[inline]
    fn over(rows: &Rows<'_>, term: T) -> Self {
        if rows.few {
            return Self::Each(term);
        }
        let (mut sums, mut counts) = (Vec::with_capacity(rows.len() + 1), Vec::with_capacity(rows.len() + 1));
        let (mut sum, mut count) = (0, 0);
        for row in 0..rows.len() {
            sums.push(sum);
            counts.push(count);
            if let Some(term) = term(row) {
                sum += term;
                count += 1;
            }
        }
        sums.push(sum);
        counts.push(count);
        Self::Running(sums, counts)
    }

    /// The sum and the count of the rows from `from` to `to`.
    #[inline]
    fn within(&self, (from, to): &Range) -> (i128, u32) {
        match self {
            Self::Running(sums, counts) => {
                let sum = |row: u32| sums.get(row as usize).copied().unwrap_or_default();
                let count = |row: u32| counts.get(row as usize).copied().unwrap_or_default();
                (sum(*to) - sum(*from), count(*to) - count(*from))
            }
            Self::Each(term) => (*from..*to)
                .filter_map(|row| term(row as usize))
                .fold((0, 0), |(sum, count), term| (sum + term, count + 1)),
        }
    }
}

/// The powers of two that a unit may be: beyond them a sum or a mean of what fits 127 bits could leave the normal
/// doubles, and would be rounded twice.
const UNITS: std::ops::RangeInclusive<i32> = -980..=890;

/// Answers nothing where the values lie too far apart for one unit, or one of them is infinite.
pub(super) fn sweep(rows: &Rows<'_>, column: &Cells<'_>, windows: &mut [Sweep<'_, '_>]) -> bool {
    match column {
        Cells::F64(values) => tally(rows, windows, |row| values.get(row).copied().filter(|x| !x.is_nan())),
        Cells::I64(values) => tally(rows, windows, |row| values.get(row).copied().flatten().map(|x| x as f64)),
        _ => false,
    }
}

#[inline]
fn tally(rows: &Rows<'_>, windows: &mut [Sweep<'_, '_>], value: impl Fn(usize) -> Option<f64>) -> bool {
    let taken = |row: usize| if rows.takes(row) { value(row) } else { None };
    let unit = if rows.few {
        let ranges = windows.iter().flat_map(|window| window.ranges);
        unit(rows, ranges.flat_map(|(from, to)| *from as usize..*to as usize).filter_map(taken))
    } else {
        unit(rows, (0..rows.len()).filter_map(taken))
    };
    let Some(unit) = unit else { return false };
    let term = |x: f64| {
        let p = parts(x).filter(|p| p.mantissa != 0);
        p.map_or(0, |p| {
            let term = i128::from(p.mantissa) << (p.exponent - unit);
            if p.negative { -term } else { term }
        })
    };
    let sums = Sums::over(rows, |row| taken(row).map(term));
    let scale = f64::from_bits(((unit + 1023) as u64) << 52);
    for window in windows {
        let within = window.ranges.iter().map(|range| sums.within(range));
        for answers in &mut window.answers {
            let empty = if answers.default.is_some() { None } else { Some(0.0) };
            if answers.how == Columnar::Mean {
                let mean = |(sum, count)| ratio_u32(sum, count).map(|mean| mean * scale);
                doubles(answers, within.clone().map(mean));
            } else {
                let sum = |(sum, count)| if count == 0 { empty } else { Some(nearest(sum) * scale) };
                doubles(answers, within.clone().map(sum));
            }
        }
    }
    true
}

/// The power of two that all values are whole numbers of, if their sums as such fit.
#[inline]
fn unit(rows: &Rows<'_>, values: impl Iterator<Item = f64>) -> Option<i32> {
    let (mut least, mut greatest) = (i32::MAX, i32::MIN);
    for x in values.filter(|x| *x != 0.0) {
        let exponent = parts(x)?.exponent;
        (least, greatest) = (least.min(exponent), greatest.max(exponent));
    }
    let unit = if greatest < least { 0 } else { least };
    // 53 bits of a value, the bits that many of them add up to, and the sign.
    let width = greatest.saturating_sub(unit).max(0) + 53 + rows.len().checked_ilog2().unwrap_or(0) as i32 + 1;
    (width <= 126 && UNITS.contains(&unit)).then_some(unit)
}

/// Sums of integers; each fits, or is an overflow.
pub(super) fn sweep_i64(rows: &Rows<'_>, column: &[Option<i64>], windows: &mut [Sweep<'_, '_>]) {
    let term = |row: usize| column.get(row).copied().flatten().filter(|_| rows.takes(row)).map(i128::from);
    let sums = Sums::over(rows, term);
    for window in windows {
        for answers in &mut window.answers {
            for (query, range) in window.ranges.iter().enumerate() {
                let (sum, count) = sums.within(range);
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
