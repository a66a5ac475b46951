//! How long ago the last event was.
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
    name: "time_since_last",
    reads: Reads::Events,
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| {
        if given.kinds.is_empty() {
            given.make(TimeSinceLast::<Every>::new())
        } else {
            given.make(TimeSinceLast::<NotNull>::new())
        }
    },
    examples: &[r#""time_since_last": "*""#, r#""time_since_last": "amount""#],
};

/// Seconds since the last event that counts by `P`.
pub type TimeSinceLast<P> = TimeSince<P, true>;
