//! The `k` least values of a column.
//!
//! | | |
//! | --- | --- |
//! | input | any kind but list; null is skipped |
//! | output | a list of the input's kind, least first; null when empty |
//! | state | up to `k` values |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | none |
//! | retractable | no |
//! | source | Chronon's `BOTTOM_K` |

use super::parts::{End, all_of};
use super::{Aggregate, MAX_K, ORDERED, Parameter, Reads, Sorted};
use crate::computer::FeatureComputer;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value, ValueRef};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "bottom_k",
    reads: Reads::Columns(&[ORDERED]),
    dated: false,
    bounded: false,
    parameters: &[Parameter::whole("k", 1, MAX_K, None)],
    bind: |given| given.make(BottomK::new(given.kind(0), given.whole("k"))),
    examples: &[r#""bottom_k": "amount", "k": 3"#, r#""bottom_k": "word", "k": 2"#],
};

/// The `k` least values, equal ones as often as they came.
#[derive(Clone, Copy, Debug)]
pub struct BottomK {
    kind: Kind,
    k: usize,
}

impl BottomK {
    /// For values of `kind`, up to `k` of them, at least 1.
    pub const fn new(kind: Kind, k: usize) -> Self {
        Self { kind, k: if k == 0 { 1 } else { k } }
    }
}

impl FeatureComputer for BottomK {
    type Input<'a> = ValueRef<'a>;
    type State = Sorted<Value>;

    fn id(&self) -> String {
        format!("bottom_k_{}_{}/1", self.kind, self.k)
    }
    fn output_shape(&self) -> Shape {
        Shape::list(self.kind)
    }
    fn identity(&self) -> Self::State {
        Sorted::new()
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: ValueRef<'_>) {
        if state.takes(self.k, End::Least, |known| known.compare(input)) {
            state.insert(input.to_value(), self.k, End::Least);
        }
    }
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        into.merge(from, self.k, End::Least);
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        if state.items().is_empty() {
            return Value::Null;
        }
        Value::Items(state.items().iter().cloned().collect())
    }
    fn accepts(&self, state: &Self::State) -> bool {
        state.items().len() <= self.k && all_of(self.kind, state.items().iter())
    }
}
