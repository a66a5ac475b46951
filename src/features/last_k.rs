//! The last `k` values of a column, by event time.
//!
//! | | |
//! | --- | --- |
//! | input | any kind; null is skipped |
//! | output | a list of the input's kind, latest first; null when empty |
//! | state | up to `k` values with event time and tie break |
//! | order, duplicates | order irrelevant: by (event time, tie break, value), never by arrival; duplicates count |
//! | error | none |
//! | retractable | no |
//! | source | Chronon's `LAST_K`, with ties decided by the data |

use std::cmp::Ordering;

use super::parts::{End, all_of};
use super::{Aggregate, CARRIED, MAX_K, Moment, Parameter, Reads, Sorted};
use crate::computer::{Dated, FeatureComputer};
use crate::time::Interval;
use crate::value::{Kind, Shape, Value, ValueRef};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "last_k",
    reads: Reads::Columns(&[CARRIED]),
    dated: true,
    bounded: false,
    parameters: &[Parameter::whole("k", 1, MAX_K, None)],
    bind: |given| given.make(LastK::new(given.kind(0), given.whole("k"))),
    examples: &[
        r#""last_k": "word", "k": 3"#,
        r#""last_k": "amount", "k": 2, "tie_break": "qty""#,
        r#""last_k": "vec", "k": 1"#,
    ],
};

/// The last `k` values by event time.
#[derive(Clone, Copy, Debug)]
pub struct LastK {
    kind: Kind,
    k: usize,
}

impl LastK {
    /// For values of `kind`, up to `k` of them, at least 1.
    pub const fn new(kind: Kind, k: usize) -> Self {
        Self { kind, k: if k == 0 { 1 } else { k } }
    }
}

impl FeatureComputer for LastK {
    type Input<'a> = Dated<'a, ValueRef<'a>>;
    type State = Sorted<Moment>;

    fn id(&self) -> String {
        format!("last_k_{}_{}/1", self.kind, self.k)
    }
    fn output_shape(&self) -> Shape {
        Shape::list(self.kind)
    }
    fn identity(&self) -> Self::State {
        Sorted::new()
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        let order = |known: &Moment| {
            let by_tie = || known.tie.compare(input.tie);
            known.at.cmp(&input.at).then_with(by_tie).then_with(|| known.value.compare(input.input))
        };
        if state.takes(self.k, End::Greatest, |known| -> Ordering { order(known) }) {
            let moment = Moment { at: input.at, tie: input.tie.to_value(), value: input.input.to_value() };
            state.insert(moment, self.k, End::Greatest);
        }
    }
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        into.merge(from, self.k, End::Greatest);
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        if state.items().is_empty() {
            return Value::Null;
        }
        Value::Items(state.items().iter().rev().map(|moment| moment.value.clone()).collect())
    }
    fn accepts(&self, state: &Self::State) -> bool {
        state.items().len() <= self.k && all_of(self.kind, state.items().iter().map(|moment| &moment.value))
    }
}
