//! The population standard deviation of a column.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`, never negative; null when empty, and while an infinity is in |
//! | state | a count, an exact sum and an exact sum of squares; about 30 bytes stored; shared by all four |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the square root of the variance rounded once; `sqrt` itself rounds correctly |
//! | retractable | yes |
//! | source | SQL `STDDEV_POP`, but exact: equal values give exactly 0 |

use super::{Aggregate, NUMBERS, Reads};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "stddev_pop",
    reads: Reads::Columns(&[NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(StddevPop),
    examples: &[r#""stddev_pop": "amount""#],
};

/// The population standard deviation. An infinity gives null.
#[derive(Clone, Copy, Debug)]
pub struct StddevPop;

reads_off!(f64, Moments, "moments/1": StddevPop "stddev_pop/1" => |state| state.var_pop().map(f64::sqrt));
