//! The greatest or the least few values: `top_k` and `bottom_k`.

use super::sorted::{End, Sorted, all_of};
use crate::computer::FeatureComputer;
use crate::time::Interval;
use crate::value::{Items, Kind, Shape, Value, ValueRef};

/// The `k` greatest values, or the least: the most extreme comes first, equal ones as often as they came.
#[derive(Clone, Copy, Debug)]
pub struct KExtreme<const GREATEST: bool> {
    kind: Kind,
    k: usize,
}

impl<const GREATEST: bool> KExtreme<GREATEST> {
    const END: End = if GREATEST { End::Greatest } else { End::Least };

    /// For values of `kind`, up to `k` of them, at least 1.
    pub const fn new(kind: Kind, k: usize) -> Self {
        Self { kind, k: if k == 0 { 1 } else { k } }
    }
}

impl<const GREATEST: bool> FeatureComputer for KExtreme<GREATEST> {
    type Input<'a> = ValueRef<'a>;
    type State = Sorted<Value>;

    fn id(&self) -> String {
        format!("{}_k_{}_{}/1", if GREATEST { "top" } else { "bottom" }, self.kind, self.k)
    }
    fn output_shape(&self) -> Shape {
        Shape::list(self.kind)
    }
    fn identity(&self) -> Self::State {
        Sorted::new()
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: ValueRef<'_>) {
        if state.takes(self.k, Self::END, |known| known.compare(input)) {
            state.insert(input.to_value(), self.k, Self::END);
        }
    }
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        into.merge(from, self.k, Self::END);
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        let values = state.items().iter().cloned();
        let values: Items = if GREATEST { values.rev().collect() } else { values.collect() };
        if values.is_empty() { Value::Null } else { Value::Items(values) }
    }
    fn accepts(&self, state: &Self::State) -> bool {
        state.items().len() <= self.k && all_of(self.kind, state.items().iter())
    }
}
