//! The `k` greatest values of a column.
//!
//! | | |
//! | --- | --- |
//! | input | any kind but list; null is skipped |
//! | output | a list of the input's kind, greatest first; null when empty |
//! | state | up to `k` values |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | none |
//! | retractable | no |
//! | source | Chronon's `TOP_K` |

use super::parts::KExtreme;
use super::{Aggregate, MAX_K, ORDERED, Parameter, Reads};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "top_k",
    reads: Reads::Columns(&[ORDERED]),
    dated: false,
    bounded: false,
    parameters: &[Parameter::whole("k", 1, MAX_K, None)],
    bind: |given| given.make(TopK::new(given.kind(0), given.whole("k"))),
    examples: &[r#""top_k": "amount", "k": 3"#, r#""top_k": "word", "k": 2"#],
};

/// The `k` greatest values, equal ones as often as they came.
pub type TopK = KExtreme<true>;
