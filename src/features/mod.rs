//! The catalogue: every built-in aggregate, one file and one row of `AGGREGATES` each.
//!
//! A row is all the crate knows of an aggregate: definitions, both doors, the law tests, the parity
//! tests, the golden bytes and the benches go through it. See `CONTRIBUTING.md` for adding one.

/// Makes computers of doubles that fold one group state and differ only in what they read off it.
macro_rules! reads_off {
    ($state:ident, $state_id:literal: $($type:ident $id:literal => $output:expr),+ $(,)?) => {$(
        impl $crate::FeatureComputer for $type {
            type Input<'a> = f64;
            type State = $crate::exact::$state;
            const GROUP: bool = true;

            fn id(&self) -> String {
                $id.into()
            }
            fn state_id(&self) -> String {
                $state_id.into()
            }
            fn output_kind(&self) -> $crate::Kind {
                $crate::Kind::F64
            }
            fn identity(&self) -> Self::State {
                Self::State::new()
            }
            #[inline]
            fn update(&self, state: &mut Self::State, input: f64) {
                state.add(input);
            }
            #[inline]
            fn merge(&self, into: &mut Self::State, from: &Self::State) {
                into.merge(from);
            }
            fn output(&self, state: &Self::State) -> $crate::Value {
                let output: fn(&Self::State) -> Option<f64> = $output;
                output(state).into()
            }
            #[inline]
            fn retract(&self, state: &mut Self::State, input: f64) {
                state.remove(input);
            }
        }
    )+};
}

mod count;
mod first;
mod last;
mod max;
mod mean;
mod min;
mod stddev_pop;
mod stddev_samp;
mod sum;
mod var_pop;
mod var_samp;

use std::sync::Arc;

pub use self::count::{Count, CountOf};
pub use self::first::First;
pub use self::last::Last;
pub use self::max::Max;
pub use self::mean::Mean;
pub use self::min::Min;
pub use self::stddev_pop::StddevPop;
pub use self::stddev_samp::StddevSamp;
pub use self::sum::{Sum, SumI64};
pub use self::var_pop::VarPop;
pub use self::var_samp::VarSamp;

use crate::fold::Fold;
use crate::value::Kind;

/// All built-in aggregates, in the order of the documentation.
pub(crate) const AGGREGATES: [&Aggregate; 11] = [
    &count::AGGREGATE,
    &sum::AGGREGATE,
    &mean::AGGREGATE,
    &min::AGGREGATE,
    &max::AGGREGATE,
    &var_pop::AGGREGATE,
    &var_samp::AGGREGATE,
    &stddev_pop::AGGREGATE,
    &stddev_samp::AGGREGATE,
    &first::AGGREGATE,
    &last::AGGREGATE,
];

/// One row of the catalogue.
#[derive(Debug)]
pub(crate) struct Aggregate {
    /// The SQL name, used in definitions.
    pub(crate) name: &'static str,
    /// What it reads.
    pub(crate) input: Reads,
    /// Makes the computer for an input column of a kind it takes.
    pub(crate) bind: fn(Option<Kind>) -> Option<Arc<dyn Fold>>,
}

/// What an aggregate reads from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// `*`, or any column.
    StarOrColumn,
    /// One column of these kinds; the first is taken when nothing else tells the kind.
    Column(&'static [Kind]),
    /// One column of these kinds, by event time; may have a tie break.
    Dated(&'static [Kind]),
}

impl Reads {
    /// The kinds the input column may have; empty for any.
    pub(crate) fn kinds(self) -> &'static [Kind] {
        match self {
            Self::StarOrColumn => &[],
            Self::Column(kinds) | Self::Dated(kinds) => kinds,
        }
    }
}

/// Kinds with an order, doubles first: what `min` and `max` take.
pub(crate) const ORDERED: &[Kind] = &[Kind::F64, Kind::I64, Kind::Bool, Kind::Str, Kind::Time];
/// Kinds that can be carried along, text first: what `first` and `last` take.
pub(crate) const CARRIED: &[Kind] = &[Kind::Str, Kind::F64, Kind::I64, Kind::Bool, Kind::Time, Kind::List];

/// The row called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Aggregate> {
    AGGREGATES.into_iter().find(|aggregate| aggregate.name == name)
}

/// The names of all built-in aggregates, as definitions use them.
pub fn names() -> impl Iterator<Item = &'static str> {
    AGGREGATES.into_iter().map(|aggregate| aggregate.name)
}
