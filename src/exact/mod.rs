//! Exact sums of `f64` values: the same bits in any order, and removable.
//!
//! A running `f64` sum depends on the order of its values; these states do not. [`ExactSum`] and [`ExactSquares`] hold
//! the mathematical sum as an integer times a power of two, so adding, merging and taking away are exact, and only
//! reading rounds, once. [`Moments`] joins a count and both sums and reads the variance.
//!
//! The usual state is a two's-complement window of 128 bits (256 for squares) whose lowest bit stands for a power of
//! two that is a multiple of 32; the window slides as values come. A state whose values lie too far apart for its
//! window moves to a boxed fixed-point number that covers every `f64`. Which of the two a state uses never shows:
//! equality, reading and the serialised bytes depend on the value alone.
//!
//! # Bounds
//! Exact for up to 2^63 - 1 values. Reading is integer arithmetic only, so it does not depend on the platform.

mod limbs;
mod moments;
mod round;
mod sum;
mod tally;
mod wide;
mod window;
mod wire;

#[cfg(test)]
mod tests;

pub use moments::Moments;
pub use sum::{ExactSquares, ExactSum};
pub use tally::Tally;
