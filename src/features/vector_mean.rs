//! Averages lists item by item: mean pooling of embeddings.
//!
//! | | |
//! | --- | --- |
//! | input | a list of `length` doubles; null is skipped, and so is NaN in its own place; a list of another length is an error where it enters |
//! | output | a list of `length` doubles; null when empty; NaN in a place without a number |
//! | state | a count and `length` exact sums, shared by `vector_sum` and `vector_mean` |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | each item: the real-number result, rounded once |
//! | retractable | yes |
//! | source | pooling as recommenders do it, but exact |
//!
//! Lists come from records of your own, whose field is a slice, and from Arrow; a `serde_json::Value` has no slice to
//! lend, so its arrays are refused.

use super::{Aggregate, Parameter, Pooled, Reads};
use crate::computer::FeatureComputer;
use crate::exact::Tally;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "vector_mean",
    reads: Reads::Columns(&[&[Kind::List]]),
    dated: false,
    bounded: false,
    parameters: &[Parameter::whole("length", 1, 65_536, None)],
    bind: |given| given.make(VectorMean::new(given.whole("length"))),
    examples: &[r#""vector_mean": "vec", "length": 2"#],
};

/// Averages lists item by item: mean pooling of embeddings.
#[derive(Clone, Copy, Debug)]
pub struct VectorMean {
    length: usize,
}

impl VectorMean {
    /// For lists of `length` doubles.
    pub const fn new(length: usize) -> Self {
        Self { length }
    }
}

impl FeatureComputer for VectorMean {
    type Input<'a> = &'a [f64];
    type State = Pooled;
    const GROUP: bool = true;

    fn id(&self) -> String {
        format!("vector_mean_{}/1", self.length)
    }
    fn state_id(&self) -> String {
        format!("pooled_{}/1", self.length)
    }
    fn output_shape(&self) -> Shape {
        Kind::List.into()
    }
    fn identity(&self) -> Pooled {
        Pooled::default()
    }
    fn update(&self, state: &mut Pooled, input: &[f64]) {
        state.step(input, false, self.length);
    }
    fn merge(&self, into: &mut Pooled, from: &Pooled) {
        into.merge(from);
    }
    fn output(&self, state: &Pooled, _: Interval) -> Value {
        if state.is_empty() {
            return Value::Null;
        }
        let items: Vec<f64> = state.places().iter().map(|place| Tally::mean(place).unwrap_or(f64::NAN)).collect();
        Value::from(items)
    }
    fn retract(&self, state: &mut Pooled, input: &[f64]) {
        state.step(input, true, self.length);
    }
    fn accepts(&self, state: &Pooled) -> bool {
        state.fits(self.length)
    }
}
