//! Counts events, or the events in which a column is not null.
//!
//! | | |
//! | --- | --- |
//! | input | `*`, or any column; null is skipped |
//! | output | `i64`; 0 when empty |
//! | state | one `u64`; 1 to 3 bytes stored for counts below two million |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | none; exact to 2^63 - 1 |
//! | retractable | yes |
//! | source | SQL `COUNT` |

use std::sync::Arc;

use super::{Aggregate, Reads};
use crate::computer::FeatureComputer;
use crate::value::{Kind, Value, ValueRef};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "count",
    input: Reads::StarOrColumn,
    bind: |kind| Some(if kind.is_some() { Arc::new(CountOf) } else { Arc::new(Count) }),
};

/// Counts events.
#[derive(Clone, Copy, Debug)]
pub struct Count;

/// Counts the events in which a column is not null.
#[derive(Clone, Copy, Debug)]
pub struct CountOf;

macro_rules! count {
    ($type:ty, $input:ty, $id:literal) => {
        impl FeatureComputer for $type {
            type Input<'a> = $input;
            type State = u64;
            const GROUP: bool = true;

            fn id(&self) -> String {
                $id.into()
            }
            fn output_kind(&self) -> Kind {
                Kind::I64
            }
            fn identity(&self) -> u64 {
                0
            }
            #[inline]
            fn update(&self, state: &mut u64, _: Self::Input<'_>) {
                *state = state.wrapping_add(1);
            }
            #[inline]
            fn merge(&self, into: &mut u64, from: &u64) {
                // Wrapping keeps the group laws even for counts made up by hostile bytes.
                *into = into.wrapping_add(*from);
            }
            fn output(&self, state: &u64) -> Value {
                i64::try_from(*state).map_or(Value::Overflow, Value::I64)
            }
            #[inline]
            fn retract(&self, state: &mut u64, _: Self::Input<'_>) {
                *state = state.wrapping_sub(1);
            }
        }
    };
}

count!(Count, (), "count/1");
count!(CountOf, ValueRef<'a>, "count_of/1");
