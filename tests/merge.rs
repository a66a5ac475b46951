//! Catches an event that is counted twice or not at all where a batch view and a stream meet, and a bad view served.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use skewless::FeatureSet;
use skewless::features;
use skewless::testing::{check_serving, example_set};

const WINDOWS: [&str; 16] = [
    r#""lifetime""#,
    r#"{"sliding": "1h", "hop": "5m"}"#,
    r#"{"sliding": "7d", "hop": "1h"}"#,
    r#"{"sliding": "1h", "hop": "exact"}"#,
    r#"{"tumbling": "1d"}"#,
    r#"{"session": "2h"}"#,
    r#"{"session": "2h", "within": "6h"}"#,
    r#"{"session": "1h", "activity": {"kind": "a"}, "within": "2h"}"#,
    r#"{"session": "2h", "since": {"kind": "b"}}"#,
    r#"{"since": {"kind": "b"}}"#,
    r#"{"sliding": "7d", "hop": "1d", "since": {"amount": {"gt": 5}}}"#,
    r#"{"sliding": "1d", "offset": "7d"}"#,
    r#"{"lifetime": true, "offset": "1h"}"#,
    r#"{"tumbling": "1h", "offset": "90m"}"#,
    r#"{"session": "1h", "offset": "1d"}"#,
    r#"{"sliding": "1d", "hop": "exact", "offset": "1us", "since": {"kind": "a"}}"#,
];

fn set(features: &[String]) -> FeatureSet {
    let json = format!(
        r#"{{"name": "t", "version": 1, "entity": "user", "time": "ts",
            "columns": {{"qty": "i64"}}, "features": {{{}}}}}"#,
        features.join(", ")
    );
    FeatureSet::from_json(&json).unwrap_or_else(|why| panic!("{why}: {json}"))
}

#[test]
fn what_is_served_is_one_fold_over_the_whole_log() {
    for window in WINDOWS {
        let features = [
            format!(r#""n": {{"count": "*", "over": {window}}}"#),
            format!(r#""sum": {{"sum": "amount", "where": {{"kind": ["a", "b"]}}, "over": {window}}}"#),
            format!(r#""last": {{"last": "category", "tie_break": "qty", "over": {window}}}"#),
        ];
        check_serving(&set(&features), 60).unwrap_or_else(|why| panic!("{window}: {why}"));
    }
}

#[test]
fn every_aggregate_is_served_as_one_fold_over_the_whole_log() {
    let windows = [WINDOWS[0], WINDOWS[1], WINDOWS[3], WINDOWS[5]];
    for example in features::catalogue().flat_map(|(_, examples)| examples) {
        // A few need a window with a start.
        let set = example_set(&[example], &windows).or_else(|_| example_set(&[example], &windows[1..]));
        let set = set.unwrap_or_else(|why| panic!("{example}: {why}"));
        check_serving(&set, 6).unwrap_or_else(|why| panic!("{example}: {why}"));
    }
}
