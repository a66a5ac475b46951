//! How heavy the tails of a column are against the normal distribution's, taken as the population.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`; null for no values, for equal values, and while an infinity is in |
//! | state | a count and the exact sums of the first four powers, shared by all four |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the central moments are exact and rounded once; then a few roundings, see [`HigherMoments`] |
//! | retractable | yes |
//! | source | `scipy.stats.kurtosis` (g2), but from exact moments |

use super::{Aggregate, NUMBERS, Reads};
use crate::exact::HigherMoments;

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "kurtosis_pop",
    reads: Reads::Columns(&[NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(KurtosisPop),
    examples: &[r#""kurtosis_pop": "amount""#],
};

/// How heavy the tails of a column are against the normal distribution's, taken as the population. An infinity gives null.
#[derive(Clone, Copy, Debug)]
pub struct KurtosisPop;

reads_off!(f64, HigherMoments, "higher_moments/1": KurtosisPop "kurtosis_pop/1" => HigherMoments::kurtosis_pop);
