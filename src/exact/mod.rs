//! Exact sums of `f64` values: the same bits in any order, and removable.
//!
//! A running `f64` sum depends on the order of its values; these states do not. [`ExactSum`], [`ExactSquares`] and
//! [`ExactProducts`] hold the mathematical sum as an integer times a power of two, so adding, merging and taking away
//! are exact, and only reading rounds, once. [`Moments`] joins a count and two sums and reads the variance;
//! [`WeightedTally`], [`CoMoments`] and [`HigherMoments`] do the same for weighted means, correlation and the shape.
//!
//! The usual state is a two's-complement window of 128 bits (256 for squares and products, 384 for cubes, 512 for fourth
//! powers) whose lowest bit stands for a power of two that is a multiple of 32; the window slides as values come. A state whose values lie too far apart for its
//! window moves to a boxed fixed-point number that covers every `f64`. Which of the two a state uses never shows:
//! equality, reading and the serialised bytes depend on the value alone.
//!
//! # Bounds
//! Exact for up to 2^63 - 1 values. Sums, means, variances and covariances are rounded once; weighted means, correlation,
//! skewness and kurtosis are within 0.52 units in the last place. Reading is integer arithmetic only, so it does not depend on the platform.

mod comoments;
mod higher;
mod limbs;
mod moments;
mod number;
mod products;
mod round;
mod scaled;
mod sum;
mod tally;
mod weighted;
mod wide;
mod window;
mod wire;

#[cfg(test)]
mod tests;

pub use comoments::CoMoments;
pub use higher::HigherMoments;
pub use moments::Moments;
pub use products::ExactProducts;
pub(crate) use round::{nearest, ratio, ratio_u32};
pub use sum::{ExactSquares, ExactSum};
pub use tally::Tally;
pub use weighted::WeightedTally;
pub(crate) use window::parts;
