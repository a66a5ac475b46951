//! Catches any difference between the batch doors, the stream and the oracle.

#[cfg(feature = "arrow")]
mod blocks;
#[cfg(feature = "polars")]
mod frames;
#[cfg(feature = "arrow")]
mod parity;
