//! Measurements as plain values, for whatever the host reports them to: [`Sample`], its [`Labels`] and [`Metric`].
//!
//! A list of samples is a snapshot. What is not known is not in it, and neither is what is gone: a partition that was
//! [forgotten](crate::Lag::forget) has no samples. [`encode`] writes a snapshot in Prometheus' text format; with the flag
//! `metrics`, `Facade` hands it to the recorder of the `metrics` crate.

mod exposition;
#[cfg(feature = "metrics")]
mod facade;
mod labels;

use serde::Serialize;

pub use self::exposition::{CONTENT_TYPE, encode};
#[cfg(feature = "metrics")]
pub use self::facade::Facade;
pub use self::labels::Labels;

/// How values of a metric follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It only grows, unless whoever counts begins anew.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// What a value counts. Always the base unit: seconds, never milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// No unit: 1 for yes and 0 for no, or a ratio.
    One,
    /// Things: events, partitions, observations.
    Count,
    /// Things a second.
    CountPerSecond,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

/// What is measured. All its samples share it, and differ in their labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Metric {
    /// Its name, with the unit at the end; counters end in `_total`.
    pub name: &'static str,
    /// What it is, in a sentence without a full stop.
    pub help: &'static str,
    /// What its values count.
    pub unit: Unit,
    /// How its values follow one another.
    pub kind: Kind,
}

impl Metric {
    /// A metric whose values go up and down.
    pub const fn gauge(name: &'static str, unit: Unit, help: &'static str) -> Self {
        Self { name, help, unit, kind: Kind::Gauge }
    }

    /// A metric whose values only grow.
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: Unit::Count, kind: Kind::Counter }
    }

    /// A sample of it.
    pub fn sample(self, labels: &Labels, value: f64) -> Sample {
        Sample { metric: self, labels: labels.clone(), value }
    }
}

/// One value of one metric.
///
/// # Bounds
/// Values are doubles: a count above 2^53 is rounded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// Which metric.
    #[serde(flatten)]
    pub metric: Metric,
    /// Of what.
    pub labels: Labels,
    /// Its value.
    pub value: f64,
}
