//! Count, sum of weights and sum of weighted values, and the weighted mean read from them.

use serde::{Deserialize, Serialize};

use super::limbs::magnitude;
use super::products::ExactProducts;
use super::scaled::Cut;
use super::sum::ExactSum;
use super::wide::{LIMBS, Wide};
use super::window::Exact;

/// The count, the exact sum of weights and the exact sum of values times weights, for the weighted mean.
///
/// Weights may be zero or negative. A pair with a NaN in value or weight is ignored and not counted. An infinite weight
/// is counted, and while it is in, there is no mean; an infinite value makes the mean infinite, or, with weight zero,
/// undefined.
///
/// # Bounds
/// 72 bytes, plus the boxes of its sums. Exact for up to 2^63 - 1 pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedTally {
    /// Signed, so that a pair may be removed before it is added.
    count: i64,
    weights: ExactSum,
    products: ExactProducts,
}

const _: () = assert!(size_of::<WeightedTally>() <= 72);

impl WeightedTally {
    /// No values.
    #[must_use]
    pub const fn new() -> Self {
        WeightedTally { count: 0, weights: ExactSum::new(), products: ExactProducts::new() }
    }

    /// Adds a value with its weight; a pair with a NaN is ignored.
    #[inline]
    pub fn add(&mut self, x: f64, weight: f64) {
        if !x.is_nan() && !weight.is_nan() {
            // Wrapping keeps the group laws even for counts made up by hostile bytes.
            self.count = self.count.wrapping_add(1);
            self.weights.add(weight);
            self.products.add(x, weight);
        }
    }

    /// Takes a value with its weight away, also one that will only be added later; a pair with a NaN is ignored.
    #[inline]
    pub fn remove(&mut self, x: f64, weight: f64) {
        if !x.is_nan() && !weight.is_nan() {
            self.count = self.count.wrapping_sub(1);
            self.weights.remove(weight);
            self.products.remove(x, weight);
        }
    }

    /// Adds every value of another state.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.wrapping_add(other.count);
        self.weights.merge(&other.weights);
        self.products.merge(&other.products);
    }

    /// Takes every value of another state away.
    #[inline]
    pub fn subtract(&mut self, other: &Self) {
        self.count = self.count.wrapping_sub(other.count);
        self.weights.subtract(&other.weights);
        self.products.subtract(&other.products);
    }

    /// How many values are in; zero while more were removed than added.
    #[inline]
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.count).unwrap_or(0)
    }

    /// The sum of the weights.
    #[inline]
    #[must_use]
    pub fn weights(&self) -> &ExactSum {
        &self.weights
    }

    /// The sum of the values times their weights.
    #[inline]
    #[must_use]
    pub fn products(&self) -> &ExactProducts {
        &self.products
    }

    /// The weighted mean, within 0.51 units in the last place, and exactly `x` if every value is `x`.
    ///
    /// The mean of sums beyond `f64::MAX` is finite. `None` without values, where the weights sum to exactly zero, while
    /// an infinite weight is in, and where the sum of products is `None`.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        if self.count() == 0 {
            return None;
        }
        let weights = cut(&self.weights.0)?;
        let size = weights.size?;
        if let Exact::Big(wide) = &self.products.0
            && let Some(infinity) = wide.infinity()
        {
            return infinity.map(|x| if weights.negative { -x } else { x });
        }
        let mut products = cut(&self.products.0)?;
        products.negative ^= weights.negative;
        Some(products.over(size))
    }
}

/// A finite sum cut to 64 bits; `None` while infinities are counted.
fn cut<const L: usize>(sum: &Exact<L>) -> Option<Cut> {
    match sum {
        Exact::Small { w, base } => {
            let (negative, mag) = magnitude(w);
            Some(Cut::of(negative, &mag, i32::from(*base)))
        }
        Exact::Big(wide) if wide.is_finite() => {
            let (negative, mag) = magnitude(&wide.limbs);
            Some(Cut::of(negative, &mag, Wide::<LIMBS>::FLOOR))
        }
        Exact::Big(_) => None,
    }
}
