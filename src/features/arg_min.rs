//! The value of one column where another is least.
//!
//! | | |
//! | --- | --- |
//! | input | two columns, `[value, key]`: any kind, and any kind but list; an event with a null in either is skipped |
//! | output | the first column's kind; null when empty |
//! | state | the key, the event time, the tie break and the value |
//! | order, duplicates | irrelevant: among events of equal key the latest by (event time, tie break, value) counts; duplicates are harmless |
//! | error | none |
//! | retractable | no |
//! | source | SQL `ARG_MIN(value, key)`, with ties decided by the data |

use super::{Aggregate, CARRIED, Extreme, ORDERED, Reads};
use crate::computer::{Dated, FeatureComputer};
use crate::time::Interval;
use crate::value::{Kind, Shape, Value, ValueRef};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "arg_min",
    reads: Reads::Columns(&[CARRIED, ORDERED]),
    dated: true,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(ArgMin::new(given.kind(0), given.kind(1))),
    examples: &[
        r#""arg_min": ["word", "amount"]"#,
        r#""arg_min": ["vec", "qty"], "tie_break": "amount""#,
        r#""arg_min": ["amount", "seen"], "by": "word""#,
    ],
};

/// The value of one column where another is least.
#[derive(Clone, Copy, Debug)]
pub struct ArgMin {
    value: Kind,
    key: Kind,
}

impl ArgMin {
    /// For values and keys of these kinds.
    pub const fn new(value: Kind, key: Kind) -> Self {
        Self { value, key }
    }
}

impl FeatureComputer for ArgMin {
    type Input<'a> = Dated<'a, (ValueRef<'a>, ValueRef<'a>)>;
    type State = Option<Extreme>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("arg_min_{}_{}/1", self.value, self.key)
    }
    fn output_shape(&self) -> Shape {
        self.value.into()
    }
    fn identity(&self) -> Self::State {
        None
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        let beaten = |old: &Extreme| match old.compare(&input) {
            (keys, events) if keys.is_eq() => events.is_lt(),
            (keys, _) => keys.is_gt(),
        };
        if state.as_ref().is_none_or(beaten) {
            *state = Some(Extreme::keep(&input));
        }
    }
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        if let Some(extreme) = from {
            self.update(into, extreme.borrow());
        }
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        state.as_ref().map_or(Value::Null, |extreme| extreme.value.clone())
    }
    fn accepts(&self, state: &Self::State) -> bool {
        state.as_ref().is_none_or(|e| e.key.kind() == Some(self.key) && e.value.kind() == Some(self.value))
    }
}
