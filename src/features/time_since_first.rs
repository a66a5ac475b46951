//! How long ago the first event was.
//!
//! | | |
//! | --- | --- |
//! | input | `*`, or any column, whose nulls are skipped |
//! | output | `f64`, seconds from that event to the end of the window; null when empty |
//! | state | a moment |
//! | order, duplicates | irrelevant; duplicates are harmless |
//! | error | rounded once |
//! | retractable | no |
//! | source | recency, as every feature team writes it |

use super::parts::TimeSince;
use super::{Aggregate, Every, NotNull, Reads};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "time_since_first",
    reads: Reads::Events,
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| {
        if given.kinds.is_empty() {
            given.make(TimeSinceFirst::<Every>::new())
        } else {
            given.make(TimeSinceFirst::<NotNull>::new())
        }
    },
    examples: &[r#""time_since_first": "*""#, r#""time_since_first": "amount""#],
};

/// Seconds since the first event that counts by `P`.
pub type TimeSinceFirst<P> = TimeSince<P, false>;
