//! The functions beyond IEEE arithmetic, in one portable implementation: training and serving may run on
//! different machines and must agree on the last bit.

/// `2^x`.
#[inline]
pub(crate) fn exp2(x: f64) -> f64 {
    libm::exp2(x)
}

/// The logarithm to base 2.
#[inline]
pub(crate) fn log2(x: f64) -> f64 {
    libm::log2(x)
}

/// `ln(1 + x)`.
#[inline]
pub(crate) fn log1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// `x * 2^n`, exact unless it leaves the normal numbers.
#[inline]
pub(crate) fn scale(x: f64, n: i64) -> f64 {
    libm::scalbn(x, n.clamp(-5_000, 5_000) as i32)
}
