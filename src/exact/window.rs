//! The adaptive state behind all sums: a window of `L` limbs that slides, or the full-range number.

use super::limbs::{self, add_signed, magnitude, mask, place, place_limbs, shift_left, shift_right};
use super::round::{quotient, round};
use super::wide::{LIMBS, Wide, slack, start};

/// An exact number: `w * 2^base` with `w` in two's complement, or a [`Wide`] where `w` is too short.
///
/// The representation depends on the history; the value does not.
#[derive(Clone)]
pub(super) enum Exact<const L: usize, const W: usize = LIMBS> {
    /// `base` is a multiple of 32, so the windows of different states mostly coincide.
    Small { w: [u64; L], base: i16 },
    /// Too long for the window, or with infinities.
    Big(Box<Wide<W>>),
}

/// A finite `f64` as `mantissa * 2^exponent`.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) negative: bool,
    pub(crate) mantissa: u64,
    pub(crate) exponent: i32,
}

/// The parts of a value, or `None` if it is infinite or not a number.
#[inline]
pub(crate) fn parts(x: f64) -> Option<Parts> {
    let bits = x.to_bits();
    let field = (bits >> 52 & 0x7ff) as i32;
    let hidden = u64::from(field != 0) << 52;
    let mantissa = bits & ((1 << 52) - 1) | hidden;
    let finite = field != 0x7ff;
    finite.then_some(Parts { negative: bits >> 63 == 1, mantissa, exponent: field.max(1) - 1075 })
}

impl<const L: usize, const W: usize> Exact<L, W> {
    /// The bits of a term: 53 for a value, 106 for a square, and so on.
    const TERM: u32 = 53 * (L as u32 / 2);
    /// How far a term may be shifted up inside the window and stay below the sign bit.
    const ROOM: u32 = 64 * L as u32 - 1 - Self::TERM;

    pub(super) const fn new() -> Self {
        Exact::Small { w: [0; L], base: start(L) as i16 }
    }

    /// Adds `p * 2^exponent`, or takes it away.
    #[inline]
    pub(super) fn push(&mut self, p: u128, exponent: i32, minus: bool) {
        if !self.push_fast(exponent, minus, |shift| place(p, shift)) {
            self.push_slow(&[p as u64, (p >> 64) as u64], exponent, minus);
        }
    }

    /// The same for a term of more than 128 bits.
    #[inline]
    pub(super) fn push_limbs<const T: usize>(&mut self, p: &[u64; T], exponent: i32, minus: bool) {
        if !self.push_fast(exponent, minus, |shift| place_limbs(p, shift)) {
            self.push_slow(p, exponent, minus);
        }
    }

    /// Adds a term that finds its place in the window as it is; whether it did.
    #[inline]
    fn push_fast(&mut self, exponent: i32, minus: bool, term: impl FnOnce(u32) -> [u64; L]) -> bool {
        if let Exact::Small { w, base } = self {
            // A term below the base wraps to a huge shift and fails the same test.
            let shift = exponent.wrapping_sub(i32::from(*base)) as u32;
            if shift <= Self::ROOM {
                let (sum, overflow) = add_signed(w, &term(shift), minus);
                if !overflow {
                    *w = sum;
                    return true;
                }
            }
        }
        false
    }

    // Not marked cold: the first value of many states comes here, and cold code is compiled for size.
    #[inline(never)]
    fn push_slow<const T: usize>(&mut self, p: &[u64; T], exponent: i32, minus: bool) {
        if limbs::is_zero(p) {
            return;
        }
        if let Exact::Small { w, base } = self {
            let at = ((exponent - slack(L)) & !31).max(Wide::<W>::FLOOR);
            let term = place_limbs(p, (exponent - at) as u32);
            if limbs::is_zero(w)
                && let Ok(at) = i16::try_from(at)
            {
                (*w, *base) = (add_signed(&[0; L], &term, minus).0, at);
                return;
            }
            let term = if minus { limbs::negate(&term) } else { term };
            if let Some((sum, at)) = align::<L, W>(w, i32::from(*base), &term, at) {
                (*w, *base) = (sum, at);
                return;
            }
        }
        self.widen(|wide| wide.add_magnitude(minus, p, exponent));
    }

    /// Gives up memory that the state does not need any more; called where values leave.
    #[inline]
    pub(super) fn shrink(&mut self) {
        if let Exact::Big(wide) = self
            && let Some((w, base)) = wide.to_window()
        {
            *self = Exact::Small { w, base };
        }
    }

    /// Counts infinities in, or out.
    #[cold]
    pub(super) fn push_infinite(&mut self, pos: i64, neg: i64, minus: bool) {
        self.widen(|wide| wide.count_infinities(pos, neg, minus));
        self.shrink();
    }

    /// Adds all of another state, or takes it away.
    #[inline]
    pub(super) fn combine(&mut self, other: &Self, minus: bool) {
        if let (Exact::Small { w, base }, Exact::Small { w: v, base: other_base }) = (&mut *self, other)
            && base == other_base
        {
            let (sum, overflow) = add_signed(w, v, minus);
            if !overflow {
                *w = sum;
                return;
            }
        }
        self.combine_slow(other, minus);
    }

    #[cold]
    fn combine_slow(&mut self, other: &Self, minus: bool) {
        match other {
            Exact::Small { w: v, base: other_base } => {
                if let Exact::Small { w, base } = self {
                    let term = if minus { limbs::negate(v) } else { *v };
                    // The lowest window is its own negative.
                    let negated = !minus || limbs::is_zero(v) || limbs::is_negative(&term) != limbs::is_negative(v);
                    if let Some((sum, at)) =
                        align::<L, W>(w, i32::from(*base), &term, i32::from(*other_base)).filter(|_| negated)
                    {
                        (*w, *base) = (sum, at);
                        return;
                    }
                }
                let (negative, mag) = magnitude(v);
                self.widen(|wide| wide.add_magnitude(negative != minus, &mag, i32::from(*other_base)));
            }
            Exact::Big(theirs) => self.widen(|wide| wide.combine(theirs, minus)),
        }
        if minus {
            self.shrink();
        }
    }

    /// The full-range form of the same value.
    pub(super) fn to_wide(&self) -> Wide<W> {
        match self {
            Exact::Small { w, base } => {
                let mut wide = Wide::zero();
                let (negative, mag) = magnitude(w);
                wide.add_magnitude(negative, &mag, i32::from(*base));
                wide
            }
            Exact::Big(wide) => Wide::clone(wide),
        }
    }

    /// Changes the full-range form, moving to it first where needed.
    fn widen(&mut self, change: impl FnOnce(&mut Wide<W>)) {
        if let Exact::Big(wide) = self {
            change(wide);
        } else {
            let mut wide = Box::new(self.to_wide());
            change(&mut wide);
            *self = Exact::Big(wide);
        }
    }

    /// The sum rounded once; `None` with infinities of both signs, or with more of one removed than added.
    #[inline]
    pub(super) fn value(&self) -> Option<f64> {
        self.read(round)
    }

    /// The sum over `n` rounded once; `None` for `n = 0` too.
    #[inline]
    pub(super) fn mean(&self, n: u64) -> Option<f64> {
        if n == 0 {
            return None;
        }
        self.read(|negative, mag, exponent| quotient(negative, mag, exponent, n))
    }

    #[inline]
    fn read(&self, finish: impl Fn(bool, &[u64], i32) -> f64) -> Option<f64> {
        match self {
            Exact::Small { w, base } => {
                let (negative, mag) = magnitude(w);
                Some(finish(negative, &mag, i32::from(*base)))
            }
            Exact::Big(wide) => wide.infinity().unwrap_or_else(|| {
                let (negative, mag) = magnitude(&wide.limbs);
                Some(finish(negative, &mag, Wide::<W>::FLOOR))
            }),
        }
    }

    /// Whether nothing is left: a finite sum of zero and no infinities.
    #[inline]
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Exact::Small { w, .. } => limbs::is_zero(w),
            Exact::Big(wide) => wide.is_finite() && limbs::is_zero(&wide.limbs),
        }
    }
}

impl<const L: usize, const W: usize> PartialEq for Exact<L, W> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Exact::Small { w, base }, Exact::Small { w: v, base: other_base }) => {
                if base == other_base {
                    return w == v;
                }
                odd(w, i32::from(*base)) == odd(v, i32::from(*other_base))
            }
            (Exact::Big(a), Exact::Big(b)) => a == b,
            (Exact::Big(a), b) | (b, Exact::Big(a)) => **a == b.to_wide(),
        }
    }
}

impl<const L: usize, const W: usize> Eq for Exact<L, W> {}

/// The one way to write a two's-complement number times a power of two with an odd number; zero has exponent zero.
pub(super) fn odd<const L: usize>(w: &[u64; L], exponent: i32) -> ([u64; L], i32) {
    if limbs::is_zero(w) {
        return ([0; L], 0);
    }
    let zeros = limbs::trailing_zeros(w);
    (shift_right(w, zeros, mask(limbs::is_negative(w))), exponent + zeros as i32)
}

/// `a * 2^a_base + b * 2^b_base` in one window, at whichever base holds both; `None` if none does.
///
/// Prefers the lower of the two bases, because values with bits there are likely to come again.
fn align<const L: usize, const W: usize>(
    a: &[u64; L],
    a_base: i32,
    b: &[u64; L],
    b_base: i32,
) -> Option<([u64; L], i16)> {
    if limbs::is_zero(a) {
        return Some((*b, i16::try_from(b_base).ok()?));
    }
    if limbs::is_zero(b) {
        return Some((*a, i16::try_from(a_base).ok()?));
    }
    let lowest = |w, base| base + limbs::trailing_zeros(w) as i32;
    let highest = |w, base| base + limbs::signed_length(w) as i32;
    let low = lowest(a, a_base).min(lowest(b, b_base)) & !31;
    // One bit for the carry; a sum that cancels could do with less, and would only stay small for longer.
    let high = highest(a, a_base).max(highest(b, b_base)) + 1;
    let length = 64 * L as i32;
    let tightest = (high - length + 31) & !31;
    if tightest > low {
        return None;
    }
    let keep = a_base.min(b_base).min(low);
    // Moving up, leave 32 bits above if the bits below allow it.
    let base = if keep >= tightest { keep } else { (tightest + 32).min(low) };
    if base < Wide::<W>::FLOOR || base + length > Wide::<W>::CEILING {
        return None;
    }
    let (sum, _) = add_signed(&rebase(a, a_base, base), &rebase(b, b_base, base), false);
    Some((sum, i16::try_from(base).ok()?))
}

/// The same number over another base; the caller has checked that no set bit falls out.
fn rebase<const L: usize>(w: &[u64; L], from: i32, to: i32) -> [u64; L] {
    if from >= to {
        shift_left(w, (from - to) as u32)
    } else {
        shift_right(w, (to - from) as u32, mask(limbs::is_negative(w)))
    }
}
