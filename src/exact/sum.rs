//! The two public sums: one of values, one of squares.

use std::fmt;

use super::window::{Exact, parts};

/// The exact sum of `f64` values: every order of the same values gives the same state, and values can be removed.
///
/// Infinities are counted beside the sum, so one that leaves gives the finite sum back. NaN is ignored, because a count
/// of it would have to be kept by whoever decides what a missing value means: filter before adding. `-0.0` is `0.0`.
///
/// # Bounds
/// 24 bytes, plus a box of about 600 while the values span more than the 128 bits of the window. Exact for up to
/// 2^63 - 1 values; a finite sum beyond `f64::MAX` becomes an infinity only when it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct ExactSum(pub(super) Exact<2>);

/// The exact sum of the squares of `f64` values, the companion of [`ExactSum`].
///
/// It takes the values, not their squares: `x * x` in `f64` is rounded, and may be zero or infinite, and this is
/// neither. Infinities of both signs count as one kind. NaN is ignored.
///
/// # Bounds
/// 40 bytes, plus a box of about 600 while the squares span more than the 256 bits of the window. Exact for up to
/// 2^63 - 1 values.
#[derive(Clone, PartialEq, Eq)]
pub struct ExactSquares(pub(super) Exact<4>);

const _: () = assert!(size_of::<ExactSum>() <= 24);
const _: () = assert!(size_of::<ExactSquares>() <= 40);

impl ExactSum {
    /// The sum of no values.
    #[must_use]
    pub const fn new() -> Self {
        ExactSum(Exact::new())
    }

    /// Adds a value; NaN is ignored.
    #[inline]
    pub fn add(&mut self, x: f64) {
        self.step(x, false);
    }

    /// Takes a value away, also one that will only be added later; NaN is ignored.
    #[inline]
    pub fn remove(&mut self, x: f64) {
        self.step(x, true);
        self.0.shrink();
    }

    #[inline]
    fn step(&mut self, x: f64, minus: bool) {
        match parts(x) {
            Some(p) => self.0.push(u128::from(p.mantissa), p.exponent, p.negative != minus),
            None if x == f64::INFINITY => self.0.push_infinite(1, 0, minus),
            None if x == f64::NEG_INFINITY => self.0.push_infinite(0, 1, minus),
            None => {}
        }
    }

    /// Adds every value of another sum.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.0.combine(&other.0, false);
    }

    /// Takes every value of another sum away.
    #[inline]
    pub fn subtract(&mut self, other: &Self) {
        self.0.combine(&other.0, true);
    }

    /// The sum rounded once to the nearest `f64`, ties to even; a zero sum is `+0.0`, even of negative zeros.
    ///
    /// `None` where the sum is not defined: with infinities of both signs, or with one removed that was never added.
    #[inline]
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.0.value()
    }

    /// The exact sum over `n`, rounded once: not `value() / n`, which rounds twice; a zero result is `+0.0`.
    ///
    /// The mean of values whose sum is beyond `f64::MAX` is finite. `None` for `n = 0` and where
    /// [`value`](Self::value) is `None`.
    #[inline]
    #[must_use]
    pub fn mean(&self, n: u64) -> Option<f64> {
        self.0.mean(n)
    }

    /// Whether the sum is exactly zero and no infinity is counted; values that cancel leave zero too.
    #[inline]
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
}

impl ExactSquares {
    /// The sum of no squares.
    #[must_use]
    pub const fn new() -> Self {
        ExactSquares(Exact::new())
    }

    /// Adds the square of a value; NaN is ignored.
    #[inline]
    pub fn add(&mut self, x: f64) {
        self.step(x, false);
    }

    /// Takes the square of a value away, also of one that will only be added later; NaN is ignored.
    #[inline]
    pub fn remove(&mut self, x: f64) {
        self.step(x, true);
        self.0.shrink();
    }

    #[inline]
    fn step(&mut self, x: f64, minus: bool) {
        match parts(x) {
            // 53 bits squared are 106: the product is exact.
            Some(p) => self.0.push(u128::from(p.mantissa) * u128::from(p.mantissa), 2 * p.exponent, minus),
            None if x.is_infinite() => self.0.push_infinite(1, 0, minus),
            None => {}
        }
    }

    /// Adds every square of another sum.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.0.combine(&other.0, false);
    }

    /// Takes every square of another sum away.
    #[inline]
    pub fn subtract(&mut self, other: &Self) {
        self.0.combine(&other.0, true);
    }

    /// The sum of squares rounded once to the nearest `f64`, ties to even; infinite if beyond `f64::MAX`.
    ///
    /// `None` only after an infinity was removed that was never added.
    #[inline]
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.0.value()
    }

    /// The exact mean square: the sum over `n`, rounded once; `None` for `n = 0`.
    #[inline]
    #[must_use]
    pub fn mean(&self, n: u64) -> Option<f64> {
        self.0.mean(n)
    }

    /// Whether the sum is exactly zero and no infinity is counted.
    #[inline]
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
}

impl Default for ExactSum {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for ExactSquares {
    fn default() -> Self {
        Self::new()
    }
}

// The value rather than the fields: equal states must not print differently.
impl fmt::Debug for ExactSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExactSum").field(&self.value()).finish()
    }
}

impl fmt::Debug for ExactSquares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExactSquares").field(&self.value()).finish()
    }
}
