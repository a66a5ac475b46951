//! Catches two spellings of a definition that mean one thing but differ, or mean two and do not, and mistakes
//! that are accepted or not located.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use skewless::features::{Max, Min};
use skewless::{Builder, Computers, Derived, Double, ErrorKind, Feature, FeatureSet, Filter, Items, Kind, MAX_FILTERS};
use skewless::{Span, Timestamp, Value, Window, col, features};

fn builder() -> Builder {
    FeatureSet::builder("s").entity("user").time("ts")
}

/// A definition of these features, with more top-level fields behind.
fn json(features: &str, more: &str) -> String {
    format!(r#"{{"name": "s", "version": 1, "entity": "user", "time": "ts", "features": {{{features}}}{more}}}"#)
}

fn read(text: &str) -> FeatureSet {
    FeatureSet::from_json(text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

fn windows() -> Vec<(Window, &'static str)> {
    let (hour, day) = (Span::hours(1), Span::days(1));
    vec![
        (Window::lifetime(), r#""lifetime""#),
        (Window::sliding(Span::days(30)), r#"{"sliding": "30d"}"#),
        (Window::sliding(Span::days(7)).hop(hour), r#"{"sliding": "7d", "hop": "1h"}"#),
        (Window::sliding(hour).exact(), r#"{"sliding": "1h", "hop": "exact"}"#),
        (Window::sliding(Span::seconds(7)), r#"{"sliding": "7s"}"#),
        (Window::tumbling(day), r#"{"tumbling": "1d"}"#),
        (Window::session(hour), r#"{"session": "1h"}"#),
        (Window::session(hour).within(day), r#"{"session": "1h", "within": "1d"}"#),
        (Window::session(hour).activity(col("kind").eq("a")), r#"{"session": "1h", "activity": {"kind": "a"}}"#),
        (Window::lifetime().since(col("kind").eq("a")), r#"{"since": {"kind": "a"}}"#),
        (Window::tumbling(day).offset(Span::millis(1)), r#"{"tumbling": "1d", "offset": "1ms"}"#),
        (Window::session(hour).since(col("a").is_null()), r#"{"session": "1h", "since": {"a": {"is_null": true}}}"#),
    ]
}

fn filters() -> Vec<(Filter, &'static str)> {
    let at: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    vec![
        (col("kind").eq("a"), r#"{"kind": "a"}"#),
        (col("amount").eq(0.5), r#"{"amount": 0.5}"#),
        (col("flag").eq(true), r#"{"flag": true}"#),
        (col("amount").ne(1.5), r#"{"amount": {"ne": 1.5}}"#),
        (col("amount").ge(-1.5).and(col("amount").lt(2.5)), r#"{"amount": {"ge": -1.5, "lt": 2.5}}"#),
        (col("a").gt(1.5).and(col("b").le(2.5)), r#"{"all": [{"a": {"gt": 1.5}}, {"b": {"le": 2.5}}]}"#),
        (col("kind").is_in(["a", "b"]), r#"{"kind": ["a", "b"]}"#),
        (col("kind").is_null().not(), r#"{"not": {"kind": {"is_null": true}}}"#),
        (col("kind").is_not_null(), r#"{"kind": {"is_null": false}}"#),
        (col("seen").ge(at), r#"{"seen": {"ge": "2026-11-23T10:00:00Z"}}"#),
        (col("qty").eq(5), r#"{"qty": 5}"#),
        (
            Filter::any([col("kind").eq("a"), Filter::all([col("amount").gt(1.5), col("kind").ne("b")])]),
            r#"{"any": [{"kind": "a"}, {"amount": {"gt": 1.5}, "kind": {"ne": "b"}}]}"#,
        ),
    ]
}

fn others() -> Vec<(Feature, &'static str)> {
    let of = |feature: Feature| feature.over(Window::lifetime());
    vec![
        (of(Feature::count()), r#"{"count": "*", "over": "lifetime"}"#),
        (of(Feature::count_of("amount")), r#"{"count": "amount", "over": "lifetime"}"#),
        (of(Feature::sum("qty")).default(Value::Null), r#"{"sum": "qty", "over": "lifetime", "default": null}"#),
        (of(Feature::last("kind").tie_break("qty")), r#"{"last": "kind", "tie_break": "qty", "over": "lifetime"}"#),
        (of(Feature::first("kind")).default("none"), r#"{"first": "kind", "over": "lifetime", "default": "none"}"#),
        (of(Feature::last("vec")).default(vec![1.5]), r#"{"last": "vec", "over": "lifetime", "default": [1.5]}"#),
        (of(Feature::max("flag")).default(false), r#"{"max": "flag", "over": "lifetime", "default": false}"#),
    ]
}

/// Every constructor of a built-in aggregate, and every option that goes with them.
fn aggregates() -> Vec<(Feature, String)> {
    let (hour, day) = (Span::hours(1), Span::days(1));
    let month = || Window::sliding(Span::days(30));
    let rows: Vec<(Feature, &str)> = vec![
        (Feature::count(), r#""count": "*""#),
        (Feature::count_of("amount"), r#""count": "amount""#),
        (Feature::count_distinct("kind"), r#""count_distinct": "kind""#),
        (Feature::count_distinct("kind").with("limit", 5), r#""count_distinct": "kind", "limit": 5"#),
        (Feature::rate("*"), r#""rate": "*""#),
        (
            Feature::ratio(col("kind").eq("buy"), col("kind").is_in(["buy", "click"])),
            r#""ratio": [{"kind": "buy"}, {"kind": ["buy", "click"]}]"#,
        ),
        (Feature::sum("amount"), r#""sum": "amount""#),
        (Feature::mean("amount"), r#""mean": "amount""#),
        (Feature::min("amount"), r#""min": "amount""#),
        (Feature::max("amount"), r#""max": "amount""#),
        (Feature::range("amount"), r#""range": "amount""#),
        (Feature::var_pop("amount"), r#""var_pop": "amount""#),
        (Feature::var_samp("amount"), r#""var_samp": "amount""#),
        (Feature::stddev_pop("amount"), r#""stddev_pop": "amount""#),
        (Feature::stddev_samp("amount"), r#""stddev_samp": "amount""#),
        (Feature::skewness_pop("amount"), r#""skewness_pop": "amount""#),
        (Feature::skewness("amount"), r#""skewness": "amount""#),
        (Feature::kurtosis_pop("amount"), r#""kurtosis_pop": "amount""#),
        (Feature::kurtosis("amount"), r#""kurtosis": "amount""#),
        (Feature::sum_product("amount", "qty"), r#""sum_product": ["amount", "qty"]"#),
        (Feature::weighted_mean("amount", "qty"), r#""weighted_mean": ["amount", "qty"]"#),
        (Feature::cov_pop("amount", "b"), r#""cov_pop": ["amount", "b"]"#),
        (Feature::cov_samp("amount", "b"), r#""cov_samp": ["amount", "b"]"#),
        (Feature::corr("amount", "b"), r#""corr": ["amount", "b"]"#),
        (Feature::arg_min("kind", "amount"), r#""arg_min": ["kind", "amount"]"#),
        (Feature::arg_max("kind", "amount").tie_break("qty"), r#""arg_max": ["kind", "amount"], "tie_break": "qty""#),
        (Feature::first("kind"), r#""first": "kind""#),
        (Feature::last("kind"), r#""last": "kind""#),
        (Feature::first_k("kind", 3), r#""first_k": "kind", "k": 3"#),
        (Feature::last_k("kind", 3), r#""last_k": "kind", "k": 3"#),
        (Feature::last_distinct_k("kind", 3), r#""last_distinct_k": "kind", "k": 3"#),
        (Feature::top_k("amount", 3), r#""top_k": "amount", "k": 3"#),
        (Feature::bottom_k("amount", 3), r#""bottom_k": "amount", "k": 3"#),
        (Feature::histogram("kind"), r#""histogram": "kind""#),
        (Feature::mode("kind").with("limit", 9), r#""mode": "kind", "limit": 9"#),
        (Feature::entropy("kind"), r#""entropy": "kind""#),
        (Feature::any("flag"), r#""any": "flag""#),
        (Feature::all("flag"), r#""all": "flag""#),
        (Feature::time_since_first("*"), r#""time_since_first": "*""#),
        (Feature::time_since_last("amount"), r#""time_since_last": "amount""#),
        (Feature::gap_mean("*"), r#""gap_mean": "*""#),
        (Feature::gap_stddev("*"), r#""gap_stddev": "*", "limit": 1000"#),
        (Feature::session_count("*", hour), r#""session_count": "*", "gap": "60m""#),
        (Feature::session_duration("*", hour), r#""session_duration": "*", "gap": "1h""#),
        (Feature::session_duration_mean("*", hour), r#""session_duration_mean": "*", "gap": "1h""#),
        (Feature::decayed_count("*", day), r#""decayed_count": "*", "half_life": "1d""#),
        (Feature::decayed_sum("amount", day), r#""decayed_sum": "amount", "half_life": "24h", "keep": 64"#),
        (Feature::approx_distinct("kind"), r#""approx_distinct": "kind", "precision": 12"#),
        (Feature::approx_frequency("kind", ["a", "b"]), r#""approx_frequency": "kind", "values": ["a", "b"]"#),
        (Feature::approx_top_k("kind", 5), r#""approx_top_k": "kind", "k": 5, "epsilon": 0.001"#),
        (Feature::approx_quantiles("amount", [0.5, 0.99]), r#""approx_quantiles": "amount", "q": [0.5, 0.99]"#),
        (Feature::vector_sum("vec", 2), r#""vector_sum": "vec", "length": 2"#),
        (Feature::vector_mean("vec", 2), r#""vector_mean": "vec", "length": 2"#),
        (Feature::vector_last("vec", 2), r#""vector_last": "vec", "length": 2"#),
        (Feature::sum("amount").by("kind", 7), r#""sum": "amount", "by": "kind", "buckets": 7"#),
        (Feature::sum("amount").by("kind", 100), r#""sum": "amount", "by": "kind""#),
        (Feature::sum("amount").retract(col("flag").eq(true)), r#""sum": "amount", "retract": {"flag": true}"#),
        (Feature::sum("amount").series(7, day), r#""sum": "amount", "series": {"steps": 7, "step": "1d"}"#),
        (
            Feature::last_k("kind", 2).default(["x"].map(Value::from).into_iter().collect::<Items>()),
            r#""last_k": "kind", "k": 2, "default": ["x"]"#,
        ),
    ];
    let seen: String = rows.iter().map(|(_, json)| *json).collect();
    for name in features::names() {
        assert!(seen.contains(&format!("\"{name}\":")), "`{name}` has no row here");
    }
    rows.into_iter()
        .map(|(feature, json)| (feature.over(month()), format!(r#"{{{json}, "over": {{"sliding": "30d"}}}}"#)))
        .collect()
}

const COLUMNS: [(&str, Kind); 4] =
    [("qty", Kind::I64), ("seen", Kind::Time), ("flag", Kind::Bool), ("vec", Kind::List)];

/// Those of `COLUMNS` that `text` names.
fn used(text: &str) -> impl Iterator<Item = (&'static str, Kind)> {
    COLUMNS.into_iter().filter(move |(name, _)| text.contains(&format!("\"{name}\"")))
}

/// A definition of these features with the kinds of their columns.
fn with_columns(features: &str) -> String {
    let columns: Vec<String> = used(features).map(|(name, kind)| format!(r#""{name}": "{kind}""#)).collect();
    json(features, &format!(r#", "columns": {{{}}}"#, columns.join(", ")))
}

/// Every construct, built and in JSON.
fn pairs() -> Vec<(Feature, String)> {
    let windows = windows().into_iter().map(|(window, json)| {
        (Feature::mean("amount").over(window), format!(r#"{{"mean": "amount", "over": {json}}}"#))
    });
    let filters = filters().into_iter().map(|(filter, json)| {
        let feature = Feature::count().filter(filter).over(Window::lifetime());
        (feature, format!(r#"{{"count": "*", "where": {json}, "over": "lifetime"}}"#))
    });
    let others = others().into_iter().map(|(feature, json)| (feature, json.to_owned()));
    windows.chain(filters).chain(others).chain(aggregates()).collect()
}

fn declared(text: &str) -> Builder {
    used(text).fold(builder(), |builder, (name, kind)| builder.column(name, kind))
}

#[test]
fn the_sample_definition_is_read() {
    let set = read(include_str!("../../examples/compute/shopper.json"));
    assert_eq!((set.name(), set.version(), set.names().len()), ("shopper", 1, 9));
    assert_eq!((set.names()[0].as_str(), set.names()[8].as_str()), ("clicks_7d", "ctr_7d"));
    let kinds: Vec<Kind> = set.shapes().filter_map(|shape| shape.kind()).collect();
    assert_eq!((kinds[0], kinds[2], kinds[6], kinds[8]), (Kind::I64, Kind::F64, Kind::Str, Kind::F64));
    assert_eq!((set.time_column().name(), set.time_column().kind()), ("ts", Some(Kind::Time)));
}

#[test]
fn built_and_read_definitions_have_one_fingerprint() {
    let all = COLUMNS.map(|(name, _)| format!("{name:?}")).concat();
    let (mut together, mut text) = (declared(&all), Vec::new());
    for (at, (feature, fragment)) in pairs().into_iter().enumerate() {
        let built = declared(&fragment).feature("f", feature.clone()).build();
        let built = built.unwrap_or_else(|why| panic!("{why}: {fragment}"));
        let read = read(&with_columns(&format!(r#""f": {fragment}"#)));
        assert_eq!(built.fingerprint(), read.fingerprint(), "{}\n{}", built.to_json(), read.to_json());
        together = together.feature(format!("f{at}"), feature);
        text.push(format!(r#""f{at}": {fragment}"#));
    }
    assert_eq!(together.build().unwrap(), read(&with_columns(&text.join(", "))));
}

#[test]
fn built_and_read_sets_have_one_fingerprint_beyond_features() {
    let count = || Feature::count().over(Window::lifetime());
    let built = FeatureSet::builder("t")
        .version(7)
        .entity(["shop", "user"])
        .time("at")
        .feature("a", count())
        .feature("b", count())
        .derive("ratio", Derived::ratio("a", "b"))
        .derive("less", Derived::difference("ratio", "b"))
        .derive("all", Derived::sum(["a", "b", "less"]))
        .derive("log", Derived::log1p("all"))
        .derive("any", Derived::coalesce(["log", "all"]))
        .build()
        .unwrap();
    let text = r#"{"name": "t", "version": 7, "entity": ["shop", "user"], "time": "at",
        "features": {"a": {"count": "*", "over": "lifetime"}, "b": {"count": "*", "over": "lifetime"}},
        "derived": {"ratio": {"ratio": ["a", "b"]}, "less": {"difference": ["ratio", "b"]},
                    "all": {"sum": ["a", "b", "less"]}, "log": {"log1p": "all"}, "any": {"coalesce": ["log", "all"]}}}"#;
    assert_eq!(built.to_json(), read(text).to_json());
    assert_eq!(built.names(), ["a", "b", "ratio", "less", "all", "log", "any"]);
    assert_eq!(built.to_json(), read(built.to_json()).to_json());
}

#[test]
fn canonical_json_reads_back_as_the_same_definition() {
    for (_, fragment) in pairs() {
        let set = read(&with_columns(&format!(r#""f": {fragment}"#)));
        let again = read(set.to_json());
        assert_eq!((set.fingerprint(), set.to_json()), (again.fingerprint(), again.to_json()));
        let through_serde: FeatureSet = serde_json::from_str(&serde_json::to_string(&set).unwrap()).unwrap();
        assert_eq!((set.fingerprint(), set.to_json()), (through_serde.fingerprint(), through_serde.to_json()));
    }
    let error = serde_json::from_str::<FeatureSet>(&json(r#""f": {"cuont": "*"}"#, "")).unwrap_err();
    assert!(error.to_string().contains("features.f: unknown aggregate"), "{error}");
}

#[test]
fn custom_computers_are_read_by_name_and_told_apart_by_id() {
    let text = json(r#""top": {"edge": "price", "over": "lifetime"}"#, "");
    let highest = || Max::<Double>::new();
    let read = FeatureSet::from_json_with(&text, &Computers::new().with("edge", highest)).unwrap();
    let built =
        builder().feature("top", Feature::custom(highest(), ["price"]).over(Window::lifetime())).build().unwrap();
    assert_eq!(read.fingerprint(), built.fingerprint());
    let other = FeatureSet::from_json_with(&text, &Computers::new().with("edge", Min::<Double>::new)).unwrap();
    assert_ne!(read.fingerprint(), other.fingerprint());
    let id = skewless::FeatureComputer::id(&highest());
    let again = FeatureSet::from_json_with(read.to_json(), &Computers::new().with(id, highest)).unwrap();
    assert_eq!(read.fingerprint(), again.fingerprint());
    let error = FeatureSet::from_json_with(&json(r#""f": {"x": "y"}"#, ""), &Computers::new().with("edge", highest));
    assert!(error.unwrap_err().to_string().contains("edge, count"), "custom names come first");
}

const CHANGES: &str = include_str!("../golden/definition_changes.txt");

/// The definition that the rows of `CHANGES` change.
fn original() -> &'static str {
    CHANGES.split("\n\n").nth(1).unwrap()
}

/// The changes that make it another definition, or leave it the same: what is replaced, and by what.
fn rows(word: &str) -> Vec<(&'static str, &'static str)> {
    let rows = CHANGES.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix(" <- "));
    let rows = rows.map(|row| row.split_once(" => ").unwrap_or_else(|| panic!("not a row: {row}")));
    let rows: Vec<_> = rows.map(|(from, to)| (from, if to == "-" { "" } else { to })).collect();
    assert!(rows.len() > 10, "{word}");
    rows
}

/// `original()` with one place changed.
fn changed(from: &str, to: &str) -> FeatureSet {
    assert_eq!(original().matches(from).count(), 1, "`{from}` is not one place");
    read(&original().replace(from, to))
}

#[test]
fn whatever_can_change_a_value_changes_the_fingerprint() {
    let mut seen = vec![(read(original()).fingerprint(), "")];
    for (from, to) in rows("other") {
        let fingerprint = changed(from, to).fingerprint();
        let twin = seen.iter().find(|(known, _)| *known == fingerprint);
        assert!(twin.is_none(), "`{to}` for `{from}` is taken for `{}`", twin.unwrap().1);
        seen.push((fingerprint, to));
    }
}

#[test]
fn another_spelling_of_the_same_keeps_the_fingerprint() {
    let base = read(original());
    assert_eq!(base, read(&original().split_whitespace().collect::<String>()));
    for (from, to) in rows("same") {
        assert_eq!(base.to_json(), changed(from, to).to_json(), "`{to}` for `{from}`");
        assert_eq!(base.fingerprint(), changed(from, to).fingerprint(), "`{to}` for `{from}`");
    }
    let one = |over: &str| read(&json(&format!(r#""f": {{"count": "*", "over": {over}}}"#), ""));
    assert_eq!(one(r#""lifetime""#), one(r#"{"lifetime": true}"#));
    assert_eq!(one(r#"{"sliding": "5s", "hop": "1us"}"#), one(r#"{"sliding": "5s", "hop": "exact"}"#));
}

#[test]
fn a_number_is_the_same_written_with_or_without_a_fraction() {
    for (from, with, without) in [(r#"{"gt": 0.5}"#, r#"{"gt": 5.0}"#, r#"{"gt": 5}"#), ("1.5", "2.0", "2")] {
        let (with, without) = (changed(from, with), changed(from, without));
        assert_eq!(with.fingerprint(), without.fingerprint(), "{}\n{}", with.to_json(), without.to_json());
    }
}

#[test]
fn whatever_can_be_built_can_be_written_and_read_again() {
    let count = |filter: Filter| Feature::count().filter(filter).over(Window::lifetime());
    let deep = (0..200).fold(col("kind").eq("a"), |filter, _| filter.not());
    let mut odd = vec![
        ("an infinite default", Feature::max("amount").default(f64::INFINITY).over(Window::lifetime())),
        ("an infinite literal", count(col("amount").lt(f64::INFINITY))),
        ("a null literal", count(col("amount").eq(Value::Null))),
        ("a null in a list", count(col("amount").is_in([Value::Null, Value::F64(1.0)]))),
        ("none of no values", count(col("kind").is_in(Vec::<String>::new()))),
        ("all of nothing", count(Filter::all([]))),
        ("any of nothing", count(Filter::any([]))),
        ("a list with NaN", Feature::last("vec").default(vec![f64::NAN]).over(Window::lifetime())),
        ("a deep filter", count(deep)),
        ("a column with quotes", count(col("a \"b\" \\ \u{e9}").eq("\u{1}"))),
        ("a number that is text", count(col("kind").eq("5"))),
    ];
    odd.extend(["all", "any", "not"].map(|name| ("a column named like an operator", count(col(name).eq("x")))));
    let mut faults = Vec::new();
    for (what, feature) in odd {
        // To refuse it is fine; to write what cannot be read is not.
        let Ok(set) = declared(&format!("{feature:?}")).feature("f", feature).build() else { continue };
        match FeatureSet::from_json(set.to_json()) {
            Ok(again) if again == set => {}
            other => faults.push(format!("{what}: {other:?} from {:.300}", set.to_json())),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A whole definition with `text` at the place called `place`; see `golden/definition_errors.txt`.
fn placed(place: &str, text: &str) -> String {
    let feature = |feature: &str| json(&format!(r#""f": {feature}"#), "");
    match place {
        "top" => text.to_owned(),
        "extra" => json(r#""f": {"sum": "amount", "over": "lifetime"}"#, &format!(", {text}")),
        "feature" => feature(text),
        "over" => feature(&format!(r#"{{"count": "*", "over": {text}}}"#)),
        "where" => feature(&format!(r#"{{"count": "*", "where": {text}, "over": "lifetime"}}"#)),
        "derived" => {
            let features = r#""f": {"count": "*", "over": "lifetime"}, "t": {"last": "kind", "over": "lifetime"},
                "s": {"sum": "amount", "over": "lifetime"}"#;
            json(features, &format!(r#", "derived": {text}"#))
        }
        other => panic!("no place is called `{other}`"),
    }
}

#[test]
fn every_mistake_says_where_it_is_and_what_is_allowed() {
    let (mut faults, mut rows) = (Vec::new(), 0);
    for line in include_str!("../golden/definition_errors.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (place, rest) = line.split_once(" <- ").unwrap();
        let [text, at, piece] = rest.split(" => ").collect::<Vec<_>>().try_into().unwrap();
        rows += 1;
        match FeatureSet::from_json(&placed(place, text)) {
            Ok(_) => faults.push(format!("{place} {text}: accepted")),
            Err(why)
                if why.kind() == ErrorKind::Definition && why.at() == Some(at) && why.to_string().contains(piece) => {}
            Err(why) => faults.push(format!("{place} {text}: at {:?}, expected {at}: {why}", why.at())),
        }
    }
    assert!(rows > 100, "only {rows} rows were read");
    assert!(faults.is_empty(), "{} of {rows}:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_builder_says_where_too() {
    let count = || Feature::count().over(Window::lifetime());
    let sets: [(Builder, &str, &str); 6] = [
        (builder().feature("f", Feature::count()), "features.f", "no window"),
        (builder().feature("f", count()).feature("f", count()), "features.f", "already taken"),
        (builder(), "features", "at least one"),
        (FeatureSet::builder("s").entity("user").feature("f", count()), "time", "no column"),
        (FeatureSet::builder("s").time("ts").feature("f", count()), "entity", "1 to 8 are allowed"),
        (builder().feature("f", Feature::custom(Max::<i64>::new(), ["a", "b"])), "features.f", "expected 1"),
    ];
    for (builder, at, piece) in sets {
        let error = builder.build().unwrap_err();
        assert_eq!((error.kind(), error.at()), (ErrorKind::Definition, Some(at)), "{error}");
        assert!(error.to_string().contains(piece), "{error}");
    }
    assert!(Feature::named("median", "x").unwrap_err().to_string().contains("aggregates: count, count_distinct"));
}

#[test]
fn sixty_four_filters_are_allowed_and_one_more_is_not() {
    let of = |filters: usize| {
        let one = |at| format!(r#""f{at}": {{"count": "*", "where": {{"x": {at}}}, "over": "lifetime"}}"#);
        FeatureSet::from_json(&json(&(0..filters).map(one).collect::<Vec<_>>().join(", "), ""))
    };
    assert_eq!(of(MAX_FILTERS).unwrap().names().len(), 64);
    let error = of(MAX_FILTERS + 1).unwrap_err();
    assert_eq!(error.at(), Some("features.f64"));
    assert!(error.to_string().contains("64 distinct filters"), "{error}");
}

#[test]
fn ten_thousand_nested_filters_are_an_error_and_no_stack_overflow() {
    for (open, close) in [(r#"{"not": "#, "}"), (r#"{"any": ["#, "]}"), ("[", "]")] {
        let text = format!(r#"{}{{"kind": "a"}}{}"#, open.repeat(10_000), close.repeat(10_000));
        let error = FeatureSet::from_json(&placed("where", &text)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition);
    }
}

#[test]
fn ten_thousand_nested_filters_cannot_be_built_either() {
    // On a stack that no depth here overflows, so that a failure is this test's and not the process's.
    let build = || {
        let deep = (0..10_000).fold(col("kind").eq("a"), |filter, _| filter.not());
        builder()
            .feature("f", Feature::count().filter(deep).over(Window::lifetime()))
            .build()
            .map(|set| set.to_json().len())
    };
    let built = std::thread::Builder::new().stack_size(512 << 20).spawn(build).unwrap().join().unwrap();
    assert_eq!(built.unwrap_err().at(), Some("features.f.where"));
}

#[test]
fn the_longest_spans_are_answered_and_do_not_wrap() {
    for over in [
        r#"{"sliding": "15250284w", "hop": "exact"}"#,
        r#"{"sliding": "15250284w"}"#,
        r#"{"tumbling": "9223372036854775807us"}"#,
        r#"{"session": "9223372036854775807us"}"#,
        r#"{"session": "15250284w", "within": "15250284w"}"#,
        r#"{"lifetime": true, "offset": "9223372036854775807us"}"#,
        r#"{"sliding": "1h", "offset": "15250284w"}"#,
    ] {
        skewless::testing::check_set(&read(&placed("over", over)), 40).unwrap_or_else(|why| panic!("{over}: {why}"));
    }
}
