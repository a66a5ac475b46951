//! The first or the last few values by event time: `first_k` and `last_k`.

use super::sorted::{End, Moment, Sorted, all_of};
use crate::computer::{Dated, FeatureComputer};
use crate::time::Interval;
use crate::value::{Items, Kind, Shape, Value, ValueRef};

/// The first `k` values by event time, or the last: the one nearest to that end comes first.
#[derive(Clone, Copy, Debug)]
pub struct KByTime<const LAST: bool> {
    kind: Kind,
    k: usize,
}

impl<const LAST: bool> KByTime<LAST> {
    const END: End = if LAST { End::Greatest } else { End::Least };

    /// For values of `kind`, up to `k` of them, at least 1.
    pub const fn new(kind: Kind, k: usize) -> Self {
        Self { kind, k: if k == 0 { 1 } else { k } }
    }
}

impl<const LAST: bool> FeatureComputer for KByTime<LAST> {
    type Input<'a> = Dated<'a, ValueRef<'a>>;
    type State = Sorted<Moment>;

    fn id(&self) -> String {
        format!("{}_k_{}_{}/1", if LAST { "last" } else { "first" }, self.kind, self.k)
    }
    fn output_shape(&self) -> Shape {
        Shape::list(self.kind)
    }
    fn identity(&self) -> Self::State {
        Sorted::new()
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        if state.takes(self.k, Self::END, |known| known.compare(&input)) {
            state.insert(Moment::keep(&input), self.k, Self::END);
        }
    }
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        into.merge(from, self.k, Self::END);
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        let values = state.items().iter().map(|moment| moment.value.clone());
        let values: Items = if LAST { values.rev().collect() } else { values.collect() };
        if values.is_empty() { Value::Null } else { Value::Items(values) }
    }
    fn accepts(&self, state: &Self::State) -> bool {
        state.items().len() <= self.k && all_of(self.kind, state.items().iter().map(|moment| &moment.value))
    }
}
