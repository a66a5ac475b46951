//! About how often each of some listed values came.
//!
//! | | |
//! | --- | --- |
//! | input | any kind but list; null is skipped |
//! | output | a map from each listed value to `i64`, in the order listed |
//! | state | a Count-Min sketch: a few bytes a value while there are few, then `width * depth` counters |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | never too small; too large by more than `epsilon` times the number of events only with probability `delta`; see [`CountMin`] |
//! | retractable | yes |
//! | source | Count-Min sketch of Cormode and Muthukrishnan 2005, without conservative update |

use std::sync::Arc;

use super::{Aggregate, CATEGORIES, Given, Parameter, Reads};
use crate::computer::{Accuracy, FeatureComputer};
use crate::error::Error;
use crate::fold::Fold;
use crate::sketches::{CountMin, ValueHash};
use crate::time::Interval;
use crate::value::{Kind, Shape, Value, ValueRef};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "approx_frequency",
    reads: Reads::Columns(&[CATEGORIES]),
    dated: false,
    bounded: false,
    parameters: &[
        Parameter::values("values"),
        Parameter::number("epsilon", 1e-6, 0.5, 0.001),
        Parameter::number("delta", 1e-9, 0.5, 0.01),
        Parameter::whole("seed", 0, i64::MAX, Some(0)),
    ],
    bind,
    examples: &[
        r#""approx_frequency": "word", "values": ["a", "b"]"#,
        r#""approx_frequency": "qty", "values": [1, -1], "epsilon": 0.5, "delta": 0.5, "retract": {"flag": true}"#,
    ],
};

fn bind(given: &Given<'_>) -> Result<Arc<dyn Fold>, String> {
    let kind = given.kind(0);
    let settled = given.values("values").iter().map(|value| value.as_ref().to_kind(kind).map(ValueRef::to_value));
    let values: Vec<Value> =
        settled.collect::<Result<_, _>>().map_err(|found| format!("found {found} in `values`, expected {kind}"))?;
    if let Some(value) = values.iter().enumerate().find_map(|(i, value)| values[..i].contains(value).then_some(value)) {
        return Err(format!("{} is twice in `values`", value.as_ref()));
    }
    let hash = ValueHash::new(given.whole("seed") as u64);
    let computer = ApproxFrequency::new(kind, values, given.number("epsilon"), given.number("delta"), hash);
    given.make(computer.map_err(|why| why.to_string())?)
}

/// About how often each of some listed values came.
#[derive(Clone, Debug)]
pub struct ApproxFrequency {
    kind: Kind,
    values: Vec<Value>,
    empty: CountMin,
}

impl ApproxFrequency {
    /// For these values of `kind`, all different.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) as [`CountMin::new`]: an epsilon of 0.01 is accepted, 0
    /// is not.
    pub fn new(kind: Kind, values: Vec<Value>, epsilon: f64, delta: f64, hash: ValueHash) -> crate::Result<Self> {
        for (i, value) in values.iter().enumerate() {
            if value.kind() != Some(kind) || values.iter().take(i).any(|known| known == value) {
                return Err(Error::parameter("values", value.as_ref(), format!("different values of the kind {kind}")));
            }
        }
        Ok(Self { kind, values, empty: CountMin::with_hash(epsilon, delta, hash)? })
    }
}

impl FeatureComputer for ApproxFrequency {
    type Input<'a> = ValueRef<'a>;
    type State = CountMin;
    const GROUP: bool = true;
    const NULLABLE: bool = false;

    fn id(&self) -> String {
        let values: Vec<String> = self.values.iter().map(|value| value.as_ref().to_string()).collect();
        format!("approx_frequency/1({}, {})", values.join(", "), FeatureComputer::state_id(self))
    }
    fn state_id(&self) -> String {
        let sketch = &self.empty;
        format!("count_min_{}_{}_{}/1", sketch.width(), sketch.depth(), sketch.hash().seed())
    }
    fn output_shape(&self) -> Shape {
        Shape::map(self.kind, Kind::I64)
    }
    fn accuracy(&self) -> Accuracy {
        Accuracy::Overestimate { epsilon: self.empty.epsilon(), delta: self.empty.delta() }
    }
    fn identity(&self) -> CountMin {
        self.empty.clone()
    }
    #[inline]
    fn update(&self, state: &mut CountMin, input: ValueRef<'_>) {
        state.add(input, 1);
    }
    fn merge(&self, into: &mut CountMin, from: &CountMin) {
        // Both have these dimensions and this hash: `accepts` saw to it.
        let _ = into.merge(from);
    }
    fn output(&self, state: &CountMin, _: Interval) -> Value {
        let count = |value: &Value| i64::try_from(state.estimate(value)).map_or(Value::Overflow, Value::I64);
        Value::Map(self.values.iter().map(|value| (value.clone(), count(value))).collect())
    }
    #[inline]
    fn retract(&self, state: &mut CountMin, input: ValueRef<'_>) {
        state.remove(input, 1);
    }
    fn accepts(&self, state: &CountMin) -> bool {
        (state.width(), state.depth(), state.hash()) == (self.empty.width(), self.empty.depth(), self.empty.hash())
    }
}
