//! Catches any difference between the doors: per event, over Arrow in any chunking, and the oracle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, ListBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int64Array, LargeStringArray, RecordBatch,
    StringArray, StringViewArray, TimestampMicrosecondArray, TimestampNanosecondArray, UInt32Array, UInt64Array,
};
use proptest::collection::vec;
use proptest::prelude::*;
use skewless::batch::{point_in_time, snapshot, view};
use skewless::testing::{Event, events::events, events::moment, example_set, oracle};
use skewless::{Cut, Entity, FeatureSet, Kind, Positions, Shape, State, Timestamp, Value, ViewBuilder, features};

/// A column of events as one of the Arrow types that can hold its kind; `flavour` picks which.
fn column(kind: Option<Kind>, values: &[Value], flavour: usize) -> ArrayRef {
    let text = || values.iter().map(Value::as_str);
    match (kind, flavour % 4) {
        (Some(Kind::F64), _) => Arc::new(values.iter().map(Value::as_f64).collect::<Float64Array>()),
        (Some(Kind::I64), _) => Arc::new(values.iter().map(Value::as_i64).collect::<Int64Array>()),
        (Some(Kind::Bool), _) => {
            let bool = |value: &Value| if let Value::Bool(x) = value { Some(*x) } else { None };
            Arc::new(values.iter().map(bool).collect::<BooleanArray>())
        }
        (Some(Kind::Time), flavour) => {
            let time = |value: &Value| if let Value::Time(at) = value { Some(at.as_micros()) } else { None };
            let nanos = |micros: i64| micros.checked_mul(1_000);
            let all = || values.iter().map(time);
            if flavour == 0 && all().flatten().all(|micros| nanos(micros).is_some()) {
                Arc::new(all().map(|t| t.and_then(nanos)).collect::<TimestampNanosecondArray>().with_timezone("+02:00"))
            } else if flavour == 1 {
                Arc::new(all().collect::<Int64Array>())
            } else {
                Arc::new(all().collect::<TimestampMicrosecondArray>())
            }
        }
        (Some(Kind::List), _) => {
            let mut lists = ListBuilder::new(Float64Builder::new());
            for value in values {
                lists.values().append_slice(value.as_list().unwrap_or(&[]));
                lists.append(value.as_list().is_some());
            }
            Arc::new(lists.finish())
        }
        (_, 0) => Arc::new(text().collect::<StringArray>()),
        (_, 1) => Arc::new(text().collect::<LargeStringArray>()),
        (_, 2) => Arc::new(text().collect::<StringViewArray>()),
        (_, _) => Arc::new(text().collect::<DictionaryArray<Int32Type>>()),
    }
}

/// Events as record batches of the sizes in `cuts`.
fn batches(set: &FeatureSet, log: &[Event], cuts: &[usize]) -> Vec<RecordBatch> {
    let mut out = Vec::new();
    let mut rest = log;
    for (flavour, cut) in cuts.iter().chain([&usize::MAX]).enumerate() {
        let (now, later) = rest.split_at((*cut).min(rest.len()));
        rest = later;
        let columns = set.columns().iter().map(|c| {
            let values: Vec<Value> = now.iter().map(|event| event.values()[c.index()].clone()).collect();
            (c.name(), column(c.kind(), &values, flavour + c.index()), true)
        });
        out.push(RecordBatch::try_from_iter_with_nullable(columns).unwrap());
    }
    out
}

fn asking(asked: &[(Entity, Timestamp)]) -> RecordBatch {
    let users: StringArray = asked.iter().map(|(entity, _)| entity.parts()[0].as_str()).collect();
    let times: Int64Array = asked.iter().map(|(_, at)| Some(at.as_micros())).collect();
    RecordBatch::try_from_iter([("user", Arc::new(users) as ArrayRef), ("as_of", Arc::new(times))]).unwrap()
}

/// The value of an answer, back from Arrow.
fn cell(array: &dyn Array, shape: &Shape, row: usize) -> Value {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
    use arrow_schema::DataType;
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Int64 => Value::I64(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Value::F64(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::List(field) if *field.data_type() == DataType::Float64 && shape.kind() == Some(Kind::List) => {
            Value::from(array.as_list::<i32>().value(row).as_primitive::<Float64Type>().values().to_vec())
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            match shape {
                Shape::Map(key, value) => {
                    let pairs = items.as_struct();
                    let part = |at: usize, shape: &Shape, row| cell(pairs.column(at).as_ref(), shape, row);
                    let pair = |row| (part(0, &Shape::One(*key), row), part(1, value, row));
                    Value::Map((0..items.len()).map(pair).collect())
                }
                Shape::List(item) => Value::Items((0..items.len()).map(|row| cell(&items, item, row)).collect()),
                other => panic!("{other} came as a list"),
            }
        }
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Timestamp(..) => {
            Value::Time(Timestamp::from_micros(array.as_primitive::<TimestampMicrosecondType>().value(row)).unwrap())
        }
        other => panic!("{other}"),
    }
}

fn overflows(value: &Value) -> bool {
    match value {
        Value::Overflow => true,
        Value::Items(items) => items.iter().any(overflows),
        Value::Map(pairs) => pairs.iter().any(|(_, value)| overflows(value)),
        _ => false,
    }
}

/// Every value of every query is the oracle's and the stream's, whatever the chunking.
fn hold(set: &FeatureSet, cases: u32) {
    let strategy = (events(set, 40), vec(0usize..20, 0..4), vec((0usize..4, moment()), 0..8));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner
        .run(&strategy, |(log, cuts, asked)| {
            let names = ["hot", "cold", "", "nobody"].map(Entity::from);
            let mut asked: Vec<_> = asked.into_iter().map(|(who, at)| (names[who].clone(), at)).collect();
            asked.extend(log.iter().map(|event| (event.entity(), event.time())));
            let answers = point_in_time(set, &batches(set, &log, &cuts), &[asking(&asked)]);
            let truth: Vec<Vec<Value>> = asked.iter().map(|(who, at)| oracle::vector(set, &log, who, *at)).collect();
            let overflows = truth.iter().flatten().any(overflows);
            prop_assert_eq!(answers.is_err(), overflows, "{:?}", answers.err());
            let Ok(answers) = answers else { return Ok(()) };
            let shapes: Vec<Shape> = set.shapes().collect();
            for (row, truth) in truth.iter().enumerate() {
                for (at, expected) in truth.iter().enumerate() {
                    let found = cell(answers.column(at + 2).as_ref(), &shapes[at], row);
                    prop_assert_eq!(&found, expected, "{} of {:?}", set.names()[at], asked[row]);
                }
            }
            let as_of = asked.first().map_or(Timestamp::EPOCH, |(_, at)| *at);
            views_agree(set, &log, &cuts, as_of)?;
            snapshots_agree(set, &log, &cuts, as_of)
        })
        .unwrap();
}

/// A snapshot's states are byte for byte those of states fed one by one, and its values the oracle's.
fn snapshots_agree(set: &FeatureSet, log: &[Event], cuts: &[usize], as_of: Timestamp) -> Result<(), TestCaseError> {
    use arrow_array::cast::AsArray;
    let Ok(view) = snapshot(set, &batches(set, log, cuts), as_of) else { return Ok(()) };
    let past: Vec<&Event> = log.iter().filter(|event| event.time() < as_of).collect();
    let mut entities: Vec<Entity> = past.iter().map(|event| event.entity()).collect();
    entities.sort();
    entities.dedup();
    let states = view.states().unwrap();
    prop_assert_eq!(states.num_rows(), entities.len());
    prop_assert_eq!(view.left_out(), log.len() - past.len());
    let shapes: Vec<Shape> = set.shapes().collect();
    for (row, entity) in entities.iter().enumerate() {
        let mut state = State::new(set);
        for event in past.iter().rev().filter(|event| event.entity() == *entity) {
            let _ = state.update(*event);
        }
        state.advance(as_of);
        let stored = states.column_by_name("state_bytes").unwrap().as_binary::<i32>().value(row);
        prop_assert_eq!(stored, state.encode(), "state of {}", entity);
        let truth = oracle::vector(set, log, entity, as_of);
        for (at, expected) in truth.iter().enumerate() {
            prop_assert_eq!(&cell(view.values().column(at + 2).as_ref(), &shapes[at], row), expected);
        }
    }
    Ok(())
}

/// A view over tables is that of states fed one by one, part for part, whichever way it is cut.
fn views_agree(set: &FeatureSet, log: &[Event], cuts: &[usize], at: Timestamp) -> Result<(), TestCaseError> {
    let place = |row: usize| ((row % 3) as u32, (row / 3) as u64);
    let next = |partition: usize| (partition as u32, cuts.get(partition).map_or(7, |cut| *cut as u64));
    let positions: Positions = (0..3).map(next).collect();
    let mut rows = 0..log.len();
    let tables: Vec<RecordBatch> = batches(set, log, cuts)
        .into_iter()
        .map(|batch| {
            let places: Vec<(u32, u64)> = rows.by_ref().take(batch.num_rows()).map(place).collect();
            let partitions: UInt32Array = places.iter().map(|(partition, _)| Some(*partition)).collect();
            let offsets: UInt64Array = places.iter().map(|(_, offset)| Some(*offset)).collect();
            let schema = batch.schema();
            let columns =
                schema.fields().iter().map(|field| field.name().as_str()).zip(batch.columns().iter().cloned());
            let log = [("p", Arc::new(partitions) as ArrayRef), ("o", Arc::new(offsets) as ArrayRef)];
            let columns = columns.chain(log).map(|(name, column)| (name.to_owned(), column, true));
            RecordBatch::try_from_iter_with_nullable(columns).unwrap()
        })
        .collect();
    // Some rows are there twice, as a sink writes them after a restart; offsets tell, times do not.
    let again: Vec<RecordBatch> = tables.iter().take(2).map(|batch| batch.slice(0, batch.num_rows().min(3))).collect();
    for cut in [Cut::from(at), Cut::from(positions)] {
        let builder =
            || ViewBuilder::new(set, "v", cut.clone(), Timestamp::MAX).log_columns("p", "o").parts(2).frontier(at);
        let mut given = tables.clone();
        if matches!(cut, Cut::Positions(_)) {
            given.extend(again.iter().cloned());
        }
        let found = view(builder(), &given, &[]).unwrap();
        let mut expected = builder();
        let mut states: std::collections::BTreeMap<Entity, (State, u64)> = std::collections::BTreeMap::new();
        for (row, event) in
            log.iter().enumerate().rev().filter(|(row, event)| cut.covers(Some(place(*row)), event.time()))
        {
            let (state, count) = states.entry(event.entity()).or_insert_with(|| (State::new(set), 0));
            let _ = (state.update(event), row);
            *count += 1;
        }
        states.into_iter().for_each(|(entity, (state, count))| expected.put(entity, &state, count).unwrap());
        let expected = expected.build().unwrap();
        prop_assert_eq!(found.manifest(), expected.manifest());
    }
    Ok(())
}

fn set(features: &str) -> FeatureSet {
    let json = format!(
        r#"{{"name": "t", "version": 1, "entity": "user", "time": "ts",
            "columns": {{"qty": "i64", "seen": "timestamp", "flag": "bool", "category": "string"}},
            "features": {{{features}}}}}"#
    );
    FeatureSet::from_json(&json).unwrap_or_else(|why| panic!("{why}: {json}"))
}

#[test]
fn every_window_gives_the_same_bits_in_batch() {
    for window in [
        r#""lifetime""#,
        r#"{"sliding": "1h", "hop": "5m"}"#,
        r#"{"sliding": "30d"}"#,
        r#"{"sliding": "1h", "hop": "exact"}"#,
        r#"{"tumbling": "1d"}"#,
        r#"{"session": "2h"}"#,
        r#"{"session": "2h", "within": "6h"}"#,
        r#"{"session": "1d", "activity": {"kind": ["a", "b"]}}"#,
        r#"{"session": "2h", "since": {"kind": "b"}}"#,
        r#"{"since": {"kind": "b"}, "offset": "1h"}"#,
        r#"{"sliding": "1d", "offset": "7d"}"#,
    ] {
        hold(
            &set(&format!(
                r#""n": {{"count": "*", "over": {window}}},
                   "mean": {{"mean": "amount", "where": {{"kind": ["a", "b"]}}, "over": {window}}},
                   "max": {{"max": "amount", "over": {window}, "default": -1}},
                   "last": {{"last": "category", "tie_break": "qty", "over": {window}}}"#
            )),
            40,
        );
    }
}

#[test]
fn every_aggregate_gives_the_same_bits_in_batch() {
    let windows = [r#""lifetime""#, r#"{"sliding": "1d", "hop": "exact"}"#, r#"{"tumbling": "1h"}"#];
    for example in features::catalogue().flat_map(|(_, examples)| examples) {
        // A few need a window with a start.
        let set = example_set(&[example], &windows).or_else(|_| example_set(&[example], &windows[1..]));
        let set = set.unwrap_or_else(|why| panic!("{example}: {why}"));
        hold(&set, 12);
    }
}

#[test]
fn a_series_gives_the_same_bits_in_batch() {
    for window in [
        r#"{"tumbling": "1h"}, "series": {"steps": 4, "step": "1h"}"#,
        r#"{"sliding": "1d", "hop": "1h", "offset": "1h"}, "series": {"steps": 3, "step": "2h"}"#,
        r#"{"sliding": "1h", "hop": "exact"}, "series": {"steps": 3, "step": "90m"}"#,
    ] {
        let examples = [r#""sum": "amount""#, r#""sum": "qty""#, r#""count": "*", "by": "word""#];
        hold(&example_set(&examples, &[window]).unwrap(), 40);
    }
}
