//! Catches an aggregate that does not mean what its card says: every one is written again here, naively, over a list
//! of events, and compared through the public doors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]
#![allow(clippy::disallowed_methods, reason = "powers of two are exact, and the rest has a tolerance")]

mod by_hand;
mod doors;
mod events;
mod exact;
mod mixed;
mod naive;
mod numbers;
mod options;
mod times;
mod windows;

use serde_json::Value as Json;
use skewless::{FeatureSet, State, Value, features};

use crate::events::{Dice, Event, log, moment, shrunk, time};
use crate::naive::{Ask, Expect, is_moment};
use crate::windows::{interval, passes, span};

const COLUMNS: &str =
    r#"{"flag": "bool", "qty": "i64", "amount": "f64", "word": "string", "seen": "timestamp", "vec": "list"}"#;

const WINDOWS: [&str; 9] = [
    r#""lifetime""#,
    r#"{"sliding": "1h", "hop": "5m"}"#,
    r#"{"sliding": "3h", "hop": "exact"}"#,
    r#"{"tumbling": "1d"}"#,
    r#"{"session": "2h"}"#,
    r#"{"session": "1h", "within": "3h", "activity": {"word": ["a", "b"]}}"#,
    r#"{"since": {"word": "z"}}"#,
    r#"{"sliding": "2d", "hop": "1d", "since": {"flag": true}, "offset": "30m"}"#,
    r#"{"tumbling": "1h", "offset": "90m"}"#,
];

/// A definition of these features; each is a whole JSON object.
pub(crate) fn definition(features: &[String]) -> skewless::Result<FeatureSet> {
    let features: Vec<String> = features.iter().enumerate().map(|(i, f)| format!(r#""f{i}": {f}"#)).collect();
    FeatureSet::from_json(&format!(
        r#"{{"name": "t", "version": 1, "entity": "user", "time": "ts", "columns": {COLUMNS}, "features": {{{}}}}}"#,
        features.join(", ")
    ))
}

pub(crate) fn defined(features: &[String]) -> FeatureSet {
    definition(features).unwrap_or_else(|why| panic!("{why}: {features:?}"))
}

/// What a feature must answer at a moment, over all events of the entity.
pub(crate) fn expected(feature: &Json, log: &[Event], at: i64) -> Expect {
    let (start, end) = interval(&feature["over"], log, at);
    let Some(series) = feature.get("series") else { return over(feature, log, start, end) };
    let (steps, step) = (series["steps"].as_i64().unwrap(), span(&series["step"]));
    let window = &feature["over"];
    let size = span(window.get("sliding").or(window.get("tumbling")).unwrap());
    let start = start.unwrap();
    let earlier = (1..steps).rev().map(|back| start - back * step);
    let earlier = earlier.map(|start| over(feature, log, Some(start), start + size));
    Expect::List(earlier.chain([over(feature, log, Some(start), end)]).collect())
}

/// What a feature must answer over a given stretch of time.
pub(crate) fn over(feature: &Json, log: &[Event], start: Option<i64>, end: i64) -> Expect {
    let (name, reads) = feature
        .as_object()
        .unwrap()
        .iter()
        .find(|(name, _)| features::names().any(|known| known == *name))
        .expect("an aggregate");
    let columns: Vec<&str> = match reads {
        Json::String(column) => vec![column],
        Json::Array(several) => several.iter().filter_map(Json::as_str).collect(),
        other => panic!("reads {other}"),
    };
    let inside = |event: &&Event| event.at < end && start.is_none_or(|start| event.at >= start);
    let wanted = |event: &&Event| feature.get("where").is_none_or(|filter| passes(filter, event));
    let events: Vec<&Event> = log.iter().filter(inside).filter(wanted).collect();
    let Some(events) = retracted(feature, events, &columns) else { return Expect::Anything };
    let ask = Ask { events, columns, feature, start, end };
    let Some(by) = feature.get("by").map(|by| by.as_str().unwrap()) else {
        return answer(name, &ask);
    };
    // Only events with an input make a bucket: for a ratio, those that pass either filter.
    let either = |event: &Event| reads.as_array().unwrap().iter().any(|filter| passes(filter, event));
    let has =
        |event: &Event| if name == "ratio" { either(event) } else { ask.columns.iter().all(|c| event.is_some(c)) };
    let with = |event: &&&Event| event.is_some(by) && has(event);
    let inputs: Vec<&Event> = ask.events.iter().filter(with).copied().collect();
    let keys: Vec<Value> = naive::counted(&inputs.iter().map(|event| event.value(by)).collect::<Vec<_>>())
        .into_iter()
        .map(|(k, _)| k)
        .collect();
    let kept = naive::kept(keys.iter(), ask.whole("buckets", 100));
    let part = |wanted: &dyn Fn(&Value) -> bool| {
        let events = inputs.iter().copied().filter(|event| wanted(&event.value(by))).collect();
        answer(name, &Ask { events, ..ask.clone() })
    };
    let mut pairs: Vec<(Value, Expect)> = keys
        .iter()
        .filter(|key| kept.contains(key))
        .map(|key| (key.clone(), part(&|value: &Value| value == key)))
        .collect();
    if kept.len() < keys.len() {
        pairs.push((Value::Null, part(&|value: &Value| !kept.contains(value))));
    }
    Expect::Map(pairs)
}

/// The events less those that are taken back; `None` where some are taken back that never came.
fn retracted<'a>(feature: &Json, events: Vec<&'a Event>, columns: &[&str]) -> Option<Vec<&'a Event>> {
    let Some(back) = feature.get("retract") else { return Some(events) };
    let filters = feature.get("ratio").and_then(Json::as_array);
    let inputs = |event: &Event| -> Vec<Value> {
        let passed = filters.into_iter().flatten().map(|filter| Value::Bool(passes(filter, event)));
        let columns = columns.iter().map(|column| if *column == "*" { Value::Bool(true) } else { event.value(column) });
        passed.chain(columns).collect()
    };
    let counts = |inputs: &[Value]| match filters {
        Some(_) => inputs.contains(&Value::Bool(true)),
        None => inputs.iter().all(|input| !input.is_null()),
    };
    let (taken, mut left): (Vec<&Event>, Vec<&Event>) = events.into_iter().partition(|event| passes(back, event));
    for event in taken {
        if counts(&inputs(event)) {
            let place = left.iter().position(|other| inputs(other) == inputs(event))?;
            left.remove(place);
        }
    }
    Some(left)
}

fn answer(name: &str, ask: &Ask<'_>) -> Expect {
    let found =
        naive::answer(name, ask).unwrap_or_else(|| panic!("no naive version of `{name}`: write one from its card"));
    match (ask.feature.get("default"), &found) {
        (Some(default), Expect::Is(Value::Null)) => number(default),
        (Some(default), _) if ask.inputs().is_empty() => number(default),
        _ => found,
    }
}

/// A number of either kind.
fn number(json: &Json) -> Expect {
    Expect::Between(json.as_f64().unwrap(), json.as_f64().unwrap())
}

/// Feeds a log in a random order, ageing on the way, asks at and after the frontier, and compares.
pub(crate) fn disagreement(set: &FeatureSet, features: &[Json], log: &[Event], seed: u64) -> Option<String> {
    let mut dice = Dice::new(seed);
    let mut arrival = log.to_vec();
    dice.shuffle(&mut arrival);
    let mut state = State::new(set);
    let frontier = (dice.below(2) == 0).then(|| time(&mut dice));
    for event in &arrival {
        if let Some(frontier) = frontier
            && dice.below(3) == 0
        {
            state.advance(moment(frontier));
        }
        state.update(event).unwrap();
    }
    if let Some(frontier) = frontier {
        state.advance(moment(frontier));
    }
    let mut asked: Vec<i64> = (0..3).map(|_| time(&mut dice)).collect();
    asked.extend(frontier);
    asked.extend(log.iter().take(2).map(|event| event.at + dice.below(2) as i64));
    for at in asked.into_iter().filter(|at| frontier.is_none_or(|frontier| *at >= frontier) && is_moment(*at)) {
        let vector = match state.vector(moment(at)) {
            Ok(vector) => vector,
            Err(why) => return Some(format!("at {at}: {why}")),
        };
        for (feature, found) in features.iter().zip(vector.values()) {
            if let Err(why) = expected(feature, log, at).check(found) {
                return Some(format!("{feature} at {at}, frontier {frontier:?}: {why}; found {found:?}"));
            }
        }
    }
    None
}

/// Holds features to their naive versions on `cases` logs.
pub(crate) fn held(features: &[String], cases: u64, most: usize) -> Result<(), String> {
    let set = defined(features);
    let parsed: Vec<Json> = features.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    for seed in 0..cases {
        let log = log(&mut Dice::new(seed), most);
        if let Some((log, why)) = shrunk(log, |log| disagreement(&set, &parsed, log, seed)) {
            return Err(format!("seed {seed}: {why}\nlog: {log:?}"));
        }
    }
    Ok(())
}

/// Holds features to their naive versions, and shows every set of them that does not.
pub(crate) fn hold(sets: impl Iterator<Item = Vec<String>>, cases: u64, most: usize) {
    let broken: Vec<String> = sets.filter_map(|features| held(&features, cases, most).err()).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
}

/// Each example over all windows it goes with.
fn over_windows(example: &str) -> Vec<String> {
    let windows = WINDOWS.iter().map(|window| format!(r#"{{{example}, "over": {window}}}"#));
    windows.filter(|feature| definition(std::slice::from_ref(feature)).is_ok()).collect()
}

#[test]
fn every_aggregate_has_a_naive_version_and_an_example() {
    for (name, examples) in features::catalogue() {
        assert!(!examples.is_empty(), "{name} has no example");
        for example in examples {
            let feature = over_windows(example).pop().unwrap_or_else(|| panic!("{example} goes with no window"));
            expected(&serde_json::from_str(&feature).unwrap(), &[], 0);
        }
    }
}

#[test]
fn every_aggregate_means_what_its_card_says() {
    hold(features::catalogue().flat_map(|(_, examples)| examples).map(|example| over_windows(example)), 40, 14);
}

#[test]
fn every_aggregate_means_what_its_card_says_with_many_events() {
    hold(features::catalogue().flat_map(|(_, examples)| examples).map(|example| over_windows(example)), 4, 120);
}
