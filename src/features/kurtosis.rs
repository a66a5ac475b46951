//! How heavy the tails of a column are against the normal distribution's, corrected for the sample.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`; null for fewer than 4 values, for equal values, and while an infinity is in |
//! | state | a count and the exact sums of the first four powers, shared by all four |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the central moments are exact and rounded once; then a few roundings, see [`HigherMoments`] |
//! | retractable | yes |
//! | source | DuckDB, pandas and Excel `KURT` (G2), but from exact moments |

use super::{Aggregate, NUMBERS, Reads};
use crate::exact::HigherMoments;

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "kurtosis",
    reads: Reads::Columns(&[NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(Kurtosis),
    examples: &[r#""kurtosis": "amount""#],
};

/// How heavy the tails of a column are against the normal distribution's, corrected for the sample. An infinity gives null.
#[derive(Clone, Copy, Debug)]
pub struct Kurtosis;

reads_off!(f64, HigherMoments, "higher_moments/1": Kurtosis "kurtosis/1" => HigherMoments::kurtosis_samp);
