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

use super::{Aggregate, Reads};
use crate::computer::FeatureComputer;
use crate::table::Columnar;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value, ValueRef};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "count",
    reads: Reads::Events,
    dated: false,
    bounded: false,
    parameters: &[],
    bind: |given| if given.kinds.is_empty() { given.make(Count) } else { given.make(CountOf) },
    examples: &[
        r#""count": "*""#,
        r#""count": "amount""#,
        r#""count": "flag""#,
        r#""count": "qty""#,
        r#""count": "word""#,
        r#""count": "seen""#,
        r#""count": "vec""#,
        r#""count": "*", "by": "word", "buckets": 2"#,
    ],
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
            const NULLABLE: bool = false;

            fn id(&self) -> String {
                $id.into()
            }
            fn output_shape(&self) -> Shape {
                Kind::I64.into()
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
            fn columnar(&self) -> Columnar {
                Columnar::Count
            }
            fn output(&self, state: &u64, _: Interval) -> Value {
                // Signed, for events taken out before they came in.
                Value::I64(*state as i64)
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
