//! The greatest value of a column.
//!
//! | | |
//! | --- | --- |
//! | input | `f64`, `i64`, `bool`, `string` (by bytes) or `timestamp`; null is skipped |
//! | output | the input's kind; null when empty |
//! | state | one value |
//! | order, duplicates | irrelevant; duplicates are harmless |
//! | error | none |
//! | retractable | no |
//! | source | SQL `MAX` |

use std::marker::PhantomData;

use super::{Aggregate, ORDERED, Reads};
use crate::computer::{FeatureComputer, Scalar};
use crate::table::Columnar;
use crate::time::{Interval, Timestamp};
use crate::value::{Double, Kind, Shape, Text, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "max",
    reads: Reads::Columns(&[ORDERED]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| match given.kind(0) {
        Kind::F64 => given.make(Max::<Double>::new()),
        Kind::I64 => given.make(Max::<i64>::new()),
        Kind::Bool => given.make(Max::<bool>::new()),
        Kind::Str => given.make(Max::<Text>::new()),
        Kind::Time => given.make(Max::<Timestamp>::new()),
        Kind::List => Err("a list has no order here".into()),
    },
    examples: &[r#""max": "amount""#, r#""max": "qty""#, r#""max": "flag""#, r#""max": "word""#, r#""max": "seen""#],
};

/// The greatest value.
#[derive(Clone, Copy, Debug)]
pub struct Max<T>(PhantomData<T>);

impl<T> Max<T> {
    /// The computer for values of kind `T`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Max<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Scalar> FeatureComputer for Max<T> {
    type Input<'a> = T::Ref<'a>;
    type State = Option<T>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("max_{}/1", T::KIND)
    }
    fn output_shape(&self) -> Shape {
        T::KIND.into()
    }
    fn identity(&self) -> Option<T> {
        None
    }
    #[inline]
    fn update(&self, state: &mut Option<T>, input: T::Ref<'_>) {
        if state.as_ref().is_none_or(|old| old.compare(input).is_lt()) {
            *state = Some(T::own(input));
        }
    }
    #[inline]
    fn merge(&self, into: &mut Option<T>, from: &Option<T>) {
        if let Some(value) = from {
            self.update(into, value.borrow());
        }
    }
    fn columnar(&self) -> Columnar {
        Columnar::Max
    }
    fn output(&self, state: &Option<T>, _: Interval) -> Value {
        state.as_ref().map_or(Value::Null, T::to_value)
    }
}
