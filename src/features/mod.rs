#![doc = include_str!("catalogue.md")]

// A row of `AGGREGATES` is all the crate knows of an aggregate: definitions, both doors, the law tests, the parity
// tests, the golden bytes and the benches go through it. See `CONTRIBUTING.md` for adding one.

/// Makes computers that fold doubles, or pairs of them, into one group state and differ only in what they read
/// off it.
macro_rules! reads_off {
    (f64, $($rest:tt)+) => {
        reads_off!(@ f64, |state, input| state.add(input), |state, input| state.remove(input), $($rest)+);
    };
    ((f64, f64), $($rest:tt)+) => {
        reads_off!(
            @ (f64, f64), |state, input| state.add(input.0, input.1), |state, input| state.remove(input.0, input.1),
            $($rest)+
        );
    };
    (
        @ $input:ty, |$s:ident, $x:ident| $add:expr, |$t:ident, $y:ident| $remove:expr,
        $state:ident, $state_id:literal: $($type:ident $id:literal $(by $how:ident)? => $output:expr),+ $(,)?
    ) => {$(
        impl $crate::FeatureComputer for $type {
            type Input<'a> = $input;
            type State = $crate::exact::$state;
            const GROUP: bool = true;

            fn id(&self) -> String {
                $id.into()
            }
            fn state_id(&self) -> String {
                $state_id.into()
            }
            fn output_shape(&self) -> $crate::Shape {
                $crate::Kind::F64.into()
            }
            fn identity(&self) -> Self::State {
                Self::State::new()
            }
            #[inline]
            fn update(&self, $s: &mut Self::State, $x: $input) {
                $add;
            }
            #[inline]
            fn merge(&self, into: &mut Self::State, from: &Self::State) {
                into.merge(from);
            }
            fn output(&self, state: &Self::State, _: $crate::Interval) -> $crate::Value {
                let output: fn(&Self::State) -> Option<f64> = $output;
                output(state).into()
            }
            #[inline]
            fn retract(&self, $t: &mut Self::State, $y: $input) {
                $remove;
            }
            $(fn columnar(&self) -> $crate::table::Columnar {
                $crate::table::Columnar::$how
            })?
        }
    )+};
}

pub mod all;
pub mod any;
pub mod approx_distinct;
pub mod approx_frequency;
pub mod approx_quantiles;
pub mod approx_top_k;
pub mod arg_max;
pub mod arg_min;
pub mod bottom_k;
pub mod corr;
pub mod count;
pub mod count_distinct;
pub mod cov_pop;
pub mod cov_samp;
pub mod decayed_count;
pub mod decayed_sum;
pub mod entropy;
pub mod first;
pub mod first_k;
pub mod gap_mean;
pub mod gap_stddev;
pub mod histogram;
pub mod kurtosis;
pub mod kurtosis_pop;
pub mod last;
pub mod last_distinct_k;
pub mod last_k;
pub mod max;
pub mod mean;
pub mod min;
pub mod mode;
mod parts;
pub mod range;
pub mod rate;
pub mod ratio;
pub mod session_count;
pub mod session_duration;
pub mod session_duration_mean;
pub mod skewness;
pub mod skewness_pop;
pub mod stddev_pop;
pub mod stddev_samp;
pub mod sum;
pub mod sum_product;
pub mod time_since_first;
pub mod time_since_last;
pub mod top_k;
pub mod var_pop;
pub mod var_samp;
pub mod vector_last;
pub mod vector_mean;
pub mod vector_sum;
pub mod weighted_mean;

use std::sync::Arc;

pub use self::all::All;
pub use self::any::{Any, Truths};
pub use self::approx_distinct::ApproxDistinct;
pub use self::approx_frequency::ApproxFrequency;
pub use self::approx_quantiles::ApproxQuantiles;
pub use self::approx_top_k::ApproxTopK;
pub use self::arg_max::ArgMax;
pub use self::arg_min::ArgMin;
pub use self::bottom_k::BottomK;
pub use self::corr::Corr;
pub use self::count::{Count, CountOf};
pub use self::count_distinct::CountDistinct;
pub use self::cov_pop::CovPop;
pub use self::cov_samp::CovSamp;
pub use self::decayed_count::DecayedCount;
pub use self::decayed_sum::DecayedSum;
pub use self::entropy::Entropy;
pub use self::first::First;
pub use self::first_k::FirstK;
pub use self::gap_mean::GapMean;
pub use self::gap_stddev::GapStddev;
pub use self::histogram::Histogram;
pub use self::kurtosis::Kurtosis;
pub use self::kurtosis_pop::KurtosisPop;
pub use self::last::Last;
pub use self::last_distinct_k::LastDistinctK;
pub use self::last_k::LastK;
pub use self::max::Max;
pub use self::mean::Mean;
pub use self::min::Min;
pub use self::mode::Mode;
pub use self::parts::{
    ArgExtreme, Buckets, By, Decay, Every, Extreme, KByTime, KExtreme, Keyed, Moment, NotNull, Presence, Runs,
    SessionAnswer, Sessions, Sorted, TimeSince,
};
pub(crate) use self::parts::{Given, Parameter, apart};
pub use self::range::Range;
pub use self::rate::{Rate, RateOf};
pub use self::ratio::Ratio;
pub use self::session_count::{SessionCount, SessionsCounted};
pub use self::session_duration::{LastDuration, SessionDuration};
pub use self::session_duration_mean::{MeanDuration, SessionDurationMean};
pub use self::skewness::Skewness;
pub use self::skewness_pop::SkewnessPop;
pub use self::stddev_pop::StddevPop;
pub use self::stddev_samp::StddevSamp;
pub use self::sum::{Sum, SumI64};
pub use self::sum_product::SumProduct;
pub use self::time_since_first::TimeSinceFirst;
pub use self::time_since_last::TimeSinceLast;
pub use self::top_k::TopK;
pub use self::var_pop::VarPop;
pub use self::var_samp::VarSamp;
pub use self::vector_last::VectorLast;
pub use self::vector_mean::VectorMean;
pub use self::vector_sum::{Pooled, VectorSum};
pub use self::weighted_mean::WeightedMean;
use crate::exact::ratio;
use crate::fold::Fold;
use crate::value::Kind;

/// All built-in aggregates, in the order of the documentation.
pub(crate) const AGGREGATES: [&Aggregate; 52] = [
    // counting
    &count::AGGREGATE,
    &count_distinct::AGGREGATE,
    &rate::AGGREGATE,
    &ratio::AGGREGATE,
    // sums and moments
    &sum::AGGREGATE,
    &mean::AGGREGATE,
    &min::AGGREGATE,
    &max::AGGREGATE,
    &range::AGGREGATE,
    &var_pop::AGGREGATE,
    &var_samp::AGGREGATE,
    &stddev_pop::AGGREGATE,
    &stddev_samp::AGGREGATE,
    &skewness_pop::AGGREGATE,
    &skewness::AGGREGATE,
    &kurtosis_pop::AGGREGATE,
    &kurtosis::AGGREGATE,
    // two columns
    &sum_product::AGGREGATE,
    &weighted_mean::AGGREGATE,
    &cov_pop::AGGREGATE,
    &cov_samp::AGGREGATE,
    &corr::AGGREGATE,
    &arg_min::AGGREGATE,
    &arg_max::AGGREGATE,
    // values kept
    &first::AGGREGATE,
    &last::AGGREGATE,
    &first_k::AGGREGATE,
    &last_k::AGGREGATE,
    &last_distinct_k::AGGREGATE,
    &top_k::AGGREGATE,
    &bottom_k::AGGREGATE,
    // categories and truths
    &histogram::AGGREGATE,
    &mode::AGGREGATE,
    &entropy::AGGREGATE,
    &any::AGGREGATE,
    &all::AGGREGATE,
    // time
    &time_since_first::AGGREGATE,
    &time_since_last::AGGREGATE,
    &gap_mean::AGGREGATE,
    &gap_stddev::AGGREGATE,
    &session_count::AGGREGATE,
    &session_duration::AGGREGATE,
    &session_duration_mean::AGGREGATE,
    &decayed_count::AGGREGATE,
    &decayed_sum::AGGREGATE,
    // sketches
    &approx_distinct::AGGREGATE,
    &approx_frequency::AGGREGATE,
    &approx_top_k::AGGREGATE,
    &approx_quantiles::AGGREGATE,
    // vectors
    &vector_sum::AGGREGATE,
    &vector_mean::AGGREGATE,
    &vector_last::AGGREGATE,
];

/// One row of the catalogue.
#[derive(Debug)]
pub(crate) struct Aggregate {
    /// The name in definitions: SQL's, where SQL has one.
    pub(crate) name: &'static str,
    /// What it reads.
    pub(crate) reads: Reads,
    /// Whether it goes by event time and takes a tie break.
    pub(crate) dated: bool,
    /// Whether its answers need a window with a start.
    pub(crate) bounded: bool,
    /// Its parameters.
    pub(crate) parameters: &'static [Parameter],
    /// Makes the computer for input columns of the kinds it takes and for parameters that are in range; the
    /// error is for what only shows when both are known.
    pub(crate) bind: fn(&Given<'_>) -> Result<Arc<dyn Fold>, String>,
    /// Definitions without a window, over the columns `flag`, `qty`, `amount`, `word`, `seen` and `vec` of the
    /// six kinds: what tests and benches run.
    pub(crate) examples: &'static [&'static str],
}

/// What an aggregate reads from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// `*`, or any column.
    Events,
    /// Columns, each of these kinds (none for any); the first is taken when nothing else tells the kind.
    Columns(&'static [&'static [Kind]]),
    /// Whether the event passes each of this many filters.
    Conditions(usize),
}

impl Reads {
    /// How many columns or filters.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Events => 1,
            Self::Columns(columns) => columns.len(),
            Self::Conditions(count) => count,
        }
    }
}

/// The most values a `k` may ask for.
const MAX_K: i64 = 1_000;
/// How many categories are told apart.
const LIMIT: Parameter = Parameter::whole("limit", 1, 65_536, Some(1_000));

/// The seconds from one moment to another, rounded once; the two may be further apart than an `i64`.
fn seconds(from: i64, to: i64) -> Option<f64> {
    ratio(i128::from(to) - i128::from(from), 1_000_000)
}

/// Kinds that are numbers, doubles first: what sums and moments take.
pub(crate) const NUMBERS: &[Kind] = &[Kind::F64, Kind::I64];
/// Kinds with an order, doubles first: what `min` and `max` take.
pub(crate) const ORDERED: &[Kind] = &[Kind::F64, Kind::I64, Kind::Bool, Kind::Str, Kind::Time];
/// Kinds that tell events apart, text first: what `by` and the aggregates of categories take.
pub(crate) const CATEGORIES: &[Kind] = &[Kind::Str, Kind::I64, Kind::Bool, Kind::F64, Kind::Time];
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

/// The built-in aggregates with examples of each, as definitions without a window: for tests and benches that
/// go through all of them.
///
/// The examples are over the columns `flag`, `qty`, `amount`, `word`, `seen` and `vec`, one of each kind in the
/// order of [`Kind::ALL`].
pub fn catalogue() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    AGGREGATES.into_iter().map(|aggregate| (aggregate.name, aggregate.examples))
}
