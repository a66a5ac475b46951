//! The value of one column where another is extreme: `arg_max` and `arg_min`.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::computer::{Dated, FeatureComputer};
use crate::time::{Interval, Timestamp};
use crate::value::{Kind, Shape, Value, ValueRef};

/// The event of the extreme key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extreme {
    key: Value,
    at: Timestamp,
    tie: Value,
    value: Value,
}

impl Extreme {
    /// How the keys compare, and how the events do where the keys are equal.
    #[inline]
    fn compare(&self, input: &Dated<'_, (ValueRef<'_>, ValueRef<'_>)>) -> (Ordering, Ordering) {
        let (value, key) = input.input;
        let by_tie = || self.tie.compare(input.tie);
        (self.key.compare(key), self.at.cmp(&input.at).then_with(by_tie).then_with(|| self.value.compare(value)))
    }

    fn keep(input: &Dated<'_, (ValueRef<'_>, ValueRef<'_>)>) -> Self {
        let (value, key) = input.input;
        Self { key: key.to_value(), at: input.at, tie: input.tie.to_value(), value: value.to_value() }
    }

    fn borrow(&self) -> Dated<'_, (ValueRef<'_>, ValueRef<'_>)> {
        Dated { at: self.at, tie: self.tie.as_ref(), input: (self.value.as_ref(), self.key.as_ref()) }
    }
}

/// The value of one column where another is greatest, or least; of equal keys the latest event counts.
#[derive(Clone, Copy, Debug)]
pub struct ArgExtreme<const MAX: bool> {
    value: Kind,
    key: Kind,
}

impl<const MAX: bool> ArgExtreme<MAX> {
    /// For values and keys of these kinds.
    pub const fn new(value: Kind, key: Kind) -> Self {
        Self { value, key }
    }
}

impl<const MAX: bool> FeatureComputer for ArgExtreme<MAX> {
    type Input<'a> = Dated<'a, (ValueRef<'a>, ValueRef<'a>)>;
    type State = Option<Extreme>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("arg_{}_{}_{}/1", if MAX { "max" } else { "min" }, self.value, self.key)
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
            (keys, _) => keys.is_lt() == MAX,
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
