//! One constructor an aggregate, so that a definition in Rust reads like one in JSON and does not misspell.

use super::feature::Feature;
use crate::expr::Filter;
use crate::time::Span;
use crate::value::{Items, Value};

/// Constructors that take columns only.
macro_rules! of_columns {
    ($($(#[$doc:meta])* $name:ident($($column:ident),+);)+) => {$(
        $(#[$doc])*
        pub fn $name($($column: impl Into<String>),+) -> Self {
            Self::builtin(stringify!($name), [$($column.into()),+])
        }
    )+};
}

/// Constructors that take a column and a `k`.
macro_rules! of_k {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        pub fn $name(column: impl Into<String>, k: u32) -> Self {
            Self::builtin(stringify!($name), [column.into()]).with("k", i64::from(k))
        }
    )+};
}

/// Constructors that take a column and a duration.
macro_rules! of_span {
    ($($(#[$doc:meta])* $name:ident($parameter:literal);)+) => {$(
        $(#[$doc])*
        pub fn $name(column: impl Into<String>, span: Span) -> Self {
            Self::builtin(stringify!($name), [column.into()]).with($parameter, span.to_string())
        }
    )+};
}

/// Constructors that take a column of lists and their length.
macro_rules! of_length {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        pub fn $name(column: impl Into<String>, length: u32) -> Self {
            Self::builtin(stringify!($name), [column.into()]).with("length", i64::from(length))
        }
    )+};
}

/// Counting.
impl Feature {
    /// How many events.
    pub fn count() -> Self {
        Self::builtin("count", ["*".into()])
    }

    /// How many events in which `column` is not null.
    pub fn count_of(column: impl Into<String>) -> Self {
        Self::builtin("count", [column.into()])
    }

    of_columns! {
        /// How many different values, exactly up to the parameter `limit` (1,000); `limit + 1` says more than that.
        count_distinct(column);
        /// Events per hour in which `column` is not null, or of all events for `"*"`. Needs a window with a start.
        rate(column);
    }

    /// The number of events that pass `numerator` over the number that pass `denominator`.
    pub fn ratio(numerator: Filter, denominator: Filter) -> Self {
        let mut feature = Self::builtin("ratio", []);
        feature.conditions = vec![numerator, denominator];
        feature
    }
}

/// Sums, moments and extremes.
impl Feature {
    of_columns! {
        /// The exact sum of `column`, 0 when empty.
        sum(column);
        /// The exact mean of `column`.
        mean(column);
        /// The least value of `column`.
        min(column);
        /// The greatest value of `column`.
        max(column);
        /// The greatest value of `column` less the least.
        range(column);
        /// The population variance of `column`.
        var_pop(column);
        /// The sample variance of `column`.
        var_samp(column);
        /// The population standard deviation of `column`.
        stddev_pop(column);
        /// The sample standard deviation of `column`.
        stddev_samp(column);
        /// The population skewness of `column`.
        skewness_pop(column);
        /// The sample skewness of `column`.
        skewness(column);
        /// The population excess kurtosis of `column`.
        kurtosis_pop(column);
        /// The sample excess kurtosis of `column`.
        kurtosis(column);
        /// The exact sum of `value * weight`.
        sum_product(value, weight);
        /// The mean of `value`, weighted by `weight`.
        weighted_mean(value, weight);
        /// The population covariance.
        cov_pop(x, y);
        /// The sample covariance.
        cov_samp(x, y);
        /// The correlation of Pearson.
        corr(x, y);
        /// The value of `value` where `key` is least.
        arg_min(value, key);
        /// The value of `value` where `key` is greatest.
        arg_max(value, key);
    }
}

/// Values kept.
impl Feature {
    of_columns! {
        /// The first value of `column` by event time.
        first(column);
        /// The last value of `column` by event time.
        last(column);
        /// How many events of each value of `column`, up to the parameter `limit` (1,000) of them apart.
        histogram(column);
        /// The most frequent value of `column`.
        mode(column);
        /// How evenly events are spread over the values of `column`, in bits.
        entropy(column);
        /// Whether `column` was ever true.
        any(column);
        /// Whether `column` was always true.
        all(column);
    }

    of_k! {
        /// The first `k` values of `column` by event time, the earliest first.
        first_k;
        /// The last `k` values of `column` by event time, the latest first.
        last_k;
        /// The last `k` different values of `column` by event time, the latest first.
        last_distinct_k;
        /// The `k` greatest values of `column`, the greatest first.
        top_k;
        /// The `k` least values of `column`, the least first.
        bottom_k;
    }
}

/// Time. `column` may be `"*"` for all events.
impl Feature {
    of_columns! {
        /// Seconds since the first event.
        time_since_first(column);
        /// Seconds since the last event.
        time_since_last(column);
        /// The mean time between neighbouring events, in seconds.
        gap_mean(column);
        /// The standard deviation of the time between neighbouring events, in seconds, of the latest events up to the
        /// parameter `limit` (1,000).
        gap_stddev(column);
    }

    of_span! {
        /// How many runs of events at most a gap apart.
        session_count("gap");
        /// How long the last run of events at most a gap apart lasted, in seconds.
        session_duration("gap");
        /// How long runs of events at most a gap apart lasted on average, in seconds.
        session_duration_mean("gap");
        /// How many events, each losing half its weight every half-life.
        decayed_count("half_life");
        /// The sum of a column, each value losing half its weight every half-life.
        decayed_sum("half_life");
    }
}

/// Sketches and vectors.
impl Feature {
    of_columns! {
        /// About how many different values. Parameters: `precision` (12), `seed` (0).
        approx_distinct(column);
    }

    /// About how often each of `values` came. Parameters: `epsilon` (0.001), `delta` (0.01), `seed` (0).
    pub fn approx_frequency(column: impl Into<String>, values: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        let values: Items = values.into_iter().map(Into::into).collect();
        Self::builtin("approx_frequency", [column.into()]).with("values", values)
    }

    /// About the quantiles `q`, each from 0 to 1. Parameters: `bits` (6), `limit` (2,048).
    pub fn approx_quantiles(column: impl Into<String>, q: impl IntoIterator<Item = f64>) -> Self {
        let q: Vec<f64> = q.into_iter().collect();
        Self::builtin("approx_quantiles", [column.into()]).with("q", q)
    }

    of_k! {
        /// About the `k` most frequent values with their counts. Parameters: `candidates` (256), `epsilon` (0.001),
        /// `delta` (0.01), `seed` (0).
        approx_top_k;
    }

    of_length! {
        /// The sum of lists, item by item.
        vector_sum;
        /// The mean of lists, item by item.
        vector_mean;
        /// The last list by event time.
        vector_last;
    }
}
