//! `by`, `series` and `retract`, alone, together and over every aggregate.

use serde_json::Value as Json;
use skewless::{ErrorKind, State, Value, features};

use crate::events::{Dice, Event, log, moment, time};
use crate::{COLUMNS, defined, definition, hold};

const BY_WINDOWS: [&str; 4] = [
    r#"{"sliding": "1h", "hop": "5m"}"#,
    r#"{"sliding": "3h", "hop": "exact"}"#,
    r#"{"session": "2h"}"#,
    r#"{"since": {"word": "z"}, "offset": "1m"}"#,
];

const SERIES: [&str; 5] = [
    r#"{"tumbling": "1h"}, "series": {"steps": 5, "step": "1h"}"#,
    r#"{"tumbling": "30m", "offset": "7m"}, "series": {"steps": 3, "step": "1h"}"#,
    r#"{"sliding": "1h", "hop": "5m"}, "series": {"steps": 4, "step": "1h"}"#,
    r#"{"sliding": "3h", "hop": "1h"}, "series": {"steps": 3, "step": "1h"}"#,
    r#"{"sliding": "1h", "hop": "exact"}, "series": {"steps": 4, "step": "61m"}"#,
];

/// An example without its window, over each of these.
fn each(example: &str, more: &str, windows: &[&str]) -> Vec<String> {
    let all = windows.iter().map(|window| format!(r#"{{{example}{more}, "over": {window}}}"#));
    all.filter(|feature| definition(std::slice::from_ref(feature)).is_ok()).collect()
}

fn examples() -> impl Iterator<Item = &'static str> {
    features::catalogue().flat_map(|(_, examples)| examples).copied()
}

fn plain() -> impl Iterator<Item = &'static str> {
    examples().filter(|example| !example.contains(r#""by""#) && !example.contains(r#""retract""#))
}

fn answers(features: &[String], log: &[Event], at: i64) -> Vec<Value> {
    let mut state = State::new(&defined(features));
    for event in log {
        state.update(event).unwrap();
    }
    state.vector(moment(at)).unwrap().values().to_vec()
}

#[test]
fn every_aggregate_by_a_column_is_one_of_each_value() {
    hold(plain().map(|example| each(example, r#", "by": "word", "buckets": 3"#, &BY_WINDOWS)), 25, 12);
    let with_ties = plain().filter(|example| example.contains("tie_break"));
    hold(with_ties.map(|example| each(example, r#", "by": "flag", "buckets": 1"#, &BY_WINDOWS)), 25, 12);
}

#[test]
#[cfg(feature = "testing")]
fn every_aggregate_by_a_column_keeps_the_promise_or_says_why_not() {
    for example in examples() {
        for key in ["word", "amount"] {
            let feature =
                format!(r#"{{{example}, "by": "{key}", "buckets": 2, "over": {{"sliding": "1h", "hop": "5m"}}}}"#);
            match definition(&[feature]) {
                Ok(set) => skewless::testing::check_set(&set, 4).unwrap_or_else(|why| panic!("{example}: {why}")),
                Err(why) => {
                    assert_eq!(why.kind(), ErrorKind::Definition, "{why}");
                    assert!(example.contains(r#""by""#) || example.contains(r#""retract""#), "{example}: {why}");
                }
            }
        }
    }
}

#[test]
fn which_values_stay_apart_depends_on_the_set_of_values_alone() {
    let feature = [r#"{"count": "*", "by": "qty", "buckets": 5, "over": "lifetime"}"#.to_owned()];
    let keys = |log: &[Event]| -> Vec<Value> {
        answers(&feature, log, 1_000_000)[0].as_map().unwrap().iter().map(|(key, _)| key.clone()).collect()
    };
    let mut dice = Dice::new(1);
    let mut events: Vec<Event> = (0..40).map(|n| Event { at: n, qty: Some(n), ..Event::default() }).collect();
    let all = keys(&events);
    assert_eq!((all.len(), all.last()), (6, Some(&Value::Null)));
    for _ in 0..20 {
        dice.shuffle(&mut events);
        let again: Vec<Event> = (0..30).map(|_| dice.of(&events).clone()).collect();
        let moved = again.into_iter().map(|event| Event { at: dice.below(1_000) as i64, ..event });
        events.extend(moved);
        assert_eq!(keys(&events), all);
    }
    // With one value less, one of the others takes its place.
    let Value::I64(gone) = all[0] else { panic!("{:?}", all[0]) };
    events.retain(|event| event.qty != Some(gone));
    let rest = keys(&events);
    assert_eq!(rest.len(), 6);
    assert!(all[1..5].iter().all(|key| rest.contains(key)));
}

#[test]
fn the_buckets_add_up_to_the_whole() {
    for seed in 0..60 {
        let log: Vec<Event> = log(&mut Dice::new(seed), 40).into_iter().filter(|event| event.word.is_some()).collect();
        for (aggregate, over) in [(r#""count": "*""#, r#""lifetime""#), (r#""sum": "qty""#, r#"{"sliding": "2d"}"#)] {
            let pair = [
                format!(r#"{{{aggregate}, "over": {over}}}"#),
                format!(r#"{{{aggregate}, "by": "word", "buckets": 2, "over": {over}}}"#),
            ];
            let found = answers(&pair, &log, 3_600_000_001);
            let parts: Option<i128> =
                found[1].as_map().unwrap().iter().map(|(_, part)| part.as_i64().map(i128::from)).sum();
            let whole = found[0].as_i64().map(i128::from);
            assert!(parts == whole || parts.is_none() || whole.is_none(), "seed {seed}: {found:?}");
        }
    }
}

#[test]
fn every_aggregate_as_a_series_is_the_window_step_by_step() {
    hold(plain().map(|example| each(example, "", &SERIES)), 12, 16);
    let windows = SERIES.map(|series| format!(r#"{series}, "default": -7"#));
    let windows: Vec<&str> = windows.iter().map(String::as_str).collect();
    let numbers = [r#""sum": "qty""#, r#""max": "qty""#, r#""count": "amount""#, r#""mean": "amount""#];
    hold(numbers.iter().map(|example| each(example, "", &windows)), 25, 16);
}

/// Windows as long as the step follow each other, so their counts add up to one over the whole stretch.
#[test]
fn windows_of_a_series_follow_each_other_without_gap_or_overlap() {
    let pairs = [
        (r#"{"tumbling": "1h"}, "series": {"steps": 5, "step": "1h"}"#, 5, true),
        (r#"{"sliding": "1h", "hop": "5m"}, "series": {"steps": 6, "step": "1h"}"#, 6, false),
        (r#"{"sliding": "1h", "hop": "exact"}, "series": {"steps": 3, "step": "1h"}"#, 3, false),
    ];
    for seed in 0..80 {
        let mut dice = Dice::new(seed);
        let (log, at) = (log(&mut dice, 40), time(&mut dice));
        for (window, steps, tumbling) in pairs {
            let hop = if window.contains("exact") { r#""exact""# } else { r#""5m""# };
            let last = window.split(r#", "series""#).next().unwrap();
            // The hours before this one, and this one so far.
            let all = format!(r#"{{"sliding": "{steps}h", "hop": {hop}}}"#);
            let features = [window, last, &all].map(|over| format!(r#"{{"count": "*", "over": {over}}}"#));
            let found = answers(&features, &log, at);
            let items = found[0].as_items().unwrap();
            assert_eq!(items.len(), steps);
            assert_eq!(items.last(), Some(&found[1]), "the last item is the plain feature");
            let sum: i64 = items.iter().map(|item| item.as_i64().unwrap()).sum();
            let truth = if tumbling {
                let hour = 3_600_000_000;
                let start = (at.div_euclid(hour) - steps as i64 + 1) * hour;
                log.iter().filter(|event| event.at >= start && event.at < at).count() as i64
            } else {
                found[2].as_i64().unwrap()
            };
            assert_eq!(sum, truth, "seed {seed}, {window}, at {at}: {found:?}");
        }
    }
}

/// Examples of aggregates that can take back.
fn groups() -> impl Iterator<Item = &'static str> {
    plain().filter(|example| {
        definition(&[format!(r#"{{{example}, "retract": {{"flag": true}}, "over": {{"tumbling": "1d"}}}}"#)]).is_ok()
    })
}

#[test]
fn exactly_the_aggregates_whose_card_says_so_can_take_back() {
    let names: Vec<&str> = features::catalogue()
        .filter(|(_, examples)| groups().any(|group| examples.contains(&group)))
        .map(|(name, _)| name)
        .collect();
    let cards = [
        "count",
        "rate",
        "ratio",
        "sum",
        "mean",
        "var_pop",
        "var_samp",
        "stddev_pop",
        "stddev_samp",
        "skewness_pop",
        "skewness",
        "kurtosis_pop",
        "kurtosis",
        "sum_product",
        "weighted_mean",
        "cov_pop",
        "cov_samp",
        "corr",
        "any",
        "all",
        "approx_frequency",
        "vector_sum",
        "vector_mean",
    ];
    assert_eq!(names, cards);
    for example in plain().filter(|example| !groups().any(|group| group == *example)) {
        let feature = format!(r#"{{{example}, "retract": {{"flag": true}}, "over": {{"tumbling": "1d"}}}}"#);
        let error = definition(&[feature]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition);
        assert!(error.at().is_some_and(|at| at.ends_with("retract")), "{error}");
    }
}

#[test]
fn what_is_taken_back_was_never_there() {
    // `seen` tells a retraction, so that `flag` is free for what is counted; what reads `seen` itself is left out.
    let windows = [
        r#""lifetime""#,
        r#"{"sliding": "1h", "hop": "5m"}"#,
        r#"{"sliding": "3h", "hop": "exact"}"#,
        r#"{"tumbling": "1d", "offset": "1h"}"#,
    ];
    for example in groups().filter(|example| !example.contains("seen")) {
        let features = each(example, r#", "retract": {"seen": {"is_null": false}}"#, &windows);
        let without = each(example, "", &windows);
        let sets = [defined(&features), defined(&without)];
        for seed in 0..25 {
            let mut dice = Dice::new(seed);
            let log: Vec<Event> = log(&mut dice, 12).into_iter().map(|event| Event { seen: None, ..event }).collect();
            // Some events go, some are corrected: the old one is taken back, a new one comes.
            let (mut fed, mut left) = (Vec::new(), Vec::new());
            for event in &log {
                fed.push(event.clone());
                match dice.below(3) {
                    0 => left.push(event.clone()),
                    change => {
                        fed.push(Event { seen: Some(0), ..event.clone() });
                        if change == 1 {
                            let new = Event { amount: Some(1.5), qty: Some(2), flag: Some(false), ..event.clone() };
                            fed.push(new.clone());
                            left.push(new);
                        }
                    }
                }
            }
            dice.shuffle(&mut fed);
            let frontier = time(&mut dice);
            let state = |set: &skewless::FeatureSet, events: &[Event]| {
                let mut state = State::new(set);
                for (i, event) in events.iter().enumerate() {
                    state.update(event).unwrap();
                    if i == events.len() / 2 {
                        state.advance(moment(frontier));
                    }
                }
                state.advance(moment(frontier));
                state
            };
            let (changed, never) = (state(&sets[0], &fed), state(&sets[1], &left));
            for at in [frontier, frontier + 1, frontier + 3_600_000_000, frontier + 90_000_000_000] {
                let Ok(at) = skewless::Timestamp::from_micros(at) else { continue };
                let found = [&changed, &never].map(|state| state.vector(at).unwrap().values().to_vec());
                assert_eq!(found[0], found[1], "{example}, seed {seed}, at {at}: {fed:#?}");
            }
        }
    }
}

#[test]
fn all_options_go_together() {
    let filters = [r#", "where": {"flag": true}"#, r#", "where": {"amount": {"gt": 0}}"#];
    let windows = [
        r#"{"tumbling": "1h", "offset": "20m"}, "series": {"steps": 3, "step": "2h"}"#,
        r#"{"sliding": "1h", "hop": "5m", "offset": "1d"}, "series": {"steps": 2, "step": "5m"}"#,
    ];
    for filter in filters {
        let by = format!(r#"{filter}, "by": "qty", "buckets": 2"#);
        hold(plain().map(|example| each(example, &by, &windows)), 6, 14);
    }
    let more = r#", "where": {"word": ["a", "b"]}, "retract": {"flag": true}"#;
    hold(groups().map(|example| each(example, more, &windows)), 12, 14);
}

/// What is written comes back as itself, with every option.
#[test]
fn definitions_with_every_option_come_back_from_json() {
    for example in examples() {
        let options = ["", r#", "by": "word""#, r#", "retract": {"flag": true}"#, r#", "where": {"qty": 1}"#];
        for option in options {
            for feature in each(example, option, &[SERIES[0], SERIES[4], BY_WINDOWS[2]]) {
                let set = defined(std::slice::from_ref(&feature));
                let back = skewless::FeatureSet::from_json(set.to_json()).unwrap();
                assert_eq!(back, set, "{feature}");
                assert_eq!(back.fingerprint(), set.fingerprint());
                assert_eq!(back.to_json(), set.to_json());
            }
        }
    }
    let parsed: Json = serde_json::from_str(COLUMNS).unwrap();
    assert_eq!(parsed.as_object().unwrap().len(), 6);
}
