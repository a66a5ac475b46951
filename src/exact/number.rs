//! Exact numbers of bounded length, for the numerators that are read from several sums.

use super::limbs::{self, add_signed, limb, magnitude, multiply_into, shift_left};
use super::round::{quotient, quotient_by_two};
use super::scaled::Cut;
use super::wide::Wide;
use super::window::Exact;

/// An exact number: a sign, a magnitude of at most `K` limbs, and a power of two.
///
/// Every step that might need more limbs gives `None` then, and whoever asked starts again with a larger `K`.
#[derive(Clone)]
pub(super) struct Number<const K: usize> {
    negative: bool,
    limbs: [u64; K],
    /// The limbs in use: the one on top is not zero, and zero has none.
    len: usize,
    exponent: i32,
}

impl<const K: usize> Number<K> {
    /// `mag * 2^exponent`, without the zero limbs at either end.
    fn new(negative: bool, mag: &[u64], exponent: i32) -> Option<Self> {
        let low = mag.iter().position(|&x| x != 0).unwrap_or(mag.len());
        let high = mag.iter().rposition(|&x| x != 0).map_or(low, |i| i + 1);
        let kept = mag.get(low..high)?;
        let mut limbs = [0u64; K];
        limbs.get_mut(..kept.len())?.copy_from_slice(kept);
        Some(Number { negative, limbs, len: kept.len(), exponent: exponent + 64 * low as i32 })
    }

    /// The finite value of a sum; `None` if it is too long, or if infinities are counted in it.
    pub(super) fn of<const L: usize, const W: usize>(sum: &Exact<L, W>) -> Option<Self> {
        match sum {
            Exact::Small { w, base } => {
                let (negative, mag) = magnitude(w);
                Self::new(negative, &mag, i32::from(*base))
            }
            Exact::Big(wide) if wide.is_finite() => {
                let (negative, mag) = magnitude(&wide.limbs);
                Self::new(negative, &mag, Wide::<W>::FLOOR)
            }
            Exact::Big(_) => None,
        }
    }

    fn used(&self) -> &[u64] {
        self.limbs.get(..self.len).unwrap_or(&[])
    }

    fn is_zero(&self) -> bool {
        self.len == 0
    }

    /// The number `by` times.
    pub(super) fn scaled(&self, by: u64) -> Option<Self> {
        self.by_limbs(false, &[by], 0)
    }

    pub(super) fn times(&self, other: &Self) -> Option<Self> {
        self.by_limbs(other.negative, other.used(), other.exponent)
    }

    fn by_limbs(&self, negative: bool, factor: &[u64], exponent: i32) -> Option<Self> {
        let mut out = Number {
            negative: self.negative != negative,
            limbs: [0; K],
            len: self.len + factor.len(),
            exponent: self.exponent + exponent,
        };
        // One limb more than the product may need; a number that only just fits is not worth a second look.
        if out.len > K {
            return None;
        }
        multiply_into(&mut out.limbs, 0, self.used(), factor);
        out.settle();
        Some(out)
    }

    pub(super) fn plus(&self, other: &Self) -> Option<Self> {
        self.combined(other, false)
    }

    pub(super) fn minus(&self, other: &Self) -> Option<Self> {
        self.combined(other, true)
    }

    fn combined(&self, other: &Self, minus: bool) -> Option<Self> {
        if other.is_zero() {
            return Some(self.clone());
        }
        if self.is_zero() {
            return Some(Number { negative: other.negative != minus, ..other.clone() });
        }
        let exponent = self.exponent.min(other.exponent);
        let (a, b) = (self.lifted(exponent)?, other.lifted(exponent)?);
        let mut out = Number { negative: self.negative, limbs: [0; K], len: K, exponent };
        let differ = (self.negative != other.negative) != minus;
        // Both are below the sign bit, so two's complement holds their sum and their difference.
        let (sum, overflow) = add_signed(&a, &b, differ);
        if overflow {
            return None;
        }
        let (flipped, mag) = magnitude(&sum);
        out.limbs = mag;
        out.negative = self.negative != flipped;
        out.settle();
        Some(out)
    }

    /// The magnitude over a lower power of two, if that leaves the top bit free.
    fn lifted(&self, exponent: i32) -> Option<[u64; K]> {
        let shift = u32::try_from(self.exponent - exponent).ok()?;
        let length = limbs::bit_length(self.used()).checked_add(shift)?;
        (length < limbs::bits_of(&self.limbs)).then(|| shift_left(&self.limbs, shift))
    }

    /// Forgets the zero limbs on top.
    fn settle(&mut self) {
        while self.len > 0 && limb(&self.limbs, self.len - 1) == 0 {
            self.len -= 1;
        }
    }

    /// The number over `first * second`, rounded once; zero for a divisor of zero, which no caller passes.
    pub(super) fn over(&self, first: u64, second: u64) -> f64 {
        match first.checked_mul(second) {
            Some(divisor) => quotient(self.negative, self.used(), self.exponent, divisor),
            None => quotient_by_two(self.negative, self.used(), self.exponent, first, second),
        }
    }

    /// The number, cut to 64 bits.
    pub(super) fn cut(&self) -> Cut {
        Cut::of(self.negative, self.used(), self.exponent)
    }
}
