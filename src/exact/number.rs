//! Exact numbers of bounded length, for the numerators that are read from several sums.

use super::limbs::{self, limb, magnitude, mask, multiply_into, place_limbs};
use super::round::{quotient, quotient_by_two};
use super::scaled::Cut;
use super::wide::Wide;
use super::window::Exact;

/// An exact number: a sign, a magnitude of at most `K` limbs, and a power of two.
///
/// A step that might need more limbs marks its result, and so does every step after it; only the end is asked, and
/// whoever asked starts again with a larger `K`.
pub(super) struct Number<const K: usize> {
    /// Whether all of it was finite and found room; if not, the rest says nothing.
    fits: bool,
    negative: bool,
    limbs: [u64; K],
    /// The limbs in use: the one on top is not zero, and zero has none.
    len: usize,
    exponent: i32,
}

impl<const K: usize> Number<K> {
    const UNFIT: Self = Number { fits: false, negative: false, limbs: [0; K], len: 0, exponent: 0 };

    /// `mag * 2^exponent`, without the zero limbs at either end.
    fn new(negative: bool, mag: &[u64], exponent: i32) -> Self {
        let low = mag.iter().position(|&x| x != 0).unwrap_or(mag.len());
        let high = mag.iter().rposition(|&x| x != 0).map_or(low, |i| i + 1);
        let kept = mag.get(low..high).unwrap_or(&[]);
        let mut out =
            Number { fits: true, negative, limbs: [0; K], len: kept.len(), exponent: exponent + 64 * low as i32 };
        match out.limbs.get_mut(..kept.len()) {
            Some(room) => room.copy_from_slice(kept),
            None => out.fits = false,
        }
        out
    }

    /// The value of a sum; one with infinities does not fit.
    pub(super) fn of<const L: usize, const W: usize>(sum: &Exact<L, W>) -> Self {
        match sum {
            Exact::Small { w, base } => {
                let (negative, mag) = magnitude(w);
                Self::new(negative, &mag, i32::from(*base))
            }
            Exact::Big(wide) if wide.is_finite() => {
                let (negative, mag) = magnitude(&wide.limbs);
                Self::new(negative, &mag, Wide::<W>::FLOOR)
            }
            Exact::Big(_) => Self::UNFIT,
        }
    }

    fn used(&self) -> &[u64] {
        self.limbs.get(..self.len).unwrap_or(&[])
    }

    /// The number `by` times.
    pub(super) fn scaled(&self, by: u64) -> Self {
        self.by_limbs(self.fits, false, &[by], 0)
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        self.by_limbs(self.fits && other.fits, other.negative, other.used(), other.exponent)
    }

    fn by_limbs(&self, fits: bool, negative: bool, factor: &[u64], exponent: i32) -> Self {
        // Perhaps one limb more than the product needs; a number that only just fits is not worth a second look.
        let len = self.len + factor.len();
        if !fits || len > K {
            return Self::UNFIT;
        }
        let negative = self.negative != negative;
        let mut out = Number { fits, negative, limbs: [0; K], len, exponent: self.exponent + exponent };
        multiply_into(&mut out.limbs, 0, self.used(), factor);
        out.settle();
        out
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        self.combined(other, false)
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        self.combined(other, true)
    }

    fn combined(&self, other: &Self, minus: bool) -> Self {
        // The power of two of a zero says nothing.
        let exponent = match (self.len, other.len) {
            (0, _) => other.exponent,
            (_, 0) => self.exponent,
            _ => self.exponent.min(other.exponent),
        };
        let shift = |part: &Self| if part.len == 0 { 0 } else { (part.exponent - exponent).unsigned_abs() };
        let (low, high) = (shift(self), shift(other));
        // Above the longer of the two a bit for the carry, and one for the sign of a difference.
        let length = (limbs::bit_length(self.used()) + low).max(limbs::bit_length(other.used()) + high) + 2;
        let len = length.div_ceil(64) as usize;
        if !self.fits || !other.fits || len > K {
            return Self::UNFIT;
        }
        let (limbs, negative) = (place_limbs(self.used(), low), self.negative);
        let mut out = Number { fits: true, negative, limbs, len, exponent };
        out.add_limbs(&place_limbs(other.used(), high), (self.negative != other.negative) != minus);
        out.settle();
        out
    }

    /// Adds a magnitude to the magnitude, or takes it away, which may change the sign.
    fn add_limbs(&mut self, other: &[u64; K], minus: bool) {
        let cells = self.limbs.get_mut(..self.len).unwrap_or_default();
        let (flip, mut carry) = (mask(minus), minus);
        for (x, &y) in cells.iter_mut().zip(other) {
            let (s, c1) = x.overflowing_add(y ^ flip);
            let (s, c2) = s.overflowing_add(u64::from(carry));
            (*x, carry) = (s, c1 | c2);
        }
        if limbs::is_negative(cells) {
            self.negative = !self.negative;
            let mut carry = true;
            for x in cells {
                (*x, carry) = (!*x).overflowing_add(u64::from(carry));
            }
        }
    }

    /// Forgets the zero limbs on top.
    fn settle(&mut self) {
        while self.len > 0 && limb(&self.limbs, self.len - 1) == 0 {
            self.len -= 1;
        }
    }

    /// The number over `first * second`, rounded once, if it fits; zero for a divisor of zero, which no caller passes.
    pub(super) fn over(&self, first: u64, second: u64) -> Option<f64> {
        self.fits.then(|| match first.checked_mul(second) {
            Some(divisor) => quotient(self.negative, self.used(), self.exponent, divisor),
            None => quotient_by_two(self.negative, self.used(), self.exponent, first, second),
        })
    }

    /// The number cut to 64 bits, if it fits.
    pub(super) fn cut(&self) -> Option<Cut> {
        self.fits.then(|| Cut::of(self.negative, self.used(), self.exponent))
    }
}
