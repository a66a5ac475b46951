//! Catches a model that is given another number than the feature's, or a null, an overflow or another feature for one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, FixedOffset, Utc};
use serde::Deserialize;
use serde_json::json;
use skewless::merge::Override;
use skewless::{
    Column, Dense, Entity, ErrorKind, External, Externals, Feature, FeatureSet, Kind, Lookup, Nulls, Record, Serving,
    Span, State, Stream, Timestamp, Value, ValueRef, Vector, Window, col,
};

const NOW: i64 = 1_795_392_000_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn ever(feature: Feature) -> Feature {
    feature.over(Window::lifetime())
}

/// A feature for each way an answer can look, and for each way it can be missing.
fn set() -> FeatureSet {
    FeatureSet::builder("s")
        .entity("user")
        .time("ts")
        .column("qty", Kind::I64)
        .column("seen", Kind::Time)
        .column("vec", Kind::List)
        .feature("n", ever(Feature::count()))
        .feature("spend", ever(Feature::sum("amount")))
        .feature("least", ever(Feature::min("qty")))
        .feature("total", ever(Feature::sum("qty")))
        .feature("flagged", ever(Feature::any("flag")))
        .feature("word", ever(Feature::last("word")))
        .feature("when", ever(Feature::last("seen")))
        .feature("taste", ever(Feature::named("vector_mean", "vec").unwrap().with("length", 2)))
        .feature("words", ever(Feature::named("histogram", "word").unwrap().with("limit", 2)))
        .feature("days", Feature::count().over(Window::tumbling(Span::days(1))).series(3, Span::days(1)))
        .feature("middle", ever(Feature::approx_quantiles("amount", [0.25, 0.75])))
        .feature("lasts", ever(Feature::named("last_k", "word").unwrap().with("k", 5)))
        .feature("by_word", ever(Feature::sum("qty").by("word", 10)))
        .build()
        .unwrap()
}

struct Event {
    at: i64,
    amount: Option<f64>,
    qty: Option<i64>,
    word: Option<&'static str>,
    vec: Option<[f64; 2]>,
}

impl Record for Event {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        match column.name() {
            "user" => ValueRef::Str("ada"),
            "ts" | "seen" => ValueRef::I64(self.at),
            "amount" => self.amount.map_or(ValueRef::Null, ValueRef::F64),
            "qty" => self.qty.map_or(ValueRef::Null, ValueRef::I64),
            "flag" => ValueRef::Bool(true),
            "word" => self.word.map_or(ValueRef::Null, ValueRef::Str),
            "vec" => self.vec.as_ref().map_or(ValueRef::Null, |vec| ValueRef::List(vec)),
            _ => ValueRef::Null,
        }
    }
}

fn event(qty: i64) -> Event {
    Event { at: NOW - 1, amount: Some(2.5), qty: Some(qty), word: Some("a"), vec: Some([0.5, -1.0]) }
}

/// The vector after these events.
fn vector(events: &[Event]) -> Vector {
    let mut state = State::new(&set());
    for event in events {
        state.update(event).unwrap();
    }
    state.vector(at(NOW)).unwrap()
}

/// One feature, as a field of this type.
macro_rules! one {
    ($vector:expr, $name:ident: $of:ty) => {{
        #[derive(Deserialize)]
        struct Only {
            $name: $of,
        }
        $vector.deserialize::<Only>().map(|only| only.$name)
    }};
}

/// What goes wrong, in words.
fn why<T>(result: skewless::Result<T>) -> String {
    result.err().unwrap().to_string()
}

#[test]
fn values_go_into_the_types_that_hold_them() {
    let full = vector(&[event(-1)]);
    assert_eq!(one!(full, n: u8).unwrap(), 1);
    assert_eq!(one!(full, n: f64).unwrap(), 1.0);
    assert_eq!(one!(full, n: Option<usize>).unwrap(), Some(1));
    assert_eq!(one!(full, least: i8).unwrap(), -1);
    assert_eq!(one!(full, least: i128).unwrap(), -1);
    assert_eq!(one!(full, spend: f64).unwrap(), 2.5);
    assert_eq!(one!(full, spend: f32).unwrap(), 2.5);
    assert!(one!(full, flagged: bool).unwrap());
    assert_eq!(one!(full, word: String).unwrap(), "a");
    assert_eq!(one!(full, word: char).unwrap(), 'a');
    assert_eq!(one!(full, word: Option<Box<str>>).unwrap().as_deref(), Some("a"));
    assert_eq!(one!(full, taste: Vec<f64>).unwrap(), [0.5, -1.0]);
    assert_eq!(one!(full, taste: [f32; 2]).unwrap(), [0.5, -1.0]);
    assert_eq!(one!(full, taste: (f64, f64)).unwrap(), (0.5, -1.0));
    assert_eq!(one!(full, days: [u32; 3]).unwrap(), [0, 1, 0]);
    assert_eq!(one!(full, lasts: Vec<Option<String>>).unwrap(), [Some("a".to_owned())]);
    let (all, word) = (BTreeMap::from([("a".to_owned(), 1)]), Some("a".to_owned()));
    assert_eq!(one!(full, words: BTreeMap<String, u8>).unwrap(), all);
    assert_eq!(one!(full, words: Vec<(Option<String>, f64)>).unwrap(), [(word, 1.0)]);
}

#[test]
fn moments_go_into_moments_text_and_microseconds() {
    let full = vector(&[event(1)]);
    let text = "2026-11-22T23:59:59.999999Z";
    assert_eq!(one!(full, when: Timestamp).unwrap(), at(NOW - 1));
    assert_eq!(one!(full, when: Option<i64>).unwrap(), Some(NOW - 1));
    assert_eq!(one!(full, when: u64).unwrap(), NOW as u64 - 1);
    assert_eq!(one!(full, when: String).unwrap(), text);
    assert_eq!(one!(full, when: DateTime<Utc>).unwrap(), DateTime::<Utc>::from(at(NOW - 1)));
    assert_eq!(one!(full, when: DateTime<FixedOffset>).unwrap().to_rfc3339(), "2026-11-22T23:59:59.999999+00:00");
    assert_eq!(one!(full, when: serde_json::Value).unwrap(), json!(text));
    // Years of more than four digits, and those before the first, too.
    for end in [Timestamp::MIN.as_micros(), Timestamp::MAX.as_micros() - 1] {
        let mut state = State::new(&set());
        state.update(&Event { at: end, ..event(1) }).unwrap();
        let vector = state.vector(Timestamp::MAX).unwrap();
        assert_eq!(one!(vector, when: Timestamp).unwrap(), at(end));
        assert_eq!(one!(vector, when: DateTime<Utc>).unwrap(), DateTime::<Utc>::from(at(end)));
    }
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Word {
    A,
    B,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Cents(i64);

#[derive(Deserialize, Debug, PartialEq)]
struct Shopper<'a> {
    n: u64,
    #[serde(rename = "spend")]
    paid: f64,
    word: Option<&'a str>,
    #[serde(default)]
    novel: Option<f64>,
    #[serde(default = "seven")]
    other: i64,
    least: Cents,
    #[serde(flatten)]
    more: More,
}

#[derive(Deserialize, Debug, PartialEq)]
struct More {
    total: i64,
    words: BTreeMap<String, i64>,
    days: Vec<i64>,
}

fn seven() -> i64 {
    7
}

#[test]
fn a_struct_takes_what_its_fields_are_called_like() {
    let full = vector(&[event(3)]);
    let shopper: Shopper<'_> = full.deserialize().unwrap();
    let more = More { total: 3, words: BTreeMap::from([("a".into(), 1)]), days: vec![0, 1, 0] };
    let (paid, word, least) = (2.5, Some("a"), Cents(3));
    assert_eq!(shopper, Shopper { n: 1, paid, word, novel: None, other: 7, least, more });
    assert_eq!(one!(full, word: Word).unwrap(), Word::A);
    assert_eq!(
        why(one!(vector(&[Event { word: Some("c"), ..event(1) }]), word: Word)),
        "feature `word`: unknown variant `c`, expected `a` or `b`"
    );
    let wrapped: Option<BTreeMap<&str, serde_json::Value>> = full.deserialize().unwrap();
    assert_eq!(wrapped.unwrap().len(), full.values().len());
}

#[test]
fn as_json_it_is_what_it_serialises_to() {
    let other = Event { word: Some("b"), amount: Some(0.1), ..event(i64::MAX - 9) };
    for events in [vec![], vec![event(3)], vec![event(3), other]] {
        let vector = vector(&events);
        assert_eq!(vector.deserialize::<serde_json::Value>().unwrap(), serde_json::to_value(&vector).unwrap());
    }
}

#[test]
fn a_null_is_for_an_option_and_nothing_else() {
    let empty = vector(&[]);
    assert_eq!(one!(empty, spend: Option<f64>).unwrap(), Some(0.0));
    assert_eq!(one!(empty, least: Option<u8>).unwrap(), None);
    assert_eq!(one!(empty, word: Option<Word>).unwrap(), None);
    assert_eq!(one!(empty, taste: Option<[f64; 2]>).unwrap(), None);
    assert_eq!(one!(empty, when: Option<Timestamp>).unwrap(), None);
    one!(empty, when: ()).unwrap();
    let all = [
        (why(one!(empty, least: i64)), "least", "i64"),
        (why(one!(empty, least: f64)), "least", "f64"),
        (why(one!(empty, word: String)), "word", "a string"),
        (why(one!(empty, word: Word)), "word", "enum Word"),
        (why(one!(empty, when: Timestamp)), "when", "i64"),
        (why(one!(empty, taste: Vec<f64>)), "taste", "a sequence"),
        (why(one!(empty, taste: [f64; 2])), "taste", "an array of length 2"),
    ];
    for (why, name, expected) in all {
        assert_eq!(why, format!("feature `{name}`: found null, expected {expected}; an `Option` may be null"));
    }
    assert_eq!(one!(empty, least: i64).unwrap_err().kind(), ErrorKind::Type);
    assert_eq!(one!(empty, words: BTreeMap<String, i64>).unwrap(), BTreeMap::new());
}

#[test]
fn what_a_type_does_not_hold_is_an_error_that_names_the_feature() {
    let full = vector(&[event(-1)]);
    assert_eq!(why(one!(full, least: u64)), "feature `least`: invalid value: integer `-1`, expected u64");
    assert_eq!(
        why(one!(full, when: i32)),
        format!("feature `when`: invalid value: integer `{}`, expected i32", NOW - 1)
    );
    assert_eq!(why(one!(full, spend: i64)), "feature `spend`: invalid type: floating point `2.5`, expected i64");
    assert_eq!(why(one!(full, n: bool)), "feature `n`: invalid type: integer `1`, expected a boolean");
    assert_eq!(why(one!(full, word: f64)), "feature `word`: invalid type: string \"a\", expected f64");
    assert_eq!(
        why(one!(full, when: f64)),
        "feature `when`: invalid type: string \"2026-11-22T23:59:59.999999Z\", expected f64"
    );
    assert_eq!(why(one!(full, taste: [f64; 3])), "feature `taste`: invalid length 2, expected an array of length 3");
    assert_eq!(why(one!(full, taste: [f64; 1])), "feature `taste`: invalid length 2, expected 1 element in sequence");
    assert_eq!(why(one!(full, words: BTreeMap<i64, i64>)), "feature `words`: invalid type: string \"a\", expected i64");
    assert_eq!(why(one!(full, words: More)), "feature `words`: missing field `total`");
    assert_eq!(one!(full, words: More).unwrap_err().kind(), ErrorKind::Type);
    assert_eq!(why(full.deserialize::<Vec<f64>>()), "the vector: invalid type: map, expected a sequence");
    assert_eq!(full.deserialize::<f64>().unwrap_err().kind(), ErrorKind::Type);
}

#[test]
fn an_overflow_is_never_taken_for_a_null() {
    let over = vector(&[event(i64::MAX), event(1)]);
    assert_eq!(over.get("total"), Some(&Value::Overflow));
    for why in [one!(over, total: i64).unwrap_err(), one!(over, total: Option<i64>).unwrap_err()] {
        assert_eq!(why.kind(), ErrorKind::Overflow);
        assert!(why.to_string().starts_with("feature `total`: the integer result is outside"), "{why}");
    }
    assert_eq!(one!(over, total: ()).unwrap_err().kind(), ErrorKind::Overflow);
    assert_eq!(one!(over, by_word: HashMap<String, Option<i64>>).unwrap_err().kind(), ErrorKind::Overflow);
    assert_eq!(over.deserialize::<serde_json::Value>().unwrap_err().kind(), ErrorKind::Overflow);
    // Who does not ask for it does not mind.
    assert_eq!(one!(over, n: i64).unwrap(), 2);
}

#[test]
fn names_that_do_not_meet_follow_serde() {
    let full = vector(&[event(1)]);
    let missing = one!(full, speend: f64).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Definition);
    assert!(missing.to_string().starts_with("speend: no such feature; there are n, spend, "), "{missing}");
    assert_eq!(one!(full, speend: Option<f64>).unwrap(), None);

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "it cannot be made")]
    struct Strict {
        n: i64,
        spend: f64,
    }
    let unknown = full.deserialize::<Strict>().unwrap_err();
    assert_eq!((unknown.kind(), unknown.at()), (ErrorKind::Definition, Some("least")));
    assert_eq!(unknown.to_string(), "least: a feature that nothing takes; there are the fields n, spend");
}

#[test]
fn keys_of_maps_are_text_or_themselves() {
    let buckets = |by: &str, kind| {
        let set = FeatureSet::builder("s").entity("user").time("ts").column(by, kind);
        let set = set.feature("n", ever(Feature::count().by(by, 1))).build().unwrap();
        let mut state = State::new(&set);
        state.update(&event(3)).unwrap();
        state.update(&event(3)).unwrap();
        state.update(&Event { word: Some("b"), at: NOW - 2, ..event(4) }).unwrap();
        state.vector(at(NOW)).unwrap()
    };
    let by_qty = buckets("qty", Kind::I64);
    let found = one!(by_qty, n: HashMap<Option<i64>, u8>).unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.contains_key(&None) && (found.contains_key(&Some(3)) || found.contains_key(&Some(4))));
    let text = one!(by_qty, n: HashMap<String, u8>).unwrap();
    assert!(text.contains_key("(other)") && (text.contains_key("3") || text.contains_key("4")), "{text:?}");
    let pairs = one!(by_qty, n: Vec<(Option<i64>, u8)>).unwrap();
    assert_eq!(pairs.iter().map(|(_, n)| n).sum::<u8>(), 3);
    let by_time = buckets("seen", Kind::Time);
    let found = one!(by_time, n: HashMap<Option<Timestamp>, u8>).unwrap();
    assert!(found.keys().flatten().all(|key| [at(NOW - 1), at(NOW - 2)].contains(key)));
    let found = one!(by_time, n: HashMap<Option<DateTime<Utc>>, u8>).unwrap();
    assert!(found.contains_key(&None) && found.len() == 2);
    let by_flag = buckets("flag", Kind::Bool);
    assert_eq!(one!(by_flag, n: HashMap<bool, u8>).unwrap(), HashMap::from([(true, 3)]));
    let by_word = buckets("word", Kind::Str);
    let found = one!(by_word, n: HashMap<Option<Word>, u8>);
    assert_eq!(found.map_err(|why| why.to_string()).map(|found| found.len()), Ok(2));
}

impl Eq for Word {}

impl std::hash::Hash for Word {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u8(u8::from(*self == Self::A));
    }
}

const ALL: [&str; 7] = ["spend", "taste", "n", "flagged", "days", "least", "middle"];

#[test]
fn numbers_are_in_the_order_asked_for() {
    let full = vector(&[event(-3)]);
    let expected = [2.5, 0.5, -1.0, 1.0, 1.0, 0.0, 1.0, 0.0, -3.0];
    let dense = set().dense(&ALL, Nulls::Refuse).unwrap();
    let labels = "spend taste[0] taste[1] n flagged days[0] days[1] days[2] least middle[0] middle[1]";
    assert_eq!(dense.labels().join(" "), labels);
    assert_eq!(dense.width(), 11);
    let row = dense.row(&full).unwrap();
    assert_eq!(row[..9], expected);
    assert_eq!(full.to_dense(&ALL, Nulls::Refuse).unwrap(), row);
    let mut backwards = ALL;
    backwards.reverse();
    let again = full.to_dense(&backwards, Nulls::Nan).unwrap();
    assert_eq!((again[0], again[2], again[10]), (row[9], -3.0, 2.5));
    let mut matrix = vec![7.0];
    dense.append(&full, &mut matrix).unwrap();
    dense.append(&full, &mut matrix).unwrap();
    assert_eq!((matrix.len(), &matrix[1..12], &matrix[12..]), (23, &row[..], &row[..]));
    assert!(full.to_dense::<&str>(&[], Nulls::Refuse).unwrap().is_empty());
    let names: Vec<String> = vec!["n".into(), "n".into()];
    assert_eq!(full.to_dense(&names, Nulls::Refuse).unwrap(), [1.0, 1.0]);
}

#[test]
fn nulls_become_what_is_said() {
    let empty = vector(&[]);
    let names = ["n", "least", "taste", "spend"];
    let refused = empty.to_dense(&names, Nulls::Refuse).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Type);
    assert!(refused.to_string().starts_with("feature `least`: found null, expected a number; "), "{refused}");
    assert_eq!(empty.to_dense(&names, Nulls::Zero).unwrap(), [0.0; 5]);
    assert_eq!(empty.to_dense(&names, Nulls::Fill(-1.0)).unwrap(), [0.0, -1.0, -1.0, -1.0, 0.0]);
    let nan: Vec<bool> = empty.to_dense(&names, Nulls::Nan).unwrap().iter().map(|x| x.is_nan()).collect();
    assert_eq!(nan, [false, true, true, true, false]);
    // A NaN in a list is a place without a number; so is a null in a series.
    let hole = vector(&[Event { vec: Some([f64::NAN, 1.0]), ..event(1) }]);
    assert_eq!(hole.to_dense(&["taste"], Nulls::Fill(9.0)).unwrap(), [9.0, 1.0]);
    assert!(hole.to_dense(&["taste"], Nulls::Refuse).is_err());
    let means = Feature::mean("amount").over(Window::tumbling(Span::days(1))).series(2, Span::days(1));
    let set = FeatureSet::builder("s").entity("user").time("ts").feature("means", means).build().unwrap();
    let mut state = State::new(&set);
    state.update(&event(1)).unwrap();
    let vector = state.vector(at(NOW)).unwrap();
    assert_eq!(vector.to_dense(&["means"], Nulls::Fill(9.0)).unwrap(), [2.5, 9.0]);
}

#[test]
fn what_is_no_number_is_refused_before_there_is_a_vector() {
    let set = set();
    let refused = |name: &str| set.dense(&["n", name], Nulls::Zero).unwrap_err();
    for (name, found) in [
        ("word", "string"),
        ("when", "timestamp"),
        ("words", "map of string to i64"),
        ("by_word", "map of string to i64"),
        ("lasts", "list of string"),
    ] {
        let why = refused(name);
        assert_eq!(why.kind(), ErrorKind::Type);
        assert!(why.to_string().starts_with(&format!("feature `{name}`: found {found}, expected a number; ")), "{why}");
        // Null or not: it is what the feature is, not what the value is.
        assert_eq!(vector(&[]).to_dense(&[name], Nulls::Zero).unwrap_err().kind(), ErrorKind::Type);
    }
    assert_eq!(refused("nope").kind(), ErrorKind::Definition);
    assert!(refused("nope").to_string().starts_with("nope: no such feature; there are n, spend, "));
}

#[test]
fn a_row_is_as_wide_as_it_must_be_and_errors_append_nothing() {
    let dense = set().dense(&["n", "total"], Nulls::Zero).unwrap();
    let why = dense.fill(&vector(&[]), &mut [0.0; 3]).unwrap_err();
    assert_eq!((why.kind(), why.to_string().as_str()), (ErrorKind::Parameter, "`row`: found 3 numbers, allowed: 2"));
    let over = vector(&[event(i64::MAX), event(1)]);
    let mut rows = vec![1.0];
    let why = dense.append(&over, &mut rows).unwrap_err();
    assert_eq!((why.kind(), rows.len()), (ErrorKind::Overflow, 1));
    assert!(why.to_string().starts_with("feature `total`"), "{why}");
    assert_eq!(dense.row(&over).unwrap_err().kind(), ErrorKind::Overflow);
}

#[test]
fn integers_are_rounded_to_the_nearest_double() {
    let big = (1i64 << 53) + 1;
    let row = |qty| vector(&[event(qty)]).to_dense(&["least"], Nulls::Refuse).unwrap();
    assert_eq!(row(big), row(big - 1));
    assert_eq!(row(i64::MAX), [9_223_372_036_854_775_808.0]);
    let infinite = vector(&[Event { amount: Some(f64::NEG_INFINITY), ..event(1) }]);
    assert_eq!(infinite.to_dense(&["spend"], Nulls::Refuse).unwrap(), [f64::NEG_INFINITY]);
}

#[test]
fn a_plan_is_for_vectors_of_its_definition() {
    let (one, other) = (set(), set());
    let dense = one.dense(&["n", "least"], Nulls::Zero).unwrap();
    let of = |set: &FeatureSet| State::new(set).vector(at(NOW)).unwrap();
    assert_eq!(dense.row(&of(&one)).unwrap(), dense.row(&of(&other)).unwrap());
    let fewer = FeatureSet::builder("s").entity("user").time("ts").feature("least", ever(Feature::min("qty")));
    let why = dense.row(&of(&fewer.build().unwrap())).unwrap_err();
    assert_eq!(why.kind(), ErrorKind::Mismatch);
    assert!(why.to_string().contains("it has no `n`"), "{why}");
}

#[test]
fn what_is_served_has_its_externals_behind() {
    let set = FeatureSet::builder("s").entity("user").time("ts").feature("n", ever(Feature::count())).build().unwrap();
    let risk = External::new("risk", Kind::F64).policy(Override::RealtimeWins).default(0.5);
    let all = Externals::new(&set, [risk, External::new("taste", Kind::List)]).unwrap();
    let serving = Serving::new(Stream::new(&set)).externals(&all);
    let served = serving.vector(&Entity::from("ada"), at(NOW), Lookup::NotFound).unwrap();
    let row = |dense: Dense| dense.row(served.vector()).unwrap();
    assert_eq!(row(serving.dense(&["risk", "n"], Nulls::Zero).unwrap()), [0.5, 0.0]);
    assert_eq!(row(set.dense(&["n"], Nulls::Zero).unwrap()), [0.0]);
    assert!(set.dense(&["risk"], Nulls::Zero).is_err());
    let why = serving.dense(&["taste"], Nulls::Zero).unwrap_err().to_string();
    assert!(why.starts_with("feature `taste`: found list, expected a number; "), "{why}");
    assert_eq!(one!(served.vector(), risk: f64).unwrap(), 0.5);
    // A vector without them is not one of the service's.
    let bare = State::new(&set).vector(at(NOW)).unwrap();
    assert!(serving.dense(&["risk"], Nulls::Zero).unwrap().row(&bare).is_err());
    assert_eq!(serving.dense(&["n"], Nulls::Zero).unwrap().row(&bare).unwrap(), [0.0]);
}

#[test]
fn filters_and_windows_do_not_change_what_is_a_number() {
    let recent = Feature::mean("amount").filter(col("word").eq("a")).over(Window::sliding(Span::days(1)));
    let set = FeatureSet::builder("s").entity("user").time("ts").feature("recent", recent.default(1.5));
    let set = set.derive("twice", skewless::Derived::ratio("recent", "recent")).build().unwrap();
    let vector = State::new(&set).vector(at(NOW)).unwrap();
    assert_eq!(vector.to_dense(&["twice", "recent"], Nulls::Refuse).unwrap(), [1.0, 1.5]);
}
