//! About where the values of a column lie: any quantiles of it.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` (integers are taken as doubles); null is skipped |
//! | output | a list of `f64`, one for each of `q` in the order given; null when empty |
//! | state | counts by logarithmic bucket, up to `limit` buckets |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | each value within 1 / (2^(`bits` + 1) + 1) of the true one, 0.78 % by default; the error about doubles each time the buckets exceed `limit`; see [`LogHistogram`] |
//! | retractable | no |
//! | source | DDSketch of Masson et al. 2019 with UDDSketch's collapse, keyed by the bits of the double |

use super::{Aggregate, NUMBERS, Parameter, Reads};
use crate::computer::{Accuracy, FeatureComputer};
use crate::error::{Error, Result};
use crate::sketches::LogHistogram;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "approx_quantiles",
    reads: Reads::Columns(&[NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[
        Parameter::numbers("q", 0.0, 1.0),
        Parameter::whole("bits", 1, 12, Some(6)),
        Parameter::whole("limit", 16, 65_536, Some(2_048)),
    ],
    bind: |given| {
        let quantiles = ApproxQuantiles::new(given.numbers("q"), given.whole("bits") as u8, given.whole("limit"));
        given.make(quantiles.map_err(|why| why.to_string())?)
    },
    examples: &[
        r#""approx_quantiles": "amount", "q": [0.5, 0.99]"#,
        r#""approx_quantiles": "amount", "q": [0, 0.25, 1], "bits": 1, "limit": 16"#,
    ],
};

/// About some quantiles.
#[derive(Clone, Debug)]
pub struct ApproxQuantiles {
    q: Vec<f64>,
    empty: LogHistogram,
}

impl ApproxQuantiles {
    /// The quantiles `q`, each from 0 to 1, with 2^`bits` buckets a doubling and up to `limit` buckets in all.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter): 1 to 12 bits are accepted, 0 are not.
    pub fn new(q: Vec<f64>, bits: u8, limit: usize) -> Result<Self> {
        if let Some(bad) = q.iter().find(|q| !(0.0..=1.0).contains(*q)) {
            return Err(Error::parameter("q", bad, "0 to 1"));
        }
        Ok(Self { q, empty: LogHistogram::new(bits, limit)? })
    }
}

impl FeatureComputer for ApproxQuantiles {
    type Input<'a> = f64;
    type State = LogHistogram;

    fn id(&self) -> String {
        format!("approx_quantiles_{:?}/1({})", self.q, self.state_id())
    }
    fn state_id(&self) -> String {
        format!("log_histogram_{}_{}/1", self.empty.precision_bits(), self.empty.limit())
    }
    fn output_shape(&self) -> Shape {
        Kind::List.into()
    }
    fn accuracy(&self) -> Accuracy {
        Accuracy::RelativeError(self.empty.relative_error())
    }
    fn identity(&self) -> LogHistogram {
        self.empty.clone()
    }
    #[inline]
    fn update(&self, state: &mut LogHistogram, input: f64) {
        state.add(input);
    }
    fn merge(&self, into: &mut LogHistogram, from: &LogHistogram) {
        // Both have these parameters: `accepts` saw to it.
        let _ = into.merge(from);
    }
    fn output(&self, state: &LogHistogram, _: Interval) -> Value {
        let found: Option<Vec<f64>> = state.quantiles(&self.q).into_iter().collect();
        found.map(Value::from).unwrap_or(Value::Null)
    }
    fn accepts(&self, state: &LogHistogram) -> bool {
        state.precision_bits() == self.empty.precision_bits() && state.limit() == self.empty.limit()
    }
}
