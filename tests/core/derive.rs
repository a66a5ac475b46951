//! Catches a struct whose derived columns are not what its fields and attributes say.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset};
use proptest::prelude::*;
use serde::Serialize;
use skewless::{
    Entity, Feature, FeatureSet, Field, Filter, Kind, Record, Schema, State, Stream, Timestamp, Value, ValueRef,
    Window, col,
};

/// What a record answers when it is asked for columns of these names.
fn ask<R: Record>(record: &R, names: &[&str]) -> Vec<Value> {
    let asked = names.iter().map(|name| col(*name).is_not_null());
    let set = FeatureSet::builder("s").entity("some user").time("some time");
    let set = set.feature("n", Feature::count().filter(Filter::any(asked)).over(Window::lifetime())).build().unwrap();
    let column = |name: &&str| set.columns().iter().find(|column| column.name() == *name).unwrap();
    names.iter().map(|name| record.field(column(name)).to_value()).collect()
}

fn names<R: Schema>() -> Vec<&'static str> {
    R::COLUMNS.iter().map(|(name, _)| *name).collect()
}

#[derive(Record)]
struct Click<'a, T, const N: usize>
where
    T: Clone,
{
    #[record(entity)]
    user_id: Cow<'a, str>,
    #[record(time)]
    at: DateTime<FixedOffset>,
    #[record(entity, rename = "shop")]
    shop_id: Option<u64>,
    r#type: &'a str,
    taste: [f64; N],
    what: Option<Box<T>>,
    #[record(skip)]
    #[allow(dead_code, reason = "it is skipped")]
    trace: std::collections::BTreeMap<u8, u8>,
}

#[test]
fn columns_are_what_fields_and_attributes_say() {
    type Some = Click<'static, i16, 2>;
    assert_eq!(Some::ENTITY, ["user_id", "shop"]);
    assert_eq!(Some::TIME, "at");
    let kinds = [Kind::Str, Kind::Time, Kind::I64, Kind::Str, Kind::List, Kind::I64];
    let all = ["user_id", "at", "shop", "type", "taste", "what"];
    assert_eq!(Some::COLUMNS, all.into_iter().zip(kinds).collect::<Vec<_>>());
    let at = "1970-01-01T01:00:00.0000009+01:00".parse().unwrap();
    let click = Click {
        user_id: Cow::Borrowed("ada"),
        at,
        shop_id: Some(7),
        r#type: "view",
        taste: [0.5, 1.0],
        what: Some(Box::new(-3i16)),
        trace: Default::default(),
    };
    let found = ask(&click, &all);
    let expected: [Value; 6] =
        ["ada".into(), Timestamp::EPOCH.into(), 7i64.into(), "view".into(), vec![0.5, 1.0].into(), Value::I64(-3)];
    assert_eq!(found, expected);
    // Other names, of lengths there are and of lengths there are not, are null.
    let others = ["", "a", "ta", "user_iD", "shop_id", "trace", "r#type", "tasty", "a name longer than any"];
    assert_eq!(ask(&click, &others), vec![Value::Null; others.len()]);
    let empty = Click::<i16, 0> { shop_id: None, what: None, taste: [], ..sample() };
    assert_eq!(ask(&empty, &["shop", "what", "taste"]), [Value::Null, Value::Null, vec![].into()]);
}

fn sample<const N: usize>() -> Click<'static, i16, N> {
    let at = DateTime::UNIX_EPOCH.fixed_offset();
    let (shop_id, taste, what, trace) = (Some(1), [0.0; N], None, Default::default());
    Click { user_id: "bob".into(), at, shop_id, r#type: "buy", taste, what, trace }
}

#[test]
fn a_derived_record_goes_through_every_door() {
    let set = FeatureSet::builder("s")
        .record::<Click<i16, 0>>()
        .feature("n", Feature::count().filter(col("type").eq("buy")).over(Window::lifetime()))
        .feature("last", Feature::last("what").over(Window::lifetime()))
        .build()
        .unwrap();
    set.check_record::<Click<i16, 0>>().unwrap();
    let mut stream = Stream::new(&set);
    stream.update(&sample::<0>()).unwrap();
    stream.update(&&Click::<i16, 0> { what: Some(Box::new(5)), ..sample() }).unwrap();
    let bob = Entity::new([Value::from("bob"), Value::from(1i64)]);
    let vector = stream.vector(&bob, Timestamp::MAX).unwrap();
    assert_eq!(vector.values(), [Value::I64(2), Value::I64(5)]);
    let mut state = State::new(&set);
    state.update(&sample::<0>()).unwrap();
    assert_eq!(state.vector(Timestamp::MAX).unwrap().value("n").unwrap(), &Value::I64(1));
}

/// One struct by this crate's cases and by serde's, and one enum.
macro_rules! cased {
    ($($case:literal),+) => {
        #[test]
        fn cases_are_those_of_serde() {
            let mut seen = BTreeSet::new();
            $({
                #[derive(Record, Serialize)]
                #[record(rename_all = $case)]
                #[serde(rename_all = $case)]
                #[allow(non_snake_case)]
                struct Fields {
                    #[record(time)]
                    ts: i64,
                    user_id: u8,
                    x: u8,
                    items_in_2nd_cart: u8,
                    _led: u8,
                    double__: u8,
                    oddCase: u8,
                    r#type: u8,
                }
                let zero = Fields {
                    ts: 0, user_id: 0, x: 0, items_in_2nd_cart: 0, _led: 0, double__: 0, oddCase: 0, r#type: 0
                };
                let json = serde_json::to_string(&zero).unwrap();
                let ours = names::<Fields>();
                let expected: Vec<String> = ours.iter().map(|name| format!("\"{name}\":0")).collect();
                assert_eq!(json, format!("{{{}}}", expected.join(",")), "{}", $case);
                assert_eq!(ask(&zero, &ours), vec![Value::I64(0); ours.len()]);
                seen.insert(json);

                #[derive(Field, Serialize, Clone, Copy)]
                #[field(rename_all = $case)]
                #[serde(rename_all = $case)]
                #[allow(non_camel_case_types)]
                enum Variants { A, View, AddToCart, HTTPError, Snake_case, V2Beta }
                use Variants::{A, AddToCart, HTTPError, Snake_case, V2Beta, View};
                for variant in [A, View, AddToCart, HTTPError, Snake_case, V2Beta] {
                    let json = serde_json::to_value(variant).unwrap();
                    assert_eq!(variant.value(), ValueRef::Str(json.as_str().unwrap()), "{}", $case);
                }
            })+
            assert!(seen.len() >= 6, "{seen:?}");
        }
    };
}

cased!(
    "lowercase",
    "UPPERCASE",
    "PascalCase",
    "camelCase",
    "snake_case",
    "SCREAMING_SNAKE_CASE",
    "kebab-case",
    "SCREAMING-KEBAB-CASE"
);

#[derive(Field, Clone, Copy)]
enum Action {
    View,
    #[field(rename = "add-to-cart")]
    Add,
    r#Buy = 7,
}

#[derive(Field)]
struct UserId(String);

#[derive(Field)]
struct Wrapped<'a, T: ?Sized> {
    inner: &'a T,
}

#[test]
fn categories_and_newtypes_are_fields() {
    assert_eq!(Action::KIND, Kind::Str);
    let texts = [Action::View, Action::Add, Action::Buy].map(|action| action.value().to_value());
    assert_eq!(texts, ["View", "add-to-cart", "Buy"].map(Value::from));
    assert_eq!(Some(Action::View).value(), ValueRef::Str("View"));
    assert_eq!((UserId::KIND, UserId("ada".into()).value()), (Kind::Str, ValueRef::Str("ada")));
    assert_eq!(Wrapped::<[f64]>::KIND, Kind::List);
    assert_eq!(Wrapped { inner: "a" }.value(), ValueRef::Str("a"));
}

/// Where a macro finds the crate that it is for.
mod vendored {
    pub(crate) mod inner {
        pub(crate) use skewless::{Column, Field, Kind, Record, Schema, ValueRef};
    }

    #[derive(inner::Record)]
    #[record(crate = "inner")]
    pub(crate) struct Event {
        #[record(time)]
        pub(crate) at: i64,
        pub(crate) id: Id,
    }

    #[derive(inner::Field)]
    #[field(crate = "self::inner")]
    pub(crate) struct Id(pub(crate) u8);

    #[derive(inner::Field)]
    #[field(crate = "crate::derive::vendored::inner", rename_all = "lowercase")]
    pub(crate) enum Only {
        One,
    }
}

#[test]
fn the_crate_may_be_elsewhere() {
    let event = vendored::Event { at: 1, id: vendored::Id(2) };
    assert_eq!(ask(&event, &["at", "id"]), [Value::I64(1), Value::I64(2)]);
    assert_eq!(vendored::Only::One.value(), ValueRef::Str("one"));
}

/// Names that generated code must not trip over.
#[test]
fn names_of_the_users_own_are_left_alone() {
    #![allow(dead_code, non_camel_case_types, reason = "they are in the way on purpose")]
    struct Kind;
    struct ValueRef;
    struct Column;
    trait Field {
        fn value(&self) -> u8 {
            0
        }
    }
    impl Field for i64 {}
    #[derive(Record)]
    struct Odd {
        #[record(time)]
        column: i64,
        name: i64,
        value: i64,
        len: i64,
    }
    let odd = Odd { column: 1, name: 2, value: 3, len: 4 };
    let expected = [1i64, 2, 3, 4].map(Value::from);
    assert_eq!(ask(&odd, &["column", "name", "value", "len"]), expected);
}

#[derive(Record, Serialize, Clone, Debug)]
struct Plain {
    #[record(entity)]
    user: String,
    #[record(time)]
    ts: i64,
    word: Option<String>,
    amount: Option<f64>,
    qty: i64,
    flag: bool,
}

fn plain() -> impl Strategy<Value = Plain> {
    let amount = prop_oneof![Just(None), (-1e9..1e9f64).prop_map(Some), Just(Some(-0.0))];
    ("[a-c]", -5..5i64, prop::option::of("[a-c]"), amount, any::<i64>(), any::<bool>())
        .prop_map(|(user, ts, word, amount, qty, flag)| Plain { user, ts, word, amount, qty, flag })
}

proptest! {
    #[test]
    fn a_struct_folds_as_its_json_does(events in prop::collection::vec(plain(), 0..20)) {
        let set = FeatureSet::builder("s")
            .record::<Plain>()
            .feature("n", Feature::count().filter(col("flag").eq(true)).over(Window::lifetime()))
            .feature("sum", Feature::sum("amount").over(Window::lifetime()))
            .feature("words", Feature::count_distinct("word").over(Window::lifetime()))
            .feature("max", Feature::max("qty").over(Window::lifetime()))
            .build()
            .unwrap();
        let (mut typed, mut untyped) = (State::new(&set), State::new(&set));
        for event in &events {
            typed.update(event).unwrap();
            untyped.update(&serde_json::to_value(event).unwrap()).unwrap();
        }
        prop_assert_eq!(typed.encode(), untyped.encode());
    }
}
