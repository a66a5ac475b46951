//! Definitions made at random from every aggregate, parameters at their ends, and every option.

use serde_json::{Value as Json, json};
use skewless::{ErrorKind, FeatureSet, features};

use crate::definition;
use crate::events::{Dice, log, shrunk};

const FILTERS: [&str; 5] = [
    r#"{"flag": true}"#,
    r#"{"word": ["a", "b"]}"#,
    r#"{"amount": {"gt": 0}}"#,
    r#"{"seen": {"is_null": true}}"#,
    r#"{"qty": 1, "flag": false}"#,
];

const BASES: [&str; 14] = [
    r#"{"lifetime": true}"#,
    r#"{"sliding": "1h", "hop": "5m"}"#,
    r#"{"sliding": "1h", "hop": "1h"}"#,
    r#"{"sliding": "1us", "hop": "exact"}"#,
    r#"{"sliding": "3h", "hop": "exact"}"#,
    r#"{"sliding": "35m", "hop": "7m"}"#,
    r#"{"sliding": "200000d", "hop": "1d"}"#,
    r#"{"tumbling": "1d"}"#,
    r#"{"tumbling": "1us"}"#,
    r#"{"tumbling": "100000d"}"#,
    r#"{"session": "2h"}"#,
    r#"{"session": "1us"}"#,
    r#"{"session": "1h", "within": "1h"}"#,
    r#"{"session": "30m", "within": "3h", "activity": {"word": "a"}}"#,
];

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

fn window(dice: &mut Dice) -> Json {
    let mut window = json(dice.of::<&str>(&BASES));
    let more = window.as_object_mut().unwrap();
    if dice.below(5) == 0 {
        more.insert("since".into(), json(dice.of::<&str>(&FILTERS)));
    }
    if dice.below(4) == 0 {
        more.insert("offset".into(), (*dice.of(&["1us", "30m", "1d", "200000d"])).into());
    }
    window
}

/// What an aggregate reads and its parameters.
fn aggregate(dice: &mut Dice) -> Json {
    let names: Vec<&str> = features::names().collect();
    let name = *dice.of(&names);
    let column = |dice: &mut Dice| Json::from(*dice.of(&["flag", "qty", "amount", "word", "seen", "vec"]));
    let number = |dice: &mut Dice| Json::from(*dice.of(&["qty", "amount"]));
    let event = |dice: &mut Dice| Json::from(*dice.of(&["*", "amount", "word", "vec"]));
    let two = |a: Json, b: Json| json!([a, b]);
    let k = |dice: &mut Dice| json!(*dice.of(&[1, 2, 3, 1_000]));
    let limit = |dice: &mut Dice| json!(*dice.of(&[1, 2, 3, 65_536]));
    let span = |dice: &mut Dice| Json::from(*dice.of(&["1us", "7m", "30m", "1h", "100000d"]));
    let keep = |dice: &mut Dice| json!(*dice.of(&[1, 2, 64, 1_024]));
    let part = |dice: &mut Dice| json!(*dice.of(&[0.5, 0.001]));
    let (reads, parameters): (Json, Vec<(&str, Json)>) = match name {
        "count" | "rate" | "time_since_first" | "time_since_last" | "gap_mean" => (event(dice), vec![]),
        "gap_stddev" => (event(dice), vec![("limit", json!(*dice.of(&[3, 4, 10_000])))]),
        "session_count" | "session_duration" | "session_duration_mean" => (event(dice), vec![("gap", span(dice))]),
        "decayed_count" => (event(dice), vec![("half_life", span(dice)), ("keep", keep(dice))]),
        "decayed_sum" => (number(dice), vec![("half_life", span(dice)), ("keep", keep(dice))]),
        "ratio" => (two(json(dice.of::<&str>(&FILTERS)), json(dice.of::<&str>(&FILTERS))), vec![]),
        "any" | "all" => ("flag".into(), vec![]),
        "count_distinct" => (column(dice), vec![("limit", json!(*dice.of(&[1, 2, 10_000])))]),
        "histogram" | "mode" | "entropy" => (column(dice), vec![("limit", limit(dice))]),
        "top_k" | "bottom_k" | "first_k" | "last_k" | "last_distinct_k" => (column(dice), vec![("k", k(dice))]),
        "approx_distinct" => (column(dice), vec![("precision", json!(*dice.of(&[4, 5, 18]))), ("seed", json!(7))]),
        "approx_quantiles" => (
            number(dice),
            vec![
                ("q", json!([0, 0.3, 1])),
                ("bits", json!(*dice.of(&[1, 6, 12]))),
                ("limit", json!(*dice.of(&[16, 17, 65_536]))),
            ],
        ),
        "approx_frequency" => {
            let (column, values) = dice.of(&[("word", json!(["a", "z"])), ("qty", json!([1, -1]))]).clone();
            (column.into(), vec![("values", values), ("epsilon", part(dice)), ("delta", json!(0.5))])
        }
        "approx_top_k" => {
            let candidates = json!(*dice.of(&[1, 2, 65_536]));
            (column(dice), vec![("k", k(dice)), ("candidates", candidates), ("epsilon", part(dice))])
        }
        "vector_sum" | "vector_mean" | "vector_last" => ("vec".into(), vec![("length", json!(2))]),
        "sum_product" | "weighted_mean" | "cov_pop" | "cov_samp" | "corr" => (two(number(dice), number(dice)), vec![]),
        "arg_min" | "arg_max" => (two(column(dice), column(dice)), vec![]),
        "first" | "last" | "min" | "max" => (column(dice), vec![]),
        _ => (number(dice), vec![]),
    };
    let mut feature = json!({name: reads});
    for (parameter, value) in parameters {
        feature[parameter] = value;
    }
    feature
}

fn feature(dice: &mut Dice) -> Json {
    let mut feature = aggregate(dice);
    feature["over"] = window(dice);
    if dice.below(3) == 0 {
        feature["where"] = json(dice.of::<&str>(&FILTERS));
    }
    if dice.below(3) == 0 {
        feature["by"] = (*dice.of(&["flag", "qty", "amount", "word", "seen"])).into();
        feature["buckets"] = json!(*dice.of(&[1, 2, 65_536]));
    }
    if dice.below(3) == 0 {
        feature["retract"] = json(dice.of::<&str>(&FILTERS));
    }
    if dice.below(3) == 0 {
        let step = *dice.of(&["1us", "5m", "1h", "1d", "100000d"]);
        feature["series"] = json!({"steps": *dice.of(&[1, 2, 4]), "step": step});
    }
    if dice.below(4) == 0 {
        feature["tie_break"] = (*dice.of(&["qty", "amount", "word", "flag"])).into();
    }
    if dice.below(6) == 0 {
        feature["default"] = json!(-7);
    }
    feature
}

/// A few features that go together in a definition; those that are refused must be refused politely.
fn features_of(dice: &mut Dice) -> Vec<Json> {
    let mut out: Vec<Json> = Vec::new();
    while out.len() < 4 {
        let one = feature(dice);
        match definition(&[one.to_string()]) {
            Ok(_) => out.push(one),
            Err(why) => assert_eq!(why.kind(), ErrorKind::Definition, "{one}: {why}"),
        }
    }
    out
}

/// How far to go: `SKEWLESS_SEEDS=1000..5000` goes further than CI does.
fn seeds(few: u64) -> std::ops::Range<u64> {
    match std::env::var("SKEWLESS_SEEDS") {
        Ok(text) => {
            let (from, to) = text.split_once("..").unwrap();
            from.parse().unwrap()..to.parse().unwrap()
        }
        Err(_) => 0..few,
    }
}

fn written(features: &[Json]) -> Vec<String> {
    features.iter().map(Json::to_string).collect()
}

#[test]
fn definitions_made_at_random_mean_what_the_cards_say() {
    for seed in seeds(150) {
        let mut dice = Dice::new(seed ^ 0xfeed);
        let features = features_of(&mut dice);
        let set = crate::defined(&written(&features));
        for round in 0..8 {
            let seed = dice.bits();
            let log = log(&mut Dice::new(seed), if round == 0 { 90 } else { 12 });
            if let Some((log, why)) = shrunk(log, |log| crate::disagreement(&set, &features, log, seed)) {
                panic!("seed {seed}: {why}\n{}\nlog: {log:?}", written(&features).join("\n"));
            }
        }
    }
}

#[test]
fn definitions_made_at_random_come_back_from_json() {
    for seed in seeds(300) {
        let features = features_of(&mut Dice::new(seed ^ 0xbeef));
        let set = crate::defined(&written(&features));
        let back = FeatureSet::from_json(set.to_json()).unwrap_or_else(|why| panic!("{why}: {}", set.to_json()));
        assert_eq!((back.to_json(), back.fingerprint()), (set.to_json(), set.fingerprint()));
        assert_eq!(back, set);
    }
}

#[test]
#[cfg(feature = "testing")]
fn definitions_made_at_random_keep_the_promise() {
    for seed in seeds(40) {
        let features = features_of(&mut Dice::new(seed ^ 0xcafe));
        let set = crate::defined(&written(&features));
        skewless::testing::check_set(&set, 4).unwrap_or_else(|why| panic!("seed {seed}: {features:#?}: {why}"));
    }
}

#[test]
#[cfg(feature = "arrow")]
fn definitions_made_at_random_are_the_same_at_every_door() {
    for seed in seeds(80) {
        let features = features_of(&mut Dice::new(seed ^ 0xd00d));
        crate::doors::hold(&crate::defined(&written(&features)), seed..seed + 4, 14);
    }
}
