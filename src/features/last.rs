//! The last value of a column, by event time.
//!
//! | | |
//! | --- | --- |
//! | input | any kind; null is skipped |
//! | output | the input's kind; null when empty |
//! | state | the event time, the tie break, and the value |
//! | order, duplicates | irrelevant: the greatest by (event time, tie break, value), never by arrival |
//! | error | none |
//! | retractable | no |
//! | source | SQL `LAST_VALUE`, with ties decided by the data |

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::{Aggregate, CARRIED, Reads};
use crate::computer::{Dated, FeatureComputer, Scalar};
use crate::table::Columnar;
use crate::time::{Interval, Timestamp};
use crate::value::{Double, Kind, List, Shape, Text, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "last",
    reads: Reads::Columns(&[CARRIED]),
    dated: true,
    bounded: false,
    parameters: &[],
    bind: |given| match given.kind(0) {
        Kind::F64 => given.make(Last::<Double>::new()),
        Kind::I64 => given.make(Last::<i64>::new()),
        Kind::Bool => given.make(Last::<bool>::new()),
        Kind::Str => given.make(Last::<Text>::new()),
        Kind::Time => given.make(Last::<Timestamp>::new()),
        Kind::List => given.make(Last::<List>::new()),
    },
    examples: &[
        r#""last": "amount""#,
        r#""last": "qty""#,
        r#""last": "flag""#,
        r#""last": "word""#,
        r#""last": "seen""#,
        r#""last": "vec""#,
        r#""last": "word", "tie_break": "qty", "by": "flag""#,
    ],
};

/// The last value by event time.
#[derive(Clone, Copy, Debug)]
pub struct Last<T>(PhantomData<T>);

/// When, the tie break, and what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastState<T> {
    at: Timestamp,
    tie: Value,
    value: T,
}

impl<T> LastState<T> {
    /// The value.
    pub(super) const fn value(&self) -> &T {
        &self.value
    }
}

impl<T> Last<T> {
    /// The computer for values of kind `T`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Last<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Takes an input that may be the last one.
fn contend<T: Scalar>(state: &mut Option<LastState<T>>, input: Dated<'_, T::Ref<'_>>) {
    let beaten = |old: &LastState<T>| {
        let by_tie = || old.tie.cmp(&input.tie.to_value());
        old.at.cmp(&input.at).then_with(by_tie).then_with(|| old.value.compare(input.input)).is_lt()
    };
    if state.as_ref().is_none_or(beaten) {
        *state = Some(LastState { at: input.at, tie: input.tie.to_value(), value: T::own(input.input) });
    }
}

impl<T: Scalar> FeatureComputer for Last<T> {
    type Input<'a> = Dated<'a, T::Ref<'a>>;
    type State = Option<LastState<T>>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("last_{}/1", T::KIND)
    }
    fn output_shape(&self) -> Shape {
        T::KIND.into()
    }
    fn identity(&self) -> Self::State {
        None
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        // The most usual answer first: it takes no more than the times.
        if state.as_ref().is_none_or(|old| old.at <= input.at) {
            contend(state, input);
        }
    }
    #[inline]
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        if let Some(state) = from {
            self.update(into, Dated { at: state.at, tie: state.tie.as_ref(), input: state.value.borrow() });
        }
    }
    fn columnar(&self) -> Columnar {
        Columnar::Last
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        state.as_ref().map_or(Value::Null, |state| state.value.to_value())
    }
}
