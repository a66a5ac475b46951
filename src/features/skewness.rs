//! How lopsided the values of a column are, corrected for the sample.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`; null for fewer than 3 values, for equal values, and while an infinity is in |
//! | state | a count and the exact sums of the first four powers, shared by all four |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the central moments are exact and rounded once; then a few roundings, see [`HigherMoments`] |
//! | retractable | yes |
//! | source | DuckDB, pandas and Excel `SKEW` (G1), but from exact moments |

use super::{Aggregate, NUMBERS, Reads};
use crate::exact::HigherMoments;

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "skewness",
    reads: Reads::Columns(&[NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(Skewness),
    examples: &[r#""skewness": "amount""#, r#""skewness": "qty", "retract": {"flag": true}"#],
};

/// How lopsided the values of a column are, corrected for the sample. An infinity gives null.
#[derive(Clone, Copy, Debug)]
pub struct Skewness;

reads_off!(f64, HigherMoments, "higher_moments/1": Skewness "skewness/1" => HigherMoments::skewness_samp);
