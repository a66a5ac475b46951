//! The population covariance of two columns.
//!
//! | | |
//! | --- | --- |
//! | input | two columns of `f64` (integers are taken as doubles); an event with a null in either is skipped |
//! | output | `f64`; null when empty, and while an infinity is in |
//! | state | a count and five exact sums, shared by `cov_pop`, `cov_samp` and `corr` |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the real-number covariance, rounded once |
//! | retractable | yes |
//! | source | SQL `COVAR_POP`, but exact |

use super::{Aggregate, NUMBERS, Reads};
use crate::exact::CoMoments;

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "cov_pop",
    reads: Reads::Columns(&[NUMBERS, NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(CovPop),
    examples: &[r#""cov_pop": ["amount", "qty"]"#],
};

/// The population covariance of two columns.
#[derive(Clone, Copy, Debug)]
pub struct CovPop;

reads_off!((f64, f64), CoMoments, "comoments/1": CovPop "cov_pop/1" => CoMoments::cov_pop);
