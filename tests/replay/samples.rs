//! Catches text that Prometheus reads as something else, or not at all, and series that outlive what they are of.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;

use openmetrics_parser::prometheus::parse_prometheus;
use openmetrics_parser::{PrometheusType, PrometheusValue};
use proptest::prelude::*;
use skewless::samples::{Kind, Labels, Metric, Sample, Unit, encode};
use skewless::{Lag, Observation, Timestamp};

const GAUGE: Metric = Metric::gauge("a_gauge", Unit::Seconds, "A \"gauge\" with a \\ and a\nnew line");
const COUNTER: Metric = Metric::counter("a_counter_total", "A counter");

/// Name, labels and value of every sample, as the parser finds them.
fn parsed(text: &str) -> Vec<(String, BTreeMap<String, String>, f64)> {
    let exposition = parse_prometheus(text).unwrap_or_else(|why| panic!("{why}\n{text}"));
    let mut out = Vec::new();
    for (name, family) in exposition.families {
        for sample in family.iter_samples() {
            let labels = sample.get_labelset().unwrap();
            let labels = labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            let value = match (&sample.value, &family.family_type) {
                (PrometheusValue::Gauge(value), PrometheusType::Gauge) => value.as_f64(),
                (PrometheusValue::Counter(value), PrometheusType::Counter) => value.value.as_f64(),
                other => panic!("{name}: {other:?}"),
            };
            out.push((name.clone(), labels, value));
        }
    }
    out
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_units(seconds, 1).unwrap()
}

fn look(partition: u32, seconds: i64) -> Observation {
    Observation::new(partition, at(seconds)).with_log(10, 500).with_next(100 + seconds as u64)
}

fn lag() -> (Lag, Labels) {
    let mut lag = Lag::of_partitions([0, 1, 2]);
    for seconds in 0..3 {
        lag.observe(look(0, seconds));
        lag.observe(look(1, seconds).with_processed_time(at(0)).with_head_time(at(90)));
    }
    (lag, Labels::new().with("topic", "clicks").with("version", 2))
}

#[test]
fn a_lag_is_read_as_what_it_is() {
    let (lag, labels) = lag();
    let samples = lag.samples(&labels, at(3));
    let found = parsed(&encode(&samples));
    assert_eq!(found.len(), samples.len());
    let value = |name: &str, more: &[(&str, &str)]| -> Option<f64> {
        let mut all = vec![("topic", "clicks"), ("version", "2")];
        all.extend(more);
        let all: BTreeMap<String, String> = all.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let one = found.iter().find(|(other, labels, _)| other == name && *labels == all);
        one.map(|(.., value)| *value)
    };
    assert_eq!(value("skewless_consumer_lag_events", &[("partition", "0")]), Some(398.0));
    assert_eq!(value("skewless_consumer_retention_headroom_events", &[("partition", "0")]), Some(92.0));
    assert_eq!(value("skewless_consumer_processed_events_per_second", &[("partition", "0")]), Some(1.0));
    assert_eq!(value("skewless_consumer_drain_seconds", &[("partition", "0")]), Some(398.0));
    assert_eq!(value("skewless_consumer_event_time_lag_seconds", &[("partition", "1")]), Some(90.0));
    assert_eq!(value("skewless_consumer_freshness_seconds", &[("partition", "1")]), Some(3.0));
    assert_eq!(value("skewless_consumer_partitions", &[]), Some(3.0));
    assert_eq!(value("skewless_consumer_unknown_partitions", &[]), Some(1.0));
    assert_eq!(value("skewless_consumer_observations_total", &[("outcome", "taken")]), Some(6.0));
    // Not known is not there: no 0, no NaN.
    for (name, partition) in [("lag_events", "2"), ("event_time_lag_seconds", "0"), ("freshness_seconds", "0")] {
        assert_eq!(value(&format!("skewless_consumer_{name}"), &[("partition", partition)]), None, "{name}");
    }
    for partition in ["0", "1", "2"] {
        let of = |(name, labels, _): &&(String, BTreeMap<String, String>, f64)| {
            name == "skewless_consumer_status" && labels["partition"] == partition
        };
        let status: Vec<f64> = found.iter().filter(of).map(|(.., value)| *value).collect();
        assert_eq!((status.len(), status.iter().sum::<f64>()), (10, 1.0));
    }
    assert_eq!(value("skewless_consumer_status", &[("partition", "2"), ("status", "unknown")]), Some(1.0));
}

#[test]
fn a_partition_that_is_gone_has_no_samples() {
    let (mut lag, labels) = lag();
    assert!(encode(&lag.samples(&labels, at(3))).contains("partition=\"1\""));
    lag.forget(1);
    assert!(!encode(&lag.samples(&labels, at(3))).contains("partition=\"1\""));
    // Nor has one that nobody has looked at for long, but that it is unknown.
    let stale = encode(&lag.samples(&labels, at(10_000)));
    let of = stale.lines().filter(|line| line.contains("partition=\"0\"") && !line.contains("_status"));
    assert_eq!(of.count(), 0, "{stale}");
}

#[test]
fn each_family_is_described_once_and_the_order_is_stable() {
    let (lag, labels) = lag();
    let mut samples = lag.samples(&labels, at(3));
    samples.extend(lag.samples(&labels.clone().with("version", 3), at(3)));
    let text = encode(&samples);
    samples.reverse();
    assert_eq!(encode(&samples), text);
    let described: Vec<&str> = text.lines().filter(|line| line.starts_with("# ")).collect();
    let mut names: Vec<&str> = described.iter().map(|line| line.split(' ').nth(2).unwrap()).collect();
    assert!(names.is_sorted());
    names.dedup();
    assert_eq!(described.len(), 2 * names.len());
    for pair in described.chunks(2) {
        assert!(pair[0].starts_with("# HELP ") && pair[1].starts_with("# TYPE "), "{pair:?}");
    }
}

#[test]
fn names_say_unit_and_kind() {
    let (lag, labels) = lag();
    for sample in lag.samples(&labels, at(3)) {
        let Metric { name, help, unit, kind } = sample.metric;
        assert!(name.starts_with("skewless_") && !help.is_empty() && !help.ends_with('.'), "{name}");
        assert_eq!(name.ends_with("_total"), kind == Kind::Counter, "{name}");
        assert_eq!(name.ends_with("_per_second"), unit == Unit::CountPerSecond, "{name}");
        assert_eq!(name.ends_with("_seconds"), unit == Unit::Seconds, "{name}");
    }
}

#[test]
fn of_two_samples_of_one_series_the_later_is_written() {
    let labels = Labels::new().with("topic", "clicks");
    let text = encode(&[GAUGE.sample(&labels, 1.0), COUNTER.sample(&labels, 5.0), GAUGE.sample(&labels, 2.0)]);
    let values: Vec<f64> = parsed(&text).into_iter().map(|(.., value)| value).collect();
    assert_eq!(values.len(), 2);
    assert!(values.contains(&2.0) && values.contains(&5.0));
}

#[test]
fn help_has_its_new_lines_escaped_and_its_quotation_marks_not() {
    let text = encode(&[GAUGE.sample(&Labels::new(), 0.0)]);
    let help = text.lines().next().unwrap();
    assert_eq!(help, r#"# HELP a_gauge A "gauge" with a \\ and a\nnew line"#);
    assert_eq!(text.lines().nth(2), Some("a_gauge 0"));
    assert_eq!(encode(&[]), "");
}

#[test]
fn names_of_labels_are_made_valid() {
    let labels = Labels::new().with("9lives", "a").with("", "b").with("data centre", "c").with("x{", "d");
    let names: Vec<&str> = labels.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["_", "_lives", "data_centre", "x_"]);
    assert_eq!(labels.get("_lives"), Some("a"));
    parsed(&encode(&[GAUGE.sample(&labels, 1.0)]));
}

#[test]
fn a_sample_is_one_flat_object_in_json() {
    let sample: Sample = COUNTER.sample(&Labels::new().with("topic", "clicks"), 3.0);
    let json = serde_json::to_value(&sample).unwrap();
    let expected = serde_json::json!({
        "name": "a_counter_total", "help": "A counter", "unit": "count", "kind": "counter",
        "labels": {"topic": "clicks"}, "value": 3.0});
    assert_eq!(json, expected);
}

fn doubles() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE),
        Just(5e-324),
        Just(-0.0),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(9_007_199_254_740_993.0),
        (0u64..1 << 53).prop_map(|n| n as f64),
    ]
}

proptest! {
    #[test]
    fn whatever_the_labels_and_values_they_are_read_back(
        values in prop::collection::vec((r#"[a-z"\\,={}\n #é]{0,12}"#, doubles()), 1..8),
    ) {
        let samples: Vec<Sample> =
            values.iter().map(|(text, value)| GAUGE.sample(&Labels::new().with("text", text), *value)).collect();
        let expected: BTreeMap<&str, u64> = values.iter().map(|(text, value)| (text.as_str(), value.to_bits())).collect();
        let found = parsed(&encode(&samples));
        prop_assert_eq!(found.len(), expected.len());
        for (name, labels, value) in found {
            prop_assert_eq!(name.as_str(), "a_gauge");
            let wanted = f64::from_bits(expected[labels["text"].as_str()]);
            prop_assert!(value == wanted || value.is_nan() && wanted.is_nan(), "{} is read as {}", wanted, value);
        }
    }
}
