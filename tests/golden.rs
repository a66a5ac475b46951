//! Catches any change to the stored form of a state or to a bit of an answer, on any machine.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]
#![allow(clippy::disallowed_methods, reason = "blessing reads an environment variable and writes a file")]

use std::fmt::Write;

use skewless::{Column, FeatureSet, Kind, Record, State, Timestamp, Value, ValueRef, features};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/state_v1.txt");
const HEADER: &str = "\
# States and answers of format 1. Every byte here is in somebody's store: this file only ever grows.
# SKEWLESS_BLESS=1 cargo test --test golden    writes it anew; a line that changes is a breaking change.
#
# set: the definition. frontier, as_of: microseconds. state: the encoded bytes. vector: kind and bits, in order.
";
const H: i64 = 3_600_000_000;
const AS_OF: i64 = 26 * H + 1;

const COLUMNS: [(&str, Kind); 6] = [
    ("flag", Kind::Bool),
    ("qty", Kind::I64),
    ("amount", Kind::F64),
    ("word", Kind::Str),
    ("seen", Kind::Time),
    ("vec", Kind::List),
];

const WINDOWS: [&str; 11] = [
    r#""lifetime""#,
    r#"{"sliding": "1d"}"#,
    r#"{"sliding": "1h", "hop": "exact"}"#,
    r#"{"sliding": "12d", "hop": "1d"}"#,
    r#"{"tumbling": "1d"}"#,
    r#"{"session": "2h"}"#,
    r#"{"session": "2h", "within": "6h"}"#,
    r#"{"session": "2h", "activity": {"word": "a"}}"#,
    r#"{"since": {"word": "reset"}}"#,
    r#"{"sliding": "1d", "offset": "1h"}"#,
    r#"{"session": "2h", "since": {"qty": {"lt": 0}}, "offset": "90m"}"#,
];

/// One event of the fixed log.
struct Row {
    ts: i64,
    flag: Option<bool>,
    qty: Option<i64>,
    amount: Option<f64>,
    word: Option<&'static str>,
    seen: Option<i64>,
    vec: Option<&'static [f64]>,
}

impl Record for Row {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        let time = |micros: i64| ValueRef::Time(Timestamp::from_micros(micros).unwrap());
        match column.name() {
            "ts" => time(self.ts),
            "flag" => self.flag.map_or(ValueRef::Null, ValueRef::Bool),
            "qty" => self.qty.map_or(ValueRef::Null, ValueRef::I64),
            "amount" => self.amount.map_or(ValueRef::Null, ValueRef::F64),
            "word" => self.word.map_or(ValueRef::Null, ValueRef::Str),
            "seen" => self.seen.map_or(ValueRef::Null, time),
            "vec" => {
                let fits = |list: &&[f64]| column.length().is_none_or(|length| list.len() == length);
                self.vec.filter(fits).map_or(ValueRef::Null, ValueRef::List)
            }
            _ => ValueRef::Null,
        }
    }
}

/// Ties, repeats, nulls, negative times, infinities, giants that cancel, long text; the last is at `AS_OF`.
fn log() -> Vec<Row> {
    let row = |ts, flag, qty, amount, word, seen, vec: &'static [f64]| Row {
        ts,
        flag: Some(flag),
        qty: Some(qty),
        amount: Some(amount),
        word: Some(word),
        seen: Some(seen),
        vec: Some(vec),
    };
    let nothing = Row { ts: 25 * H, flag: None, qty: None, amount: None, word: None, seen: None, vec: None };
    vec![
        row(-30 * H - 1, false, i64::MAX, f64::INFINITY, "a", -1, &[-0.0, f64::NAN]),
        row(0, true, i64::MAX, -0.0, "", 0, &[-0.0]),
        row(H / 2, true, i64::MIN, 1e16, "a", H, &[1.5, -2.25]),
        row(3 * H, false, -7, 0.1, "reset", -H, &[f64::NAN]),
        row(3 * H, false, -7, 0.1, "reset", -H, &[f64::NAN]),
        row(3 * H, true, 7, 0.2, "b", 5, &[f64::INFINITY]),
        row(9 * H + 1, false, 0, -1e16, "a", 77, &[0.0; 5]),
        row(24 * H, true, 1 << 40, 5e-324, "a text of more than twenty-three bytes", 1 << 50, &[1e300]),
        nothing,
        row(25 * H + 1, false, -1, f64::NAN, "a", 8, &[]),
        row(26 * H, true, 12, 99.95, "b", 9, &[3.0]),
        row(26 * H, true, 12, f64::MIN_POSITIVE, "z", 9, &[4.0]),
        row(AS_OF, true, 1, 1.0, "not in any window", 1, &[]),
    ]
}

fn definition(feature: &str) -> String {
    let used = COLUMNS.iter().filter(|(name, _)| feature.contains(&format!("\"{name}\"")));
    let columns: Vec<String> = used.map(|(name, kind)| format!(r#""{name}": "{kind}""#)).collect();
    format!(
        r#"{{"name": "golden", "version": 1, "entity": "user", "time": "ts", "columns": {{{}}}, "features": {{{feature}}}}}"#,
        columns.join(", ")
    )
}

/// One set for every aggregate and kind it takes, over two windows; then one for every window.
fn sets() -> Vec<FeatureSet> {
    let mut sets = Vec::new();
    for (name, examples) in features::catalogue() {
        for example in examples {
            let two = |all: &str| {
                format!(r#""all": {{{example}, "over": {all}}}, "day": {{{example}, "over": {}}}"#, WINDOWS[1])
            };
            // A few need a window with a start.
            let set = FeatureSet::from_json(&definition(&two(WINDOWS[0])));
            let set = set.or_else(|_| FeatureSet::from_json(&definition(&two(WINDOWS[3]))));
            sets.push(set.unwrap_or_else(|why| panic!("{name}: {why}")));
        }
    }
    for series in [
        r#"{"tumbling": "1h"}, "series": {"steps": 3, "step": "1h"}"#,
        r#"{"sliding": "1d", "hop": "1h"}, "series": {"steps": 2, "step": "2h"}, "default": -1"#,
    ] {
        let features = format!(r#""s": {{"sum": "amount", "over": {series}}}"#);
        sets.push(FeatureSet::from_json(&definition(&features)).unwrap());
    }
    for over in WINDOWS {
        let filter = r#""where": {"flag": true}, "#;
        let features = format!(
            r#""n": {{"count": "*", "over": {over}}},
               "sum": {{"sum": "amount", {filter}"over": {over}, "default": -1.5}},
               "first": {{"first": "word", "tie_break": "qty", "over": {over}, "default": "none"}}"#
        );
        sets.push(FeatureSet::from_json(&definition(&features)).unwrap());
    }
    sets
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A value with its kind, doubles by their bits.
fn bits(value: &Value) -> String {
    match value {
        Value::F64(x) => format!("f64:{:016x}", x.to_bits()),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|x| format!("{:016x}", x.to_bits())).collect();
            format!("list:{}", items.join("+"))
        }
        Value::Items(items) => format!("items:[{}]", items.iter().map(bits).collect::<Vec<_>>().join(" ")),
        Value::Map(pairs) => {
            let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{}={}", bits(k), bits(v))).collect();
            format!("map:{{{}}}", pairs.join(" "))
        }
        Value::Time(at) => format!("timestamp:{}", at.as_micros()),
        Value::Str(text) => format!("string:{:?}", &**text),
        other => other.kind().map_or_else(|| other.to_string(), |kind| format!("{kind}:{other}")),
    }
}

fn vector(state: &State) -> String {
    let vector = state.vector(Timestamp::from_micros(AS_OF).unwrap()).unwrap();
    vector.values().iter().map(bits).collect::<Vec<_>>().join(", ")
}

/// The whole file: each set with its log, all whole, half aged and all aged.
fn render() -> String {
    let mut out = HEADER.to_owned();
    for set in sets() {
        writeln!(out, "\nset {}", set.to_json()).unwrap();
        for frontier in [None, Some(9 * H), Some(AS_OF)] {
            let mut state = State::new(&set);
            for row in log().iter().rev() {
                assert!(state.update(row).is_ok());
            }
            if let Some(frontier) = frontier {
                state.advance(Timestamp::from_micros(frontier).unwrap());
            }
            let shown = frontier.map_or("none".to_owned(), |frontier| frontier.to_string());
            writeln!(out, "frontier {shown}\nstate {}\nvector {}", hex(&state.encode()), vector(&state)).unwrap();
        }
    }
    out
}

#[test]
fn states_and_answers_are_those_on_file() {
    let now = render();
    if std::env::var("SKEWLESS_BLESS").is_ok_and(|bless| bless == "1") {
        std::fs::write(FILE, &now).unwrap();
    }
    let file = std::fs::read_to_string(FILE).unwrap_or_else(|why| panic!("{FILE}: {why}"));
    for (at, (found, expected)) in now.lines().zip(file.lines()).enumerate() {
        assert_eq!(found, expected, "line {} of {FILE}", at + 1);
    }
    assert_eq!(now.lines().count(), file.lines().count(), "one of the two goes on");
    for name in features::names() {
        assert!(file.contains(&format!("{{\"{name}\":")), "`{name}` is not on file");
    }
}

#[test]
fn states_on_file_are_read_and_written_again_and_answer_as_before() {
    let file = std::fs::read_to_string(FILE).unwrap_or_else(|why| panic!("{FILE}: {why}"));
    let (mut set, mut state, mut seen) = (None, None, 0);
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (word, rest) = line.split_once(' ').unwrap();
        match word {
            "set" => set = Some(FeatureSet::from_json(rest).unwrap()),
            "state" => {
                let bytes = unhex(rest);
                let read = State::decode(set.as_ref().unwrap(), &bytes).unwrap_or_else(|why| panic!("{why}: {line}"));
                assert_eq!(hex(&read.encode()), rest);
                state = Some(read);
            }
            "vector" => {
                assert_eq!(vector(state.as_ref().unwrap()), rest, "{:?}", set.as_ref().unwrap().to_json());
                seen += 1;
            }
            _ => assert_eq!(word, "frontier"),
        }
    }
    assert!(seen > 100, "only {seen} states are on file");
}

#[test]
fn every_kind_and_every_window_is_on_file() {
    let file = std::fs::read_to_string(FILE).unwrap_or_else(|why| panic!("{FILE}: {why}"));
    let answers: String = file.lines().filter(|line| line.starts_with("vector ")).collect();
    for (name, kind) in COLUMNS {
        assert!(answers.contains(&format!("{kind}:")), "no answer of the kind of {name}");
    }
    for word in ["null", "overflow", "f64:7ff0000000000000", "list:0000000000000000+7ff8000000000000"] {
        assert!(answers.contains(word), "no answer is {word}");
    }
    for word in ["lifetime", "sliding", "tumbling", "session", "within", "activity", "since", "offset", "exact"] {
        assert!(file.contains(&format!("\"{word}\"")), "no window has {word}");
    }
}
