//! The `k` least values of a column.
//!
//! | | |
//! | --- | --- |
//! | input | any kind but list; null is skipped |
//! | output | a list of the input's kind, least first; null when empty |
//! | state | up to `k` values |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | none |
//! | retractable | no |
//! | source | Chronon's `BOTTOM_K` |

use super::parts::KExtreme;
use super::{Aggregate, MAX_K, ORDERED, Parameter, Reads};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "bottom_k",
    reads: Reads::Columns(&[ORDERED]),
    dated: false,
    bounded: false,
    parameters: &[Parameter::whole("k", 1, MAX_K, None)],
    bind: |given| given.make(BottomK::new(given.kind(0), given.whole("k"))),
    examples: &[r#""bottom_k": "amount", "k": 3"#, r#""bottom_k": "word", "k": 2"#],
};

/// The `k` least values, equal ones as often as they came.
pub type BottomK = KExtreme<false>;
