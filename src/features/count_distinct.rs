//! Counts the different values of a column, exactly up to a limit.
//!
//! | | |
//! | --- | --- |
//! | input | any kind but list; null is skipped |
//! | output | `i64`; 0 when empty; `limit + 1` says that there are more than `limit` |
//! | state | the values, up to `limit` of them; one byte once there are more |
//! | order, duplicates | irrelevant; duplicates are harmless |
//! | error | none up to `limit`; beyond it the answer says only that it is beyond |
//! | retractable | no |
//! | source | SQL `COUNT(DISTINCT)`; `approx_distinct` has no limit |

use serde::{Deserialize, Serialize};

use super::parts::{End, all_of};
use super::{Aggregate, CATEGORIES, Parameter, Reads, Sorted};
use crate::computer::FeatureComputer;
use crate::table::Columnar;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value, ValueRef};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "count_distinct",
    reads: Reads::Columns(&[CATEGORIES]),
    dated: false,
    bounded: false,
    parameters: &[Parameter::whole("limit", 1, 10_000, Some(1_000))],
    bind: |given| given.make(CountDistinct::new(given.kind(0), given.whole("limit"))),
    examples: &[
        r#""count_distinct": "word""#,
        r#""count_distinct": "qty", "limit": 2"#,
        r#""count_distinct": "amount", "limit": 3, "by": "flag""#,
    ],
};

/// Counts different values, exactly up to a limit.
#[derive(Clone, Copy, Debug)]
pub struct CountDistinct {
    kind: Kind,
    limit: usize,
}

/// The different values, or that there were more than the limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CountDistinctState {
    /// Each value once.
    Values(Sorted<Value>),
    /// More than the limit.
    More,
}

impl CountDistinct {
    /// For values of `kind`, told apart up to `limit`.
    pub const fn new(kind: Kind, limit: usize) -> Self {
        Self { kind, limit }
    }

    /// Whether there are more than the limit depends on the set of values alone, so nothing more is needed then.
    fn check(&self, state: &mut CountDistinctState) {
        if matches!(state, CountDistinctState::Values(values) if values.items().len() > self.limit) {
            *state = CountDistinctState::More;
        }
    }
}

impl FeatureComputer for CountDistinct {
    type Input<'a> = ValueRef<'a>;
    type State = CountDistinctState;
    const IDEMPOTENT: bool = true;
    const NULLABLE: bool = false;

    fn id(&self) -> String {
        format!("count_distinct_{}_{}/1", self.kind, self.limit)
    }
    fn output_shape(&self) -> Shape {
        Kind::I64.into()
    }
    fn identity(&self) -> Self::State {
        CountDistinctState::Values(Sorted::new())
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: ValueRef<'_>) {
        if let CountDistinctState::Values(values) = state
            && values.items().binary_search_by(|known| known.compare(input)).is_err()
        {
            values.insert_once(input.to_value(), usize::MAX, End::Least);
            self.check(state);
        }
    }
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        match (&mut *into, from) {
            (CountDistinctState::Values(values), CountDistinctState::Values(more)) => {
                values.merge_once(more, usize::MAX, End::Least);
            }
            (_, CountDistinctState::More) => *into = CountDistinctState::More,
            (CountDistinctState::More, _) => {}
        }
        self.check(into);
    }
    fn columnar(&self) -> Columnar {
        Columnar::Distinct(self.limit)
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        let count = match state {
            CountDistinctState::Values(values) => values.items().len(),
            CountDistinctState::More => self.limit + 1,
        };
        Value::I64(count as i64)
    }
    fn accepts(&self, state: &Self::State) -> bool {
        match state {
            CountDistinctState::Values(values) => {
                let once = values.items().windows(2).all(|pair| matches!(pair, [a, b] if a != b));
                once && values.items().len() <= self.limit && all_of(self.kind, values.items().iter())
            }
            CountDistinctState::More => true,
        }
    }
}
