//! The last `k` different values of a column, by event time.
//!
//! | | |
//! | --- | --- |
//! | input | any kind but list; null is skipped |
//! | output | a list of the input's kind, the latest first; null when empty |
//! | state | up to `k` values, each with the event time and tie break of its latest event |
//! | order, duplicates | irrelevant: by (event time, tie break, value), never by arrival; duplicates are harmless |
//! | error | none |
//! | retractable | no |
//! | source | Chronon's `UNIQUE_LAST_K` |

use super::parts::{End, all_of};
use super::{Aggregate, CATEGORIES, MAX_K, Moment, Parameter, Reads, Sorted};
use crate::computer::{Dated, FeatureComputer};
use crate::time::Interval;
use crate::value::{Kind, Shape, Value, ValueRef};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "last_distinct_k",
    reads: Reads::Columns(&[CATEGORIES]),
    dated: true,
    bounded: false,
    parameters: &[Parameter::whole("k", 1, MAX_K, None)],
    bind: |given| given.make(LastDistinctK::new(given.kind(0), given.whole("k"))),
    examples: &[r#""last_distinct_k": "word", "k": 2"#, r#""last_distinct_k": "qty", "k": 3, "tie_break": "amount""#],
};

/// The last `k` different values by event time.
#[derive(Clone, Copy, Debug)]
pub struct LastDistinctK {
    kind: Kind,
    k: usize,
}

impl LastDistinctK {
    /// For values of `kind`, up to `k` of them, at least 1.
    pub const fn new(kind: Kind, k: usize) -> Self {
        Self { kind, k: if k == 0 { 1 } else { k } }
    }

    /// Takes a moment if it is the latest of its value and late enough to be kept.
    fn take(&self, state: &mut Sorted<Moment>, at: &Moment) {
        // A value let go has `k` later ones before it for good, until an event later still brings it back.
        match state.items().iter().position(|known| known.value == at.value) {
            Some(place) if state.items().get(place).is_some_and(|known| known < at) => state.remove(place),
            Some(_) => return,
            None => {}
        }
        state.insert(at.clone(), self.k, End::Greatest);
    }
}

impl FeatureComputer for LastDistinctK {
    type Input<'a> = Dated<'a, ValueRef<'a>>;
    type State = Sorted<Moment>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("last_distinct_k_{}_{}/1", self.kind, self.k)
    }
    fn output_shape(&self) -> Shape {
        Shape::list(self.kind)
    }
    fn identity(&self) -> Self::State {
        Sorted::new()
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        if state.takes(self.k, End::Greatest, |known| known.compare(&input)) {
            self.take(state, &Moment::keep(&input));
        }
    }
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        for moment in from.items() {
            self.take(into, moment);
        }
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        if state.items().is_empty() {
            return Value::Null;
        }
        Value::Items(state.items().iter().rev().map(|moment| moment.value.clone()).collect())
    }
    fn accepts(&self, state: &Self::State) -> bool {
        let mut values: Vec<&Value> = state.items().iter().map(|moment| &moment.value).collect();
        values.sort_unstable();
        values.len() <= self.k
            && all_of(self.kind, values.iter().copied())
            && values.windows(2).all(|pair| matches!(pair, [a, b] if a != b))
    }
}
