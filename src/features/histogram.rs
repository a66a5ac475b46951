//! Counts the events of each category.
//!
//! | | |
//! | --- | --- |
//! | input | any kind but list; null is skipped |
//! | output | a map from category to `i64`, by category; empty, not null, when empty; beyond `limit` categories those of greatest hash are counted together, under a null key |
//! | state | a count a category, up to `limit` categories, shared by `histogram`, `mode` and `entropy` |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | none |
//! | retractable | no: a category let go cannot come back |
//! | source | DuckDB's `histogram`, with a limit |

use super::{Aggregate, Buckets, By, CATEGORIES, Count, Keyed, LIMIT, Reads};
use crate::computer::FeatureComputer;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "histogram",
    reads: Reads::Columns(&[CATEGORIES]),
    dated: false,
    bounded: false,
    parameters: &[LIMIT],
    bind: |given| given.make(Histogram::new(given.kind(0), given.whole("limit"))),
    examples: &[r#""histogram": "word""#, r#""histogram": "qty", "limit": 2"#],
};

/// Counts by category.
#[derive(Clone, Copy, Debug)]
pub struct Histogram {
    counts: By<Count>,
    kind: Kind,
}

impl Histogram {
    /// For categories of `kind`, up to `limit` of them apart.
    pub const fn new(kind: Kind, limit: usize) -> Self {
        Self { counts: By::new(Count, kind, limit), kind }
    }
}

impl FeatureComputer for Histogram {
    type Input<'a> = Keyed<'a, ()>;
    type State = Buckets<u64>;
    const NULLABLE: bool = false;

    fn id(&self) -> String {
        format!("histogram_{}/1({})", self.kind, self.counts.id())
    }
    fn state_id(&self) -> String {
        self.counts.state_id()
    }
    fn output_shape(&self) -> Shape {
        Shape::map(self.kind, Kind::I64)
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
    fn output(&self, state: &Self::State, over: Interval) -> Value {
        self.counts.output(state, over)
    }
    fn accepts(&self, state: &Self::State) -> bool {
        self.counts.accepts(state)
    }
}
