//! Whether the column was ever true.
//!
//! | | |
//! | --- | --- |
//! | input | `bool`; null is skipped |
//! | output | `bool`; null when empty |
//! | state | two counts, shared by `any` and `all` |
//! | order, duplicates | order irrelevant; duplicates change no answer, but a retraction needs as many |
//! | error | none |
//! | retractable | yes |
//! | source | SQL `BOOL_OR` |

use serde::{Deserialize, Serialize};

use super::{Aggregate, Reads};
use crate::computer::FeatureComputer;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "any",
    reads: Reads::Columns(&[&[Kind::Bool]]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(Any),
    examples: &[r#""any": "flag""#],
};

/// How often a column was true, and how often it was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Truths {
    truths: i64,
    count: i64,
}

impl Truths {
    /// How often it was true.
    pub const fn truths(self) -> i64 {
        self.truths
    }

    /// How often it was there.
    pub const fn count(self) -> i64 {
        self.count
    }

    /// Counts values in, or out if `count` is negative; wrapping, so that the group laws always hold.
    #[inline]
    pub(crate) const fn add(&mut self, truths: i64, count: i64) {
        self.truths = self.truths.wrapping_add(truths);
        self.count = self.count.wrapping_add(count);
    }
}

/// Whether the column was ever true.
#[derive(Clone, Copy, Debug)]
pub struct Any;

impl FeatureComputer for Any {
    type Input<'a> = bool;
    type State = Truths;
    const GROUP: bool = true;

    fn id(&self) -> String {
        "any/1".into()
    }
    fn state_id(&self) -> String {
        "truths/1".into()
    }
    fn output_shape(&self) -> Shape {
        Kind::Bool.into()
    }
    fn identity(&self) -> Truths {
        Truths::default()
    }
    #[inline]
    fn update(&self, state: &mut Truths, input: bool) {
        state.add(i64::from(input), 1);
    }
    #[inline]
    fn merge(&self, into: &mut Truths, from: &Truths) {
        into.add(from.truths(), from.count());
    }
    fn output(&self, state: &Truths, _: Interval) -> Value {
        if state.count() > 0 { Value::Bool(state.truths() > 0) } else { Value::Null }
    }
    #[inline]
    fn retract(&self, state: &mut Truths, input: bool) {
        state.add(-i64::from(input), -1);
    }
}
