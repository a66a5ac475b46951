//! Count, sum and sum of squares together, and the variance read from them.

use serde::{Deserialize, Serialize};

use super::limbs::{magnitude, multiply_into};
use super::round::{quotient, quotient_by_two};
use super::sum::{ExactSquares, ExactSum};
use super::wide::{LIMBS, Wide};
use super::window::Exact;

/// The power of two of the lowest bit of a full-range sum.
const FLOOR: i32 = Wide::<LIMBS>::FLOOR;
/// Limbs of the numerator for the usual case: 768 bits.
const FAST: usize = 12;
/// Limbs of the numerator for any case: the square of a full-range sum has 140.
const FULL: usize = 144;

/// The count, the exact sum and the exact sum of squares of `f64` values, for mean and variance.
///
/// Reading rounds once, from the exact integer `n * sum(x^2) - sum(x)^2`: there is no cancellation however far the
/// values are from zero, and the variance of equal values is exactly zero. NaN is ignored and not counted; an infinity
/// is counted, and while it is in, there is no variance.
///
/// # Bounds
/// 72 bytes, plus the boxes of its sums. Exact for up to 2^63 - 1 values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// Signed, so that a value may be removed before it is added.
    count: i64,
    sum: ExactSum,
    squares: ExactSquares,
}

const _: () = assert!(size_of::<Moments>() <= 72);

/// A magnitude without its zero limbs, and the power of two of its lowest bit.
type Trimmed<'a> = (&'a [u64], i32);

impl Moments {
    /// The moments of no values.
    #[must_use]
    pub const fn new() -> Self {
        Moments { count: 0, sum: ExactSum::new(), squares: ExactSquares::new() }
    }

    /// Adds a value; NaN is ignored.
    #[inline]
    pub fn add(&mut self, x: f64) {
        if !x.is_nan() {
            // Wrapping keeps the group laws even for counts made up by hostile bytes.
            self.count = self.count.wrapping_add(1);
            self.sum.add(x);
            self.squares.add(x);
        }
    }

    /// Takes a value away, also one that will only be added later; NaN is ignored.
    #[inline]
    pub fn remove(&mut self, x: f64) {
        if !x.is_nan() {
            self.count = self.count.wrapping_sub(1);
            self.sum.remove(x);
            self.squares.remove(x);
        }
    }

    /// Adds every value of another state.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.wrapping_add(other.count);
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    /// Takes every value of another state away.
    #[inline]
    pub fn subtract(&mut self, other: &Self) {
        self.count = self.count.wrapping_sub(other.count);
        self.sum.subtract(&other.sum);
        self.squares.subtract(&other.squares);
    }

    /// How many values are in; zero while more were removed than added.
    #[inline]
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.count).unwrap_or(0)
    }

    /// The sum of the values.
    #[inline]
    #[must_use]
    pub fn sum(&self) -> &ExactSum {
        &self.sum
    }

    /// The sum of the squares of the values.
    #[inline]
    #[must_use]
    pub fn squares(&self) -> &ExactSquares {
        &self.squares
    }

    /// The mean, rounded once; `None` without values, and where [`ExactSum::value`] is `None`.
    #[inline]
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        self.sum.mean(self.count())
    }

    /// The population variance (divided by `n`), rounded once; never negative, exactly zero for equal values.
    ///
    /// `None` without values, while an infinity is in, and for a state that no set of values has (more removed than
    /// added). Infinite where the variance itself is beyond `f64::MAX`.
    #[must_use]
    pub fn var_pop(&self) -> Option<f64> {
        self.variance(self.count())
    }

    /// The sample variance (divided by `n - 1`), rounded once; `None` below two values.
    ///
    /// In all else like [`var_pop`](Self::var_pop).
    #[must_use]
    pub fn var_samp(&self) -> Option<f64> {
        self.variance(self.count().saturating_sub(1))
    }

    /// `(n * Q - S^2) / (n * freedom)`, rounded once.
    fn variance(&self, freedom: u64) -> Option<f64> {
        let n = self.count();
        if freedom == 0 {
            return None;
        }
        if let (Exact::Small { w: s, base: s_base }, Exact::Small { w: q, base: q_base }) =
            (&self.sum.0, &self.squares.0)
        {
            let ((_, s), (negative, q)) = (magnitude(s), magnitude(q));
            let (s, q) = (trim(&s, i32::from(*s_base)), trim(&q, i32::from(*q_base)));
            if negative {
                return None;
            }
            if span(s, q).1 <= FAST {
                return finish::<FAST>(n, freedom, s, q);
            }
        }
        self.variance_slow(n, freedom)
    }

    #[cold]
    fn variance_slow(&self, n: u64, freedom: u64) -> Option<f64> {
        let (sum, squares) = (self.sum.0.to_wide(), self.squares.0.to_wide());
        if !sum.is_finite() || !squares.is_finite() {
            return None;
        }
        let ((_, s), (negative, q)) = (magnitude(&sum.limbs), magnitude(&squares.limbs));
        if negative {
            return None;
        }
        finish::<FULL>(n, freedom, trim(&s, FLOOR), trim(&q, FLOOR))
    }
}

/// Drops the zero limbs at both ends.
fn trim(mag: &[u64], base: i32) -> Trimmed<'_> {
    let low = mag.iter().position(|&x| x != 0).unwrap_or(mag.len());
    let high = mag.iter().rposition(|&x| x != 0).map_or(low, |i| i + 1);
    (mag.get(low..high).unwrap_or(&[]), base + 64 * low as i32)
}

/// The common base of `n * Q` and `S^2`, a multiple of 64, and the limbs the two need over it.
fn span(s: Trimmed<'_>, q: Trimmed<'_>) -> (i32, usize) {
    let q_base = q.1 & !63;
    // The base of a zero says nothing.
    let base = if s.0.is_empty() { q_base } else { q_base.min(2 * s.1) };
    let s_high = if s.0.is_empty() { 0 } else { (2 * s.1 - base) as usize / 64 + 2 * s.0.len() };
    (base, s_high.max((q.1 - base) as usize / 64 + q.0.len() + 2))
}

/// The quotient from a numerator of `K` limbs, which the caller has checked to be enough.
fn finish<const K: usize>(n: u64, freedom: u64, s: Trimmed<'_>, q: Trimmed<'_>) -> Option<f64> {
    let (base, _) = span(s, q);
    let (mut left, mut right) = ([0u64; K], [0u64; K]);
    // Half a limb of the offset goes into the factor, so that both products stay on whole limbs.
    let offset = (q.1 - base) as usize;
    let factor = u128::from(n) << (offset % 64);
    multiply_into(&mut left, offset / 64, q.0, &[factor as u64, (factor >> 64) as u64]);
    if !s.0.is_empty() {
        multiply_into(&mut right, (2 * s.1 - base) as usize / 64, s.0, s.0);
    }
    let mut borrow = false;
    for (x, &y) in left.iter_mut().zip(&right) {
        let (d, b1) = x.overflowing_sub(y);
        let (d, b2) = d.overflowing_sub(u64::from(borrow));
        *x = d;
        borrow = b1 | b2;
    }
    // By Cauchy and Schwarz only a state that no set of values has gets here.
    if borrow {
        return None;
    }
    Some(match n.checked_mul(freedom) {
        Some(divisor) => quotient(false, &left, base, divisor),
        None => quotient_by_two(false, &left, base, n, freedom),
    })
}
