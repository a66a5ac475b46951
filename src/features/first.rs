//! The first value of a column, by event time.
//!
//! | | |
//! | --- | --- |
//! | input | any kind; null is skipped |
//! | output | the input's kind; null when empty |
//! | state | the event time, the tie break, and the value |
//! | order, duplicates | irrelevant: the least by (event time, tie break, value), never by arrival |
//! | error | none |
//! | retractable | no |
//! | source | SQL `FIRST_VALUE`, with ties decided by the data |

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::{Aggregate, CARRIED, Reads};
use crate::computer::{Dated, FeatureComputer, Scalar};
use crate::table::Columnar;
use crate::time::{Interval, Timestamp};
use crate::value::{Double, Kind, List, Shape, Text, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "first",
    reads: Reads::Columns(&[CARRIED]),
    dated: true,
    bounded: false,
    parameters: &[],
    bind: |given| match given.kind(0) {
        Kind::F64 => given.make(First::<Double>::new()),
        Kind::I64 => given.make(First::<i64>::new()),
        Kind::Bool => given.make(First::<bool>::new()),
        Kind::Str => given.make(First::<Text>::new()),
        Kind::Time => given.make(First::<Timestamp>::new()),
        Kind::List => given.make(First::<List>::new()),
    },
    examples: &[
        r#""first": "amount""#,
        r#""first": "qty""#,
        r#""first": "flag""#,
        r#""first": "word""#,
        r#""first": "seen""#,
        r#""first": "vec""#,
        r#""first": "word", "tie_break": "qty", "by": "flag""#,
    ],
};

/// The first value by event time.
#[derive(Clone, Copy, Debug)]
pub struct First<T>(PhantomData<T>);

/// When, the tie break, and what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirstState<T> {
    at: Timestamp,
    tie: Value,
    value: T,
}

impl<T> First<T> {
    /// The computer for values of kind `T`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for First<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Scalar> FeatureComputer for First<T> {
    type Input<'a> = Dated<'a, T::Ref<'a>>;
    type State = Option<FirstState<T>>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("first_{}/1", T::KIND)
    }
    fn output_shape(&self) -> Shape {
        T::KIND.into()
    }
    fn identity(&self) -> Self::State {
        None
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        let beaten = |old: &FirstState<T>| {
            let by_tie = || old.tie.cmp(&input.tie.to_value());
            old.at.cmp(&input.at).then_with(by_tie).then_with(|| old.value.compare(input.input)).is_gt()
        };
        if state.as_ref().is_none_or(beaten) {
            *state = Some(FirstState { at: input.at, tie: input.tie.to_value(), value: T::own(input.input) });
        }
    }
    #[inline]
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        if let Some(state) = from {
            self.update(into, Dated { at: state.at, tie: state.tie.as_ref(), input: state.value.borrow() });
        }
    }
    fn columnar(&self) -> Columnar {
        Columnar::First
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        state.as_ref().map_or(Value::Null, |state| state.value.to_value())
    }
}
