//! How lopsided the values of a column are, taken as the population.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`; null for no values, for equal values, and while an infinity is in |
//! | state | a count and the exact sums of the first four powers, shared by all four |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the central moments are exact and rounded once; then a few roundings, see [`HigherMoments`] |
//! | retractable | yes |
//! | source | `scipy.stats.skew` (g1), but from exact moments |

use super::{Aggregate, NUMBERS, Reads};
use crate::exact::HigherMoments;

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "skewness_pop",
    reads: Reads::Columns(&[NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(SkewnessPop),
    examples: &[r#""skewness_pop": "amount""#],
};

/// How lopsided the values of a column are, taken as the population. An infinity gives null.
#[derive(Clone, Copy, Debug)]
pub struct SkewnessPop;

reads_off!(f64, HigherMoments, "higher_moments/1": SkewnessPop "skewness_pop/1" => HigherMoments::skewness_pop);
