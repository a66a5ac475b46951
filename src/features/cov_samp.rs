//! The sample covariance of two columns.
//!
//! | | |
//! | --- | --- |
//! | input | two columns of `f64` (integers are taken as doubles); an event with a null in either is skipped |
//! | output | `f64`; null for fewer than two pairs, and while an infinity is in |
//! | state | a count and five exact sums, shared by `cov_pop`, `cov_samp` and `corr` |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the real-number covariance, rounded once |
//! | retractable | yes |
//! | source | SQL `COVAR_SAMP`, but exact |

use super::{Aggregate, NUMBERS, Reads};
use crate::exact::CoMoments;

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "cov_samp",
    reads: Reads::Columns(&[NUMBERS, NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(CovSamp),
    examples: &[r#""cov_samp": ["amount", "qty"]"#],
};

/// The sample covariance of two columns.
#[derive(Clone, Copy, Debug)]
pub struct CovSamp;

reads_off!((f64, f64), CoMoments, "comoments/1": CovSamp "cov_samp/1" => CoMoments::cov_samp);
