//! The last list of a column, by event time.
//!
//! | | |
//! | --- | --- |
//! | input | a list of `length` doubles; null is skipped; a list of another length is an error where it enters |
//! | output | a list of `length` doubles; null when empty |
//! | state | the event time, the tie break, and the list |
//! | order, duplicates | irrelevant: the greatest by (event time, tie break, list), never by arrival |
//! | error | none |
//! | retractable | no |
//! | source | `last` with a length to hold the lists to |
//!
//! Lists come from records of your own, whose field is a slice, and from Arrow; a `serde_json::Value` has no slice to
//! lend, so its arrays are refused.

use super::last::LastState;
use super::{Aggregate, Last, Parameter, Reads};
use crate::computer::{Dated, FeatureComputer};
use crate::time::Interval;
use crate::value::{Kind, List, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "vector_last",
    reads: Reads::Columns(&[&[Kind::List]]),
    dated: true,
    bounded: false,
    parameters: &[Parameter::whole("length", 1, 65_536, None)],
    bind: |given| given.make(VectorLast::new(given.whole("length"))),
    examples: &[r#""vector_last": "vec", "length": 2"#, r#""vector_last": "vec", "length": 2, "tie_break": "qty""#],
};

/// The last list by event time, of one length.
#[derive(Clone, Debug)]
pub struct VectorLast {
    last: Last<List>,
    length: usize,
}

impl VectorLast {
    /// For lists of `length` doubles.
    pub const fn new(length: usize) -> Self {
        Self { last: Last::new(), length }
    }
}

impl FeatureComputer for VectorLast {
    type Input<'a> = Dated<'a, &'a [f64]>;
    type State = Option<LastState<List>>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("vector_last_{}/1", self.length)
    }
    fn output_shape(&self) -> Shape {
        Kind::List.into()
    }
    fn identity(&self) -> Self::State {
        None
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        self.last.update(state, input);
    }
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        self.last.merge(into, from);
    }
    fn output(&self, state: &Self::State, over: Interval) -> Value {
        self.last.output(state, over)
    }
    fn accepts(&self, state: &Self::State) -> bool {
        state.as_ref().is_none_or(|last| last.value().len() == self.length)
    }
}
