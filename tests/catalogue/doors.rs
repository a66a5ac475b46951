//! The same answers from a state, a stream, a training set and a batch view, above all those that depend on what the
//! window is and not only on what is in it.
#![cfg(feature = "arrow")]

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, ListBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use skewless::{Entity, FeatureSet, State, Stream, Vector, batch};

use crate::events::{Dice, Event, log, moment, shrunk, time};
use crate::naive::is_moment;
use crate::{defined, definition};

fn table(log: &[Event]) -> RecordBatch {
    let mut lists = ListBuilder::new(Float64Builder::new());
    for event in log {
        lists.values().append_slice(event.vec.as_deref().unwrap_or(&[]));
        lists.append(event.vec.is_some());
    }
    let columns: [(&str, ArrayRef); 8] = [
        ("user", Arc::new(log.iter().map(|_| Some("ada")).collect::<StringArray>())),
        ("ts", Arc::new(log.iter().map(|event| Some(event.at)).collect::<Int64Array>())),
        ("flag", Arc::new(log.iter().map(|event| event.flag).collect::<BooleanArray>())),
        ("qty", Arc::new(log.iter().map(|event| event.qty).collect::<Int64Array>())),
        ("amount", Arc::new(log.iter().map(|event| event.amount).collect::<Float64Array>())),
        ("word", Arc::new(log.iter().map(|event| event.word).collect::<StringArray>())),
        ("seen", Arc::new(log.iter().map(|event| event.seen).collect::<TimestampMicrosecondArray>())),
        ("vec", Arc::new(lists.finish())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

/// The answers of a state at some moments, as the table that a batch would give.
fn rows(set: &FeatureSet, vectors: &[Vector]) -> Option<RecordBatch> {
    let ada = Entity::from("ada");
    batch::vectors(set, vectors.iter().map(|vector| (&ada, vector))).ok()
}

fn same(how: &str, found: Option<&RecordBatch>, truth: Option<&RecordBatch>) -> Option<String> {
    match (found, truth) {
        (Some(found), Some(truth)) => {
            let fields = truth.schema();
            let differs = fields
                .fields()
                .iter()
                .find(|field| found[field.name().as_str()].as_ref() != truth[field.name().as_str()].as_ref());
            differs.map(|field| {
                let name = field.name().as_str();
                format!("{how}: {name}: found {:?}, a state {:?}", found[name], truth[name])
            })
        }
        (None, None) => None,
        (found, truth) => Some(format!("{how}: answers {}, a state {}", found.is_some(), truth.is_some())),
    }
}

/// Where one of the doors gives something else than a state that was fed in order.
pub(crate) fn disagreement(set: &FeatureSet, log: &[Event], seed: u64) -> Option<String> {
    let mut dice = Dice::new(seed);
    let mut asked: Vec<i64> = (0..3).map(|_| time(&mut dice)).collect();
    asked.extend(log.iter().flat_map(|event| [event.at, event.at + 1]).filter(|at| is_moment(*at)).take(6));
    asked.sort_unstable();
    let mut state = State::new(set);
    for event in log {
        state.update(event).unwrap();
    }
    let answer = |at: &i64| state.vector(moment(*at)).unwrap();
    let vectors: Vec<Vector> = asked.iter().map(answer).collect();
    let truth = rows(set, &vectors);

    let queries = RecordBatch::try_from_iter([
        ("user", Arc::new(asked.iter().map(|_| Some("ada")).collect::<StringArray>()) as ArrayRef),
        ("as_of", Arc::new(Int64Array::from(asked.clone()))),
    ]);
    let cut = dice.below(log.len() + 1);
    let events = [table(&log[..cut]), table(&log[cut..])];
    let answers = batch::point_in_time(set, &events, &[queries.unwrap()]);
    if let Some(why) = same("point_in_time", answers.as_ref().ok(), truth.as_ref()) {
        return Some(why);
    }
    // A stream moves its frontier from question to question, and gets each event when it happens or late.
    let mut stream = Stream::new(set);
    let mut left: Vec<&Event> = log.iter().collect();
    dice.shuffle(&mut left);
    for (at, expected) in asked.iter().zip(&vectors) {
        left.retain(|event| event.at >= *at || stream.update(*event).is_err());
        stream.advance(moment(*at));
        let found = stream.vector(&Entity::from("ada"), moment(*at)).unwrap();
        if found.values() != expected.values() {
            return Some(format!("stream at {at}: found {:?}, a state {:?}", found.values(), expected.values()));
        }
        if let Ok(view) = batch::snapshot(set, &events, moment(*at)) {
            let expected = (view.values().num_rows() == 1).then(|| rows(set, std::slice::from_ref(expected)));
            if let Some(why) = expected.and_then(|expected| same("snapshot", Some(view.values()), expected.as_ref())) {
                return Some(format!("at {at}: {why}"));
            }
        }
    }
    None
}

/// Holds a definition to one answer at all doors.
pub(crate) fn hold(set: &FeatureSet, seeds: std::ops::Range<u64>, most: usize) {
    for seed in seeds {
        let log = log(&mut Dice::new(seed), most);
        if let Some((log, why)) = shrunk(log, |log| disagreement(set, log, seed)) {
            panic!("seed {seed}: {why}\n{}\nlog: {log:?}", set.to_json());
        }
    }
}

#[test]
fn answers_that_depend_on_the_window_are_the_same_at_every_door() {
    let examples = [
        r#""rate": "*""#,
        r#""rate": "amount""#,
        r#""time_since_first": "amount""#,
        r#""time_since_last": "*""#,
        r#""decayed_count": "*", "half_life": "1h""#,
        r#""decayed_sum": "amount", "half_life": "7m", "keep": 3"#,
        r#""rate": "*", "by": "word", "buckets": 2"#,
        r#""time_since_last": "*", "where": {"flag": true}"#,
    ];
    let windows = [
        r#"{"session": "2h"}"#,
        r#"{"session": "1h", "within": "3h"}"#,
        r#"{"session": "30m", "activity": {"word": ["a", "b"]}, "offset": "5m"}"#,
        r#"{"session": "1h", "since": {"flag": true}}"#,
        r#"{"since": {"word": "z"}}"#,
        r#"{"since": {"word": "z"}, "offset": "1h"}"#,
        r#"{"sliding": "1d", "hop": "1h", "since": {"flag": true}}"#,
        r#"{"sliding": "1h", "hop": "5m", "offset": "90m"}"#,
        r#"{"tumbling": "1h", "offset": "1us"}"#,
        r#"{"sliding": "1h", "hop": "5m"}, "series": {"steps": 3, "step": "10m"}"#,
    ];
    for window in windows {
        let features: Vec<String> =
            examples.iter().map(|example| format!(r#"{{{example}, "over": {window}}}"#)).collect();
        let fits: Vec<String> =
            features.into_iter().filter(|feature| definition(std::slice::from_ref(feature)).is_ok()).collect();
        hold(&defined(&fits), 0..40, 16);
    }
}
