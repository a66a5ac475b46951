//! The exact sum of products of two values.

use std::fmt;

use super::window::{Exact, parts};

/// The exact sum of the products of pairs of `f64` values: the same in any order, and pairs can be removed.
///
/// It takes the factors, not their product: `x * y` in `f64` is rounded, and may be zero or infinite, and this is
/// neither. A pair with a NaN in it is ignored. Infinities are counted beside the sum, so one that leaves gives the
/// finite sum back; infinity times zero counts as one infinity of each sign, so that while it is in, there is no sum.
///
/// # Bounds
/// 40 bytes, plus a box of about 600 while the products span more than the 256 bits of the window. Exact for up to
/// 2^63 - 1 pairs; a finite sum beyond `f64::MAX` becomes an infinity only when it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct ExactProducts(pub(super) Exact<4>);

const _: () = assert!(size_of::<ExactProducts>() <= 40);

impl ExactProducts {
    /// The sum of no products.
    #[must_use]
    pub const fn new() -> Self {
        ExactProducts(Exact::new())
    }

    /// Adds the product of two values; a pair with a NaN is ignored.
    #[inline]
    pub fn add(&mut self, x: f64, y: f64) {
        self.step(x, y, false);
    }

    /// Takes the product of two values away, also of a pair that will only be added later; a NaN is ignored.
    #[inline]
    pub fn remove(&mut self, x: f64, y: f64) {
        self.step(x, y, true);
        self.0.shrink();
    }

    #[inline]
    fn step(&mut self, x: f64, y: f64, minus: bool) {
        if let (Some(p), Some(q)) = (parts(x), parts(y)) {
            // 53 bits times 53 are 106: the product is exact.
            let product = u128::from(p.mantissa) * u128::from(q.mantissa);
            self.0.push(product, p.exponent + q.exponent, (p.negative != q.negative) != minus);
        } else {
            self.step_infinite(x, y, minus);
        }
    }

    #[cold]
    fn step_infinite(&mut self, x: f64, y: f64, minus: bool) {
        if x.is_nan() || y.is_nan() {
            return;
        }
        let (pos, neg) = match (x * y).is_nan() {
            true => (1, 1),
            false if x.is_sign_negative() == y.is_sign_negative() => (1, 0),
            false => (0, 1),
        };
        self.0.push_infinite(pos, neg, minus);
    }

    /// Adds every product of another sum.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.0.combine(&other.0, false);
    }

    /// Takes every product of another sum away.
    #[inline]
    pub fn subtract(&mut self, other: &Self) {
        self.0.combine(&other.0, true);
    }

    /// The sum rounded once to the nearest `f64`, ties to even; a zero sum is `+0.0`.
    ///
    /// `None` where the sum is not defined: with infinite products of both signs, with an infinity times zero, or with
    /// an infinity removed that was never added.
    #[inline]
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.0.value()
    }

    /// The exact sum over `n`, rounded once; `None` for `n = 0` and where [`value`](Self::value) is `None`.
    #[inline]
    #[must_use]
    pub fn mean(&self, n: u64) -> Option<f64> {
        self.0.mean(n)
    }

    /// Whether the sum is exactly zero and no infinity is counted; products that cancel leave zero too.
    #[inline]
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
}

impl Default for ExactProducts {
    fn default() -> Self {
        Self::new()
    }
}

// The value rather than the fields: equal states must not print differently.
impl fmt::Debug for ExactProducts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExactProducts").field(&self.value()).finish()
    }
}
