//! Averages a column.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`; null when empty, and for infinities of both signs |
//! | state | a count and an exact sum, shared with `sum` of doubles; 10 to 13 bytes stored for typical money |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the real-number mean, rounded once |
//! | retractable | yes |
//! | source | SQL `AVG`, but exact |

use super::{Aggregate, NUMBERS, Reads};
use crate::exact::Tally;

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "mean",
    reads: Reads::Columns(&[NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(Mean),
    examples: &[r#""mean": "amount""#, r#""mean": "amount", "by": "qty""#],
};

/// Averages doubles. Infinities of both signs give null.
#[derive(Clone, Copy, Debug)]
pub struct Mean;

reads_off!(f64, Tally, "tally/1": Mean "mean/1" by Mean => Tally::mean);
