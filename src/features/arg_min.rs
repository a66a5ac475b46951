//! The value of one column where another is least.
//!
//! | | |
//! | --- | --- |
//! | input | two columns, `[value, key]`: any kind, and any kind but list; an event with a null in either is skipped |
//! | output | the first column's kind; null when empty |
//! | state | the key, the event time, the tie break and the value |
//! | order, duplicates | irrelevant: among events of equal key the latest by (event time, tie break, value) counts; duplicates are harmless |
//! | error | none |
//! | retractable | no |
//! | source | SQL `ARG_MIN(value, key)`, with ties decided by the data |

use super::parts::ArgExtreme;
use super::{Aggregate, CARRIED, ORDERED, Reads};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "arg_min",
    reads: Reads::Columns(&[CARRIED, ORDERED]),
    dated: true,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(ArgMin::new(given.kind(0), given.kind(1))),
    examples: &[
        r#""arg_min": ["word", "amount"]"#,
        r#""arg_min": ["vec", "qty"], "tie_break": "amount""#,
        r#""arg_min": ["amount", "seen"], "by": "word""#,
    ],
};

/// The value of one column where another is least.
pub type ArgMin = ArgExtreme<false>;
