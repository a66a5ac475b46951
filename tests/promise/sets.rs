//! Catches any order, partition, merge tree, frontier, codec or cut that changes a bit of a state or an answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use skewless::testing::{check_serving, check_set, example_set};
use skewless::{FeatureSet, features};

const WINDOWS: [&str; 22] = [
    r#""lifetime""#,
    r#"{"sliding": "1h", "hop": "5m"}"#,
    r#"{"sliding": "7d", "hop": "1h"}"#,
    r#"{"sliding": "30d"}"#,
    r#"{"sliding": "1h", "hop": "exact"}"#,
    r#"{"sliding": "3us", "hop": "1us"}"#,
    r#"{"sliding": "35m", "hop": "7m"}"#,
    r#"{"tumbling": "1d"}"#,
    r#"{"tumbling": "1w"}"#,
    r#"{"session": "2h"}"#,
    r#"{"session": "1m"}"#,
    r#"{"session": "2h", "within": "6h"}"#,
    r#"{"session": "1d", "activity": {"kind": ["a", "b"]}}"#,
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
            "columns": {{"qty": "i64", "seen": "timestamp", "flag": "bool"}}, "features": {{{}}}}}"#,
        features.join(", ")
    );
    FeatureSet::from_json(&json).unwrap_or_else(|why| panic!("{why}: {json}"))
}

#[test]
fn every_window_alone_keeps_the_promise() {
    for window in WINDOWS {
        let features = [
            format!(r#""n": {{"count": "*", "over": {window}}}"#),
            format!(r#""sum": {{"sum": "amount", "where": {{"kind": ["a", "b"]}}, "over": {window}}}"#),
            format!(r#""last": {{"last": "category", "tie_break": "qty", "over": {window}}}"#),
        ];
        let set = set(&features);
        check_set(&set, 60).and_then(|()| check_serving(&set, 60)).unwrap_or_else(|why| panic!("{window}: {why}"));
    }
}

#[test]
fn every_aggregate_over_shared_panes_keeps_the_promise() {
    let windows = [WINDOWS[0], WINDOWS[1], WINDOWS[3], WINDOWS[4], WINDOWS[9], WINDOWS[17]];
    for example in features::catalogue().flat_map(|(_, examples)| examples) {
        // A few need a window with a start.
        let set = example_set(&[example], &windows).or_else(|_| example_set(&[example], &windows[1..]));
        let set = set.unwrap_or_else(|why| panic!("{example}: {why}"));
        check_set(&set, 12).and_then(|()| check_serving(&set, 6)).unwrap_or_else(|why| panic!("{example}: {why}"));
    }
}

#[test]
fn a_series_keeps_the_promise() {
    for window in [
        r#"{"tumbling": "1h"}, "series": {"steps": 4, "step": "1h"}"#,
        r#"{"tumbling": "1h"}, "series": {"steps": 3, "step": "2h"}"#,
        r#"{"sliding": "1h", "hop": "5m"}, "series": {"steps": 5, "step": "1h"}"#,
        r#"{"sliding": "1d", "hop": "1h"}, "series": {"steps": 3, "step": "2h"}"#,
        r#"{"sliding": "1h", "hop": "exact"}, "series": {"steps": 3, "step": "90m"}"#,
        r#"{"sliding": "1d", "hop": "1h", "offset": "30m"}, "series": {"steps": 1, "step": "1h"}, "default": 7"#,
    ] {
        let examples = [r#""sum": "amount""#, r#""max": "qty", "where": {"flag": true}"#, r#""count": "*""#];
        let examples = if window.contains("default") { &examples[..1] } else { &examples[..] };
        check_set(&example_set(examples, &[window]).unwrap(), 60).unwrap_or_else(|why| panic!("{window}: {why}"));
    }
}

#[test]
fn all_windows_together_keep_the_promise() {
    let features: Vec<String> = WINDOWS
        .iter()
        .enumerate()
        .map(|(i, window)| {
            let (aggregate, default) =
                [("sum", r#", "default": -1.5"#), ("mean", ""), ("max", r#", "default": 0"#)][i % 3];
            format!(
                r#""f{i}": {{"{aggregate}": "amount", "where": {{"not": {{"kind": "a"}}}}, "over": {window}{default}}}"#
            )
        })
        .collect();
    check_set(&set(&features), 150).unwrap();
}

#[test]
fn a_composite_entity_keeps_the_promise() {
    let set = FeatureSet::from_json(
        r#"{"name": "t", "version": 1, "entity": ["shop", "user"], "time": "ts", "columns": {"shop": "i64"},
            "features": {"n": {"count": "*", "where": {"shop": {"ge": 1}}, "over": {"sliding": "1h"}},
                         "who": {"last": "user", "over": "lifetime"}},
            "derived": {"log": {"log1p": "n"}, "twice": {"sum": ["n", "n"]}, "one": {"ratio": ["twice", "twice"]}}}"#,
    )
    .unwrap();
    check_set(&set, 100).unwrap();
}
