//! Averages a column.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`; null when empty |
//! | state | a count and an exact sum; 10 to 13 bytes stored for typical money |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the real-number mean, rounded once |
//! | retractable | yes |
//! | source | SQL `AVG`, but exact |

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Aggregate, Reads};
use crate::computer::FeatureComputer;
use crate::exact::ExactSum;
use crate::value::{Kind, Value};

pub(crate) const AGGREGATE: Aggregate =
    Aggregate { name: "mean", input: Reads::Column(&[Kind::F64]), bind: |_| Some(Arc::new(Mean)) };

/// Averages doubles. Infinities of both signs give null.
#[derive(Clone, Copy, Debug)]
pub struct Mean;

/// How many values, and their exact sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MeanState {
    count: u64,
    total: ExactSum,
}

impl FeatureComputer for Mean {
    type Input<'a> = f64;
    type State = MeanState;
    const GROUP: bool = true;

    fn id(&self) -> String {
        "mean/1".into()
    }
    fn output_kind(&self) -> Kind {
        Kind::F64
    }
    fn identity(&self) -> MeanState {
        MeanState::default()
    }
    #[inline]
    fn update(&self, state: &mut MeanState, input: f64) {
        state.count = state.count.wrapping_add(1);
        state.total.add(input);
    }
    #[inline]
    fn merge(&self, into: &mut MeanState, from: &MeanState) {
        into.count = into.count.wrapping_add(from.count);
        into.total.merge(&from.total);
    }
    fn output(&self, state: &MeanState) -> Value {
        state.total.mean(state.count).into()
    }
    #[inline]
    fn retract(&self, state: &mut MeanState, input: f64) {
        state.count = state.count.wrapping_sub(1);
        state.total.remove(input);
    }
}
