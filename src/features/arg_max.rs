//! The value of one column where another is greatest.
//!
//! | | |
//! | --- | --- |
//! | input | two columns, `[value, key]`: any kind, and any kind but list; an event with a null in either is skipped |
//! | output | the first column's kind; null when empty |
//! | state | the key, the event time, the tie break and the value |
//! | order, duplicates | irrelevant: among events of equal key the latest by (event time, tie break, value) counts; duplicates are harmless |
//! | error | none |
//! | retractable | no |
//! | source | SQL `ARG_MAX(value, key)`, with ties decided by the data |

use super::parts::ArgExtreme;
use super::{Aggregate, CARRIED, ORDERED, Reads};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "arg_max",
    reads: Reads::Columns(&[CARRIED, ORDERED]),
    dated: true,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(ArgMax::new(given.kind(0), given.kind(1))),
    examples: &[
        r#""arg_max": ["word", "amount"]"#,
        r#""arg_max": ["vec", "qty"], "tie_break": "amount""#,
        r#""arg_max": ["amount", "seen"], "by": "word""#,
    ],
};

/// The value of one column where another is greatest.
pub type ArgMax = ArgExtreme<true>;
