//! The first `k` values of a column, by event time.
//!
//! | | |
//! | --- | --- |
//! | input | any kind; null is skipped |
//! | output | a list of the input's kind, earliest first; null when empty |
//! | state | up to `k` values with event time and tie break |
//! | order, duplicates | order irrelevant: by (event time, tie break, value), never by arrival; duplicates count |
//! | error | none |
//! | retractable | no |
//! | source | Chronon's `FIRST_K`, with ties decided by the data |

use super::parts::KByTime;
use super::{Aggregate, CARRIED, MAX_K, Parameter, Reads};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "first_k",
    reads: Reads::Columns(&[CARRIED]),
    dated: true,
    bounded: false,
    parameters: &[Parameter::whole("k", 1, MAX_K, None)],
    bind: |given| given.make(FirstK::new(given.kind(0), given.whole("k"))),
    examples: &[
        r#""first_k": "word", "k": 3"#,
        r#""first_k": "amount", "k": 2, "tie_break": "qty""#,
        r#""first_k": "vec", "k": 1"#,
    ],
};

/// The first `k` values by event time.
pub type FirstK = KByTime<false>;
