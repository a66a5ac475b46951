//! The sample variance of a column.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | `f64`, never negative; null for fewer than two values |
//! | state | a count, an exact sum and an exact sum of squares; about 30 bytes stored; shared by all four |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | the real-number variance, rounded once |
//! | retractable | yes |
//! | source | SQL `VAR_SAMP`, but exact: equal values give exactly 0 |

use std::sync::Arc;

use super::{Aggregate, Reads};
use crate::computer::FeatureComputer;
use crate::exact::Moments;
use crate::value::{Kind, Value};

pub(crate) const AGGREGATE: Aggregate =
    Aggregate { name: "var_samp", input: Reads::Column(&[Kind::F64]), bind: |_| Some(Arc::new(VarSamp)) };

/// The sample variance. An infinity gives null.
#[derive(Clone, Copy, Debug)]
pub struct VarSamp;

impl FeatureComputer for VarSamp {
    type Input<'a> = f64;
    type State = Moments;
    const GROUP: bool = true;

    fn id(&self) -> String {
        "var_samp/1".into()
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
        state.var_samp().into()
    }
    #[inline]
    fn retract(&self, state: &mut Moments, input: f64) {
        state.remove(input);
    }
}
