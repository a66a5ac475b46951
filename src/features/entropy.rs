//! How evenly events are spread over categories, in bits.
//!
//! | | |
//! | --- | --- |
//! | input | any kind but list; null is skipped |
//! | output | `f64`, from 0 for one category to log2 of their number; null when empty, and beyond `limit` categories |
//! | state | a count a category, up to `limit` categories, shared by `histogram`, `mode` and `entropy` |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | a few roundings: below 1e-12 bits, which matters where nearly all events are of one category |
//! | retractable | no: a category let go cannot come back |
//! | source | DuckDB's `entropy`: Shannon's, in bits |

use super::{Aggregate, Buckets, By, CATEGORIES, Count, Keyed, LIMIT, Reads};
use crate::computer::FeatureComputer;
use crate::math::log2;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "entropy",
    reads: Reads::Columns(&[CATEGORIES]),
    dated: false,
    bounded: false,
    parameters: &[LIMIT],
    bind: |given| given.make(Entropy::new(given.kind(0), given.whole("limit"))),
    examples: &[r#""entropy": "word""#, r#""entropy": "qty", "limit": 2"#],
};

/// Shannon's entropy of the categories, in bits.
#[derive(Clone, Copy, Debug)]
pub struct Entropy {
    counts: By<Count>,
    kind: Kind,
}

impl Entropy {
    /// For categories of `kind`, up to `limit` of them apart.
    pub const fn new(kind: Kind, limit: usize) -> Self {
        Self { counts: By::new(Count, kind, limit), kind }
    }
}

impl FeatureComputer for Entropy {
    type Input<'a> = Keyed<'a, ()>;
    type State = Buckets<u64>;

    fn id(&self) -> String {
        format!("entropy_{}/1({})", self.kind, self.counts.id())
    }
    fn state_id(&self) -> String {
        self.counts.state_id()
    }
    fn output_shape(&self) -> Shape {
        Kind::F64.into()
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
        let total = state.iter().fold(0u64, |total, (_, count)| total.saturating_add(*count));
        if total == 0 || state.other().is_some() {
            return Value::Null;
        }
        let total = total as f64;
        // In the order of the keys' hashes, which depends on the set of keys alone.
        let shares = state.iter().map(|(_, count)| *count as f64 / total).filter(|share| *share > 0.0);
        let bits = shares.fold(0.0, |bits, share| bits - share * log2(share));
        Value::from(bits)
    }
    fn accepts(&self, state: &Self::State) -> bool {
        self.counts.accepts(state)
    }
}
