//! Catches what went wrong once already: each test is named after a bug that was found and mended.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use serde_json::json;
use skewless::{
    Column, Computers, Derived, Entity, ErrorKind, Feature, FeatureComputer, FeatureSet, Interval, Kind, Record, Shape,
    Span, State, Stream, Timestamp, Value, ValueRef, Window, col,
};

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn set(features: &str) -> FeatureSet {
    let json = format!(r#"{{"name": "t", "version": 1, "entity": "user", "time": "ts", "features": {{{features}}}}}"#);
    FeatureSet::from_json(&json).unwrap()
}

fn one(feature: Feature) -> skewless::Result<FeatureSet> {
    FeatureSet::builder("t").entity("user").time("ts").feature("f", feature).build()
}

#[test]
fn a_bounded_session_with_activity_looks_a_gap_beyond_its_bound() {
    let set = set(r#""n": {"count": "*", "over": {"session": "10us", "activity": {"k": "act"}, "within": "20us"}}"#);
    for frontier in [0, 30] {
        let mut state = State::new(&set);
        for (k, ts) in [("act", 5), ("x", 11), ("act", 14), ("act", 22)] {
            state.update(&json!({"user": "a", "ts": ts, "k": k})).unwrap();
        }
        state.advance(at(frontier));
        let state = State::decode(&set, &state.encode()).unwrap();
        assert_eq!(state.vector(at(30)).unwrap().values(), [Value::I64(3)]);
    }
}

#[test]
fn a_double_comes_back_from_json_as_itself() {
    let default = 0.926_065_661_284_405_3;
    let built = one(Feature::mean("x").over(Window::lifetime()).default(default)).unwrap();
    assert_eq!(FeatureSet::from_json(built.to_json()).unwrap().fingerprint(), built.fingerprint());
    let event: serde_json::Value =
        serde_json::from_str(&format!(r#"{{"user": 1, "ts": 0, "x": {default:?}}}"#)).unwrap();
    let mut state = State::new(&built);
    state.update(&event).unwrap();
    assert_eq!(state.vector(at(1)).unwrap().values(), [Value::F64(default)]);
}

#[test]
fn nine_entity_columns_are_refused_and_not_cut_to_eight() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let build = |names: Vec<String>| {
        FeatureSet::builder("t")
            .entity(names)
            .time("ts")
            .feature("n", Feature::count().over(Window::lifetime()))
            .build()
    };
    let names = names.map(str::to_owned).to_vec();
    assert!(build(names[..8].to_vec()).is_ok());
    assert_eq!(build(names).unwrap_err().at(), Some("entity"));
}

#[test]
fn a_number_compared_with_the_entity_is_an_integer() {
    let set = set(r#""n": {"count": "*", "where": {"user": 5}, "over": "lifetime"}"#);
    assert_eq!(FeatureSet::from_json(set.to_json()).unwrap(), set);
    let mut stream = Stream::new(&set);
    stream.update(&json!({"user": 5, "ts": 0})).unwrap();
    assert_eq!(stream.vector(&Entity::from(5i64), at(1)).unwrap().values(), [Value::I64(1)]);
}

/// A sum that says it is the count.
#[derive(Clone, Debug)]
struct Impostor(i64);

impl FeatureComputer for Impostor {
    type Input<'a> = i64;
    type State = i64;
    fn id(&self) -> String {
        "impostor/1".into()
    }
    fn state_id(&self) -> String {
        "tally/1".into()
    }
    fn output_shape(&self) -> Shape {
        Kind::I64.into()
    }
    fn identity(&self) -> i64 {
        0
    }
    fn update(&self, state: &mut i64, input: i64) {
        *state += input + self.0;
    }
    fn merge(&self, into: &mut i64, from: &i64) {
        *into += from;
    }
    fn output(&self, state: &i64, _: Interval) -> Value {
        Value::I64(*state)
    }
}

#[test]
fn two_states_of_one_name_are_refused_and_not_mixed_up() {
    let error = FeatureSet::builder("t")
        .entity("user")
        .time("ts")
        .feature("a", Feature::sum("x").over(Window::lifetime()))
        .feature("b", Feature::custom(Impostor(1), ["qty"]).over(Window::lifetime()))
        .build()
        .unwrap_err();
    assert_eq!(error.at(), Some("features.b"));
}

#[test]
fn a_custom_computer_is_read_back_by_its_id() {
    let computers = Computers::new().with("mine", || Impostor(1));
    let set = FeatureSet::from_json_with(
        r#"{"name": "t", "version": 1, "entity": "user", "time": "ts", "features": {"f": {"mine": "qty", "over": "lifetime"}}}"#,
        &computers,
    )
    .unwrap();
    assert_eq!(FeatureSet::from_json_with(set.to_json(), &computers).unwrap().fingerprint(), set.fingerprint());
}

#[test]
fn a_time_out_of_range_is_counted_as_a_time() {
    let set = set(r#""n": {"count": "*", "over": "lifetime"}"#);
    let mut stream = Stream::new(&set);
    for ts in [json!(i64::MAX), json!("yesterday")] {
        assert_eq!(stream.update(&json!({"user": 1, "ts": ts})).unwrap_err().kind(), ErrorKind::Time);
    }
    assert_eq!(stream.update(&json!({"user": 1, "ts": true})).unwrap_err().kind(), ErrorKind::Type);
    assert_eq!((stream.counters().refused_time, stream.counters().refused_type), (2, 1));
}

#[test]
fn a_column_named_like_a_word_of_filters_cannot_be_filtered_on() {
    for word in ["all", "any", "not"] {
        assert!(one(Feature::count().filter(col(word).gt(5)).over(Window::lifetime())).is_err());
    }
}

#[test]
fn what_json_cannot_say_is_not_built_either() {
    let count = || Feature::count().over(Window::lifetime());
    assert!(one(count().filter(col("x").gt(f64::INFINITY))).is_err());
    assert!(one(count().filter(col("x").eq(f64::NAN))).is_err());
    assert!(one(count().filter(col("x").is_in(Vec::<f64>::new()))).is_err());
    assert!(one(count().filter(skewless::Filter::any([]))).is_err());
    assert!(one(Feature::mean("x").over(Window::lifetime()).default(f64::INFINITY)).is_err());
    let far = one(Feature::max("seen").filter(col("seen").lt(Timestamp::MAX)).over(Window::lifetime())).unwrap();
    assert_eq!(FeatureSet::from_json(far.to_json()).unwrap(), far);
}

#[test]
fn literals_that_mean_the_same_have_one_fingerprint() {
    let fingerprint = |literal: &str, default: &str| {
        set(&format!(
            r#""f": {{"mean": "x", "where": {{"x": {{"gt": {literal}}}}}, "over": "lifetime", "default": {default}}}"#
        ))
        .fingerprint()
    };
    assert_eq!(fingerprint("5", "0"), fingerprint("5.0", "0.0"));
    assert_ne!(fingerprint("5", "0"), fingerprint("6", "0"));
}

#[test]
fn an_option_on_the_wrong_window_is_refused() {
    let over = |window: Window| one(Feature::count().over(window));
    assert!(over(Window::lifetime().hop(Span::hours(1))).is_err());
    assert!(over(Window::tumbling(Span::hours(1)).exact()).is_err());
    assert!(over(Window::lifetime().activity(col("x").gt(0))).is_err());
    assert!(over(Window::sliding(Span::hours(1)).within(Span::hours(1))).is_err());
}

#[test]
fn a_gap_longer_than_time_joins_only_what_it_reaches() {
    let gap = Span::from_micros(i64::MAX).unwrap();
    let set = one(Feature::count().over(Window::session(gap).activity(col("k").eq("a")))).unwrap();
    let mut state = State::new(&set);
    for ts in [Timestamp::MIN, at(0), Timestamp::MAX] {
        state.update(&json!({"user": 1, "ts": ts.as_micros(), "k": "a"})).unwrap();
    }
    // From the beginning of time to 0 is within the gap, from 0 to the end as well.
    assert_eq!(state.vector(at(1)).unwrap().values(), [Value::I64(2)]);
    let mut apart = State::new(&set);
    apart.update(&json!({"user": 1, "ts": Timestamp::MIN.as_micros(), "k": "a"})).unwrap();
    assert_eq!(apart.vector(Timestamp::MAX).unwrap().values(), [Value::I64(0)]);
}

#[test]
fn a_state_from_further_on_takes_the_stream_along() {
    let set = set(r#""n": {"count": "*", "over": {"tumbling": "1d"}}"#);
    let mut state = State::new(&set);
    state.update(&json!({"user": 1, "ts": 5})).unwrap();
    state.advance(at(1_000));
    let mut stream = Stream::new(&set);
    stream.advance(at(10));
    stream.merge_state(Entity::from(1i64), &state).unwrap();
    assert_eq!(stream.frontier(), Some(at(1_000)));
    assert_eq!(stream.vector(&Entity::from(1i64), at(1_000)).unwrap().values(), [Value::I64(1)]);
}

#[test]
fn a_state_is_vacant_whether_or_not_it_was_settled() {
    let set = set(r#""n": {"count": "*", "over": {"sliding": "1h"}}"#);
    let mut state = State::new(&set);
    state.update(&json!({"user": 1, "ts": 5})).unwrap();
    assert!(!state.is_vacant());
    state.advance(at(86_400_000_000));
    assert!(state.is_vacant());
    assert!(State::decode(&set, &state.encode()).unwrap().is_vacant());
}

#[test]
fn a_snapshot_of_nothing_still_knows_its_definition() {
    let (a, b) = (set(r#""n": {"count": "*", "over": "lifetime"}"#), set(r#""m": {"count": "*", "over": "lifetime"}"#));
    let bytes = Stream::new(&a).snapshot();
    assert!(Stream::restore(&a, &bytes).is_ok());
    assert_eq!(Stream::restore(&b, &bytes).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn a_null_result_takes_the_default_like_an_empty_one() {
    let set = set(r#""v": {"var_samp": "x", "over": "lifetime", "default": -1}"#);
    let mut state = State::new(&set);
    assert_eq!(state.vector(at(9)).unwrap().values(), [Value::F64(-1.0)]);
    state.update(&json!({"user": 1, "ts": 5, "x": 2})).unwrap();
    assert_eq!(state.vector(at(9)).unwrap().values(), [Value::F64(-1.0)]);
}

#[test]
fn an_unknown_part_leaves_not_all_open() {
    let filter = skewless::Filter::all([col("x").gt(1), col("y").gt(1)]).not();
    let set = one(Feature::count().filter(filter).over(Window::lifetime())).unwrap();
    let mut state = State::new(&set);
    state.update(&json!({"user": 1, "ts": 5, "y": 2})).unwrap();
    assert_eq!(state.vector(at(9)).unwrap().values(), [Value::I64(0)]);
}

#[test]
fn states_of_two_definitions_do_not_merge() {
    let (a, b) = (set(r#""n": {"count": "*", "over": "lifetime"}"#), set(r#""m": {"count": "*", "over": "lifetime"}"#));
    let error = State::new(&a).merge(&State::new(&b)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.to_string().contains(r#""n":"#), "{error}");
}

#[test]
fn an_entity_is_seen_only_after_its_first_event() {
    let set = set(r#""n": {"count": "*", "over": "lifetime"}"#);
    let mut state = State::new(&set);
    state.update(&json!({"user": 1, "ts": 5})).unwrap();
    assert!(!state.vector(at(5)).unwrap().is_seen());
    assert!(state.vector(at(6)).unwrap().is_seen());
}

#[test]
fn raw_zeros_and_nans_become_plain_at_the_door() {
    let set = set(r#""first": {"first": "x", "over": "lifetime"}, "max": {"max": "x", "over": "lifetime"}"#);
    let set_of = |x: f64| {
        let mut state = State::new(&set);
        let mut event = std::collections::BTreeMap::new();
        event.insert("ts".to_owned(), Value::I64(1));
        event.insert("x".to_owned(), Value::F64(x));
        state.update(&event).unwrap();
        state.encode()
    };
    assert_eq!(set_of(-0.0), set_of(0.0));
    assert_eq!(set_of(f64::NAN), set_of(-f64::NAN));
}

#[test]
fn a_derived_feature_may_read_one_derived_before_it() {
    let set = FeatureSet::builder("t")
        .entity("user")
        .time("ts")
        .feature("n", Feature::count().over(Window::lifetime()))
        .derive("twice", Derived::sum(["n", "n"]))
        .derive("half", Derived::ratio("n", "twice"))
        .build()
        .unwrap();
    let mut state = State::new(&set);
    state.update(&json!({"user": 1, "ts": 5})).unwrap();
    assert_eq!(state.vector(at(6)).unwrap().value("half").unwrap(), &Value::F64(0.5));
}

/// Whether any flag was set: the identity is also what unset flags leave.
#[derive(Clone, Debug)]
struct AnyOf;

impl FeatureComputer for AnyOf {
    type Input<'a> = bool;
    type State = bool;
    const IDEMPOTENT: bool = true;
    fn id(&self) -> String {
        "any_of/1".into()
    }
    fn output_shape(&self) -> Shape {
        Kind::Bool.into()
    }
    fn identity(&self) -> bool {
        false
    }
    fn update(&self, state: &mut bool, input: bool) {
        *state |= input;
    }
    fn merge(&self, into: &mut bool, from: &bool) {
        *into |= from;
    }
    fn output(&self, state: &bool, _: Interval) -> Value {
        Value::Bool(*state)
    }
}

#[test]
fn a_state_that_hides_its_inputs_is_caught_and_does_no_harm() {
    #[cfg(feature = "testing")]
    assert!(skewless::testing::check(AnyOf).unwrap_err().to_string().contains("law `presence`"));
    let set = one(Feature::custom(AnyOf, ["flag"]).over(Window::lifetime())).unwrap();
    let mut state = State::new(&set);
    state.update(&json!({"user": 1, "ts": 5, "flag": false})).unwrap();
    state.advance(at(100));
    let decoded = State::decode(&set, &state.encode()).unwrap();
    assert_eq!(state.is_vacant(), decoded.is_vacant());
}

#[test]
fn the_order_of_features_does_not_decide_a_kind() {
    let features = [
        r#""a": {"first": "x", "tie_break": "y", "over": "lifetime"}"#,
        r#""b": {"first": "y", "over": "lifetime"}"#,
        r#""c": {"last": "user", "tie_break": "x", "over": "lifetime"}"#,
        r#""d": {"max": "user", "over": "lifetime"}"#,
    ];
    let kinds = |order: [usize; 4]| {
        let set = set(&order.map(|i| features[i]).join(", "));
        let mut kinds: Vec<_> = set.columns().iter().map(|c| (c.name().to_owned(), c.kind())).collect();
        kinds.sort();
        kinds
    };
    let expected = kinds([0, 1, 2, 3]);
    for order in [[1, 0, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1], [0, 2, 1, 3]] {
        assert_eq!(kinds(order), expected, "{order:?}");
    }
}

#[test]
fn an_entity_that_cannot_be_is_not_merged_in() {
    let set = set(r#""n": {"count": "*", "over": "lifetime"}"#);
    let mut stream = Stream::new(&set);
    let parts = [vec![Value::F64(1.5)], vec![Value::Null], vec![], vec![Value::I64(1), Value::I64(2)]];
    for parts in parts {
        assert!(stream.merge_state(Entity::new(parts), &State::new(&set)).is_err());
    }
    stream.merge_state(Entity::from("ada"), &State::new(&set)).unwrap();
    assert!(Stream::restore(&set, &stream.snapshot()).is_ok());
}

#[test]
fn conditions_in_another_order_have_one_fingerprint() {
    let of =
        |filter: &str| set(&format!(r#""n": {{"count": "*", "where": {filter}, "over": "lifetime"}}"#)).fingerprint();
    assert_eq!(of(r#"{"x": 1, "y": ["b", "a"]}"#), of(r#"{"all": [{"y": ["a", "b", "a"]}, {"x": 1.0}]}"#));
    assert_ne!(of(r#"{"x": 1, "y": ["b", "a"]}"#), of(r#"{"any": [{"y": ["a", "b"]}, {"x": 1}]}"#));
}

#[test]
fn seconds_between_the_ends_of_time_do_not_stop_at_what_an_i64_holds() {
    let set =
        set(r#""since": {"time_since_first": "*", "over": "lifetime"}, "gap": {"gap_mean": "*", "over": "lifetime"}"#);
    let mut state = State::new(&set);
    let last = Timestamp::MAX.as_micros();
    for ts in [Timestamp::MIN.as_micros(), last - 1] {
        state.update(&json!({"user": 1, "ts": ts})).unwrap();
    }
    let seconds = (i128::from(last) - i128::from(Timestamp::MIN.as_micros())) as f64 / 1e6;
    assert_eq!(state.vector(Timestamp::MAX).unwrap().values(), [Value::F64(seconds), Value::F64(seconds)]);
}

#[test]
fn gaps_of_whole_seconds_deviate_as_those_seconds_do() {
    let set = set(r#""gaps": {"gap_stddev": "*", "over": "lifetime"}"#);
    let mut state = State::new(&set);
    for second in [0, 4, 10] {
        state.update(&json!({"user": 1, "ts": second * 1_000_000})).unwrap();
    }
    assert_eq!(state.vector(at(20_000_000)).unwrap().values(), [Value::F64(2f64.sqrt())]);
}

#[test]
fn what_was_beyond_a_double_decays_into_one() {
    let set = set(r#""sum": {"decayed_sum": "x", "half_life": "10us", "over": "lifetime"}"#);
    let mut state = State::new(&set);
    for x in [f64::MAX, f64::MAX, f64::MAX, f64::MAX] {
        state.update(&json!({"user": 1, "ts": 5, "x": x})).unwrap();
    }
    let value = |state: &State, micros: i64| state.vector(at(micros)).unwrap().values()[0].as_f64().unwrap();
    assert_eq!(value(&state, 6), f64::INFINITY);
    assert_eq!(value(&state, 25), f64::MAX);
    assert_eq!(value(&state, 35), f64::MAX / 2.0);
    // Of both signs, too.
    state.update(&json!({"user": 1, "ts": 15, "x": -f64::MAX})).unwrap();
    state.update(&json!({"user": 1, "ts": 15, "x": -f64::MAX})).unwrap();
    assert_eq!(value(&state, 25), 0.0);
}

#[test]
fn a_star_is_no_column() {
    for feature in [
        r#"{"sum": "*", "over": "lifetime"}"#,
        r#"{"arg_max": ["*", "x"], "over": "lifetime"}"#,
        r#"{"count": "*", "by": "*", "over": "lifetime"}"#,
        r#"{"last": "x", "tie_break": "*", "over": "lifetime"}"#,
    ] {
        let json =
            format!(r#"{{"name": "t", "version": 1, "entity": "user", "time": "ts", "features": {{"f": {feature}}}}}"#);
        let error = FeatureSet::from_json(&json).unwrap_err();
        assert!(error.to_string().contains("`*`"), "{feature}: {error}");
    }
}

#[test]
fn answers_and_parameters_that_json_cannot_say_are_not_built() {
    let pairs = |pairs: &[(Value, i64)]| Value::Map(pairs.iter().map(|(k, n)| (k.clone(), Value::I64(*n))).collect());
    let items = |items: &[Value]| Value::Items(items.iter().cloned().collect());
    let by = |default: Value| Feature::count().by("word", 5).default(default);
    let refused = [
        by(pairs(&[("a".into(), 1), ("a".into(), 2)])),
        by(pairs(&[(Value::Null, 1)])),
        by(pairs(&[("(other)".into(), 1)])),
        Feature::first_k("x", 2).default(items(&[Value::F64(f64::INFINITY)])),
        Feature::approx_frequency("x", [f64::INFINITY]),
        Feature::approx_frequency("lists", [vec![1.0]]),
    ];
    for feature in refused {
        let built =
            FeatureSet::builder("t").entity("user").time("ts").column("x", Kind::F64).column("lists", Kind::List);
        let built = built.feature("f", feature.clone().over(Window::lifetime())).build();
        assert_eq!(built.unwrap_err().kind(), ErrorKind::Definition, "{feature:?}");
    }
    assert!(one(by(pairs(&[("b".into(), 1), ("a".into(), 2)])).over(Window::lifetime())).is_ok());
}

#[test]
fn a_default_is_as_long_as_the_answers_it_stands_for() {
    let over = |feature: Feature| one(feature.over(Window::lifetime()));
    assert!(over(Feature::vector_mean("v", 2).default(vec![0.0, 0.0])).is_ok());
    assert!(over(Feature::vector_mean("v", 2).default(vec![0.0])).is_err());
    assert!(over(Feature::vector_last("v", 2).default(vec![0.0; 3])).is_err());
    assert!(over(Feature::approx_quantiles("x", [0.5, 0.9]).default(vec![0.0, 0.0])).is_ok());
    assert!(over(Feature::approx_quantiles("x", [0.5, 0.9]).default(vec![0.0])).is_err());
}

#[cfg(feature = "arrow")]
mod arrow {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int64Type, TimestampMicrosecondType};
    use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
    use skewless::batch::point_in_time;

    use super::{ErrorKind, set};

    fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn the_time_column_can_be_read_like_any_other() {
        let set = set(r#""seen": {"max": "ts", "over": "lifetime"},
               "late": {"count": "*", "where": {"ts": {"ge": 5}}, "over": "lifetime"}"#);
        let users: ArrayRef = Arc::new(StringArray::from(vec!["a", "a"]));
        let events = table(vec![("user", users), ("ts", Arc::new(Int64Array::from(vec![4, 6])))]);
        let asking: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
        let queries = table(vec![("user", asking), ("as_of", Arc::new(Int64Array::from(vec![10])))]);
        let answers = point_in_time(&set, &[events], &[queries]).unwrap();
        assert_eq!(answers["seen"].as_primitive::<TimestampMicrosecondType>().value(0), 6);
        assert_eq!(answers["late"].as_primitive::<Int64Type>().value(0), 1);
    }

    #[test]
    fn integers_do_not_look_for_text() {
        let set = set(r#""n": {"count": "*", "over": "lifetime"}"#);
        let (text, number): (ArrayRef, ArrayRef) =
            (Arc::new(StringArray::from(vec!["5"])), Arc::new(Int64Array::from(vec![5])));
        let events = table(vec![("user", text), ("ts", Arc::new(Int64Array::from(vec![1])))]);
        let queries = table(vec![("user", number), ("as_of", Arc::new(Int64Array::from(vec![2])))]);
        assert_eq!(point_in_time(&set, &[events], &[queries]).unwrap_err().kind(), ErrorKind::Type);
    }

    #[test]
    fn a_dictionary_without_values_is_all_null() {
        use arrow_array::DictionaryArray;
        use arrow_array::types::Int32Type;
        let set = set(r#""n": {"count": "kind", "over": "lifetime"}"#);
        let users: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
        let kinds: DictionaryArray<Int32Type> = vec![None::<&str>].into_iter().collect();
        let times: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let columns =
            vec![("user", users.clone(), false), ("ts", times, false), ("kind", Arc::new(kinds) as ArrayRef, true)];
        let events = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let queries = table(vec![("user", users), ("as_of", Arc::new(Int64Array::from(vec![2])))]);
        let answers = point_in_time(&set, &[events], &[queries]).unwrap();
        assert_eq!(answers["n"].as_primitive::<Int64Type>().value(0), 0);
        assert!(!answers.schema().field_with_name("n").unwrap().is_nullable() && answers["n"].null_count() == 0);
    }
}

#[test]
fn a_retraction_before_its_event_is_a_negative_count_and_not_an_overflow() {
    let set = set(r#""n": {"count": "*", "retract": {"op": "del"}, "over": "lifetime"},
           "mean": {"mean": "x", "retract": {"op": "del"}, "over": "lifetime"},
           "sum": {"sum": "x", "retract": {"op": "del"}, "over": "lifetime"}"#);
    let mut state = State::new(&set);
    state.update(&json!({"user": "a", "ts": 5, "op": "del", "x": 2.0})).unwrap();
    let early = state.vector(at(9)).unwrap();
    assert_eq!(early.values(), [Value::I64(-1), Value::Null, Value::F64(-2.0)]);
    state.update(&json!({"user": "a", "ts": 5, "op": "add", "x": 2.0})).unwrap();
    assert_eq!(state.vector(at(9)).unwrap().values(), [Value::I64(0), Value::Null, Value::F64(0.0)]);
    // Both events are still rows; once they have aged nothing is left of them.
    state.advance(at(10));
    assert!(state.is_vacant());
}

#[test]
fn sessions_do_not_depend_on_order_where_moments_are_further_apart_than_an_i64() {
    let set = set(r#""n": {"session_count": "*", "gap": "100000000d", "over": "lifetime"}"#);
    let times = [Timestamp::MIN.as_micros(), 0, Timestamp::MAX.as_micros() - 1, Timestamp::MIN.as_micros() + 1];
    let fed = |order: [usize; 4]| {
        let mut state = State::new(&set);
        for i in order {
            state.update(&json!({"user": "a", "ts": times[i]})).unwrap();
        }
        state.advance(Timestamp::MAX);
        state
    };
    let straight = fed([0, 3, 1, 2]);
    assert_eq!(straight.vector(Timestamp::MAX).unwrap().values(), [Value::I64(1)]);
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let state = fed(order);
        assert_eq!(state.encode(), straight.encode(), "{order:?}");
        assert_eq!(State::decode(&set, &state.encode()).unwrap(), state, "{order:?}");
    }
}

#[test]
fn an_overflow_is_not_read_as_a_kept_value() {
    // Tag 7 is the overflow of an answer; as a tie break it would compare one way and merge another.
    assert!(with_tie(&[7]).is_err());
    assert!(with_tie(&[0]).is_ok());
}

/// Reads a value in its stored form through a state that keeps one: a tie break is stored as it is.
fn with_tie(tag: &[u8]) -> skewless::Result<State> {
    let set = set(r#""f": {"last": "word", "tie_break": "qty", "over": "lifetime"}"#);
    let mut state = State::new(&set);
    state.update(&json!({"user": "a", "ts": 1, "word": "w", "qty": null})).unwrap();
    state.advance(at(9));
    let mut bytes = state.encode();
    // The pane: moment, tie, value. The tie stands before the length and the text of the value.
    let place = bytes.len() - 3;
    assert_eq!(&bytes[place..], [0, 1, b'w']);
    bytes.splice(place..=place, tag.iter().copied());
    reseal(&mut bytes);
    State::decode(&set, &bytes)
}

/// Makes the checksum of a state right again.
fn reseal(bytes: &mut [u8]) {
    let seed = bytes[5..13].iter().fold(0u64, |seed, byte| seed << 8 | u64::from(*byte));
    let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&bytes[17..], seed) as u32;
    bytes[13..17].copy_from_slice(&sum.to_le_bytes());
}

#[test]
fn a_list_of_another_length_is_not_read_back() {
    struct Embedded(Vec<f64>);
    impl Record for Embedded {
        fn field(&self, column: &Column) -> ValueRef<'_> {
            match column.name() {
                "ts" => ValueRef::I64(1),
                "vec" => ValueRef::List(&self.0),
                _ => ValueRef::Null,
            }
        }
    }
    let held = set(r#""f": {"vector_last": "vec", "length": 2, "over": "lifetime"}"#);
    let free = set(r#""f": {"vector_last": "vec", "length": 3, "over": "lifetime"}"#);
    let state = |set: &FeatureSet, length: usize, aged: bool| {
        let mut state = State::new(set);
        state.update(&Embedded(vec![0.5; length])).unwrap();
        if aged {
            state.advance(at(9));
        }
        state.encode()
    };
    // As a row and as a pane: what a set for three wrote is made out to be of the set for two.
    for aged in [false, true] {
        let mut bytes = state(&free, 3, aged);
        bytes[5..13].copy_from_slice(&state(&held, 2, aged)[5..13]);
        reseal(&mut bytes);
        let error = State::decode(&held, &bytes).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotCanonical), "{error}");
    }
}
