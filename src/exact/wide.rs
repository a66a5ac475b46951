//! The full-range state: one fixed-point number that covers every sum of one power of `f64` values.

use super::limbs::{self, add_signed, mask};

/// 4480 bits: 2^-2176 to 2^2304, which holds 2^-2148 (the smallest square) to 2^2048 (above the largest) and the sign.
pub(super) const LIMBS: usize = limbs_of(2);

/// How many limbs hold every sum of the powers of this degree: 2176 bits a degree, and 128 for the count and the sign.
pub(super) const fn limbs_of(degree: usize) -> usize {
    34 * degree + 2
}

/// A two's-complement fixed-point number of `W` limbs and the counts of the infinities beside it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Wide<const W: usize = LIMBS> {
    pub(super) limbs: [u64; W],
    /// Signed, so that an infinity may be removed before it is added.
    pub(super) pos_inf: i64,
    pub(super) neg_inf: i64,
}

impl<const W: usize> Wide<W> {
    /// The power of two of the lowest bit; a multiple of 64, so that bases are whole or half limbs above it.
    ///
    /// 1088 below zero a degree: the smallest double is 2^-1074.
    pub(super) const FLOOR: i32 = 64 - 32 * W as i32;
    /// The power of two just above the highest bit.
    pub(super) const CEILING: i32 = Self::FLOOR + 64 * W as i32;

    pub(super) fn zero() -> Self {
        Wide { limbs: [0; W], pos_inf: 0, neg_inf: 0 }
    }

    /// Adds (or takes away) `mag * 2^exponent`, for an exponent of at least [`FLOOR`](Self::FLOOR).
    pub(super) fn add_magnitude(&mut self, minus: bool, mag: &[u64], exponent: i32) {
        let bit = exponent.saturating_sub(Self::FLOOR).max(0) as usize;
        let (skip, r) = (bit / 64, bit % 64);
        let flip = mask(minus);
        let mut source = mag.iter();
        let (mut spill, mut carry) = (0u64, minus);
        for cell in self.limbs.iter_mut().skip(skip) {
            let part = match source.next() {
                Some(&m) => {
                    let part = (m << r) | spill;
                    spill = m >> 1 >> (63 - r);
                    part
                }
                // Only a carry can still change anything; for a subtraction "no borrow" is a carry.
                None if spill == 0 && carry == minus => return,
                None => std::mem::take(&mut spill),
            };
            let (s, c1) = cell.overflowing_add(part ^ flip);
            let (s, c2) = s.overflowing_add(u64::from(carry));
            *cell = s;
            carry = c1 | c2;
        }
    }

    /// Adds (or takes away) all of another state, its infinities too.
    pub(super) fn combine(&mut self, other: &Self, minus: bool) {
        self.limbs = add_signed(&self.limbs, &other.limbs, minus).0;
        self.count_infinities(other.pos_inf, other.neg_inf, minus);
    }

    /// Adds (or takes away) counts of infinities.
    pub(super) fn count_infinities(&mut self, pos: i64, neg: i64, minus: bool) {
        // Wrapping keeps the group laws even for counts made up by hostile bytes.
        let step = |a: i64, b: i64| if minus { a.wrapping_sub(b) } else { a.wrapping_add(b) };
        self.pos_inf = step(self.pos_inf, pos);
        self.neg_inf = step(self.neg_inf, neg);
    }

    /// Whether no infinity is counted.
    pub(super) fn is_finite(&self) -> bool {
        self.pos_inf == 0 && self.neg_inf == 0
    }

    /// What the counted infinities make of the sum: `None` if there are none, `Some(None)` if it is undefined.
    pub(super) fn infinity(&self) -> Option<Option<f64>> {
        match (self.pos_inf, self.neg_inf) {
            (0, 0) => None,
            (p, 0) if p > 0 => Some(Some(f64::INFINITY)),
            (0, n) if n > 0 => Some(Some(f64::NEG_INFINITY)),
            _ => Some(None),
        }
    }

    /// The number as a window of `L` limbs and its base, if it is finite and short enough.
    pub(super) fn to_window<const L: usize>(&self) -> Option<([u64; L], i16)> {
        if !self.is_finite() {
            return None;
        }
        if limbs::is_zero(&self.limbs) {
            return Some(([0; L], 0));
        }
        let low = Self::FLOOR + limbs::trailing_zeros(&self.limbs) as i32;
        let high = Self::FLOOR + limbs::signed_length(&self.limbs) as i32;
        let base = comfortable_base::<L, W>(low, high)?;
        let fill = mask(limbs::is_negative(&self.limbs));
        let moved = limbs::shift_right(&self.limbs, (base - Self::FLOOR) as u32, fill);
        let mut window = [0; L];
        for (to, from) in window.iter_mut().zip(moved) {
            *to = from;
        }
        Some((window, i16::try_from(base).ok()?))
    }
}

/// The base of a fresh window: values from 2^-12 to 2^60 find their place in it, and so do their powers.
pub(super) const fn start(limbs: usize) -> i32 {
    -32 * limbs as i32
}

/// How far below its first term a window starts, so that the next terms, a little smaller, still fit.
pub(super) const fn slack(limbs: usize) -> i32 {
    4 * limbs as i32
}

/// Where to put the lowest bit of a window that holds the bits from `low` up to (not including) `high`, the sign among
/// them; a multiple of 32, or `None` if the window is too short.
///
/// Where there is room it is the base that adding one value of that size would have chosen, so that states that come
/// from bytes meet states that come from values at the same base, and merging them is one addition.
pub(super) fn comfortable_base<const L: usize, const W: usize>(low: i32, high: i32) -> Option<i32> {
    let lowest = low & !31;
    let length = 64 * L as i32;
    let fits = |base: i32| {
        base <= lowest && high - base <= length && base >= Wide::<W>::FLOOR && base + length <= Wide::<W>::CEILING
    };
    let fresh = ((high - 1 - 53 * (L as i32 / 2) - slack(L)) & !31).max(Wide::<W>::FLOOR);
    [start(L), fresh, lowest].into_iter().find(|&base| fits(base))
}
