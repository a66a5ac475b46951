//! Fixed-length little-endian integers of `u64` limbs.

/// The limb at `i`, zero outside the slice.
#[inline]
pub(super) fn limb(w: &[u64], i: usize) -> u64 {
    w.get(i).copied().unwrap_or(0)
}

/// All ones for `true`, zero for `false`.
#[inline]
pub(super) fn mask(on: bool) -> u64 {
    0u64.wrapping_sub(u64::from(on))
}

/// Whether a two's-complement number is below zero.
#[inline]
pub(super) fn is_negative(w: &[u64]) -> bool {
    w.last().is_some_and(|top| top >> 63 == 1)
}

/// Whether every limb is zero.
#[inline]
pub(super) fn is_zero(w: &[u64]) -> bool {
    w.iter().all(|&x| x == 0)
}

/// `a + b`, or `a - b` when `minus`, in two's complement, with whether the signed result overflowed.
#[inline]
pub(super) fn add_signed<const L: usize>(a: &[u64; L], b: &[u64; L], minus: bool) -> ([u64; L], bool) {
    let flip = mask(minus);
    let mut out = [0u64; L];
    let mut carry = minus;
    // No branch on the sign: the signs of the data are not predictable.
    for ((o, &x), &y) in out.iter_mut().zip(a).zip(b) {
        let (s, c1) = x.overflowing_add(y ^ flip);
        let (s, c2) = s.overflowing_add(u64::from(carry));
        *o = s;
        carry = c1 | c2;
    }
    let (x, y, s) = (last(a), last(b) ^ flip, last(&out));
    (out, ((x ^ s) & (y ^ s)) >> 63 == 1)
}

#[inline]
fn last(w: &[u64]) -> u64 {
    w.last().copied().unwrap_or(0)
}

/// Sign and absolute value; the lowest two's-complement number is fine, its magnitude still fits unsigned.
#[inline]
pub(super) fn magnitude<const L: usize>(w: &[u64; L]) -> (bool, [u64; L]) {
    let negative = is_negative(w);
    let flip = mask(negative);
    let mut out = [0u64; L];
    let mut carry = negative;
    for (o, &x) in out.iter_mut().zip(w) {
        (*o, carry) = (x ^ flip).overflowing_add(u64::from(carry));
    }
    (negative, out)
}

/// `-w` in two's complement, wrapping for the lowest number.
#[inline]
pub(super) fn negate<const L: usize>(w: &[u64; L]) -> [u64; L] {
    add_signed(&[0u64; L], w, true).0
}

/// `p * 2^shift`, the bits beyond the top dropped.
#[inline]
pub(super) fn place<const L: usize>(p: u128, shift: u32) -> [u64; L] {
    let (skip, r) = ((shift / 64) as usize, shift % 64);
    let low = p << r;
    // Two shifts, because one by 128 - r is not defined for r = 0.
    let high = (p >> 1 >> (127 - r)) as u64;
    std::array::from_fn(|i| match i.wrapping_sub(skip) {
        0 => low as u64,
        1 => (low >> 64) as u64,
        2 => high,
        _ => 0,
    })
}

/// `p * 2^shift` for a longer `p`, the bits beyond the top dropped.
#[inline]
pub(super) fn place_limbs<const L: usize>(p: &[u64], shift: u32) -> [u64; L] {
    let (skip, r) = ((shift / 64) as usize, shift % 64);
    let mut out = [0u64; L];
    let mut below = 0u64;
    let mut cells = out.iter_mut().skip(skip);
    for (&x, cell) in p.iter().zip(&mut cells) {
        *cell = (x << r) | (below >> 1 >> (63 - r));
        below = x;
    }
    if let Some(cell) = cells.next() {
        *cell = below >> 1 >> (63 - r);
    }
    out
}

/// `w * 2^shift`, the bits beyond the top dropped.
#[inline]
pub(super) fn shift_left<const L: usize>(w: &[u64; L], shift: u32) -> [u64; L] {
    let (skip, r) = ((shift / 64) as usize, shift % 64);
    std::array::from_fn(|i| {
        if i < skip {
            return 0;
        }
        let below = if i > skip { limb(w, i - skip - 1) } else { 0 };
        (limb(w, i - skip) << r) | (below >> 1 >> (63 - r))
    })
}

/// `w / 2^shift` rounded down; `fill` is the limb that stands above the top (`mask(negative)`, or 0 if unsigned).
#[inline]
pub(super) fn shift_right<const L: usize>(w: &[u64; L], shift: u32, fill: u64) -> [u64; L] {
    let (skip, r) = ((shift / 64) as usize, shift % 64);
    let at = |i: usize| w.get(i).copied().unwrap_or(fill);
    std::array::from_fn(|i| (at(i + skip) >> r) | (at(i + skip + 1) << 1 << (63 - r)))
}

/// How many low bits are zero; the whole length for zero.
#[inline]
pub(super) fn trailing_zeros(w: &[u64]) -> u32 {
    let mut bits = 0;
    for &x in w {
        if x != 0 {
            return bits + x.trailing_zeros();
        }
        bits += 64;
    }
    bits
}

/// The length of an unsigned number in bits; 0 for zero.
#[inline]
pub(super) fn bit_length(w: &[u64]) -> u32 {
    let mut above = 0;
    for &x in w.iter().rev() {
        if x != 0 {
            return bits_of(w) - above - x.leading_zeros();
        }
        above += 64;
    }
    0
}

/// The length of a two's-complement number in bits, its sign bit included.
#[inline]
pub(super) fn signed_length<const L: usize>(w: &[u64; L]) -> u32 {
    let flip = mask(is_negative(w));
    let mut folded = *w;
    for x in &mut folded {
        *x ^= flip;
    }
    bit_length(&folded) + 1
}

/// All the bits a slice has.
#[inline]
pub(super) fn bits_of(w: &[u64]) -> u32 {
    w.len() as u32 * 64
}

/// Adds `a * b` at limb `offset` of `out`, which must be zero from there on.
///
/// Limbs beyond the end are dropped, so the caller checks the length first.
pub(super) fn multiply_into(out: &mut [u64], offset: usize, a: &[u64], b: &[u64]) {
    for (i, &x) in a.iter().enumerate() {
        let mut carry = 0u64;
        let mut cells = out.iter_mut().skip(offset + i);
        for (&y, cell) in b.iter().zip(&mut cells) {
            let t = u128::from(x) * u128::from(y) + u128::from(*cell) + u128::from(carry);
            *cell = t as u64;
            carry = (t >> 64) as u64;
        }
        // The next cell has not been written by an earlier row.
        if let Some(cell) = cells.next() {
            *cell = carry;
        }
    }
}
