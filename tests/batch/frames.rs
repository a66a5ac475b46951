//! Catches any difference between the Polars door and the oracle, in any chunking and for every type it reads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use polars::df;
use polars::prelude::{
    AnyValue, BooleanChunked, Categories, Column, DataFrame, DataType, Float64Chunked, Float64Type, FrozenCategories,
    Int64Chunked, IntoColumn, IntoLazy, IntoSeries, ListBuilderTrait, ListPrimitiveChunkedBuilder, NamedFrom, Series,
    StringChunked, TimeUnit, TimeZone,
};
use proptest::collection::vec;
use proptest::prelude::*;
use skewless::batch::polars::{FeatureFrame, for_each_event, point_in_time, snapshot};
use skewless::testing::{Event, events::events, events::moment, example_set, oracle};
use skewless::{Entity, ErrorKind, FeatureSet, Kind, Shape, State, Stream, Timestamp, Value, features};

/// A column as one of the Polars types that can hold its kind; `flavour` picks which.
fn column(name: &str, kind: Option<Kind>, values: &[Value], flavour: usize) -> Series {
    let name = || name.into();
    match (kind, flavour % 4) {
        (Some(Kind::F64), _) => {
            values.iter().map(Value::as_f64).collect::<Float64Chunked>().with_name(name()).into_series()
        }
        (Some(Kind::I64), _) => {
            values.iter().map(Value::as_i64).collect::<Int64Chunked>().with_name(name()).into_series()
        }
        (Some(Kind::Bool), _) => {
            let bool = |value: &Value| if let Value::Bool(x) = value { Some(*x) } else { None };
            values.iter().map(bool).collect::<BooleanChunked>().with_name(name()).into_series()
        }
        (Some(Kind::Time), flavour) => times(values, flavour).with_name(name()),
        (Some(Kind::List), _) => {
            let mut lists = ListPrimitiveChunkedBuilder::<Float64Type>::new(name(), values.len(), 0, DataType::Float64);
            values.iter().for_each(|value| lists.append_opt_slice(value.as_list()));
            lists.finish().into_series()
        }
        (_, flavour) => {
            let plain = values.iter().map(Value::as_str).collect::<StringChunked>().with_name(name()).into_series();
            match flavour {
                0 => plain.cast(&DataType::from_categories(Categories::global())).unwrap(),
                1 => {
                    let mut texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
                    texts.sort_unstable();
                    texts.dedup();
                    plain.cast(&DataType::from_frozen_categories(FrozenCategories::new(texts).unwrap())).unwrap()
                }
                _ => plain,
            }
        }
    }
}

fn times(values: &[Value], flavour: usize) -> Series {
    let micros = |value: &Value| if let Value::Time(at) = value { Some(at.as_micros()) } else { None };
    let all: Vec<Option<i64>> = values.iter().map(micros).collect();
    let zone = |name: &str| TimeZone::opt_try_new(Some(name)).unwrap();
    let nanos: Option<Vec<_>> =
        all.iter().map(|at| at.map(|at| at.checked_mul(1_000)).map_or(Some(None), |at| at.map(Some))).collect();
    let plain = || all.iter().copied().collect::<Int64Chunked>();
    match (flavour, nanos) {
        (0, Some(nanos)) => nanos
            .into_iter()
            .collect::<Int64Chunked>()
            .into_datetime(TimeUnit::Nanoseconds, zone("Europe/Berlin"))
            .into_series(),
        (1, _) => plain().into_series(),
        (2, _) => plain().into_datetime(TimeUnit::Microseconds, zone("America/New_York")).into_series(),
        _ => plain().into_datetime(TimeUnit::Microseconds, None).into_series(),
    }
}

/// The same column in chunks of these sizes, the last of them the rest; each a slice of the whole.
fn chunked(whole: &Series, cuts: &[usize]) -> Column {
    let mut out = whole.slice(0, 0);
    let mut from = 0;
    for cut in cuts.iter().chain([&usize::MAX]) {
        let len = (*cut).min(whole.len() - from);
        out.append(&whole.slice(from as i64, len)).unwrap();
        from += len;
    }
    assert_eq!(out.len(), whole.len());
    out.into_column()
}

/// Events as a frame; every column is cut elsewhere.
fn frame(set: &FeatureSet, log: &[Event], cuts: &[usize], flavour: usize) -> DataFrame {
    let columns = set.columns().iter().map(|c| {
        let values: Vec<Value> = log.iter().map(|event| event.values()[c.index()].clone()).collect();
        let own: Vec<usize> = cuts.iter().skip(c.index() % 3).map(|cut| cut + c.index() % 2).collect();
        chunked(&column(c.name(), c.kind(), &values, flavour + c.index()), &own)
    });
    DataFrame::new(log.len(), columns.collect()).unwrap()
}

fn asking(asked: &[(Entity, Timestamp)], cuts: &[usize], flavour: usize) -> DataFrame {
    let users: Vec<Value> = asked.iter().map(|(entity, _)| entity.parts()[0].clone()).collect();
    let at: Vec<Value> = asked.iter().map(|(_, at)| Value::Time(*at)).collect();
    let users = chunked(&column("user", Some(Kind::Str), &users, flavour), cuts);
    let at = chunked(&column("as_of", Some(Kind::Time), &at, flavour), cuts.get(1..).unwrap_or(&[]));
    DataFrame::new(asked.len(), vec![users, at]).unwrap()
}

/// The value of an answer, back from Polars.
fn cell(series: &Series, shape: &Shape, row: usize) -> Value {
    match series.get(row).unwrap() {
        AnyValue::Null => Value::Null,
        AnyValue::Int64(x) => Value::I64(x),
        AnyValue::Float64(x) => Value::F64(x),
        AnyValue::String(text) => text.into(),
        AnyValue::Boolean(x) => Value::Bool(x),
        AnyValue::Datetime(micros, TimeUnit::Microseconds, Some(zone)) if *zone == TimeZone::UTC => {
            Value::Time(Timestamp::from_micros(micros).unwrap())
        }
        AnyValue::List(items) => match shape {
            Shape::One(Kind::List) => Value::from(items.f64().unwrap().into_no_null_iter().collect::<Vec<_>>()),
            Shape::Map(key, value) => {
                let parts = items.struct_().unwrap().fields_as_series();
                let names: Vec<&str> = parts.iter().map(|part| part.name().as_str()).collect();
                assert_eq!(names, ["key", "value"]);
                let pair = |row| (cell(&parts[0], &Shape::One(*key), row), cell(&parts[1], value, row));
                Value::Map((0..items.len()).map(pair).collect())
            }
            Shape::List(item) => Value::Items((0..items.len()).map(|row| cell(&items, item, row)).collect()),
            other => panic!("{other} came as a list"),
        },
        other => panic!("{other:?}"),
    }
}

/// The values of one row, after the entity column and `as_of`.
fn values(frame: &DataFrame, shapes: &[Shape], row: usize) -> Vec<Value> {
    let columns = frame.columns().iter().skip(2).zip(shapes);
    columns.map(|(column, shape)| cell(column.as_materialized_series(), shape, row)).collect()
}

fn overflows(value: &Value) -> bool {
    match value {
        Value::Overflow => true,
        Value::Items(items) => items.iter().any(overflows),
        Value::Map(pairs) => pairs.iter().any(|(_, value)| overflows(value)),
        _ => false,
    }
}

/// Every value of every query is the oracle's, whatever the chunking and the types.
fn hold(set: &FeatureSet, cases: u32) {
    let strategy = (events(set, 40), vec(0usize..20, 0..4), vec((0usize..4, moment()), 0..8), 0usize..4);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner
        .run(&strategy, |(log, cuts, asked, flavour)| {
            let names = ["hot", "cold", "", "nobody"].map(Entity::from);
            let mut asked: Vec<_> = asked.into_iter().map(|(who, at)| (names[who].clone(), at)).collect();
            asked.extend(log.iter().map(|event| (event.entity(), event.time())));
            let (events, queries) = (frame(set, &log, &cuts, flavour), asking(&asked, &cuts, flavour + 1));
            let answers = point_in_time(set, &events, &queries);
            let truth: Vec<Vec<Value>> = asked.iter().map(|(who, at)| oracle::vector(set, &log, who, *at)).collect();
            let overflows = truth.iter().flatten().any(overflows);
            prop_assert_eq!(answers.is_err(), overflows, "{:?}", answers.err());
            let Ok(answers) = answers else { return Ok(()) };
            let shapes: Vec<Shape> = set.shapes().collect();
            prop_assert_eq!(answers.height(), asked.len());
            for (row, expected) in truth.iter().enumerate() {
                prop_assert_eq!(&values(&answers, &shapes, row), expected, "{:?}", asked[row]);
                let user = answers.column("user").unwrap().get(row).unwrap();
                prop_assert_eq!(user.get_str(), asked[row].0.parts()[0].as_str());
            }
            let as_of = asked.first().map_or(Timestamp::EPOCH, |(_, at)| *at);
            snapshots_agree(set, &log, &events, as_of)
        })
        .unwrap();
}

/// A snapshot's states are byte for byte those of states fed one by one, and its values the oracle's.
fn snapshots_agree(set: &FeatureSet, log: &[Event], events: &DataFrame, as_of: Timestamp) -> Result<(), TestCaseError> {
    let Ok(view) = snapshot(set, events, as_of) else { return Ok(()) };
    let past: Vec<&Event> = log.iter().filter(|event| event.time() < as_of).collect();
    let mut entities: Vec<Entity> = past.iter().map(|event| event.entity()).collect();
    entities.sort();
    entities.dedup();
    let states = view.states().unwrap();
    prop_assert_eq!(states.height(), entities.len());
    prop_assert_eq!(view.left_out(), log.len() - past.len());
    let shapes: Vec<Shape> = set.shapes().collect();
    for (row, entity) in entities.iter().enumerate() {
        let mut state = State::new(set);
        for event in past.iter().rev().filter(|event| event.entity() == *entity) {
            let _ = state.update(*event);
        }
        state.advance(as_of);
        let stored = states.column("state_bytes").unwrap().binary().unwrap().get(row).unwrap();
        prop_assert_eq!(stored, state.encode(), "state of {}", entity);
        prop_assert_eq!(values(view.values(), &shapes, row), oracle::vector(set, log, entity, as_of));
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
fn every_window_gives_the_same_bits_over_polars() {
    for window in [
        r#""lifetime""#,
        r#"{"sliding": "1h", "hop": "5m"}"#,
        r#"{"sliding": "1h", "hop": "exact"}"#,
        r#"{"tumbling": "1d"}"#,
        r#"{"session": "2h", "within": "6h"}"#,
        r#"{"session": "1d", "activity": {"kind": ["a", "b"]}}"#,
        r#"{"since": {"kind": "b"}, "offset": "1h"}"#,
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
fn every_aggregate_gives_the_same_bits_over_polars() {
    let windows = [r#""lifetime""#, r#"{"sliding": "1d", "hop": "exact"}"#, r#"{"tumbling": "1h"}"#];
    for example in features::catalogue().flat_map(|(_, examples)| examples) {
        // A few need a window with a start.
        let set = example_set(&[example], &windows).or_else(|_| example_set(&[example], &windows[1..]));
        let set = set.unwrap_or_else(|why| panic!("{example}: {why}"));
        hold(&set, 6);
    }
}

#[test]
fn a_series_gives_the_same_bits_over_polars() {
    let window = r#"{"sliding": "1h", "hop": "exact"}, "series": {"steps": 3, "step": "90m"}"#;
    let examples = [r#""sum": "amount""#, r#""sum": "qty""#, r#""count": "*", "by": "word""#];
    hold(&example_set(&examples, &[window]).unwrap(), 40);
}

/// A count and a sum over all time.
fn spend() -> FeatureSet {
    set(r#""n": {"count": "*", "over": "lifetime"}, "spend": {"sum": "amount", "over": "lifetime"}"#)
}

fn counts(answers: &DataFrame) -> Vec<Option<i64>> {
    answers.column("n").unwrap().i64().unwrap().iter().collect()
}

#[test]
fn empty_frames_have_all_columns() {
    let set = spend();
    let events = df!("user" => ["ada"], "ts" => [0i64], "amount" => [0.5]).unwrap();
    let queries = df!("user" => ["ada"], "as_of" => [1i64]).unwrap();
    let names = ["user", "as_of", "n", "spend"];
    for (ours, theirs, found) in [(&events, &queries, 1), (&events.clear(), &queries, 0)] {
        assert_eq!(counts(&point_in_time(&set, ours, theirs).unwrap()), [Some(found)]);
        let none = point_in_time(&set, ours, &theirs.clear()).unwrap();
        assert_eq!((none.get_column_names_owned(), none.height()), (names.map(Into::into).to_vec(), 0));
        assert_eq!(none.column("n").unwrap().dtype(), &DataType::Int64);
    }
    let now = snapshot(&set, &events.clear(), Timestamp::EPOCH).unwrap();
    assert_eq!((now.values().shape(), now.states().unwrap().shape()), ((0, 4), (0, 2)));
    // Columns of no rows and no type.
    let null = |name: &str| Series::new_null(name.into(), 0).into_column();
    let nothing = DataFrame::new(0, vec![null("user"), null("ts"), null("amount")]).unwrap();
    assert_eq!(counts(&point_in_time(&set, &nothing, &queries).unwrap()), [Some(0)]);
}

#[test]
fn nulls_scalars_and_empty_chunks_are_read() {
    let set = spend();
    let mut events = df!("user" => ["ada", "bob"], "ts" => [-2i64, -1], "amount" => [Some(0.5), None]).unwrap();
    events = events.vstack(&events.clear()).unwrap().vstack(&events).unwrap();
    let queries = events.select(["user"]).unwrap();
    let queries = queries.hstack(&[Column::new_scalar("as_of".into(), 0i64.into(), 4)]).unwrap();
    let answers = point_in_time(&set, &events, &queries).unwrap();
    assert_eq!(counts(&answers), [Some(2); 4]);
    let spent: Vec<Option<f64>> = answers.column("spend").unwrap().f64().unwrap().iter().collect();
    assert_eq!(spent, [Some(1.0), Some(0.0), Some(1.0), Some(0.0)]);
    for dtype in [DataType::Null, DataType::Float64, DataType::Int32] {
        let nulls = Column::full_null("amount".into(), 4, &dtype);
        let events = events.select(["user", "ts"]).unwrap().hstack(&[nulls]).unwrap();
        let spent = point_in_time(&set, &events, &queries).unwrap();
        assert_eq!(spent.column("spend").unwrap().f64().unwrap().iter().collect::<Vec<_>>(), [Some(0.0); 4]);
    }
}

#[test]
fn every_integer_and_float_is_read() {
    let set = spend();
    let events =
        df!("user" => ["ada", "ada", "ada"], "ts" => [0i64, 1, 2], "amount" => [Some(1i64), None, Some(5)]).unwrap();
    let queries = df!("user" => ["ada"], "as_of" => [9i64]).unwrap();
    for dtype in [
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
        DataType::Float32,
        DataType::Float64,
    ] {
        let mut events = events.clone();
        events.with_column(events.column("amount").unwrap().cast(&dtype).unwrap()).unwrap();
        let answers = point_in_time(&set, &events, &queries).unwrap();
        assert_eq!(answers.column("spend").unwrap().f64().unwrap().get(0), Some(6.0), "{dtype}");
    }
}

#[test]
fn coarse_and_fine_times_are_rounded_down() {
    let set = spend();
    let queries = df!("user" => ["ada"; 3], "as_of" => [-1_000i64, -999, 0]).unwrap();
    let at = |units: &[i64], unit| {
        let ts = Int64Chunked::from_vec("ts".into(), units.to_vec()).into_datetime(unit, None).into_column();
        let mut events = df!("user" => vec!["ada"; units.len()], "amount" => vec![1.0; units.len()]).unwrap();
        events.with_column(ts).unwrap();
        counts(&point_in_time(&set, &events, &queries).unwrap())
    };
    assert_eq!(at(&[-1], TimeUnit::Milliseconds), [Some(0), Some(1), Some(1)]);
    // One nanosecond before -999 us is in -1000 us; one before the epoch in -1.
    assert_eq!(at(&[-999_001, -1], TimeUnit::Nanoseconds), [Some(0), Some(1), Some(2)]);
    let days = df!("user" => ["ada"], "ts" => [-1i32], "amount" => [1.0]).unwrap();
    let day = days.column("ts").unwrap().cast(&DataType::Date).unwrap();
    let events = days.select(["user", "amount"]).unwrap().hstack(&[day]).unwrap();
    let queries = df!("user" => ["ada"; 2], "as_of" => [-86_400_000_000i64, -86_399_999_999]).unwrap();
    assert_eq!(counts(&point_in_time(&set, &events, &queries).unwrap()), [Some(0), Some(1)]);
}

#[test]
fn lists_and_arrays_of_doubles_are_pooled() {
    let set = example_set(&[r#""vector_sum": "embedding", "length": 2"#], &[r#""lifetime""#]).unwrap();
    let name = set.columns().iter().find(|column| column.kind() == Some(Kind::List)).unwrap().name().to_owned();
    let lists = Series::new(
        name.as_str().into(),
        [Series::new("".into(), [0.5, 1.0]), Series::new("".into(), [9.0, 9.0]), Series::new("".into(), [0.25, 2.0])],
    );
    let array = lists.cast(&DataType::Array(Box::new(DataType::Float64), 2)).unwrap();
    let queries = df!("user" => ["ada"], "as_of" => [9i64]).unwrap();
    for column in [lists, array] {
        // Sliced, so that nothing starts at its beginning.
        let events = df!("user" => ["bob", "ada", "bob"], "ts" => [0i64, 0, 0]).unwrap();
        let events = events.hstack(&[column.into_column()]).unwrap().slice(1, 2);
        let answers = point_in_time(&set, &events, &queries).unwrap();
        let sum = values(&answers, &set.shapes().collect::<Vec<_>>(), 0);
        assert_eq!(sum, [Value::from(vec![9.0, 9.0])]);
    }
}

#[test]
fn entities_may_have_several_columns_of_any_type() {
    let set = FeatureSet::from_json(
        r#"{"name": "t", "version": 1, "entity": ["shop", "user", "day"], "time": "ts", "columns": {"day": "timestamp"},
            "features": {"n": {"count": "*", "over": "lifetime"}}}"#,
    )
    .unwrap();
    let shops = Series::new("shop".into(), ["a", "b", "a"]);
    let shops = shops.cast(&DataType::from_categories(Categories::global())).unwrap();
    let days = Series::new("day".into(), [1i32, 1, 1]).cast(&DataType::Date).unwrap();
    let events = DataFrame::new(
        3,
        vec![
            shops.into_column(),
            Series::new("user".into(), [7i32, 7, 7]).into_column(),
            days.into_column(),
            Series::new("ts".into(), [0i64, 1, 2]).into_column(),
        ],
    );
    let events = events.unwrap();
    let queries =
        df!("shop" => ["a", "b", "c"], "user" => [7u8, 7, 7], "day" => [86_400_000_000i64; 3], "as_of" => [9i64; 3])
            .unwrap();
    let answers = point_in_time(&set, &events, &queries).unwrap();
    assert_eq!(counts(&answers), [Some(2), Some(1), Some(0)]);
    let utc = DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC));
    let dtypes = [DataType::String, DataType::Int64, utc.clone(), utc, DataType::Int64];
    assert_eq!(answers.dtypes(), dtypes);
    let now = snapshot(&set, &events, Timestamp::from_micros(9).unwrap()).unwrap();
    assert_eq!((counts(now.values()), now.values().dtypes()), (vec![Some(2), Some(1)], dtypes.to_vec()));
}

#[test]
fn what_the_result_has_anyway_is_shared() {
    let set = spend();
    let events = df!("user" => ["ada", "bob"], "ts" => [0i64, 1], "amount" => [0.5, 0.25]).unwrap();
    let mut queries = events.select(["user", "ts"]).unwrap();
    queries.rename("ts", "as_of".into()).unwrap();
    let answers = point_in_time(&set, &events, &queries).unwrap();
    let own = |frame: &DataFrame| frame.column("user").unwrap().as_materialized_series().0.clone();
    assert!(std::sync::Arc::ptr_eq(&own(&answers), &own(&events)));
    assert_eq!(counts(&answers), [Some(0), Some(0)]);
}

#[test]
fn lazy_frames_give_the_same_and_read_no_more() {
    let set = spend();
    let events = df!("user" => ["ada", "bob"], "ts" => [0i64, 1], "amount" => [0.5, 0.25], "*" => [1i64, 2]).unwrap();
    let queries = df!("user" => ["bob", "ada"], "as_of" => [5i64, 5], "label" => [0i64, 1]).unwrap();
    let expected = events.point_in_time(&set, &queries).unwrap();
    let lazy = events.clone().lazy();
    for found in [
        lazy.point_in_time(&set, &queries).unwrap(),
        lazy.point_in_time(&set, &queries.clone().lazy()).unwrap(),
        events.point_in_time(&set, &queries.clone().lazy()).unwrap(),
    ] {
        assert!(found.equals_missing(&expected));
    }
    let at = Timestamp::from_micros(9).unwrap();
    let (ours, theirs) = (events.snapshot(&set, at).unwrap(), lazy.snapshot(&set, at).unwrap());
    assert!(ours.values().equals_missing(theirs.values()));
    assert!(ours.states().unwrap().equals_missing(&theirs.states().unwrap()));
    let without = lazy.clone().drop(polars::prelude::cols(["amount"]));
    let why = without.point_in_time(&set, &queries).unwrap_err();
    let same = events.drop("amount").unwrap().point_in_time(&set, &queries).unwrap_err();
    assert_eq!((why.kind(), why.to_string()), (ErrorKind::Missing, same.to_string()));
    let broken = lazy.select([polars::prelude::col("nowhere")]);
    assert_eq!(broken.snapshot(&set, at).unwrap_err().kind(), ErrorKind::Definition);
}

#[test]
fn events_are_given_one_by_one() {
    let set = spend();
    let events = df!("user" => ["ada", "bob"], "ts" => [0i64, 1], "amount" => [0.5, 0.25]).unwrap();
    let events = events.vstack(&events).unwrap();
    let mut stream = Stream::new(&set);
    for_each_event(&set, &events, |event| stream.update(&event).map(|_| ())).unwrap();
    let vector = stream.vector(&Entity::from("ada"), Timestamp::from_micros(9).unwrap()).unwrap();
    assert_eq!(vector.value("spend").unwrap().as_f64(), Some(1.0));
}

#[test]
fn what_cannot_be_read_is_named() {
    let set = spend();
    let good = df!("user" => ["ada", "bob"], "ts" => [0i64, 1], "amount" => [0.5, 0.25]).unwrap();
    let queries = df!("user" => ["ada"], "as_of" => [5i64]).unwrap();
    let with = |column: Series| {
        let mut events = good.clone();
        events.with_column(column.into_column()).unwrap();
        let why = point_in_time(&set, &events, &queries).unwrap_err();
        (why.kind(), why.to_string())
    };
    let says = |(kind, text): (ErrorKind, String), expected: ErrorKind, words: &[&str]| {
        assert_eq!(kind, expected, "{text}");
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    };
    let bytes = Series::new("amount".into(), [b"a".as_slice(), b"b"]);
    says(with(bytes), ErrorKind::Type, &["amount", "list of Float64", "Polars type binary"]);
    says(with(Series::new("user".into(), [Some("ada"), None])), ErrorKind::Missing, &["user", "events, batch 0 row 1"]);
    says(with(Series::new("ts".into(), [Some(0i64), None])), ErrorKind::Missing, &["ts", "events, batch 0 row 1"]);
    says(with(Series::new("ts".into(), [i64::MIN, 0])), ErrorKind::Time, &["ts", "events, batch 0 row 0"]);
    says(with(Series::new("amount".into(), ["1", "2"])), ErrorKind::Type, &["amount", "events, batch 0 row 0"]);
    says(with(Series::new("user".into(), [1i64, 2])), ErrorKind::Type, &["user"]);
    let why = point_in_time(&set, &good, &good).unwrap_err();
    says((why.kind(), why.to_string()), ErrorKind::Missing, &["as_of", "queries", "user, ts, amount"]);
}
