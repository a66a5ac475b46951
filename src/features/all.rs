//! Whether the column was always true.
//!
//! | | |
//! | --- | --- |
//! | input | `bool`; null is skipped |
//! | output | `bool`; null when empty |
//! | state | two counts, shared by `any` and `all` |
//! | order, duplicates | order irrelevant; duplicates change no answer, but a retraction needs as many |
//! | error | none |
//! | retractable | yes |
//! | source | SQL `BOOL_AND` |

use super::{Aggregate, Reads, Truths};
use crate::computer::FeatureComputer;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "all",
    reads: Reads::Columns(&[&[Kind::Bool]]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(All),
    examples: &[r#""all": "flag""#],
};

/// Whether the column was always true.
#[derive(Clone, Copy, Debug)]
pub struct All;

impl FeatureComputer for All {
    type Input<'a> = bool;
    type State = Truths;
    const GROUP: bool = true;

    fn id(&self) -> String {
        "all/1".into()
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
        if state.count() > 0 { Value::Bool(state.truths() == state.count()) } else { Value::Null }
    }
    #[inline]
    fn retract(&self, state: &mut Truths, input: bool) {
        state.add(-i64::from(input), -1);
    }
}
