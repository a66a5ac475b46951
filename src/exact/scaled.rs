//! Positive numbers of 64 bits with an exponent that neither over- nor underflows, for the last steps of a reading.

use super::round::{assemble, cut};

/// A number of either sign cut to 64 bits; no size for zero.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) negative: bool,
    pub(super) size: Option<Scaled>,
}

impl Cut {
    /// `mag * 2^exponent` with a sign, which zero does not have.
    pub(super) fn of(negative: bool, mag: &[u64], exponent: i32) -> Self {
        let size = cut(mag, exponent).map(|(mantissa, exponent)| Scaled { mantissa, exponent });
        Cut { negative: negative && size.is_some(), size }
    }

    /// The size of a number above zero.
    pub(super) fn positive(self) -> Option<Scaled> {
        self.size.filter(|_| !self.negative)
    }

    pub(super) fn times(self, by: Scaled) -> Self {
        Cut { size: self.size.map(|size| size.times(by)), ..self }
    }

    /// The quotient as the nearest `f64`; `+0.0` for zero.
    pub(super) fn over(self, by: Scaled) -> f64 {
        self.size.map_or(0.0, |size| size.over(by).value(self.negative))
    }
}

/// `mantissa * 2^exponent`; the top bit of the mantissa is set.
///
/// Every step cuts its result to 64 bits, which makes it too small by less than one part in 2^63. So the outcome of a
/// dozen of them is still within 2^-59 of the exact one, and rounding that to 53 bits is within 0.52 units in the last
/// place of it. Integers only, so no platform differs.
#[derive(Clone, Copy)]
pub(super) struct Scaled {
    mantissa: u64,
    exponent: i32,
}

impl Scaled {
    /// A number that is not zero, of any length up to 128 bits.
    fn wide(number: u128, exponent: i32) -> Self {
        let lead = number.leading_zeros();
        let top = number.checked_shl(lead).unwrap_or(0);
        Scaled { mantissa: (top >> 64) as u64, exponent: exponent + 64 - lead as i32 }
    }

    /// `None` for zero.
    pub(super) fn integer(number: u128) -> Option<Self> {
        (number != 0).then(|| Self::wide(number, 0))
    }

    pub(super) fn times(self, other: Self) -> Self {
        Self::wide(u128::from(self.mantissa) * u128::from(other.mantissa), self.exponent + other.exponent)
    }

    fn over(self, other: Self) -> Self {
        let number = u128::from(self.mantissa) << 64;
        // The top bit of the divisor is set, so it is not zero and the quotient has 64 or 65 bits.
        let quotient = number.checked_div(u128::from(other.mantissa)).unwrap_or(0);
        Self::wide(quotient, self.exponent - other.exponent - 64)
    }

    /// The square root.
    pub(super) fn root(self) -> Self {
        // An even exponent, and 127 or 128 bits above it, so that the root has 64.
        let shift = 64 - (self.exponent & 1) as u32;
        let number = u128::from(self.mantissa) << shift;
        Self::wide(number.isqrt(), (self.exponent - shift as i32) / 2)
    }

    /// The nearest `f64` with this sign; too large is infinite, too small is `+0.0`.
    fn value(self, negative: bool) -> f64 {
        assemble(negative, self.mantissa, self.exponent, false)
    }
}
