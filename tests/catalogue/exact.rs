//! Real numbers without rounding: fractions of big integers, and their one rounding to a double.

use num_bigint::{BigInt, Sign};

/// The bits below the point of a finite double.
pub(crate) const POINT: u64 = 1_074;

/// A finite double as a whole number of 2^-1074.
pub(crate) fn units(x: f64) -> BigInt {
    let bits = x.to_bits();
    let (exponent, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
    let magnitude =
        if exponent == 0 { BigInt::from(fraction) } else { BigInt::from(fraction | 1 << 52) << (exponent - 1) };
    if x.is_sign_negative() { -magnitude } else { magnitude }
}

fn shifted(n: BigInt, by: i64) -> BigInt {
    if by >= 0 { n << by.unsigned_abs() } else { n >> by.unsigned_abs() }
}

/// `num / den * 2^-point`, rounded once to the nearest double, ties to even.
pub(crate) fn rounded(num: &BigInt, den: &BigInt, point: u64) -> f64 {
    let negative = (num.sign() == Sign::Minus) != (den.sign() == Sign::Minus);
    let (num, den) = (BigInt::from(num.magnitude().clone()), BigInt::from(den.magnitude().clone()));
    if num.sign() == Sign::NoSign {
        return 0.0;
    }
    // A quotient of 70 bits or so, and whether anything is left.
    let by = 70 - (num.bits() as i64 - den.bits() as i64);
    let (num, den) = if by >= 0 { (num << by.unsigned_abs(), den) } else { (num, den << by.unsigned_abs()) };
    let (quotient, rest) = (&num / &den, &num % &den);
    let scale = -by - point as i64;
    let top = quotient.bits() as i64 - 1 + scale;
    let precision = if top >= -1_022 { 53 } else { 53 - (-1_022 - top) };
    let drop = quotient.bits() as i64 - precision;
    let kept = shifted(quotient.clone(), -drop);
    let below = &quotient - shifted(kept.clone(), drop);
    let half = BigInt::from(1) << (drop - 1).unsigned_abs();
    let odd = kept.bit(0);
    let up = below > half || (below == half && (rest.sign() != Sign::NoSign || odd));
    let kept = if up { kept + 1 } else { kept };
    let mantissa = u64::try_from(kept).unwrap() as f64;
    let exponent = drop + scale;
    let magnitude = if exponent > 1_100 {
        f64::INFINITY
    } else {
        let part = exponent / 2;
        mantissa * 2f64.powi(part as i32) * 2f64.powi((exponent - part) as i32)
    };
    if negative { -magnitude } else { magnitude }
}

/// The bits below the point of a [`Real`].
const DEEP: u64 = 2_600;

/// A real number, cut off 2,600 bits below the point.
#[derive(Clone, Debug)]
pub(crate) struct Real(BigInt);

impl Real {
    pub(crate) fn fraction(num: &BigInt, den: &BigInt) -> Self {
        Self((num << DEEP) / den)
    }

    /// The square root of `num / den`, with the sign of `sign`.
    pub(crate) fn root(num: &BigInt, den: &BigInt, sign: &BigInt) -> Self {
        let root = ((num << (2 * DEEP)) / den).sqrt();
        Self(if sign.sign() == Sign::Minus { -root } else { root })
    }

    /// How far `found` is from this, in units of the last place of `found`.
    pub(crate) fn off(&self, found: f64) -> f64 {
        if !found.is_finite() {
            return f64::INFINITY;
        }
        let off = (units(found) << (DEEP - POINT)) - &self.0;
        let bits = (found.abs().to_bits() >> 52).max(1) - 1;
        // The last place is 2^(bits - 1074).
        let place = BigInt::from(1) << (bits + DEEP - POINT);
        rounded(&BigInt::from(off.magnitude().clone()), &place, 0)
    }
}

#[test]
fn rounding_agrees_with_the_machine() {
    for (a, b) in [(1.0, 3.0), (2.0, 3.0), (1e300, 1e-5), (5e-324, 2.0), (1.5e-323, 2.0), (1e308, 1e-3), (7.0, -9.0)] {
        assert_eq!(rounded(&units(a), &units(b), 0), a / b, "{a} / {b}");
    }
    for x in [1.0, 0.1, -5e-324, f64::MAX, 2.2e-308] {
        assert_eq!(rounded(&units(x), &BigInt::from(1), POINT), x);
    }
    assert_eq!(rounded(&(units(f64::MAX) * 2), &BigInt::from(1), POINT), f64::INFINITY);
    let root = Real::root(&BigInt::from(2), &BigInt::from(1), &BigInt::from(1));
    assert!(root.off(2f64.sqrt()) <= 0.5 && root.off(2f64.sqrt().next_up()) > 0.5);
}
