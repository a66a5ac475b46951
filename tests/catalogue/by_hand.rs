//! Answers worked out by hand, for the aggregates whose meaning people argue about.

use skewless::{ErrorKind, Items, State, Timestamp, Value};

use crate::defined;
use crate::events::{Event, moment};
use crate::naive::kept;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;

/// The answer of one feature, written without its window, over a lifetime.
fn ask(example: &str, log: &[Event], at: i64) -> Value {
    over(example, r#""lifetime""#, log, at)
}

fn over(example: &str, window: &str, log: &[Event], at: i64) -> Value {
    let set = defined(&[format!(r#"{{{example}, "over": {window}}}"#)]);
    let mut state = State::new(&set);
    for event in log {
        state.update(event).unwrap();
    }
    state.vector(moment(at)).unwrap().values()[0].clone()
}

fn amounts(values: &[f64]) -> Vec<Event> {
    values.iter().zip(0..).map(|(x, at)| Event { at, amount: Some(*x), ..Event::default() }).collect()
}

fn words(values: &[&'static str]) -> Vec<Event> {
    values.iter().zip(0..).map(|(x, at)| Event { at, word: Some(x), ..Event::default() }).collect()
}

fn times(values: &[i64]) -> Vec<Event> {
    values.iter().map(|at| Event { at: *at, ..Event::default() }).collect()
}

/// Values and weights.
fn pairs(values: &[(f64, i64)]) -> Vec<Event> {
    let all = values.iter().zip(0..);
    all.map(|((x, w), at)| Event { at, amount: Some(*x), qty: Some(*w), ..Event::default() }).collect()
}

fn f(x: f64) -> Value {
    Value::F64(x)
}

fn texts(all: &[&str]) -> Value {
    Value::Items(all.iter().map(|x| Value::from(*x)).collect::<Items>())
}

/// `{key: count}` as text, for short.
fn shown(value: &Value) -> String {
    value.to_string()
}

#[test]
fn skewness_and_kurtosis_are_those_of_scipy_and_pandas() {
    // Deviations -3, -2, -1, 6: m2 = 12.5, m3 = 45, m4 = 348.5.
    let log = amounts(&[1.0, 2.0, 3.0, 10.0]);
    // 45 / 12.5^1.5, and times sqrt(12) / 2.
    assert_eq!(ask(r#""skewness_pop": "amount""#, &log, 9), f(1.018_233_764_908_628_4));
    assert_eq!(ask(r#""skewness": "amount""#, &log, 9), f(1.763_632_614_803_888_3));
    // 348.5 / 156.25 - 3, and 3 / 2 * (5 * that + 6).
    assert_eq!(ask(r#""kurtosis_pop": "amount""#, &log, 9), f(-0.7696));
    assert_eq!(ask(r#""kurtosis": "amount""#, &log, 9), f(3.228));
    // Far from zero they are the same to the last bit.
    let far = amounts(&[1.0, 2.0, 3.0, 10.0].map(|x| x + 1e15));
    assert_eq!(ask(r#""skewness": "amount""#, &far, 9), f(1.763_632_614_803_888_3));
    assert_eq!(ask(r#""kurtosis": "amount""#, &far, 9), f(3.228));
    for (name, least) in [("skewness_pop", 2), ("skewness", 3), ("kurtosis_pop", 2), ("kurtosis", 4)] {
        let example = format!(r#""{name}": "amount""#);
        let all = [0.0, 1.0, 3.0, 8.0];
        for n in 0..=4 {
            assert_eq!(ask(&example, &amounts(&all[..n]), 9).is_null(), n < least, "{name} of {n}");
        }
        assert_eq!(ask(&example, &amounts(&[7.0; 6]), 9), Value::Null, "{name} of equal values");
        assert_eq!(ask(&example, &amounts(&[1.0, 2.0, 3.0, 4.0, f64::INFINITY]), 9), Value::Null);
    }
    assert_eq!(ask(r#""skewness": "amount""#, &amounts(&[1.0, 2.0, 3.0]), 9), f(0.0));
}

#[test]
fn entropy_is_in_bits() {
    assert_eq!(ask(r#""entropy": "word""#, &words(&["a", "b", "b", "a"]), 9), f(1.0));
    assert_eq!(ask(r#""entropy": "word""#, &words(&["a", "b", "z", "y"]), 9), f(2.0));
    assert_eq!(ask(r#""entropy": "word""#, &words(&["a", "a", "a"]), 9), f(0.0));
    assert_eq!(ask(r#""entropy": "word""#, &[], 9), Value::Null);
    assert_eq!(ask(r#""entropy": "word", "limit": 2"#, &words(&["a", "b"]), 9), f(1.0));
    assert_eq!(ask(r#""entropy": "word", "limit": 2"#, &words(&["a", "b", "z"]), 9), Value::Null);
}

#[test]
fn the_least_of_equally_frequent_categories_is_the_mode() {
    assert_eq!(ask(r#""mode": "word""#, &words(&["b", "a", "b", "a", "z"]), 9), "a".into());
    let all = ["a", "b", "z"].map(Value::from);
    let kept = kept(all.iter(), 2);
    let gone = all.iter().find(|word| !kept.contains(word)).unwrap();
    let name = |value: &Value| ["a", "b", "z"].into_iter().find(|word| value.as_str() == Some(word)).unwrap();
    let (first, second, gone) = (name(&kept[0]), name(&kept[1]), name(gone));
    let mode = |log: &[&'static str]| ask(r#""mode": "word", "limit": 2"#, &words(log), 9);
    assert_eq!(mode(&[first, first, second, gone]), first.into());
    // As many beyond the limit: it could be the one.
    assert_eq!(mode(&[first, second, gone]), Value::Null);
    assert_eq!(mode(&[first, first, second, gone, gone]), Value::Null);
    assert_eq!(mode(&[gone, gone]), gone.into());
}

#[test]
fn a_histogram_beyond_its_limit_keeps_the_total_under_a_null_key() {
    let log = words(&["a", "b", "z", "y", "a", "ab"]);
    let found = ask(r#""histogram": "word", "limit": 2"#, &log, 9);
    let map = found.as_map().unwrap();
    assert_eq!(map.len(), 3);
    assert_eq!(map[2].0, Value::Null);
    assert_eq!(map.iter().map(|(_, n)| n.as_i64().unwrap()).sum::<i64>(), 6);
    assert!(map[0].0 < map[1].0);
    assert_eq!(shown(&ask(r#""histogram": "word", "limit": 5"#, &log, 9)), "{a: 2, ab: 1, b: 1, y: 1, z: 1}");
    assert_eq!(ask(r#""histogram": "word""#, &[], 9).as_map().unwrap().len(), 0);
}

#[test]
fn count_distinct_says_when_it_is_beyond_its_limit() {
    let count = |log: &[&'static str]| ask(r#""count_distinct": "word", "limit": 2"#, &words(log), 9);
    assert_eq!(count(&[]), Value::I64(0));
    assert_eq!(count(&["a", "b", "a", "b"]), Value::I64(2));
    assert_eq!(count(&["a", "b", "z"]), Value::I64(3));
    assert_eq!(count(&["a", "b", "z", "y", "ab"]), Value::I64(3));
}

#[test]
fn gaps_are_between_neighbours_in_time() {
    let log = times(&[10 * SECOND, 0, 4 * SECOND]);
    assert_eq!(ask(r#""gap_mean": "*""#, &log, HOUR), f(5.0));
    assert_eq!(ask(r#""gap_mean": "*""#, &log[..1], HOUR), Value::Null);
    // Gaps 4 and 6: their sample standard deviation is sqrt(2).
    assert_eq!(ask(r#""gap_stddev": "*""#, &log, HOUR), f(2f64.sqrt()));
    assert_eq!(ask(r#""gap_stddev": "*""#, &log[..2], HOUR), Value::Null);
    // Of four events only the latest three.
    let four = times(&[10 * SECOND, 0, 4 * SECOND, -999 * SECOND]);
    assert_eq!(ask(r#""gap_stddev": "*", "limit": 3"#, &four, HOUR), f(2f64.sqrt()));
    assert_eq!(ask(r#""gap_stddev": "*""#, &times(&[5, 5, 5]), HOUR), f(0.0));
}

#[test]
fn exactly_a_gap_apart_is_one_session() {
    let at = |gap: i64| times(&[0, HOUR, HOUR + gap]);
    for (gap, count, last, mean) in [(HOUR, 1, 7_200.0, 7_200.0), (HOUR + 1, 2, 0.0, 1_800.0)] {
        let log = at(gap);
        assert_eq!(ask(r#""session_count": "*", "gap": "1h""#, &log, 9 * HOUR), Value::I64(count));
        assert_eq!(ask(r#""session_duration": "*", "gap": "1h""#, &log, 9 * HOUR), f(last));
        assert_eq!(ask(r#""session_duration_mean": "*", "gap": "1h""#, &log, 9 * HOUR), f(mean));
    }
    assert_eq!(ask(r#""session_count": "*", "gap": "1h""#, &[], 0), Value::I64(0));
    assert_eq!(ask(r#""session_duration": "*", "gap": "1h""#, &[], 0), Value::Null);
}

#[test]
fn after_one_half_life_there_is_exactly_half() {
    let one = [Event { at: 12_345, amount: Some(0.1), ..Event::default() }];
    for (hours, weight) in [(1, 0.5), (2, 0.25), (10, 1.0 / 1_024.0)] {
        let at = 12_345 + hours * HOUR;
        assert_eq!(ask(r#""decayed_count": "*", "half_life": "1h""#, &one, at), f(weight));
        assert_eq!(
            ask(r#""decayed_sum": "amount", "half_life": "1h""#, &[Event { at: 0, ..one[0].clone() }], hours * HOUR),
            f(0.1 * weight)
        );
    }
    // Half of what it was, wherever in a half-life one asks.
    let log = [Event { at: -77, amount: Some(3.3), ..Event::default() }, one[0].clone()];
    for at in [20_000, 999_999_999, HOUR + 7, 5 * HOUR + 123] {
        let value = |at| ask(r#""decayed_sum": "amount", "half_life": "1h""#, &log, at).as_f64().unwrap();
        assert_eq!(value(at + HOUR), value(at) / 2.0);
    }
    assert_eq!(ask(r#""decayed_count": "*", "half_life": "1h""#, &[], 0), f(0.0));
}

#[test]
fn linear_columns_correlate_fully() {
    assert_eq!(ask(r#""corr": ["amount", "qty"]"#, &pairs(&[(0.1, 1), (0.2, 2), (0.4, 4)]), 9), f(1.0));
    assert_eq!(ask(r#""corr": ["amount", "qty"]"#, &pairs(&[(3.0, -1), (6.0, -2), (9.0, -3)]), 9), f(-1.0));
    assert_eq!(ask(r#""corr": ["amount", "qty"]"#, &pairs(&[(3.0, 5), (6.0, 5)]), 9), Value::Null);
    assert_eq!(ask(r#""corr": ["amount", "qty"]"#, &pairs(&[(3.0, 5)]), 9), Value::Null);
    // 1, 2, 3 against 1, 3, 2: products of deviations sum to 1, the squares to 2 each.
    assert_eq!(ask(r#""corr": ["amount", "qty"]"#, &pairs(&[(1.0, 1), (2.0, 3), (3.0, 2)]), 9), f(0.5));
    assert_eq!(ask(r#""cov_pop": ["amount", "qty"]"#, &pairs(&[(1.0, 1), (2.0, 3), (3.0, 2)]), 9), f(1.0 / 3.0));
    assert_eq!(ask(r#""cov_samp": ["amount", "qty"]"#, &pairs(&[(1.0, 1), (2.0, 3), (3.0, 2)]), 9), f(0.5));
}

#[test]
fn weights_may_be_zero_or_negative() {
    let mean = |log: &[(f64, i64)]| ask(r#""weighted_mean": ["amount", "qty"]"#, &pairs(log), 9);
    assert_eq!(mean(&[(1.0, 1), (4.0, 2)]), f(3.0));
    assert_eq!(mean(&[(1.0, 1), (100.0, 0)]), f(1.0));
    assert_eq!(mean(&[(1.0, -1), (4.0, 2)]), f(7.0));
    assert_eq!(mean(&[(1.0, -1), (4.0, -2)]), f(3.0));
    assert_eq!(mean(&[(1.0, 1), (4.0, -1)]), Value::Null);
    assert_eq!(mean(&[(5.0, 0)]), Value::Null);
    assert_eq!(mean(&[(f64::INFINITY, 0), (1.0, 1)]), Value::Null);
    // The sign of the weight is above and below the line.
    assert_eq!(mean(&[(f64::INFINITY, -1)]), f(f64::INFINITY));
}

#[test]
fn of_equal_keys_the_latest_counts_and_then_the_greatest_value() {
    let event = |at, word, qty| Event { at, word: Some(word), qty: Some(qty), ..Event::default() };
    for name in ["arg_max", "arg_min"] {
        let example = format!(r#""{name}": ["word", "qty"]"#);
        let sign = if name == "arg_max" { 1 } else { -1 };
        assert_eq!(ask(&example, &[event(1, "z", sign), event(2, "a", sign), event(3, "b", 0)], 9), "a".into());
        assert_eq!(ask(&example, &[event(2, "b", sign), event(2, "a", sign), event(1, "z", sign)], 9), "b".into());
        // The best key on an event without a value does not count.
        let null = Event { word: None, ..event(5, "", 2 * sign) };
        assert_eq!(ask(&example, &[event(1, "z", sign), null], 9), "z".into());
    }
}

#[test]
fn lists_of_values_have_the_order_their_names_say() {
    let log = words(&["a", "b", "a", "z", "b"]);
    assert_eq!(ask(r#""first_k": "word", "k": 3"#, &log, 9), texts(&["a", "b", "a"]));
    assert_eq!(ask(r#""last_k": "word", "k": 3"#, &log, 9), texts(&["b", "z", "a"]));
    assert_eq!(ask(r#""last_distinct_k": "word", "k": 3"#, &log, 9), texts(&["b", "z", "a"]));
    assert_eq!(ask(r#""last_distinct_k": "word", "k": 2"#, &log, 9), texts(&["b", "z"]));
    assert_eq!(ask(r#""last_distinct_k": "word", "k": 9"#, &log[..3], 9), texts(&["a", "b"]));
    assert_eq!(ask(r#""top_k": "word", "k": 3"#, &log, 9), texts(&["z", "b", "b"]));
    assert_eq!(ask(r#""bottom_k": "word", "k": 3"#, &log, 9), texts(&["a", "a", "b"]));
    assert_eq!(ask(r#""last_k": "word", "k": 3"#, &[], 9), Value::Null);
    // At one time the greatest value is the latest.
    let tied = ["b", "z", "a"].map(|word| Event { at: 0, word: Some(word), ..Event::default() });
    assert_eq!(ask(r#""first_k": "word", "k": 2"#, &tied, 9), texts(&["a", "b"]));
    assert_eq!(ask(r#""last_k": "word", "k": 2"#, &tied, 9), texts(&["z", "b"]));
    assert_eq!(ask(r#""last_distinct_k": "word", "k": 2"#, &tied, 9), texts(&["z", "b"]));
}

#[test]
fn a_rate_goes_by_the_length_the_window_really_has() {
    let log = times(&[HOUR + 60 * SECOND, HOUR + 120 * SECOND]);
    let now = 2 * HOUR + 180 * SECOND;
    // From floor(now - 1h, 5m) = 1h on: 63 minutes.
    let hop = r#"{"sliding": "1h", "hop": "5m"}"#;
    assert_eq!(over(r#""rate": "*""#, hop, &log, now), f(2.0 * 60.0 / 63.0));
    // Exactly the hour from 1h03m on.
    assert_eq!(over(r#""rate": "*""#, r#"{"sliding": "1h", "hop": "exact"}"#, &log, now), f(0.0));
    // A session is from its first event to the question: 62 minutes.
    assert_eq!(over(r#""rate": "*""#, r#"{"session": "90m"}"#, &log, now), f(2.0 * 60.0 / 62.0));
    // None is going on: no length.
    assert_eq!(over(r#""rate": "*""#, r#"{"session": "1m"}"#, &log, now), Value::Null);
    assert_eq!(over(r#""rate": "*""#, r#"{"tumbling": "1h"}"#, &log, 2 * HOUR), Value::Null);
    assert_eq!(over(r#""rate": "*""#, hop, &[], now), f(0.0));
    // Before the first reset there is no start.
    assert_eq!(over(r#""rate": "*""#, r#"{"since": {"word": "a"}}"#, &log, now), Value::Null);
}

#[test]
fn times_since_are_seconds_with_their_fraction() {
    let log = times(&[-1, 1_500_001]);
    assert_eq!(ask(r#""time_since_last": "*""#, &log, 2_000_000), f(0.499_999));
    assert_eq!(ask(r#""time_since_first": "*""#, &log, 2_000_000), f(2.000_001));
    assert_eq!(ask(r#""time_since_first": "*""#, &log[..1], 0), f(1e-6));
    // An event at the moment asked for is not in yet.
    assert_eq!(ask(r#""time_since_last": "*""#, &log, 1_500_001), f(1.500_002));
    let offset = r#"{"lifetime": true, "offset": "1s"}"#;
    assert_eq!(over(r#""time_since_first": "*""#, offset, &log, 2_000_000), f(1.000_001));
}

#[test]
fn approximate_quantiles_are_within_their_error() {
    let log = amounts(&(1..=1_000).map(f64::from).collect::<Vec<_>>());
    let found = ask(r#""approx_quantiles": "amount", "q": [0, 0.5, 0.99, 1]"#, &log, HOUR);
    for (found, truth) in found.as_list().unwrap().iter().zip([1.0, 500.0, 990.0, 1_000.0]) {
        assert!((found - truth).abs() <= truth / 129.0 * (1.0 + 1e-12), "{found} for {truth}");
    }
    let negative = ask(r#""approx_quantiles": "amount", "q": [0.5]"#, &amounts(&[-8.0, -4.0, -2.0]), 9);
    assert!((negative.as_list().unwrap()[0] + 4.0).abs() <= 4.0 / 129.0 * (1.0 + 1e-12));
}

#[test]
fn few_different_values_are_counted_nearly_exactly() {
    let log = amounts(&(0..700).map(f64::from).collect::<Vec<_>>());
    let found = ask(r#""approx_distinct": "amount""#, &log, HOUR).as_i64().unwrap();
    assert!((699..=700).contains(&found), "{found}");
    assert_eq!(ask(r#""approx_distinct": "amount""#, &amounts(&[1.0, -0.0, 0.0, f64::NAN]), 9), Value::I64(2));
}

#[test]
fn sketches_of_skewed_data_find_what_is_frequent() {
    // Value n comes 2_000 / n times.
    let mut log = Vec::new();
    for n in 1..=200i64 {
        log.extend((0..2_000 / n).map(|i| Event { at: i * 1_000 + n, qty: Some(n), ..Event::default() }));
    }
    let top = ask(r#""approx_top_k": "qty", "k": 3"#, &log, HOUR);
    let top: Vec<(i64, i64)> =
        top.as_map().unwrap().iter().map(|(k, n)| (k.as_i64().unwrap(), n.as_i64().unwrap())).collect();
    assert_eq!(top.iter().map(|(k, _)| *k).collect::<Vec<_>>(), [1, 2, 3]);
    let bound = 0.001 * log.len() as f64;
    for (k, n) in top {
        assert!(n >= 2_000 / k && (n - 2_000 / k) as f64 <= bound, "{k}: {n}");
    }
    let some = ask(r#""approx_frequency": "qty", "values": [1, 100, 7777]"#, &log, HOUR);
    for ((_, found), truth) in some.as_map().unwrap().iter().zip([2_000, 20, 0]) {
        let found = found.as_i64().unwrap();
        assert!(found >= truth && (found - truth) as f64 <= bound, "{found} for {truth}");
    }
}

#[test]
fn a_nan_is_left_out_of_its_own_place_only() {
    let list = |at, vec: [f64; 2]| Event { at, vec: Some(vec.to_vec()), ..Event::default() };
    let log = [list(0, [1.0, f64::NAN]), list(1, [3.0, 5.0])];
    assert_eq!(ask(r#""vector_sum": "vec", "length": 2"#, &log, 9), Value::from(vec![4.0, 5.0]));
    assert_eq!(ask(r#""vector_mean": "vec", "length": 2"#, &log, 9), Value::from(vec![2.0, 5.0]));
    assert_eq!(ask(r#""vector_mean": "vec", "length": 2"#, &log[..1], 9), Value::from(vec![1.0, f64::NAN]));
    assert_eq!(ask(r#""vector_last": "vec", "length": 2"#, &log[..1], 9), Value::from(vec![1.0, f64::NAN]));
    assert_eq!(ask(r#""vector_sum": "vec", "length": 2"#, &[], 9), Value::from(vec![0.0, 0.0]));
    assert_eq!(ask(r#""vector_mean": "vec", "length": 2"#, &[], 9), Value::Null);
    let both = [list(0, [f64::INFINITY, 1.0]), list(1, [f64::NEG_INFINITY, 1.0])];
    assert_eq!(ask(r#""vector_sum": "vec", "length": 2"#, &both, 9), Value::from(vec![f64::NAN, 2.0]));
}

#[test]
fn a_list_of_the_wrong_length_is_refused_where_it_enters() {
    for name in ["vector_sum", "vector_mean", "vector_last"] {
        let set = defined(&[format!(r#"{{"{name}": "vec", "length": 2, "over": "lifetime"}}"#)]);
        let mut state = State::new(&set);
        for wrong in [vec![], vec![1.0], vec![1.0; 3]] {
            let error = state.update(&Event { vec: Some(wrong.clone()), ..Event::default() }).unwrap_err();
            let text = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Type, "{text}");
            assert!(text.contains("vec") && text.contains('2') && text.contains(&wrong.len().to_string()), "{text}");
        }
        assert!(state.is_vacant());
        state.update(&Event { vec: Some(vec![1.0, 2.0]), ..Event::default() }).unwrap();
        assert_eq!(state.vector(moment(1)).unwrap().values()[0], Value::from(vec![1.0, 2.0]));
    }
}

#[test]
fn a_ratio_has_no_value_while_its_denominator_is_zero() {
    let example = r#""ratio": [{"word": "a"}, {"flag": true}]"#;
    let event = |at, word, flag| Event { at, word: Some(word), flag: Some(flag), ..Event::default() };
    assert_eq!(ask(example, &[event(0, "a", false)], 9), Value::Null);
    assert_eq!(ask(example, &[event(0, "b", true)], 9), f(0.0));
    assert_eq!(ask(example, &[event(0, "a", false), event(1, "a", true)], 9), f(2.0));
}

#[test]
fn sums_of_integers_overflow_and_come_back() {
    let log: Vec<Event> = [i64::MAX, 1, -1].map(|n| Event { qty: Some(n), ..Event::default() }).to_vec();
    assert_eq!(ask(r#""sum": "qty""#, &log[..2], 9), Value::Overflow);
    assert_eq!(ask(r#""sum": "qty""#, &log, 9), Value::I64(i64::MAX));
    assert_eq!(ask(r#""range": "qty""#, &log, 9), Value::Overflow);
    assert_eq!(ask(r#""max": "seen""#, &[Event { seen: Some(-1), ..Event::default() }], 9), Value::Time(moment(-1)));
}

#[test]
fn the_ends_of_time_are_further_apart_than_an_i64() {
    let (first, last) = (Timestamp::MIN.as_micros(), Timestamp::MAX.as_micros());
    let seconds = (i128::from(last) - i128::from(first)) as f64 / 1e6;
    let log = times(&[first, last - 1]);
    assert_eq!(ask(r#""time_since_first": "*""#, &log, last), f(seconds));
    assert_eq!(ask(r#""gap_mean": "*""#, &log, last), f(seconds));
    let forever = format!(r#""session_duration": "*", "gap": "{}us""#, i64::MAX);
    let joined = times(&[first, 0, last - 1]);
    assert_eq!(ask(&forever, &joined, last), f(seconds));
}
