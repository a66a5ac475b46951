//! The most frequent category.
//!
//! | | |
//! | --- | --- |
//! | input | any kind but list; null is skipped |
//! | output | the input's kind, the least of equally frequent ones; null when empty, and where `limit` leaves it open |
//! | state | a count a category, up to `limit` categories, shared by `histogram`, `mode` and `entropy` |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | none: an answer that the limit makes uncertain is not given |
//! | retractable | no: a category let go cannot come back |
//! | source | SQL `MODE`, with ties decided by the data |

use super::{Aggregate, Buckets, By, CATEGORIES, Count, Keyed, LIMIT, Reads};
use crate::computer::FeatureComputer;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "mode",
    reads: Reads::Columns(&[CATEGORIES]),
    dated: false,
    bounded: false,
    parameters: &[LIMIT],
    bind: |given| given.make(Mode::new(given.kind(0), given.whole("limit"))),
    examples: &[r#""mode": "word""#, r#""mode": "qty", "limit": 2"#],
};

/// The most frequent category.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    counts: By<Count>,
    kind: Kind,
}

impl Mode {
    /// For categories of `kind`, up to `limit` of them apart.
    pub const fn new(kind: Kind, limit: usize) -> Self {
        Self { counts: By::new(Count, kind, limit), kind }
    }
}

impl FeatureComputer for Mode {
    type Input<'a> = Keyed<'a, ()>;
    type State = Buckets<u64>;

    fn id(&self) -> String {
        format!("mode_{}/1({})", self.kind, self.counts.id())
    }
    fn state_id(&self) -> String {
        self.counts.state_id()
    }
    fn output_shape(&self) -> Shape {
        self.kind.into()
    }
    fn identity(&self) -> Self::State {
        Buckets::new()
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        self.counts.update(state, input);
    }
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        self.counts.merge(into, from);
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        let best = state.iter().max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| b.cmp(a)));
        let beyond = state.other().copied().unwrap_or(0);
        // A category beyond the limit has at most all that was counted there.
        best.filter(|(_, count)| **count > beyond).map_or(Value::Null, |(category, _)| category.clone())
    }
    fn accepts(&self, state: &Self::State) -> bool {
        self.counts.accepts(state)
    }
}
