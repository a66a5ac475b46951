//! Sums the products of two columns.
//!
//! | | |
//! | --- | --- |
//! | input | two columns, `[value, weight]`, `f64` (integers are taken as doubles); an event with a null in either is skipped |
//! | output | `f64`; 0 when empty; null for infinities of both signs, and for an infinity times 0 |
//! | state | a count and two exact sums, shared with `weighted_mean` |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the real-number sum, rounded once: no product is rounded |
//! | retractable | yes |
//! | source | `SUM(a * b)`, but exact |

use super::{Aggregate, NUMBERS, Reads};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "sum_product",
    reads: Reads::Columns(&[NUMBERS, NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(SumProduct),
    examples: &[r#""sum_product": ["amount", "qty"]"#],
};

/// Sums the products of two columns.
#[derive(Clone, Copy, Debug)]
pub struct SumProduct;

reads_off!((f64, f64), WeightedTally, "weighted_tally/1": SumProduct "sum_product/1" => |state| state.products().value());
