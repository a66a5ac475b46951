//! The population standard deviation of a column.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`, never negative; null for fewer than one value |
//! | state | a count, an exact sum and an exact sum of squares; about 30 bytes stored; shared by all four |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the square root of the variance rounded once; `sqrt` itself rounds correctly |
//! | retractable | yes |
//! | source | SQL `STDDEV_POP`, but exact: equal values give exactly 0 |

use std::sync::Arc;

use super::{Aggregate, Reads};
use crate::computer::FeatureComputer;
use crate::exact::Moments;
use crate::value::{Kind, Value};

pub(crate) const AGGREGATE: Aggregate =
    Aggregate { name: "stddev_pop", input: Reads::Column(&[Kind::F64]), bind: |_| Some(Arc::new(StddevPop)) };

/// The population standard deviation. An infinity gives null.
#[derive(Clone, Copy, Debug)]
pub struct StddevPop;

impl FeatureComputer for StddevPop {
    type Input<'a> = f64;
    type State = Moments;
    const GROUP: bool = true;

    fn id(&self) -> String {
        "stddev_pop/1".into()
    }
    fn state_id(&self) -> String {
        "moments/1".into()
    }
    fn output_kind(&self) -> Kind {
        Kind::F64
    }
    fn identity(&self) -> Moments {
        Moments::new()
    }
    #[inline]
    fn update(&self, state: &mut Moments, input: f64) {
        state.add(input);
    }
    #[inline]
    fn merge(&self, into: &mut Moments, from: &Moments) {
        into.merge(from);
    }
    fn output(&self, state: &Moments) -> Value {
        state.var_pop().map(f64::sqrt).into()
    }
    #[inline]
    fn retract(&self, state: &mut Moments, input: f64) {
        state.remove(input);
    }
}
