//! The last list of a column, by event time.
//!
//! | | |
//! | --- | --- |
//! | input | a list of `length` doubles; null is skipped; a list of another length is an error where it enters |
//! | output | a list of `length` doubles; null when empty |
//! | state | the event time, the tie break, and the list, shared with `last` |
//! | order, duplicates | irrelevant: the greatest by (event time, tie break, list), never by arrival |
//! | error | none |
//! | retractable | no |
//! | source | `last` with a length to hold the lists to |
//!
//! Lists come from records of your own, whose field is a slice, and from Arrow; a `serde_json::Value` has no slice to
//! lend, so its arrays are refused.

use super::{Aggregate, Last, Parameter, Reads};
use crate::value::{Kind, List};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "vector_last",
    reads: Reads::Columns(&[&[Kind::List]]),
    dated: true,
    bounded: false,
    parameters: &[Parameter::whole("length", 1, 65_536, None)],
    bind: |given| given.make(Last::<List>::new()),
    examples: &[r#""vector_last": "vec", "length": 2"#, r#""vector_last": "vec", "length": 2, "tie_break": "qty""#],
};
