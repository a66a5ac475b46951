//! The population variance of a column.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`, never negative; null when empty, and while an infinity is in |
//! | state | a count, an exact sum and an exact sum of squares; about 30 bytes stored; shared by all four |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the real-number variance, rounded once |
//! | retractable | yes |
//! | source | SQL `VAR_POP`, but exact: equal values give exactly 0 |

use super::{Aggregate, NUMBERS, Reads};
use crate::exact::Moments;

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "var_pop",
    reads: Reads::Columns(&[NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(VarPop),
    examples: &[r#""var_pop": "amount""#],
};

/// The population variance. An infinity gives null.
#[derive(Clone, Copy, Debug)]
pub struct VarPop;

reads_off!(f64, Moments, "moments/1": VarPop "var_pop/1" => Moments::var_pop);
