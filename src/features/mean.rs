//! Averages a column.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`; null when empty |
//! | state | a count and an exact sum, shared with `sum`; 10 to 13 bytes stored for typical money |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the real-number mean, rounded once |
//! | retractable | yes |
//! | source | SQL `AVG`, but exact |

use std::sync::Arc;

use super::{Aggregate, Reads};
use crate::computer::FeatureComputer;
use crate::exact::Tally;
use crate::value::{Kind, Value};

pub(crate) const AGGREGATE: Aggregate =
    Aggregate { name: "mean", input: Reads::Column(&[Kind::F64]), bind: |_| Some(Arc::new(Mean)) };

/// Averages doubles. Infinities of both signs give null.
#[derive(Clone, Copy, Debug)]
pub struct Mean;

impl FeatureComputer for Mean {
    type Input<'a> = f64;
    type State = Tally;
    const GROUP: bool = true;

    fn id(&self) -> String {
        "mean/1".into()
    }
    fn state_id(&self) -> String {
        "tally/1".into()
    }
    fn output_kind(&self) -> Kind {
        Kind::F64
    }
    fn identity(&self) -> Tally {
        Tally::new()
    }
    #[inline]
    fn update(&self, state: &mut Tally, input: f64) {
        state.add(input);
    }
    #[inline]
    fn merge(&self, into: &mut Tally, from: &Tally) {
        into.merge(from);
    }
    fn output(&self, state: &Tally) -> Value {
        state.mean().into()
    }
    #[inline]
    fn retract(&self, state: &mut Tally, input: f64) {
        state.remove(input);
    }
}
