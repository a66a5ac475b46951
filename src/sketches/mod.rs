//! Sketches: summaries of bounded size whose bytes depend on what went in and on nothing else.
//!
//! Usable alone, without a definition. Each is a pure function of the set or the multiset of its inputs: the
//! order, the partition and the merge tree change neither an answer nor a byte.
//!
//! | question | sketch | error | takes back |
//! | --- | --- | --- | --- |
//! | how many different values? | [`Hll`] | standard error 1.04 / sqrt(2^precision), almost none while few | no |
//! | how often did this value come? | [`CountMin`] | never too small; too large by `epsilon` of all with probability `delta` | yes |
//! | which values came most often? | [`HeavyHitters`] | counts as above; a value with a share `f` is missed with probability (1 - f)^candidates | no |
//! | where do the values lie? | [`LogHistogram`] | each quantile within a known relative error | no |
//!
//! All are merged with `merge`, stored with `encode` and `decode` or with serde, and refuse to be merged with a sketch of
//! other parameters or another [`ValueHash`].

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
