//! The value of one column where another is greatest.
//!
//! | | |
//! | --- | --- |
//! | input | two columns, `[value, key]`: any kind, and any kind but list; an event with a null in either is skipped |
//! | output | the first column's kind; null when empty |
//! | state | the key, the event time, the tie break and the value |
//! | order, duplicates | irrelevant: among events of equal key the latest by (event time, tie break, value) counts; duplicates are harmless |
//! | error | none |
//! | retractable | no |
//! | source | SQL `ARG_MAX(value, key)`, with ties decided by the data |

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{Aggregate, CARRIED, ORDERED, Reads};
use crate::computer::{Dated, FeatureComputer};
use crate::time::{Interval, Timestamp};
use crate::value::{Kind, Shape, Value, ValueRef};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "arg_max",
    reads: Reads::Columns(&[CARRIED, ORDERED]),
    dated: true,
    bounded: false,
    parameters: &[],
    bind: |given| given.make(ArgMax::new(given.kind(0), given.kind(1))),
    examples: &[
        r#""arg_max": ["word", "amount"]"#,
        r#""arg_max": ["vec", "qty"], "tie_break": "amount""#,
        r#""arg_max": ["amount", "seen"], "by": "word""#,
    ],
};

/// The event of the extreme key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extreme {
    pub(super) key: Value,
    pub(super) at: Timestamp,
    pub(super) tie: Value,
    pub(super) value: Value,
}

impl Extreme {
    /// How the keys compare, and how the events do where the keys are equal.
    #[inline]
    pub(super) fn compare(&self, input: &Dated<'_, (ValueRef<'_>, ValueRef<'_>)>) -> (Ordering, Ordering) {
        let (value, key) = input.input;
        let by_tie = || self.tie.compare(input.tie);
        (self.key.compare(key), self.at.cmp(&input.at).then_with(by_tie).then_with(|| self.value.compare(value)))
    }

    pub(super) fn keep(input: &Dated<'_, (ValueRef<'_>, ValueRef<'_>)>) -> Self {
        let (value, key) = input.input;
        Self { key: key.to_value(), at: input.at, tie: input.tie.to_value(), value: value.to_value() }
    }

    pub(super) fn borrow(&self) -> Dated<'_, (ValueRef<'_>, ValueRef<'_>)> {
        Dated { at: self.at, tie: self.tie.as_ref(), input: (self.value.as_ref(), self.key.as_ref()) }
    }
}

/// The value of one column where another is greatest.
#[derive(Clone, Copy, Debug)]
pub struct ArgMax {
    value: Kind,
    key: Kind,
}

impl ArgMax {
    /// For values and keys of these kinds.
    pub const fn new(value: Kind, key: Kind) -> Self {
        Self { value, key }
    }
}

impl FeatureComputer for ArgMax {
    type Input<'a> = Dated<'a, (ValueRef<'a>, ValueRef<'a>)>;
    type State = Option<Extreme>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("arg_max_{}_{}/1", self.value, self.key)
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
            (keys, _) => keys.is_lt(),
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
