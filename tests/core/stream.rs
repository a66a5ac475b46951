//! Catches events that vanish uncounted, entities that are mixed up, and a stream that a restart changes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_types, reason = "a test")]

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value as Json, json};
use skewless::testing::{Event, events::events, events::moment};
use skewless::{Column, Counters, Entity, ErrorKind, FeatureSet, FrontierPolicy, Outcome, Record, Span, State, Stream};
use skewless::{Timestamp, Value, ValueRef, Vector};

const S: i64 = 1_000_000;
const H: i64 = 3_600 * S;
const D: i64 = 24 * H;

const FEATURES: &str = r#""features": {
    "clicks": {"count": "*", "where": {"kind": "a"}, "over": {"sliding": "1h"}},
    "spend": {"sum": "amount", "over": {"sliding": "1h"}},
    "qty": {"max": "qty", "over": {"sliding": "1h", "hop": "exact"}}}, "columns": {"qty": "i64""#;

/// `user` is one column or a list of them; `kinds` are declared kinds.
fn set_of(user: &str, kinds: &str) -> FeatureSet {
    let text = format!(r#"{{"name": "s", "version": 1, "entity": {user}, "time": "ts", {FEATURES}{kinds}}}}}"#);
    FeatureSet::from_json(&text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

fn set() -> FeatureSet {
    set_of(r#""user""#, "")
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn click(user: impl Into<Json>, ts: i64) -> Json {
    json!({"user": user.into(), "ts": ts, "kind": "a", "amount": 0.1, "qty": 1})
}

fn clicks(stream: &Stream, entity: impl Into<Entity>, as_of: i64) -> i64 {
    stream.vector(&entity.into(), at(as_of)).unwrap().get("clicks").unwrap().as_i64().unwrap()
}

#[test]
fn every_event_is_counted_once() {
    let mut stream = Stream::new(&set());
    stream.advance(at(12 * H));
    assert_eq!(stream.update(&click("ada", 12 * H)).unwrap(), Outcome::Applied);
    assert_eq!(stream.update(&click("ada", 12 * H - 1)).unwrap(), Outcome::Late);
    assert_eq!(stream.update(&click("ada", 11 * H)).unwrap(), Outcome::Late);
    assert_eq!(stream.update(&click("ada", 11 * H - 1)).unwrap(), Outcome::Expired);
    let expected = Counters { applied: 1, late: 2, expired: 1, ..Counters::default() };
    assert_eq!(stream.counters(), &expected);
    for (event, kind) in refused().into_iter().filter(|(_, kind)| *kind != ErrorKind::Time) {
        assert_eq!(stream.update(&event).unwrap_err().kind(), kind, "{event}");
    }
    let expected = Counters { refused_missing: 4, refused_type: 7, ..expected };
    assert_eq!(stream.counters(), &expected);
    assert_eq!((stream.counters().refused(), stream.counters().total()), (11, 15));
}

#[test]
fn a_time_that_cannot_be_is_refused_as_a_time() {
    let mut stream = Stream::new(&set());
    for (event, kind) in refused().into_iter().filter(|(_, kind)| *kind == ErrorKind::Time) {
        assert_eq!(stream.update(&event).unwrap_err().kind(), kind, "{event}");
    }
    assert_eq!(stream.counters(), &Counters { refused_time: 3, ..Counters::default() });
}

/// Events that must be refused, and why.
fn refused() -> Vec<(Json, ErrorKind)> {
    vec![
        (json!({"ts": 1}), ErrorKind::Missing),
        (json!({"user": null, "ts": 1}), ErrorKind::Missing),
        (json!({"user": "ada"}), ErrorKind::Missing),
        (json!(["ada", 1]), ErrorKind::Missing),
        (json!({"user": "ada", "ts": 1, "amount": "much"}), ErrorKind::Type),
        (json!({"user": "ada", "ts": 1, "amount": [1.0]}), ErrorKind::Type),
        (json!({"user": "ada", "ts": 1, "qty": 1.5}), ErrorKind::Type),
        (json!({"user": "ada", "ts": 1, "kind": 5}), ErrorKind::Type),
        (json!({"user": 1.5, "ts": 1}), ErrorKind::Type),
        (json!({"user": ["ada"], "ts": 1}), ErrorKind::Type),
        (json!({"user": "ada", "ts": true}), ErrorKind::Type),
        (json!({"user": "ada", "ts": i64::MAX}), ErrorKind::Time),
        (json!({"user": "ada", "ts": "yesterday"}), ErrorKind::Time),
        (json!({"user": "ada", "ts": "2026-13-01T00:00:00Z"}), ErrorKind::Time),
    ]
}

#[test]
fn a_refused_event_changes_nothing() {
    let policy = FrontierPolicy::Lateness { lateness: Span::hours(1), jump: Span::days(1), witnesses: 1 };
    let mut stream = Stream::with_policy(&set(), policy);
    assert_eq!(stream.update(&click("ada", 5 * H)).unwrap(), Outcome::Applied);
    let (states, frontier) = (bytes_of(&stream), stream.frontier());
    let mut state = stream.state(&"ada".into()).unwrap().into_owned();
    let bytes = state.encode();
    for (event, _) in refused() {
        assert!(stream.update(&event).is_err());
        assert_eq!((bytes_of(&stream), stream.frontier(), stream.len()), (states.clone(), frontier, 1), "{event}");
        if event.get("user") == Some(&json!("ada")) {
            assert!(state.update(&event).is_err(), "{event}");
            assert_eq!(state.encode(), bytes, "{event}");
        }
    }
}

/// Every entity with the bytes of its state, in order.
fn bytes_of(stream: &Stream) -> Vec<(Entity, Vec<u8>)> {
    let mut out: Vec<_> = stream
        .iter()
        .map(|(entity, state)| {
            let mut state = state.into_owned();
            if let Some(frontier) = stream.frontier() {
                state.advance(frontier);
            }
            (entity.clone(), state.encode())
        })
        .collect();
    out.sort();
    out
}

#[test]
fn an_event_from_the_far_future_is_counted_but_moves_nothing() {
    let policy = FrontierPolicy::Lateness { lateness: Span::seconds(10), jump: Span::hours(1), witnesses: 3 };
    let mut stream = Stream::with_policy(&set(), policy);
    for second in 0..3 {
        assert_eq!(stream.update(&click("ada", second * S)).unwrap(), Outcome::Applied);
    }
    assert_eq!((stream.frontier(), stream.counters().ahead), (Some(at(-10 * S)), 0));
    assert_eq!(stream.update(&click("ada", 9 * D)).unwrap(), Outcome::Applied);
    assert_eq!((stream.frontier(), stream.counters().ahead), (Some(at(-10 * S)), 1));
    assert_eq!(clicks(&stream, "ada", 9 * D + 1), 1);
    assert_eq!(stream.update(&click("ada", 30 * S)).unwrap(), Outcome::Applied);
    assert_eq!(stream.frontier(), Some(at(20 * S)));
    assert_eq!(stream.update(&click("ada", 20 * S - 1)).unwrap(), Outcome::Late);
    for more in 0..3 {
        assert_eq!(stream.update(&click("ada", 10 * D + more)).unwrap(), Outcome::Applied);
    }
    assert_eq!(stream.frontier(), Some(at(10 * D - 10 * S)));
    let counters = stream.counters();
    assert_eq!((counters.applied, counters.late, counters.ahead, counters.total()), (8, 1, 3, 9));
}

#[test]
fn the_host_moves_the_frontier_forward_only() {
    let mut stream = Stream::new(&set());
    assert_eq!(stream.frontier(), None);
    assert_eq!(stream.update(&click("ada", 9 * D)).unwrap(), Outcome::Applied);
    assert_eq!(stream.frontier(), None);
    stream.advance(at(5 * H));
    stream.advance(at(4 * H));
    assert_eq!(stream.frontier(), Some(at(5 * H)));
}

#[test]
fn an_entity_never_seen_has_the_values_of_no_events() {
    let mut stream = Stream::new(&set());
    let nobody = |stream: &Stream, as_of: i64| stream.vector(&"bob".into(), at(as_of));
    let vector = nobody(&stream, H).unwrap();
    assert_eq!(vector.values(), [Value::I64(0), Value::F64(0.0), Value::Null]);
    assert!(!vector.is_seen());
    stream.advance(at(12 * H + S));
    // An entity that is not kept answers at the times that one that is kept does.
    assert_eq!(stream.update(&click("ada", 13 * H)).unwrap(), Outcome::Applied);
    for as_of in [H, 12 * H, 12 * H + S, 14 * H] {
        let ada = stream.vector(&"ada".into(), at(as_of)).map(|vector| vector.values().len());
        assert_eq!(nobody(&stream, as_of).map(|vector| vector.values().len()), ada);
    }
}

#[test]
fn evicting_forgets_and_frees_what_no_window_sees() {
    let mut stream = Stream::new(&set());
    for user in 0..100 {
        assert_eq!(stream.update(&click(user, user * H)).unwrap(), Outcome::Applied);
    }
    assert_eq!((stream.evict(), stream.len()), (0, 100));
    let before = stream.snapshot().len();
    stream.advance(at(50 * H));
    // The window of 49:00 to 50:00 is the oldest left.
    assert_eq!((stream.evict(), stream.len(), stream.evict()), (49, 51, 0));
    assert!(stream.snapshot().len() < before * 6 / 10, "{} of {before}", stream.snapshot().len());
    assert_eq!((clicks(&stream, 49i64, 50 * H), clicks(&stream, 48i64, 50 * H)), (1, 0));
    assert!(!stream.vector(&48i64.into(), at(50 * H)).unwrap().is_seen());
    stream.advance(at(1_000 * H));
    assert_eq!((stream.evict(), stream.is_empty()), (51, true));
    assert_eq!(stream.counters().applied, 100);
}

#[test]
fn five_is_not_the_text_five() {
    let mut stream = Stream::new(&set());
    for event in [click(5, 1), click("5", 1), click("5", 2), click(true, 1)] {
        assert_eq!(stream.update(&event).unwrap(), Outcome::Applied);
    }
    assert_eq!(stream.len(), 3);
    assert_eq!((clicks(&stream, 5i64, H), clicks(&stream, "5", H), clicks(&stream, true, H)), (1, 2, 1));
    assert_eq!(clicks(&Stream::restore(&set(), &stream.snapshot()).unwrap(), "5", H), 2);
}

#[test]
fn a_declared_entity_kind_is_kept_to() {
    let declared = set_of(r#""user""#, r#", "user": "i64""#);
    assert_ne!(declared.fingerprint(), set().fingerprint());
    assert_eq!(declared.entity_columns()[0].kind(), Some(skewless::Kind::I64));
    let mut stream = Stream::new(&declared);
    assert_eq!(stream.update(&click("5", 1)).unwrap_err().kind(), ErrorKind::Type);
}

#[test]
fn a_composite_entity_keeps_its_parts_apart() {
    let set = set_of(r#"["shop", "user"]"#, "");
    let mut stream = Stream::new(&set);
    let event = |shop: Json, user: Json| json!({"shop": shop, "user": user, "ts": 1, "kind": "a"});
    let events = [("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", ""), ("a/b", "c"), ("a", "b/c")];
    for (shop, user) in events {
        assert_eq!(stream.update(&event(shop.into(), user.into())).unwrap(), Outcome::Applied);
    }
    assert_eq!(stream.update(&event(1.into(), "bc".into())).unwrap(), Outcome::Applied);
    assert_eq!(stream.len(), 7);
    for (shop, user) in events {
        assert_eq!(clicks(&stream, Entity::new([shop.into(), user.into()]), H), 1);
        assert_eq!(clicks(&stream, Entity::new([user.into(), shop.into(), "".into()]), H), 0);
    }
    assert_eq!(stream.update(&event("a".into(), Json::Null)).unwrap_err().kind(), ErrorKind::Missing);
    assert_eq!(Stream::restore(&set, &stream.snapshot()).unwrap().snapshot(), stream.snapshot());
}

#[test]
fn no_part_of_a_long_entity_is_left_out() {
    let names: Vec<String> = (0..8).map(|i| format!("k{i}")).collect();
    let mut stream = Stream::new(&set_of(&json!(names).to_string(), ""));
    for other in &names {
        let mut event = json!({"ts": 1});
        for name in &names {
            event[name] = json!(if name == other { "x" } else { "k" });
        }
        assert_eq!(stream.update(&event).unwrap(), Outcome::Applied);
    }
    assert_eq!(stream.len(), 8);
}

struct Click<'a> {
    user: &'a str,
    ts: i64,
}

impl Record for Click<'_> {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        match column.name() {
            "user" => ValueRef::Str(self.user),
            "ts" => ValueRef::I64(self.ts),
            "kind" => ValueRef::Str("a"),
            "amount" => ValueRef::F64(0.1),
            "qty" => ValueRef::I64(1),
            _ => ValueRef::Other("unknown"),
        }
    }
}

fn fed<R: Record + ?Sized>(event: &R) -> (Vec<u8>, Vector) {
    let mut stream = Stream::new(&set());
    assert_eq!(stream.update(event).unwrap(), Outcome::Applied);
    (stream.snapshot(), stream.vector(&"ada".into(), at(H)).unwrap())
}

#[test]
fn every_form_of_record_is_the_same_event() {
    let fields = [("user", "ada".into()), ("ts", Value::Time(at(7))), ("kind", "a".into()), ("qty", 1.into())];
    let fields = fields.into_iter().chain([("amount", 0.1.into()), ("unknown", Value::Null)]);
    let tree: BTreeMap<String, Value> = fields.map(|(name, value)| (name.to_owned(), value)).collect();
    let hash: HashMap<String, Value> = tree.clone().into_iter().collect();
    let set = set();
    let array: Vec<ValueRef<'_>> = set.columns().iter().map(|column| tree.field(column)).collect();
    let five: [ValueRef<'_>; 5] = array.clone().try_into().unwrap();
    let expected = fed(&click("ada", 7));
    assert_eq!(expected.1.get("spend"), Some(&Value::F64(0.1)));
    assert_eq!(
        fed(&json!({"user": "ada", "ts": "1970-01-01T02:00:00.000007+02:00", "kind": "a", "amount": 0.1, "qty": 1.0})),
        expected
    );
    assert_eq!(fed(&Click { user: "ada", ts: 7 }), expected);
    assert_eq!(fed(&&Click { user: "ada", ts: 7 }), expected);
    assert_eq!(fed(&tree), expected);
    assert_eq!(fed(&hash), expected);
    assert_eq!(fed(array.as_slice()), expected);
    assert_eq!(fed(&five), expected);
    // What is behind the end of a short array is null.
    assert_eq!(fed(&[ValueRef::Str("ada"), ValueRef::I64(7)][..]).1.get("spend"), Some(&Value::F64(0.0)));
}

/// Runs `check` on logs with ties, late and repeated events, cut in two somewhere.
fn on_logs(set: &FeatureSet, check: impl Fn(&[Event], &[Event], Timestamp) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = (events(set, 40), any::<prop::sample::Index>(), moment());
    let outcome = runner.run(&strategy, |(log, cut, frontier)| {
        let (first, second) = log.split_at(cut.index(log.len() + 1));
        check(first, second, frontier)
    });
    outcome.unwrap_or_else(|why| panic!("{why}"));
}

fn policies() -> [FrontierPolicy; 3] {
    let witnessed = FrontierPolicy::Lateness { lateness: Span::hours(1), jump: Span::days(1), witnesses: 2 };
    [FrontierPolicy::Host, FrontierPolicy::lateness(Span::minutes(5)), witnessed]
}

#[test]
fn a_restored_stream_goes_on_as_if_it_had_never_stopped() {
    let set = set();
    for policy in policies() {
        on_logs(&set, |first, second, frontier| {
            let mut whole = Stream::with_policy(&set, policy);
            first.iter().for_each(|event| drop(whole.update(event)));
            whole.advance(frontier);
            let bytes = whole.snapshot();
            let mut restored = Stream::restore(&set, &bytes).map_err(|why| TestCaseError::fail(why.to_string()))?;
            prop_assert_eq!(&restored.snapshot(), &bytes);
            for event in second {
                prop_assert_eq!(restored.update(event).ok(), whole.update(event).ok());
            }
            prop_assert_eq!(restored.snapshot(), whole.snapshot());
            prop_assert_eq!((restored.counters(), restored.frontier()), (whole.counters(), whole.frontier()));
            for event in first.iter().chain(second) {
                let (a, b) =
                    (restored.vector(&event.entity(), event.time()), whole.vector(&event.entity(), event.time()));
                prop_assert_eq!(a, b);
            }
            Ok(())
        });
    }
}

#[test]
fn partitions_merged_are_one_stream() {
    let set = set();
    on_logs(&set, |first, second, frontier| {
        let mut parts = [Stream::new(&set), Stream::new(&set)];
        let mut whole = Stream::new(&set);
        for (part, log) in parts.iter_mut().zip([first, second]) {
            log.iter().for_each(|event| {
                drop(part.update(event));
                drop(whole.update(event));
            });
        }
        let [mut a, mut b] = parts;
        b.advance(frontier);
        a.advance(frontier);
        whole.advance(frontier);
        for (entity, state) in b.iter() {
            a.merge_state(entity.clone(), &state).unwrap();
        }
        prop_assert_eq!(bytes_of(&a), bytes_of(&whole));
        Ok(())
    });
}

#[test]
fn a_state_of_another_definition_is_not_merged_in() {
    let (ours, theirs) = (set(), set_of(r#""shop""#, ""));
    let mut stream = Stream::new(&ours);
    let error = stream.merge_state("ada".into(), &State::new(&theirs)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.to_string().contains("shop") && stream.is_empty(), "{error}");
}
