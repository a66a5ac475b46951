//! Catches windows that are off by one microsecond, leak the event being scored, or change as they age.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use serde_json::{Value as Json, json};
use skewless::{ErrorKind, FeatureSet, Outcome, State, Timestamp, Value, Vector};

const S: i64 = 1_000_000;
const M: i64 = 60 * S;
const H: i64 = 60 * M;
const D: i64 = 24 * H;

/// Features as text keep the order they are written in; as a `Json` they come out sorted by name.
fn set(features: impl ToString) -> FeatureSet {
    let features = features.to_string();
    let columns = if features.contains("qty") { r#"{"qty": "i64"}"# } else { "{}" };
    let definition = format!(
        r#"{{"name": "w", "version": 1, "entity": "user", "time": "ts", "columns": {columns}, "features": {features}}}"#
    );
    FeatureSet::from_json(&definition).unwrap_or_else(|why| panic!("{why}: {definition}"))
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

/// A state of these events, given last first.
fn state(set: &FeatureSet, events: &[Json]) -> State {
    let mut state = State::new(set);
    for event in events.iter().rev() {
        assert_eq!(state.update(event).unwrap(), Outcome::Applied);
    }
    state
}

fn vector(set: &FeatureSet, events: &[Json], as_of: i64) -> Vector {
    state(set, events).vector(at(as_of)).unwrap()
}

/// How many of the events `(time, kind)` a window sees at each of `as_of`, its reset or activity included.
#[track_caller]
fn sees(window: Json, events: &[(i64, &str)], expected: &[(i64, i64)]) {
    let set = set(json!({"n": {"count": "*", "over": window}}));
    let events: Vec<Json> = events.iter().map(|(ts, kind)| json!({"ts": ts, "kind": kind})).collect();
    let forward = state(&set, &events);
    for (as_of, count) in expected {
        assert_eq!(forward.vector(at(*as_of)).unwrap().values(), [Value::I64(*count)], "{window} at {as_of}");
        // The same once everything before has aged into panes.
        let mut aged = forward.clone();
        aged.advance(at(*as_of));
        aged.evict();
        assert_eq!(aged.vector(at(*as_of)).unwrap().values(), [Value::I64(*count)], "{window} at {as_of}, aged");
    }
}

const fn a(time: i64) -> (i64, &'static str) {
    (time, "a")
}

#[test]
fn event_at_window_end_is_not_counted() {
    let hopping = [json!("lifetime"), json!({"sliding": "1h"}), json!({"tumbling": "7m"}), json!({"session": "1h"})];
    let exact = [
        json!({"sliding": "1h", "hop": "exact"}),
        json!({"session": "1h", "activity": {"kind": "a"}}),
        json!({"session": "1h", "within": "2h"}),
        json!({"since": {"kind": "reset"}}),
    ];
    for window in hopping.into_iter().chain(exact) {
        let t = 10 * H + 1;
        sees(window, &[a(t)], &[(t - 1, 0), (t, 0), (t + 1, 1)]);
    }
}

#[test]
fn lifetime_starts_at_the_beginning_of_time() {
    let (least, most) = (Timestamp::MIN.as_micros(), Timestamp::MAX.as_micros());
    let window = json!("lifetime");
    sees(window, &[a(least), a(-1), a(0), a(most)], &[(least, 0), (least + 1, 1), (0, 2), (1, 3), (most, 3)]);
}

#[test]
fn an_exact_tail_counts_its_edge_and_not_one_microsecond_before() {
    let window = || json!({"sliding": "10s", "hop": "exact"});
    sees(window(), &[a(90 * S)], &[(100 * S, 1), (100 * S + 1, 0)]);
    sees(window(), &[a(90 * S - 1)], &[(100 * S - 1, 1), (100 * S, 0)]);
    sees(window(), &[a(-15 * S)], &[(-5 * S, 1), (-5 * S + 1, 0), (-15 * S, 0)]);
}

#[test]
fn a_hopping_tail_stands_on_a_multiple_of_the_hop() {
    let window = || json!({"sliding": "1h", "hop": "5m"});
    // At 10:02 the tail is at floor(9:02, 5m) = 9:00.
    let nine = 9 * H;
    sees(window(), &[a(nine)], &[(10 * H, 1), (10 * H + 2 * M, 1), (10 * H + 5 * M - 1, 1), (10 * H + 5 * M, 0)]);
    sees(window(), &[a(nine - 1)], &[(10 * H - 1, 1), (10 * H, 0)]);
}

#[test]
fn tails_before_the_epoch_are_floored_and_not_cut_toward_zero() {
    // At -1us the tail is at floor(-1h - 1us, 1h) = -2h.
    sees(json!({"sliding": "1h", "hop": "1h"}), &[a(-2 * H), a(-2 * H - 1)], &[(-1, 1), (0, 0)]);
    sees(json!({"tumbling": "1d"}), &[a(-D - 1), a(-D), a(-1)], &[(-1, 1), (0, 0), (1, 0), (-D, 0), (-D + 1, 1)]);
}

#[test]
fn tumbling_at_an_exact_multiple_is_empty() {
    sees(json!({"tumbling": "1d"}), &[a(D), a(2 * D - 1), a(2 * D)], &[(2 * D - 1, 1), (2 * D, 0), (2 * D + 1, 1)]);
    // Weeks are counted from the epoch, a Thursday.
    sees(json!({"tumbling": "1w"}), &[a(7 * D - 1), a(7 * D)], &[(7 * D, 0), (7 * D + 1, 1), (14 * D, 0)]);
}

#[test]
fn a_sliding_window_without_a_hop_gets_the_documented_one() {
    let table = [("30d", D), ("12d", D), ("7d", H), ("12h", H), ("11h", 5 * M), ("90m", 5 * M), ("1h", 5 * M)];
    let finer = [("61m", M), ("12m", M), ("11m", S), ("12s", S), ("25h", H), ("3m", S)];
    for (size, hop) in table.into_iter().chain(finer) {
        let length = size.parse::<skewless::Span>().unwrap().as_micros();
        assert!(length / 12 >= hop, "{size}");
        let (start, end) = (100 * D, 100 * D + length);
        let events = [a(start), a(start - 1)];
        sees(json!({"sliding": size}), &events, &[(end, 1), (end + hop - 1, 1), (end + hop, 0)]);
    }
    sees(json!({"sliding": "11s"}), &[a(0)], &[(11 * S, 1), (11 * S + 1, 0)]);
    sees(json!({"sliding": "13500ms"}), &[a(0)], &[(13_500_000, 1), (13_500_001, 0)]);
}

#[test]
fn a_gap_of_exactly_the_gap_joins_a_session() {
    let window = || json!({"session": "2h"});
    sees(window(), &[a(0), a(2 * H), a(4 * H)], &[(4 * H, 2), (6 * H, 3), (6 * H + 1, 0)]);
    sees(window(), &[a(0), a(2 * H + 1)], &[(2 * H, 1), (2 * H + 1, 0), (3 * H, 1), (4 * H + 1, 1), (4 * H + 2, 0)]);
    sees(window(), &[a(-3 * H), a(-H), a(H)], &[(0, 2), (H, 2), (3 * H, 3), (3 * H + 1, 0)]);
}

#[test]
fn a_late_event_joins_two_sessions_into_one() {
    let set = set(json!({"n": {"count": "*", "over": {"session": "2h"}}}));
    let mut state = state(&set, &[json!({"ts": 0}), json!({"ts": 3 * H})]);
    state.advance(at(4 * H));
    assert_eq!(state.vector(at(4 * H)).unwrap().values(), [Value::I64(1)]);
    assert_eq!(state.update(&json!({"ts": 90 * M})).unwrap(), Outcome::Late);
    assert_eq!(state.vector(at(4 * H)).unwrap().values(), [Value::I64(3)]);
}

#[test]
fn only_activity_holds_a_session_together() {
    let window = || json!({"session": "2h", "activity": {"kind": "a"}});
    let events = [a(0), (H, "b"), a(2 * H), (3 * H, "b")];
    sees(window(), &events, &[(2 * H, 2), (4 * H, 4), (4 * H + 1, 0)]);
    sees(window(), &[(0, "b"), a(H)], &[(1, 0), (2 * H, 1)]);
}

#[test]
fn a_features_own_filter_does_not_hold_a_session_together() {
    let feature = json!({"n": {"count": "*", "where": {"kind": "a"}, "over": {"session": "2h"}}});
    let events = [json!({"ts": 0, "kind": "a"}), json!({"ts": 2 * H, "kind": "b"}), json!({"ts": 4 * H, "kind": "a"})];
    assert_eq!(vector(&set(feature), &events, 6 * H).values(), [Value::I64(2)]);
}

#[test]
fn a_bounded_session_starts_at_its_bound() {
    let window = json!({"session": "1h", "within": "3h"});
    let events: Vec<_> = (0..20).map(|i| a(i * 30 * M)).collect();
    // At 10:00 and at 10:15 the bound is floor(T - 3h, 1h) = 7:00.
    let events = &events;
    sees(
        window,
        events,
        &[(2 * H, 4), (10 * H, 6), (10 * H + 15 * M, 6), (10 * H + 30 * M, 6), (10 * H + 30 * M + 1, 0)],
    );
}

#[test]
fn since_leaves_out_the_reset_and_everything_at_its_time() {
    let window = || json!({"since": {"kind": "reset"}});
    let events = [a(1), (5, "reset"), a(5), a(6), (9, "reset"), a(9)];
    sees(window(), &events, &[(5, 1), (6, 0), (7, 1), (9, 1), (10, 0), (D, 0)]);
    let inside = json!({"sliding": "10s", "hop": "exact", "since": {"kind": "reset"}});
    sees(inside, &[(0, "reset"), a(1), a(5 * S)], &[(10 * S + 1, 2), (10 * S + 2, 1), (15 * S, 1), (15 * S + 1, 0)]);
}

#[test]
fn a_reset_in_a_session_does_not_end_the_session() {
    let window = json!({"session": "2h", "since": {"kind": "reset"}});
    sees(window, &[a(0), (2 * H, "reset"), a(3 * H)], &[(2 * H, 1), (3 * H, 0), (5 * H, 1), (5 * H + 1, 0)]);
}

#[test]
fn an_offset_asks_the_same_window_earlier() {
    let window = json!({"sliding": "1h", "hop": "exact", "offset": "1d"});
    sees(window, &[a(0), a(H)], &[(D, 0), (D + 1, 1), (D + H, 1), (D + H + 1, 1), (D + 2 * H + 1, 0)]);
    let window = json!({"tumbling": "1h", "offset": "90m"});
    sees(window, &[a(0), a(H)], &[(90 * M, 0), (90 * M + 1, 1), (150 * M, 0), (150 * M + 1, 1)]);
    sees(json!({"lifetime": true, "offset": "1us"}), &[a(0)], &[(1, 0), (2, 1)]);
    sees(json!({"since": {"kind": "reset"}, "offset": "1h"}), &[(0, "reset"), a(1)], &[(H, 0), (H + 1, 0), (H + 2, 1)]);
    let window = json!({"session": "1h", "offset": "1d"});
    sees(window, &[a(0), a(H)], &[(D + 1, 1), (D + H, 1), (D + 2 * H, 2), (D + 2 * H + 1, 0)]);
}

/// Hourly panes over a day, and their frontier at 12:30 of day 10.
fn hourly() -> (State, i64) {
    let set = set(json!({"n": {"count": "*", "over": {"sliding": "1d", "hop": "1h"}}}));
    let events: Vec<Json> = (0..240).map(|i| json!({"ts": 9 * D + i * 10 * M})).collect();
    let mut state = state(&set, &events);
    let frontier = 10 * D + 12 * H + 30 * M;
    state.advance(at(frontier));
    (state, frontier)
}

#[test]
fn below_the_frontier_a_pane_edge_is_answered_exactly() {
    let (state, frontier) = hourly();
    assert_eq!(state.vector(at(frontier - 30 * M)).unwrap().values(), [Value::I64(144)]);
    assert_eq!(state.vector(at(frontier)).unwrap().values(), [Value::I64(147)]);
}

#[test]
fn below_the_frontier_other_times_name_one_that_works() {
    let (state, frontier) = hourly();
    let noon = frontier - 30 * M;
    for (asked, nearest) in
        [(noon + 10 * M, noon), (frontier - 1, frontier), (noon + 1, noon), (noon - 1, noon), (noon - H, noon)]
    {
        let error = state.vector(at(asked)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unanswerable, "{error}");
        assert_eq!(error.nearest(), Some(at(nearest)), "{asked}");
        assert!(state.vector(error.nearest().unwrap()).is_ok());
    }
    for asked in [0, Timestamp::MIN.as_micros(), noon - 40 * D] {
        let error = state.vector(at(asked)).unwrap_err();
        assert!(state.vector(error.nearest().unwrap()).is_ok(), "{error}");
    }
}

#[test]
fn an_event_is_late_below_the_frontier_and_expired_below_every_window() {
    let set = set(json!({"n": {"count": "*", "where": {"kind": "a"}, "over": {"sliding": "1h"}}}));
    let mut state = State::new(&set);
    state.advance(at(12 * H));
    let mut update = |ts: i64| state.update(&json!({"ts": ts, "kind": "a"})).unwrap();
    assert_eq!(update(12 * H), Outcome::Applied);
    assert_eq!(update(12 * H - 1), Outcome::Late);
    assert_eq!(update(11 * H), Outcome::Late);
    assert_eq!(update(11 * H - 1), Outcome::Expired);
    assert_eq!(state.vector(at(12 * H)).unwrap().values(), [Value::I64(2)]);
    assert_eq!(state.vector(at(12 * H + 1)).unwrap().values(), [Value::I64(3)]);
    assert_eq!(state.first_event(), Some(at(11 * H - 1)));
}

#[test]
fn an_offset_keeps_late_events_welcome_for_longer() {
    let set = set(json!({"n": {"count": "*", "over": {"sliding": "1h", "offset": "1d"}}}));
    let mut state = State::new(&set);
    state.advance(at(36 * H));
    assert_eq!(state.update(&json!({"ts": 11 * H})).unwrap(), Outcome::Late);
    assert_eq!(state.update(&json!({"ts": 11 * H - 1})).unwrap(), Outcome::Expired);
    assert_eq!(state.vector(at(36 * H)).unwrap().values(), [Value::I64(1)]);
}

#[test]
fn a_frontier_never_goes_back() {
    let set = set(json!({"n": {"count": "*", "over": {"sliding": "1h"}}}));
    let (mut early, mut late) = (State::new(&set), State::new(&set));
    assert_eq!(early.frontier(), None);
    late.advance(at(12 * H));
    late.advance(at(11 * H));
    assert_eq!(late.frontier(), Some(at(12 * H)));
    early.advance(at(-H));
    early.merge(&late).unwrap();
    late.merge(&State::new(&set)).unwrap();
    assert_eq!((early.frontier(), late.frontier()), (Some(at(12 * H)), Some(at(12 * H))));
}

#[test]
fn a_state_no_window_can_see_is_vacant_and_a_lifetime_never_is() {
    let session = json!({"session": "1h", "within": "2h"});
    for window in [json!({"sliding": "1h"}), json!({"tumbling": "1h"}), session, json!("lifetime")] {
        let vacant = window != "lifetime";
        let set = set(json!({"n": {"count": "*", "over": window}}));
        let mut state = state(&set, &[json!({"ts": 10}), json!({"ts": 20})]);
        state.evict();
        assert!(!state.is_vacant(), "{window}");
        state.advance(at(100 * D));
        state.evict();
        assert_eq!(state.is_vacant(), vacant, "{window}");
        let vector = state.vector(at(100 * D)).unwrap();
        assert_eq!((vector.values(), vector.is_seen()), (&[Value::I64(if vacant { 0 } else { 2 })][..], true));
    }
}

fn empties() -> FeatureSet {
    set(r#"{
        "events": {"count": "*", "over": "lifetime"},
        "amounts": {"count": "amount", "over": "lifetime"},
        "amounts_or": {"count": "amount", "over": "lifetime", "default": null},
        "sum": {"sum": "amount", "over": "lifetime"},
        "sum_or": {"sum": "amount", "over": "lifetime", "default": -1.0},
        "sum_i64": {"sum": "qty", "over": "lifetime"},
        "mean": {"mean": "amount", "over": "lifetime"},
        "mean_or": {"mean": "amount", "over": "lifetime", "default": 0},
        "max": {"max": "amount", "over": "lifetime"},
        "spread": {"stddev_samp": "amount", "over": "lifetime", "default": -1.0},
        "last": {"last": "category", "over": "lifetime", "default": "none"}}"#)
}

#[test]
fn zero_null_default_and_never_seen_stay_apart() {
    let (set, null) = (empties(), Value::Null);
    let (one, zero, minus) = (Value::F64(1.0), Value::F64(0.0), Value::F64(-1.0));
    let (no_sum, none, nothing) = (Value::I64(0), "none".into(), State::new(&set).vector(at(10)).unwrap());
    let expected = [&no_sum, &no_sum, &null, &zero, &minus, &no_sum, &null, &zero, &null, &minus, &none];
    assert_eq!(nothing.values().iter().collect::<Vec<_>>(), expected);
    assert!(!nothing.is_seen());
    // An event that brings only nulls is an event; its nulls count for nothing.
    let nulls = vector(&set, &[json!({"ts": 1})], 10);
    assert_eq!(nulls.get("events"), Some(&Value::I64(1)));
    assert_eq!(nulls.values()[1..], nothing.values()[1..]);
    assert!(nulls.is_seen() && !vector(&set, &[json!({"ts": 10})], 10).is_seen());
    // Inputs that cancel are inputs: the sum is 0, not the default.
    let cancelled = vector(&set, &[json!({"ts": 1, "amount": 1.0}), json!({"ts": 2, "amount": -1.0})], 10);
    assert_eq!(cancelled.get("sum_or"), Some(&zero));
    assert_eq!(cancelled.get("mean_or"), Some(&zero));
    // A sample of one has no spread: null, so the default.
    let single = vector(&set, &[json!({"ts": 1, "amount": 1.0})], 10);
    assert_eq!((single.get("spread"), single.get("max")), (Some(&minus), Some(&one)));
}

#[test]
fn an_integer_sum_out_of_range_is_an_error_that_names_the_feature() {
    let set = set(json!({"total": {"sum": "qty", "over": "lifetime"}}));
    let mut state = state(&set, &[json!({"ts": 1, "qty": i64::MAX}), json!({"ts": 2, "qty": 1})]);
    let vector = state.vector(at(10)).unwrap();
    assert_eq!(vector.get("total"), Some(&Value::Overflow));
    let error = vector.value("total").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overflow);
    assert!(error.to_string().contains("`total`"), "{error}");
    assert_eq!(state.vector(at(2)).unwrap().value("total").unwrap(), &Value::I64(i64::MAX));
    assert_eq!(state.update(&json!({"ts": 3, "qty": -1})).unwrap(), Outcome::Applied);
    assert_eq!(state.vector(at(10)).unwrap().value("total").unwrap(), &Value::I64(i64::MAX));
    assert_eq!(vector.value("nothing").unwrap_err().kind(), ErrorKind::Definition);
}

/// `(sum, mean, min, max)` of these doubles, over panes and events.
fn summary(amounts: &[f64]) -> Vec<Value> {
    let of = |name: &str| format!(r#""{name}": {{"{name}": "amount", "over": {{"sliding": "1h", "hop": "1m"}}}}"#);
    let set = set(format!("{{{}}}", ["sum", "mean", "min", "max"].map(of).join(", ")));
    let mut state = State::new(&set);
    for (i, amount) in amounts.iter().enumerate() {
        let event =
            [skewless::ValueRef::Null, skewless::ValueRef::I64(i as i64 * 10 * S), skewless::ValueRef::F64(*amount)];
        assert_eq!(state.update(&event).unwrap(), Outcome::Applied);
    }
    state.advance(at(amounts.len() as i64 * 5 * S));
    state.vector(at(30 * M)).unwrap().values().to_vec()
}

#[test]
fn float_sums_are_exact() {
    let mut amounts = vec![1.0; 100];
    amounts.insert(0, 1e16);
    assert_eq!(summary(&amounts)[0], Value::F64(1e16 + 100.0));
    amounts.push(-1e16);
    assert_eq!(summary(&amounts)[0], Value::F64(100.0));
    assert_eq!(summary(&[0.1; 10])[0], Value::F64(1.0));
    assert_eq!(summary(&[f64::MAX, f64::MAX, -f64::MAX])[0], Value::F64(f64::MAX));
    assert_eq!(summary(&[f64::MAX, f64::MAX])[..2], [Value::F64(f64::INFINITY), Value::F64(f64::MAX)]);
}

#[test]
fn infinities_are_values_and_nan_is_null() {
    let [plus, minus] = [f64::INFINITY, f64::NEG_INFINITY];
    assert_eq!(summary(&[plus, 1.0]), [plus, plus, 1.0, plus].map(Value::F64));
    assert_eq!(summary(&[1.0, minus, f64::MAX]), [minus, minus, minus, f64::MAX].map(Value::F64));
    assert_eq!(summary(&[plus, minus]), [Value::Null, Value::Null, Value::F64(minus), Value::F64(plus)]);
    assert_eq!(summary(&[f64::NAN, 2.0, -f64::NAN]), [2.0; 4].map(Value::F64));
    assert_eq!(summary(&[f64::NAN]), [Value::F64(0.0), Value::Null, Value::Null, Value::Null]);
    let zeros = summary(&[-0.0, -0.0]);
    assert!(zeros.iter().all(|zero| zero.as_f64().unwrap().to_bits() == 0), "{zeros:?}");
}

#[test]
fn ties_go_by_tie_break_and_then_by_value_never_by_arrival() {
    let set = set(r#"{
        "first": {"first": "category", "over": "lifetime"},
        "last": {"last": "category", "over": "lifetime"},
        "first_tie": {"first": "category", "tie_break": "qty", "over": "lifetime"},
        "last_tie": {"last": "category", "tie_break": "qty", "over": "lifetime"}}"#);
    let event = |category: &str, qty: Option<i64>| json!({"ts": 5, "category": category, "qty": qty});
    let mut events =
        vec![event("z", Some(1)), event("a", Some(2)), event("m", Some(2)), event("q", None), event("p", Some(1))];
    for _ in 0..events.len() {
        events.rotate_left(1);
        assert_eq!(vector(&set, &events, 6).values(), ["a", "z", "q", "m"].map(Value::from));
    }
    // Time comes before any tie break, and an event without a value has no part in it.
    events.extend([json!({"ts": 4, "category": "b", "qty": 9}), json!({"ts": 6, "category": "c", "qty": 0})]);
    events.extend([json!({"ts": 3, "qty": 0}), json!({"ts": 7, "qty": 99})]);
    assert_eq!(vector(&set, &events, 8).values(), ["b", "c", "b", "c"].map(Value::from));
}
