//! About the most frequent values of a column, and how often they came.
//!
//! | | |
//! | --- | --- |
//! | input | any kind but list; null is skipped |
//! | output | a map from value to `i64`, the most frequent first, the lesser of equally frequent ones first; empty, not null, when empty |
//! | state | a Count-Min sketch and up to `candidates` values |
//! | order, duplicates | order irrelevant; duplicates count; events of one time and value are one candidate unless a `tie_break`, such as an event id, tells them apart |
//! | error | counts as in `approx_frequency`; a value that makes up a share `f` of the events is missed with probability about (1 - f)^`candidates`; see [`HeavyHitters`] |
//! | retractable | no |
//! | source | candidates by bottom-k sampling of event hashes, which unlike a heap survive any partition |

use std::sync::Arc;

use super::{Aggregate, CATEGORIES, Given, MAX_K, Parameter, Reads};
use crate::computer::{Accuracy, Dated, FeatureComputer};
use crate::error::{Error, Result};
use crate::fold::Fold;
use crate::sketches::{HeavyHitters, ValueHash};
use crate::time::Interval;
use crate::value::{Kind, Shape, Value, ValueRef};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "approx_top_k",
    reads: Reads::Columns(&[CATEGORIES]),
    dated: true,
    bounded: false,
    parameters: &[
        Parameter::whole("k", 1, MAX_K, Some(10)),
        Parameter::whole("candidates", 1, 65_536, Some(256)),
        Parameter::number("epsilon", 1e-6, 0.5, 0.001),
        Parameter::number("delta", 1e-9, 0.5, 0.01),
        Parameter::whole("seed", 0, i64::MAX, Some(0)),
    ],
    bind,
    examples: &[
        r#""approx_top_k": "word", "k": 2"#,
        r#""approx_top_k": "qty", "k": 2, "candidates": 2, "epsilon": 0.5, "tie_break": "amount""#,
    ],
};

fn bind(given: &Given<'_>) -> std::result::Result<Arc<dyn Fold>, String> {
    let (k, candidates) = (given.whole("k"), given.whole("candidates"));
    if candidates < k {
        return Err(format!("`candidates` is {candidates}, expected at least `k`, which is {k}"));
    }
    let hash = ValueHash::new(given.whole("seed") as u64);
    let sketch = HeavyHitters::with_hash(candidates, given.number("epsilon"), given.number("delta"), hash);
    let empty = sketch.map_err(|why| why.to_string())?;
    given.make(ApproxTopK { kind: given.kind(0), k, empty })
}

/// About the most frequent values, and how often they came.
#[derive(Clone, Debug)]
pub struct ApproxTopK {
    kind: Kind,
    k: usize,
    empty: HeavyHitters,
}

impl ApproxTopK {
    /// The `k` most frequent values of `kind`, from 256 candidates, with an epsilon of 0.001 and a delta of 0.01.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter): a `k` of 1 to 256 is accepted, 257 is not.
    pub fn new(kind: Kind, k: usize) -> Result<Self> {
        if !(1..=256).contains(&k) {
            return Err(Error::parameter("k", k, "1 to 256, the number of candidates"));
        }
        Ok(Self { kind, k, empty: HeavyHitters::new(256, 0.001, 0.01)? })
    }
}

impl FeatureComputer for ApproxTopK {
    type Input<'a> = Dated<'a, ValueRef<'a>>;
    type State = HeavyHitters;
    const NULLABLE: bool = false;

    fn id(&self) -> String {
        format!("approx_top_k_{}_{}/1({})", self.kind, self.k, FeatureComputer::state_id(self))
    }
    fn state_id(&self) -> String {
        let (sketch, counts) = (&self.empty, self.empty.counts());
        let (width, depth, seed) = (counts.width(), counts.depth(), counts.hash().seed());
        format!("heavy_hitters_{}_{}_{width}_{depth}_{seed}/1", self.kind, sketch.candidates())
    }
    fn output_shape(&self) -> Shape {
        Shape::map(self.kind, Kind::I64)
    }
    fn accuracy(&self) -> Accuracy {
        Accuracy::Overestimate { epsilon: self.empty.counts().epsilon(), delta: self.empty.counts().delta() }
    }
    fn identity(&self) -> HeavyHitters {
        self.empty.clone()
    }
    #[inline]
    fn update(&self, state: &mut HeavyHitters, input: Self::Input<'_>) {
        // What tells this event from others: its time, and its id if there is one.
        let event = ValueHash::new(input.at.as_micros() as u64).hash(input.tie);
        state.insert(input.input, event);
    }
    fn merge(&self, into: &mut HeavyHitters, from: &HeavyHitters) {
        // Both have these parameters: `accepts` saw to it.
        let _ = into.merge(from);
    }
    fn output(&self, state: &HeavyHitters, _: Interval) -> Value {
        let count = |count| i64::try_from(count).map_or(Value::Overflow, Value::I64);
        Value::Map(state.top(self.k).into_iter().map(|(value, n)| (value, count(n))).collect())
    }
    fn accepts(&self, state: &HeavyHitters) -> bool {
        let (theirs, ours) = (state.counts(), self.empty.counts());
        (theirs.width(), theirs.depth(), theirs.hash()) == (ours.width(), ours.depth(), ours.hash())
            && state.candidates() == self.empty.candidates()
            && state.top(usize::MAX).iter().all(|(key, _)| key.kind() == Some(self.kind))
    }
}
