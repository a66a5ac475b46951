//! About how many different values a column has.
//!
//! | | |
//! | --- | --- |
//! | input | any kind; null is skipped |
//! | output | `i64`; 0 when empty |
//! | state | a HyperLogLog sketch: a few bytes a value while there are few, then 3/4 of 2^`precision` bytes |
//! | order, duplicates | irrelevant; duplicates are harmless |
//! | error | standard error 1.04 / sqrt(2^`precision`), 1.6 % by default; nearly exact while there are few; see [`Hll`] |
//! | retractable | no |
//! | source | HyperLogLog of Flajolet et al. 2007 with Ertl's estimator of 2017 |

use super::{Aggregate, CARRIED, Parameter, Reads};
use crate::computer::{Accuracy, FeatureComputer};
use crate::error::Result;
use crate::sketches::{Hll, ValueHash};
use crate::time::Interval;
use crate::value::{Kind, Shape, Value, ValueRef};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "approx_distinct",
    reads: Reads::Columns(&[CARRIED]),
    dated: false,
    bounded: false,
    parameters: &[Parameter::whole("precision", 4, 18, Some(12)), Parameter::whole("seed", 0, i64::MAX, Some(0))],
    bind: |given| {
        let hash = ValueHash::new(given.whole("seed") as u64);
        given.make(ApproxDistinct::new(given.whole("precision") as u8, hash).map_err(|why| why.to_string())?)
    },
    examples: &[r#""approx_distinct": "word""#, r#""approx_distinct": "amount", "precision": 4, "seed": 7"#],
};

/// About how many different values there are.
#[derive(Clone, Debug)]
pub struct ApproxDistinct {
    empty: Hll,
}

impl ApproxDistinct {
    /// With 2^`precision` registers.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter): a precision of 4 to 18 is accepted, 3 is not.
    pub fn new(precision: u8, hash: ValueHash) -> Result<Self> {
        Ok(Self { empty: Hll::with_hash(precision, hash)? })
    }
}

impl FeatureComputer for ApproxDistinct {
    type Input<'a> = ValueRef<'a>;
    type State = Hll;
    const IDEMPOTENT: bool = true;
    const NULLABLE: bool = false;

    fn id(&self) -> String {
        format!("approx_distinct_{}_{}/1", self.empty.precision(), self.empty.hash().seed())
    }
    fn output_shape(&self) -> Shape {
        Kind::I64.into()
    }
    fn accuracy(&self) -> Accuracy {
        Accuracy::StandardError(1.04 / f64::from(1u32 << self.empty.precision()).sqrt())
    }
    fn identity(&self) -> Hll {
        self.empty.clone()
    }
    #[inline]
    fn update(&self, state: &mut Hll, input: ValueRef<'_>) {
        state.insert(input);
    }
    fn merge(&self, into: &mut Hll, from: &Hll) {
        // Both have this precision and hash: `accepts` saw to it.
        let _ = into.merge(from);
    }
    fn output(&self, state: &Hll, _: Interval) -> Value {
        i64::try_from(state.count()).map_or(Value::Overflow, Value::I64)
    }
    fn accepts(&self, state: &Hll) -> bool {
        state.precision() == self.empty.precision() && state.hash() == self.empty.hash()
    }
}
