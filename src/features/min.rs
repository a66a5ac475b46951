//! The least value of a column.
//!
//! | | |
//! | --- | --- |
//! | input | `f64`, `i64`, `bool`, `string` (by bytes) or `timestamp`; null is skipped |
//! | output | the input's kind; null when empty |
//! | state | one value |
//! | order, duplicates | irrelevant; duplicates are harmless |
//! | error | none |
//! | retractable | no |
//! | source | SQL `MIN` |

use std::marker::PhantomData;

use super::{Aggregate, ORDERED, Reads};
use crate::computer::{FeatureComputer, Scalar};
use crate::table::Columnar;
use crate::time::{Interval, Timestamp};
use crate::value::{Double, Kind, Shape, Text, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "min",
    reads: Reads::Columns(&[ORDERED]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| match given.kind(0) {
        Kind::F64 => given.make(Min::<Double>::new()),
        Kind::I64 => given.make(Min::<i64>::new()),
        Kind::Bool => given.make(Min::<bool>::new()),
        Kind::Str => given.make(Min::<Text>::new()),
        Kind::Time => given.make(Min::<Timestamp>::new()),
        Kind::List => Err("a list has no order here".into()),
    },
    examples: &[r#""min": "amount""#, r#""min": "qty""#, r#""min": "flag""#, r#""min": "word""#, r#""min": "seen""#],
};

/// The least value.
#[derive(Clone, Copy, Debug)]
pub struct Min<T>(PhantomData<T>);

impl<T> Min<T> {
    /// The computer for values of kind `T`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Min<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Scalar> FeatureComputer for Min<T> {
    type Input<'a> = T::Ref<'a>;
    type State = Option<T>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("min_{}/1", T::KIND)
    }
    fn output_shape(&self) -> Shape {
        T::KIND.into()
    }
    fn identity(&self) -> Option<T> {
        None
    }
    #[inline]
    fn update(&self, state: &mut Option<T>, input: T::Ref<'_>) {
        if state.as_ref().is_none_or(|old| old.compare(input).is_gt()) {
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
        Columnar::Min
    }
    fn output(&self, state: &Option<T>, _: Interval) -> Value {
        state.as_ref().map_or(Value::Null, T::to_value)
    }
}
