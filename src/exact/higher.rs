//! Count and the sums of the first four powers, and the skewness and kurtosis read from them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::moments::Moments;
use super::number::Number;
use super::scaled::{Cut, Scaled};
use super::wide::limbs_of;
use super::window::{Exact, parts};

/// Limbs of a numerator for the usual case: 1280 bits.
const FAST: usize = 20;
/// Limbs of a numerator for any case: the fourth power of a sum of 2^63 values spans 8900 bits, 140 limbs.
const FULL: usize = 160;

/// The exact sum of the cubes of finite values.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ExactCubes(pub(super) Exact<6, { limbs_of(3) }>);

/// The exact sum of the fourth powers of finite values.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ExactFourths(pub(super) Exact<8, { limbs_of(4) }>);

/// The count and the exact sums of the first four powers of `f64` values, for skewness and kurtosis.
///
/// Reading starts from exact integers, the central moments times a power of `n`, the 3 of the excess kurtosis taken off
/// among them: there is no cancellation however far the values are from zero or how close to normal. NaN is ignored and
/// not counted; an infinity is counted, and while it is in, there is neither skewness nor kurtosis.
///
/// # Bounds
/// 200 bytes, plus boxes of about 600, 600, 850 and 1120 while the first four powers span more than 128, 256, 384 and 512
/// bits. Exact for up to 2^63 - 1 values. Every reading is within 0.52 units in the last place of the real number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HigherMoments {
    /// The infinities are counted here alone.
    moments: Moments,
    pub(super) cubes: ExactCubes,
    pub(super) fourths: ExactFourths,
}

const _: () = assert!(size_of::<HigherMoments>() <= 200);

/// The power of a mantissa that has one limb less, times the mantissa.
#[inline]
fn raise<const T: usize, const U: usize>(power: &[u64; T], mantissa: u64) -> [u64; U] {
    let mut out = [0u64; U];
    let mut carry = 0u64;
    let mut cells = out.iter_mut();
    for (&x, cell) in power.iter().zip(&mut cells) {
        let t = u128::from(x) * u128::from(mantissa) + u128::from(carry);
        *cell = t as u64;
        carry = (t >> 64) as u64;
    }
    if let Some(cell) = cells.next() {
        *cell = carry;
    }
    out
}

impl HigherMoments {
    /// The moments of no values.
    #[must_use]
    pub const fn new() -> Self {
        HigherMoments { moments: Moments::new(), cubes: ExactCubes(Exact::new()), fourths: ExactFourths(Exact::new()) }
    }

    /// Adds a value; NaN is ignored.
    #[inline]
    pub fn add(&mut self, x: f64) {
        self.moments.add(x);
        self.step(x, false);
    }

    /// Takes a value away, also one that will only be added later; NaN is ignored.
    #[inline]
    pub fn remove(&mut self, x: f64) {
        self.moments.remove(x);
        self.step(x, true);
        self.cubes.0.shrink();
        self.fourths.0.shrink();
    }

    #[inline]
    fn step(&mut self, x: f64, minus: bool) {
        if let Some(p) = parts(x) {
            let square = u128::from(p.mantissa) * u128::from(p.mantissa);
            let cube: [u64; 3] = raise(&[square as u64, (square >> 64) as u64], p.mantissa);
            let fourth: [u64; 4] = raise(&cube, p.mantissa);
            self.cubes.0.push_limbs(&cube, 3 * p.exponent, p.negative != minus);
            self.fourths.0.push_limbs(&fourth, 4 * p.exponent, minus);
        }
    }

    /// Adds every value of another state.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.moments.merge(&other.moments);
        self.cubes.0.combine(&other.cubes.0, false);
        self.fourths.0.combine(&other.fourths.0, false);
    }

    /// Takes every value of another state away.
    #[inline]
    pub fn subtract(&mut self, other: &Self) {
        self.moments.subtract(&other.moments);
        self.cubes.0.combine(&other.cubes.0, true);
        self.fourths.0.combine(&other.fourths.0, true);
    }

    /// How many values are in; zero while more were removed than added.
    #[inline]
    #[must_use]
    pub fn count(&self) -> u64 {
        self.moments.count()
    }

    /// The first two moments, for mean and variance.
    #[inline]
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// The population skewness `m3 / m2^1.5`, within 0.52 units in the last place.
    ///
    /// `None` without values, where all are equal, while an infinity is in, and for a state that no set of values has
    /// (more removed than added).
    #[must_use]
    pub fn skewness_pop(&self) -> Option<f64> {
        let (third, spread) = self.skew()?;
        Some(third.over(spread))
    }

    /// The sample skewness, corrected for bias: the population's times `sqrt(n * (n - 1)) / (n - 2)`.
    ///
    /// `None` below three values; in all else like [`skewness`](Self::skewness_pop), the bound included.
    #[must_use]
    pub fn skewness_samp(&self) -> Option<f64> {
        let n = u128::from(self.count());
        let rest = Scaled::integer(n.checked_sub(2)?)?;
        let factor = Scaled::integer(n * (n - 1))?.root();
        let (third, spread) = self.skew()?;
        Some(third.times(factor).over(spread.times(rest)))
    }

    /// The population excess kurtosis `m4 / m2^2 - 3`, within 0.52 units in the last place even near zero.
    ///
    /// `None` without values, where all are equal, while an infinity is in, and for a state that no set of values has
    /// (more removed than added).
    #[must_use]
    pub fn kurtosis_pop(&self) -> Option<f64> {
        let [second, excess] = self.tails::<FAST>(false).map_or_else(|| self.tails_slow(false), Some)?;
        let second = second.positive()?;
        Some(excess.over(second.times(second)))
    }

    /// The sample excess kurtosis, corrected for bias: `(n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * kurtosis + 6)`.
    ///
    /// `None` below four values; in all else like [`kurtosis`](Self::kurtosis_pop), the bound included.
    #[must_use]
    pub fn kurtosis_samp(&self) -> Option<f64> {
        let n = u128::from(self.count());
        let rest = Scaled::integer(n.checked_sub(3)? * (n - 2))?;
        let [second, excess] = self.tails::<FAST>(true).map_or_else(|| self.tails_slow(true), Some)?;
        let second = second.positive()?;
        Some(excess.over(second.times(second).times(rest)))
    }

    /// `n^3 * m3` and `(n^2 * m2)^1.5`: the powers of `n` are the same.
    fn skew(&self) -> Option<(Cut, Scaled)> {
        let [second, third] = self.thirds::<FAST>().map_or_else(|| self.thirds_slow(), Some)?;
        let second = second.positive()?;
        Some((third, second.times(second.root())))
    }

    /// `n^2 * m2` and `n^3 * m3`.
    fn thirds<const K: usize>(&self) -> Option<[Cut; 2]> {
        let central = self.central::<K>();
        Some([central.second.cut()?, central.inner.minus(&central.outer.scaled(2)).cut()?])
    }

    #[cold]
    fn thirds_slow(&self) -> Option<[Cut; 2]> {
        self.thirds::<FULL>()
    }

    /// `n^2 * m2`, and `n^4` times the excess `e = m4 - 3 * m2^2`, or `n^4 * (n - 1) * ((n + 1) * e + 6 * m2^2)`.
    fn tails<const K: usize>(&self, sample: bool) -> Option<[Cut; 2]> {
        let n = self.count();
        let Central { sum, cubes, second, inner, outer } = self.central::<K>();
        let fourths = Number::of(&self.fourths.0).scaled(n).minus(&sum.times(&cubes));
        let squared = second.times(&second);
        let mixed = sum.times(&inner.minus(&outer)).plus(&squared);
        let excess = fourths.scaled(n).scaled(n).minus(&mixed.scaled(3));
        let excess = match sample {
            true => excess.scaled(n.wrapping_add(1)).plus(&squared.scaled(6)).scaled(n.wrapping_sub(1)),
            false => excess,
        };
        Some([second.cut()?, excess.cut()?])
    }

    #[cold]
    fn tails_slow(&self, sample: bool) -> Option<[Cut; 2]> {
        self.tails::<FULL>(sample)
    }

    fn central<const K: usize>(&self) -> Central<K> {
        let n = self.count();
        let (sum, squares) = (Number::of(&self.moments.sum().0), Number::of(&self.moments.squares().0));
        let cubes = Number::of(&self.cubes.0);
        let second = squares.scaled(n).minus(&sum.times(&sum));
        let inner = cubes.scaled(n).minus(&sum.times(&squares)).scaled(n);
        let outer = sum.times(&second);
        Central { sum, cubes, second, inner, outer }
    }
}

/// What skewness and kurtosis have in common, with `S1` to `S3` for the sums of powers.
struct Central<const K: usize> {
    /// `S1`.
    sum: Number<K>,
    /// `S3`.
    cubes: Number<K>,
    /// `A = n * S2 - S1^2`, which is `n^2 * m2`.
    second: Number<K>,
    /// `P = n * (n * S3 - S1 * S2)`; `n^3 * m3` is `P - 2 * Q`.
    inner: Number<K>,
    /// `Q = S1 * A`; `n^4 * (m4 - 3 * m2^2)` is `n^2 * (n * S4 - S1 * S3) - 3 * S1 * (P - Q) - 3 * A^2`.
    outer: Number<K>,
}

// The value rather than the fields: equal states must not print differently.
impl fmt::Debug for ExactCubes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExactCubes").field(&self.0.value()).finish()
    }
}

impl fmt::Debug for ExactFourths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExactFourths").field(&self.0.value()).finish()
    }
}

impl Default for ExactCubes {
    fn default() -> Self {
        ExactCubes(Exact::new())
    }
}

impl Default for ExactFourths {
    fn default() -> Self {
        ExactFourths(Exact::new())
    }
}
