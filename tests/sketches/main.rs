//! Catches a sketch that shows how it was put together, strays from theory or trusts the bytes it reads.

mod count_min;
mod heavy_hitters;
mod hll;
mod kit;
mod log_histogram;
