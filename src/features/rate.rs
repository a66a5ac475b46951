//! Events per hour over the window.
//!
//! | | |
//! | --- | --- |
//! | input | `*`, or any column, whose nulls are skipped |
//! | output | `f64`, events per hour; 0 when empty; null for a window of no length, such as a session that is over, and for one without a start, such as `since` before the first reset |
//! | state | a count, shared with `count` |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | rounded once |
//! | retractable | yes |
//! | source | count / length of the window as it is: with a hop that is up to a hop more than its size |

use super::{Aggregate, Count, CountOf, Reads};
use crate::computer::FeatureComputer;
use crate::exact::ratio;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value, ValueRef};

/// Microseconds in an hour.
const HOUR: i128 = 3_600_000_000;

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "rate",
    reads: Reads::Events,
    dated: false,
    bounded: true,
    parameters: &[],
    bind: |given| if given.kinds.is_empty() { given.make(Rate) } else { given.make(RateOf) },
    examples: &[r#""rate": "*""#, r#""rate": "amount""#],
};

/// Events per hour.
#[derive(Clone, Copy, Debug)]
pub struct Rate;

/// Events per hour in which a column is not null.
#[derive(Clone, Copy, Debug)]
pub struct RateOf;

macro_rules! rate {
    ($type:ty, $count:expr, $input:ty, $id:literal) => {
        impl FeatureComputer for $type {
            type Input<'a> = $input;
            type State = u64;
            const GROUP: bool = true;

            fn id(&self) -> String {
                $id.into()
            }
            fn state_id(&self) -> String {
                $count.state_id()
            }
            fn output_shape(&self) -> Shape {
                Kind::F64.into()
            }
            fn identity(&self) -> u64 {
                0
            }
            #[inline]
            fn update(&self, state: &mut u64, input: Self::Input<'_>) {
                $count.update(state, input);
            }
            #[inline]
            fn merge(&self, into: &mut u64, from: &u64) {
                $count.merge(into, from);
            }
            fn output(&self, state: &u64, over: Interval) -> Value {
                // Signed, for events taken out before they came in.
                let events = i128::from(*state as i64);
                over.micros().and_then(|length| ratio(events * HOUR, length)).into()
            }
            #[inline]
            fn retract(&self, state: &mut u64, input: Self::Input<'_>) {
                $count.retract(state, input);
            }
        }
    };
}

rate!(Rate, Count, (), "rate/1");
rate!(RateOf, CountOf, ValueRef<'a>, "rate_of/1");
