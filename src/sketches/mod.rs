//! Sketches: summaries of bounded size whose bytes depend on what went in and on nothing else.
//!
//! Usable alone, without a definition. Each is a pure function of the set or the multiset of its inputs: the
//! order, the partition and the merge tree change neither an answer nor a byte.

mod buckets;
mod count_min;
mod frame;
mod hash;
mod heavy_hitters;
mod hll;
mod log_histogram;
mod table;

pub use self::count_min::CountMin;
pub use self::hash::ValueHash;
pub use self::heavy_hitters::HeavyHitters;
pub use self::hll::Hll;
pub use self::log_histogram::LogHistogram;
