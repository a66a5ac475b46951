//! The one rounding at the end: to the nearest `f64`, ties to even, in integers only.

use super::limbs::limb;

/// The highest `64 * K` bits of a number that is not zero, its top bit set.
struct Top<const K: usize> {
    bits: [u64; K],
    /// The power of two of the lowest bit kept.
    exponent: i32,
    /// Whether a bit below was set.
    sticky: bool,
}

#[inline]
fn top<const K: usize>(mag: &[u64], exponent: i32) -> Option<Top<K>> {
    let high = mag.iter().rposition(|&x| x != 0)?;
    let lead = limb(mag, high).leading_zeros();
    // Counted from one, so that a limb below the first reads as zero rather than as an index below zero.
    let at = |up: usize| if up == 0 { 0 } else { limb(mag, up - 1) };
    let bits = std::array::from_fn(|i| {
        let up = (high + 1 + i + 1).saturating_sub(K);
        (at(up) << lead) | (at(up.saturating_sub(1)) >> 1 >> (63 - lead))
    });
    let below = (high + 1).saturating_sub(K);
    let sticky = at(below) << lead != 0 || mag.iter().take(below.saturating_sub(1)).any(|&x| x != 0);
    let exponent = exponent + 64 * (high as i32 + 1 - K as i32) - lead as i32;
    Some(Top { bits, exponent, sticky })
}

/// The `f64` nearest to `top * 2^exponent`, plus a little when `sticky`; the top bit of `top` must be set.
#[inline]
pub(super) fn assemble(negative: bool, top: u64, exponent: i32, sticky: bool) -> f64 {
    let leading = exponent + 63;
    // 11 of the 64 bits go for a normal number, more below the normal range.
    let drop = 11 + (-1022 - leading).max(0);
    let bits = if leading > 1023 {
        f64::INFINITY.to_bits()
    } else if drop > 64 {
        0
    } else {
        let kept = top.checked_shr(drop as u32).unwrap_or(0);
        let (rest, half) = (top << (64 - drop), 1u64 << 63);
        let up = rest > half || (rest == half && (sticky || kept & 1 == 1));
        // The hidden bit of `kept` adds one to the exponent field, and a carry out of the fraction does the same.
        let field = ((leading + 1022).max(0) as u64) << 52;
        field + kept + u64::from(up)
    };
    // A result too small for any `f64` is +0.0, as the zero sum is.
    let negative = negative && bits != 0;
    f64::from_bits(u64::from(negative) << 63 | bits)
}

/// The highest 64 bits of a magnitude, the top one set, and the power of two of the lowest; `None` for zero.
#[inline]
pub(super) fn cut(mag: &[u64], exponent: i32) -> Option<(u64, i32)> {
    top::<1>(mag, exponent).map(|Top { bits: [bits], exponent, .. }| (bits, exponent))
}

/// `num / den` rounded once to the nearest `f64`, ties to even; a zero result is `+0.0`, and `None` is for `den = 0`.
///
/// Not `num as f64 / den as f64`, which rounds three times.
#[inline]
#[must_use]
pub(crate) fn ratio(num: i128, den: u64) -> Option<f64> {
    let mag = num.unsigned_abs();
    (den != 0).then(|| quotient(num < 0, &[mag as u64, (mag >> 64) as u64], 0, den))
}

/// A whole number as the nearest double, ties to even; as `as` does, in fewer steps.
#[inline]
pub(crate) fn nearest(number: i128) -> f64 {
    if let Ok(short) = i64::try_from(number) {
        return short as f64;
    }
    let (mag, negative) = (number.unsigned_abs(), number < 0);
    let lead = mag.leading_zeros();
    signed(negative, top_of(mag << lead, false), 64 - lead as i32)
}

/// A whole number over another, rounded once; `None` for a divisor of zero. As [`ratio`], for short divisors.
#[inline]
pub(crate) fn ratio_u32(number: i128, divisor: u32) -> Option<f64> {
    let mag = number.unsigned_abs();
    if divisor == 0 || mag == 0 {
        return (divisor != 0).then_some(0.0);
    }
    let lead = mag.leading_zeros();
    let number_top = mag << lead;
    let (high, low, by) = ((number_top >> 64) as u64, number_top as u64, u64::from(divisor));
    // Two steps of long division give at least 64 bits; what is left only ever breaks a tie.
    let (first, rest) = (high / by, high % by);
    let next = rest << 32 | low >> 32;
    let (second, rest) = (next / by, next % by);
    let quotient = u128::from(first) << 32 | u128::from(second);
    let sticky = rest != 0 || low << 32 != 0;
    let zeros = quotient.leading_zeros();
    let exponent = 64 - zeros as i32 + 32 - lead as i32;
    Some(signed(number < 0, top_of(quotient << zeros, sticky), exponent))
}

/// The highest 64 bits, the lowest of them set if any below was: enough to round to 53.
#[inline]
fn top_of(normal: u128, sticky: bool) -> u64 {
    (normal >> 64) as u64 | u64::from(sticky | (normal as u64 != 0))
}

/// `top * 2^exponent`, for exponents that leave it normal.
#[inline]
fn signed(negative: bool, top: u64, exponent: i32) -> f64 {
    let x = top as f64 * f64::from_bits(((exponent + 1023) as u64) << 52);
    if negative { -x } else { x }
}

/// `mag * 2^exponent`, rounded once.
#[inline]
pub(super) fn round(negative: bool, mag: &[u64], exponent: i32) -> f64 {
    let Some(Top { bits: [low, high], exponent, sticky }) = top::<2>(mag, exponent) else {
        return 0.0;
    };
    assemble(negative, high, exponent + 64, sticky || low != 0)
}

/// `mag * 2^exponent / divisor`, rounded once; zero for a divisor of zero, which no caller passes.
#[inline]
pub(super) fn quotient(negative: bool, mag: &[u64], exponent: i32, divisor: u64) -> f64 {
    let Some(Top { bits: [low, high], exponent, sticky }) = top::<2>(mag, exponent) else {
        return 0.0;
    };
    // With the divisor at 64 bits and the number at 127 the quotient has 63 or 64, which is one machine division.
    let shift = divisor.leading_zeros().min(63);
    let number = u128::from(high) << 63 | u128::from(low >> 1);
    let divisor = u128::from(divisor << shift);
    let q = number.checked_div(divisor).unwrap_or(0);
    // All that is left over is less than one bit of the quotient, so it only ever breaks a tie.
    let sticky = sticky || low & 1 == 1 || q * divisor != number;
    let (q, lead) = (q as u64, (q as u64).leading_zeros());
    assemble(negative, q.checked_shl(lead).unwrap_or(0), exponent + 1 + shift as i32 - lead as i32, sticky)
}

/// `mag * 2^exponent / (first * second)`, rounded once, for a product of divisors beyond 64 bits.
pub(super) fn quotient_by_two(negative: bool, mag: &[u64], exponent: i32, first: u64, second: u64) -> f64 {
    let Some(Top { mut bits, exponent, mut sticky }) = top::<3>(mag, exponent) else {
        return 0.0;
    };
    // Dividing twice and rounding down twice is dividing by the product and rounding down.
    for divisor in [first, second] {
        let mut rest = 0u128;
        for x in bits.iter_mut().rev() {
            let part = rest << 64 | u128::from(*x);
            let q = part.checked_div(u128::from(divisor)).unwrap_or(0);
            rest = part - q * u128::from(divisor);
            *x = q as u64;
        }
        sticky |= rest != 0;
    }
    let Some(Top { bits: [low, high], exponent, sticky: more }) = top::<2>(&bits, exponent) else {
        return 0.0;
    };
    assemble(negative, high, exponent + 64, sticky || more || low != 0)
}
