//! Catches samples that the `metrics` facade is not given, or is left with after they are gone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, with_local_recorder,
};
use skewless::samples::{Facade, Labels, Metric, Unit};
use skewless::{Lag, Observation, Timestamp};

/// A recorder that remembers what it was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    values: BTreeMap<String, f64>,
    described: Vec<(String, Option<metrics::Unit>, String)>,
}

struct Cell(Told, String);

impl Cell {
    fn set(&self, value: f64) {
        self.0.0.lock().unwrap().values.insert(self.1.clone(), value);
    }
}

impl GaugeFn for Cell {
    fn increment(&self, _: f64) {
        panic!("a sample is a value, not a step")
    }
    fn decrement(&self, _: f64) {
        panic!("a sample is a value, not a step")
    }
    fn set(&self, value: f64) {
        Cell::set(self, value);
    }
}

impl CounterFn for Cell {
    fn increment(&self, _: u64) {
        panic!("a sample is a value, not a step")
    }
    fn absolute(&self, value: u64) {
        self.set(value as f64);
    }
}

impl Told {
    fn cell(&self, key: &Key) -> Arc<Cell> {
        let labels: Vec<String> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(Cell(self.clone(), format!("{}{{{}}}", key.name(), labels.join(","))))
    }

    fn value(&self, series: &str) -> Option<f64> {
        self.0.lock().unwrap().values.get(series).copied()
    }

    fn describe(&self, key: KeyName, unit: Option<metrics::Unit>, help: SharedString) {
        self.0.lock().unwrap().described.push((key.as_str().to_owned(), unit, help.to_string()));
    }
}

impl Recorder for Told {
    fn describe_counter(&self, key: KeyName, unit: Option<metrics::Unit>, help: SharedString) {
        self.describe(key, unit, help);
    }
    fn describe_gauge(&self, key: KeyName, unit: Option<metrics::Unit>, help: SharedString) {
        self.describe(key, unit, help);
    }
    fn describe_histogram(&self, _: KeyName, _: Option<metrics::Unit>, _: SharedString) {
        panic!("there are no histograms")
    }
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        panic!("there are no histograms")
    }
}

#[test]
fn the_recorder_has_what_the_lag_has_and_no_more() {
    let at = Timestamp::EPOCH;
    let mut lag = Lag::of_partitions([0, 1]);
    for partition in [0, 1] {
        lag.observe(Observation::new(partition, at).with_log(0, 500).with_next(100 + u64::from(partition)));
    }
    let labels = Labels::new().with("topic", "clicks");
    let (told, mut facade) = (Told::default(), Facade::new());
    with_local_recorder(&told, || facade.record(&lag.samples(&labels, at)));
    let (first, second) = (
        "skewless_consumer_lag_events{partition=0,topic=clicks}",
        "skewless_consumer_lag_events{partition=1,topic=clicks}",
    );
    assert_eq!((told.value(first), told.value(second)), (Some(400.0), Some(399.0)));
    assert_eq!(told.value("skewless_consumer_observations_total{outcome=taken,topic=clicks}"), Some(2.0));

    lag.forget(1);
    let described = told.0.lock().unwrap().described.len();
    with_local_recorder(&told, || facade.record(&lag.samples(&labels, at)));
    assert_eq!(told.value(first), Some(400.0));
    assert!(told.value(second).unwrap().is_nan(), "a partition that is gone keeps its lag");
    assert_eq!(told.value("skewless_consumer_observations_total{outcome=taken,topic=clicks}"), Some(2.0));
    // It is told of once; from then on it is nobody's.
    told.0.lock().unwrap().values.clear();
    with_local_recorder(&told, || facade.record(&lag.samples(&labels, at)));
    assert_eq!(told.value(second), None);
    assert_eq!(told.0.lock().unwrap().described.len(), described, "described once");
}

#[test]
fn units_and_help_are_told() {
    const SPAN: Metric = Metric::gauge("span_seconds", Unit::Seconds, "How long");
    const SHARE: Metric = Metric::gauge("share", Unit::One, "How much of it");
    let (told, labels) = (Told::default(), Labels::new());
    with_local_recorder(&told, || Facade::new().record(&[SPAN.sample(&labels, 1.5), SHARE.sample(&labels, 0.5)]));
    let expected = [
        ("span_seconds".to_owned(), Some(metrics::Unit::Seconds), "How long".to_owned()),
        ("share".to_owned(), None, "How much of it".to_owned()),
    ];
    assert_eq!(told.0.lock().unwrap().described, expected);
    assert_eq!(told.value("span_seconds{}"), Some(1.5));
}

#[test]
fn without_a_recorder_nothing_happens() {
    let mut facade = Facade::new();
    facade.record(&[Metric::counter("n_total", "N").sample(&Labels::new(), -1.0)]);
    facade.record(&[]);
}
