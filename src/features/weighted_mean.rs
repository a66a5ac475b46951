//! The mean of one column weighted by another.
//!
//! | | |
//! | --- | --- |
//! | input | two columns, `[value, weight]`, `f64` (integers are taken as doubles); an event with a null in either is skipped |
//! | output | `f64`; null when empty, where the weights sum to 0, for an infinite weight, and for an infinity times 0 |
//! | state | a count and two exact sums, shared with `sum_product` |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | exact sums, their quotient within 0.51 units in the last place; finite also where the sums are beyond `f64::MAX` |
//! | retractable | yes |
//! | source | `SUM(value * weight) / SUM(weight)` |

use super::{Aggregate, NUMBERS, Reads};
use crate::exact::WeightedTally;

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "weighted_mean",
    reads: Reads::Columns(&[NUMBERS, NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(WeightedMean),
    examples: &[r#""weighted_mean": ["amount", "qty"]"#],
};

/// The mean of one column weighted by another.
#[derive(Clone, Copy, Debug)]
pub struct WeightedMean;

reads_off!((f64, f64), WeightedTally, "weighted_tally/1": WeightedMean "weighted_mean/1" => WeightedTally::mean);
