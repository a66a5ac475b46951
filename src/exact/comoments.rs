//! Count, sums, squares and products of pairs, and the covariance and correlation read from them.

use serde::{Deserialize, Serialize};

use super::number::Number;
use super::products::ExactProducts;
use super::scaled::Cut;
use super::sum::{ExactSquares, ExactSum};

/// Limbs of a numerator for the usual case: 768 bits.
const FAST: usize = 12;
/// Limbs of a numerator for any case: the product of two full-range sums has 140.
const FULL: usize = 144;

/// The count and the exact sums of `x`, `y`, `x^2`, `y^2` and `x * y` of pairs, for covariance and correlation.
///
/// Reading starts from the exact integer `n * sum(xy) - sum(x) * sum(y)`: there is no cancellation however far the
/// values are from zero. A pair with a NaN is ignored and not counted; a pair with an infinity is counted, and while it
/// is in, there is neither covariance nor correlation.
///
/// # Bounds
/// 176 bytes, plus the boxes of its sums. Exact for up to 2^63 - 1 pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoMoments {
    /// Signed, so that a pair may be removed before it is added.
    count: i64,
    sum_x: ExactSum,
    sum_y: ExactSum,
    squares_x: ExactSquares,
    squares_y: ExactSquares,
    products: ExactProducts,
}

const _: () = assert!(size_of::<CoMoments>() <= 176);

impl CoMoments {
    /// The moments of no pairs.
    #[must_use]
    pub const fn new() -> Self {
        CoMoments {
            count: 0,
            sum_x: ExactSum::new(),
            sum_y: ExactSum::new(),
            squares_x: ExactSquares::new(),
            squares_y: ExactSquares::new(),
            products: ExactProducts::new(),
        }
    }

    /// Adds a pair; one with a NaN is ignored.
    #[inline]
    pub fn add(&mut self, x: f64, y: f64) {
        if !x.is_nan() && !y.is_nan() {
            // Wrapping keeps the group laws even for counts made up by hostile bytes.
            self.count = self.count.wrapping_add(1);
            self.sum_x.add(x);
            self.sum_y.add(y);
            self.squares_x.add(x);
            self.squares_y.add(y);
            self.products.add(x, y);
        }
    }

    /// Takes a pair away, also one that will only be added later; one with a NaN is ignored.
    #[inline]
    pub fn remove(&mut self, x: f64, y: f64) {
        if !x.is_nan() && !y.is_nan() {
            self.count = self.count.wrapping_sub(1);
            self.sum_x.remove(x);
            self.sum_y.remove(y);
            self.squares_x.remove(x);
            self.squares_y.remove(y);
            self.products.remove(x, y);
        }
    }

    /// Adds every pair of another state.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.wrapping_add(other.count);
        self.sum_x.merge(&other.sum_x);
        self.sum_y.merge(&other.sum_y);
        self.squares_x.merge(&other.squares_x);
        self.squares_y.merge(&other.squares_y);
        self.products.merge(&other.products);
    }

    /// Takes every pair of another state away.
    #[inline]
    pub fn subtract(&mut self, other: &Self) {
        self.count = self.count.wrapping_sub(other.count);
        self.sum_x.subtract(&other.sum_x);
        self.sum_y.subtract(&other.sum_y);
        self.squares_x.subtract(&other.squares_x);
        self.squares_y.subtract(&other.squares_y);
        self.products.subtract(&other.products);
    }

    /// How many pairs are in; zero while more were removed than added.
    #[inline]
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.count).unwrap_or(0)
    }

    /// The sum of the first values.
    #[inline]
    #[must_use]
    pub fn sum_x(&self) -> &ExactSum {
        &self.sum_x
    }

    /// The sum of the second values.
    #[inline]
    #[must_use]
    pub fn sum_y(&self) -> &ExactSum {
        &self.sum_y
    }

    /// The sum of the squares of the first values.
    #[inline]
    #[must_use]
    pub fn squares_x(&self) -> &ExactSquares {
        &self.squares_x
    }

    /// The sum of the squares of the second values.
    #[inline]
    #[must_use]
    pub fn squares_y(&self) -> &ExactSquares {
        &self.squares_y
    }

    /// The sum of the products.
    #[inline]
    #[must_use]
    pub fn products(&self) -> &ExactProducts {
        &self.products
    }

    /// The population covariance (divided by `n`), rounded once; `None` without pairs and while an infinity is in.
    ///
    /// Infinite where the covariance itself is beyond `f64::MAX`.
    #[must_use]
    pub fn cov_pop(&self) -> Option<f64> {
        self.covariance(self.count())
    }

    /// The sample covariance (divided by `n - 1`), rounded once; `None` below two pairs.
    ///
    /// In all else like [`cov_pop`](Self::cov_pop).
    #[must_use]
    pub fn cov_samp(&self) -> Option<f64> {
        self.covariance(self.count().saturating_sub(1))
    }

    /// Pearson's correlation, from -1 to 1: within 0.51 units in the last place, and exactly -1 or 1 on a line.
    ///
    /// `None` below two pairs, where all `x` or all `y` are equal, while an infinity is in, and for a state that no set
    /// of pairs has (more removed than added).
    #[must_use]
    pub fn corr(&self) -> Option<f64> {
        if self.count() < 2 {
            return None;
        }
        let [xy, xx, yy] = self.spreads::<FAST>().map_or_else(|| self.spreads_slow(), Some)?;
        let spread = xx.positive()?.times(yy.positive()?).root();
        // On a line it is 1 before rounding too; only a state that no set of pairs has needs the clamp.
        Some(xy.over(spread).clamp(-1.0, 1.0))
    }

    /// `(n * sum(xy) - sum(x) * sum(y)) / (n * freedom)`, rounded once.
    fn covariance(&self, freedom: u64) -> Option<f64> {
        if freedom == 0 {
            return None;
        }
        let n = self.count();
        self.joint::<FAST>().over(n, freedom).or_else(|| self.covariance_slow(n, freedom))
    }

    #[cold]
    fn covariance_slow(&self, n: u64, freedom: u64) -> Option<f64> {
        self.joint::<FULL>().over(n, freedom)
    }

    /// `n * sum(xy) - sum(x) * sum(y)`.
    fn joint<const K: usize>(&self) -> Number<K> {
        let (x, y) = (Number::of(&self.sum_x.0), Number::of(&self.sum_y.0));
        spread(self.count(), &Number::of(&self.products.0), &x, &y)
    }

    /// The covariance and the two variances, each `n^2` times.
    fn spreads<const K: usize>(&self) -> Option<[Cut; 3]> {
        let n = self.count();
        let (x, y) = (Number::<K>::of(&self.sum_x.0), Number::of(&self.sum_y.0));
        Some([
            spread(n, &Number::of(&self.products.0), &x, &y).cut()?,
            spread(n, &Number::of(&self.squares_x.0), &x, &x).cut()?,
            spread(n, &Number::of(&self.squares_y.0), &y, &y).cut()?,
        ])
    }

    #[cold]
    fn spreads_slow(&self) -> Option<[Cut; 3]> {
        self.spreads::<FULL>()
    }
}

/// `n * square - a * b`.
fn spread<const K: usize>(n: u64, square: &Number<K>, a: &Number<K>, b: &Number<K>) -> Number<K> {
    square.scaled(n).minus(&a.times(b))
}
