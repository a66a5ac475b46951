//! The distance from the least to the greatest value of a column.
//!
//! | | |
//! | --- | --- |
//! | input | `f64` or `i64`; null is skipped |
//! | output | the input's kind; null when empty |
//! | state | two values |
//! | order, duplicates | irrelevant; duplicates are harmless |
//! | error | `f64`: rounded once. `i64`: none, or [`Value::Overflow`] |
//! | retractable | no |
//! | source | max - min; null where both are the same infinity |

use std::marker::PhantomData;

use super::{Aggregate, Max, Min, NUMBERS, Reads};
use crate::computer::{FeatureComputer, Scalar};
use crate::time::Interval;
use crate::value::{Double, Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "range",
    reads: Reads::Columns(&[NUMBERS]),
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| match given.kind(0) {
        Kind::I64 => given.make(Range::<i64>::new()),
        _ => given.make(Range::<Double>::new()),
    },
    examples: &[r#""range": "amount""#, r#""range": "qty""#],
};

/// The greatest value less the least.
#[derive(Clone, Copy, Debug)]
pub struct Range<T>(PhantomData<T>);

impl<T> Range<T> {
    /// The computer for values of kind `T`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Scalar> FeatureComputer for Range<T> {
    type Input<'a> = T::Ref<'a>;
    type State = (Option<T>, Option<T>);
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        format!("range_{}/1", T::KIND)
    }
    fn output_shape(&self) -> Shape {
        T::KIND.into()
    }
    fn identity(&self) -> Self::State {
        (None, None)
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: T::Ref<'_>) {
        let own = T::own(input);
        Min::<T>::new().update(&mut state.0, own.borrow());
        Max::<T>::new().update(&mut state.1, own.borrow());
    }
    #[inline]
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        Min::<T>::new().merge(&mut into.0, &from.0);
        Max::<T>::new().merge(&mut into.1, &from.1);
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        match (state.0.as_ref().map(T::to_value), state.1.as_ref().map(T::to_value)) {
            (Some(Value::I64(least)), Some(Value::I64(greatest))) => {
                greatest.checked_sub(least).map_or(Value::Overflow, Value::I64)
            }
            (Some(Value::F64(least)), Some(Value::F64(greatest))) => Value::from(greatest - least),
            _ => Value::Null,
        }
    }
    fn accepts(&self, state: &Self::State) -> bool {
        match state {
            (Some(least), Some(greatest)) => least.compare(greatest.borrow()).is_le(),
            (None, None) => true,
            _ => false,
        }
    }
}
