//! The correlation of two columns.
//!
//! | | |
//! | --- | --- |
//! | input | two columns of `f64` (integers are taken as doubles); an event with a null in either is skipped |
//! | output | `f64`, from -1 to 1; null for fewer than two pairs, where either column is constant, and while an infinity is in |
//! | state | a count and five exact sums, shared by `cov_pop`, `cov_samp` and `corr` |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | exact sums, a few roundings; columns that are exactly linear give exactly 1 or -1 |
//! | retractable | yes |
//! | source | SQL `CORR` (Pearson), but exact |

use super::{Aggregate, NUMBERS, Reads};
use crate::exact::CoMoments;

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "corr",
    reads: Reads::Columns(&[NUMBERS, NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(Corr),
    examples: &[r#""corr": ["amount", "qty"]"#],
};

/// The correlation of two columns.
#[derive(Clone, Copy, Debug)]
pub struct Corr;

reads_off!((f64, f64), CoMoments, "comoments/1": Corr "corr/1" => CoMoments::corr);
