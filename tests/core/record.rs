//! Catches a Rust type that enters as another value than it is, and a record that does not have what a definition reads.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use skewless::{
    Column, Double, Entity, ErrorKind, Feature, FeatureSet, Field, Kind, List, Record, Schema, State, Stream, Text,
    Timestamp, ValueRef, Window, col,
};

/// The kind and the value of a field; that they are of one kind is checked on the way.
fn read<F: Field + ?Sized>(field: &F) -> (Kind, ValueRef<'_>) {
    let value = field.value();
    if !matches!(value, ValueRef::Other(_)) && !value.is_null() {
        assert_eq!(value.to_value().kind(), Some(F::KIND));
    }
    (F::KIND, value)
}

fn at(micros: i64) -> ValueRef<'static> {
    ValueRef::Time(Timestamp::from_micros(micros).unwrap())
}

#[test]
fn integers_are_themselves_and_those_beyond_i64_are_told() {
    assert_eq!(read(&i8::MIN), (Kind::I64, ValueRef::I64(-128)));
    assert_eq!(read(&i16::MIN), (Kind::I64, ValueRef::I64(-32_768)));
    assert_eq!(read(&i32::MIN), (Kind::I64, ValueRef::I64(i64::from(i32::MIN))));
    assert_eq!(read(&i64::MIN), (Kind::I64, ValueRef::I64(i64::MIN)));
    assert_eq!(read(&-1isize), (Kind::I64, ValueRef::I64(-1)));
    assert_eq!(read(&u8::MAX), (Kind::I64, ValueRef::I64(255)));
    assert_eq!(read(&u16::MAX), (Kind::I64, ValueRef::I64(65_535)));
    assert_eq!(read(&u32::MAX), (Kind::I64, ValueRef::I64(i64::from(u32::MAX))));
    assert_eq!(read(&(i64::MAX as u64)), (Kind::I64, ValueRef::I64(i64::MAX)));
    let beyond = (Kind::I64, ValueRef::Other("an unsigned integer beyond i64"));
    assert_eq!(read(&(i64::MAX as u64 + 1)), beyond);
    assert_eq!(read(&u64::MAX), beyond);
    assert_eq!(read(&7usize), (Kind::I64, ValueRef::I64(7)));
    assert_eq!(read(&usize::MAX), beyond);
}

#[test]
fn floats_keep_their_number_and_nan_is_null() {
    assert_eq!(read(&0.1f32), (Kind::F64, ValueRef::F64(0.100_000_001_490_116_12)));
    assert_eq!(read(&0.1f64), (Kind::F64, ValueRef::F64(0.1)));
    assert_eq!(read(&Double::new(-0.0).unwrap()), (Kind::F64, ValueRef::F64(0.0)));
    assert!(f32::NAN.value().is_null() && f64::NAN.value().is_null());
    assert_eq!(read(&f32::INFINITY), (Kind::F64, ValueRef::F64(f64::INFINITY)));
}

#[test]
fn text_and_lists_are_lent_from_wherever_they_are() {
    let text = (Kind::Str, ValueRef::Str("a"));
    let (boxed, shared, counted): (Box<str>, Arc<str>, Rc<str>) = ("a".into(), "a".into(), "a".into());
    assert_eq!([read("a"), read(&"a"), read(&String::from("a")), read(&Text::new("a"))], [text; 4]);
    assert_eq!([read(&boxed), read(&shared), read(&counted)], [text; 3]);
    assert_eq!([read(&Cow::Borrowed("a")), read(&Cow::<str>::Owned("a".into()))], [text; 2]);
    let list = (Kind::List, ValueRef::List(&[0.5, 1.0]));
    let (vec, boxed, slice): (Vec<f64>, Box<[f64]>, &[f64]) = (vec![0.5, 1.0], [0.5, 1.0].into(), &[0.5, 1.0]);
    assert_eq!([read(&vec), read(&boxed), read(&slice), read(slice), read(&[0.5, 1.0])], [list; 5]);
    assert_eq!([read(&List::new(slice)), read(&Cow::Borrowed(slice)), read(&Arc::new(vec.clone()))], [list; 3]);
    let lent = String::from("lent");
    assert!(matches!(Some(&lent).value(), ValueRef::Str(found) if found.as_ptr() == lent.as_ptr()));
}

#[test]
fn nothing_is_null_however_deep() {
    assert_eq!(read(&Some(true)), (Kind::Bool, ValueRef::Bool(true)));
    assert_eq!(read(&None::<bool>), (Kind::Bool, ValueRef::Null));
    assert_eq!(read(&Some(None::<&str>)), (Kind::Str, ValueRef::Null));
    assert_eq!(read(&Some(Some(1u8))), (Kind::I64, ValueRef::I64(1)));
    assert_eq!(read(&Box::new(None::<u8>)), (Kind::I64, ValueRef::Null));
    assert_eq!(read(&&mut Some(2.0)), (Kind::F64, ValueRef::F64(2.0)));
}

#[test]
fn times_of_any_zone_are_floored_to_microseconds() {
    let nanos = |seconds: i64, nanos: u32| DateTime::<Utc>::from_timestamp(seconds, nanos).unwrap();
    assert_eq!(read(&nanos(1, 1_999)), (Kind::Time, at(1_000_001)));
    assert_eq!(read(&nanos(-1, 999_999_999)), (Kind::Time, at(-1)));
    assert_eq!(read(&nanos(-1, 1)), (Kind::Time, at(-1_000_000)));
    let east = FixedOffset::east_opt(3_600).unwrap().with_ymd_and_hms(1970, 1, 1, 1, 0, 0).unwrap();
    assert_eq!(read(&east), (Kind::Time, at(0)));
    let wall: NaiveDateTime = "1970-01-02T00:00:00.0000019".parse().unwrap();
    assert_eq!(read(&wall), (Kind::Time, at(86_400_000_001)));
    assert_eq!(read(&NaiveDate::from_ymd_opt(1969, 12, 31).unwrap()), (Kind::Time, at(-86_400_000_000)));
    for end in [NaiveDate::MIN, NaiveDate::MAX] {
        assert_eq!(end.value(), end.and_time(NaiveTime::MIN).value());
    }
    assert_eq!(read(&DateTime::<Utc>::MIN_UTC), (Kind::Time, ValueRef::Time(Timestamp::MIN)));
    assert_eq!(read(&DateTime::<Utc>::MAX_UTC), (Kind::Time, ValueRef::Time(Timestamp::MAX)));
    assert_eq!(read(&Timestamp::EPOCH), (Kind::Time, at(0)));
}

/// An event with a field of any type beside entity and time.
struct One<F> {
    at: DateTime<Utc>,
    field: F,
}

impl<F: Field> Record for One<F> {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        match column.name() {
            "ts" => self.at.value(),
            "user" => "ada".value(),
            "field" => self.field.value(),
            _ => ValueRef::Null,
        }
    }
}

impl<F: Field> Schema for One<F> {
    const ENTITY: &'static [&'static str] = &["user"];
    const TIME: &'static str = "ts";
    const COLUMNS: &'static [(&'static str, Kind)] =
        &[("user", Kind::Str), ("ts", DateTime::<Utc>::KIND), ("field", F::KIND)];
}

#[test]
fn what_no_column_can_hold_is_refused_where_it_enters() {
    let latest =
        FeatureSet::builder("s").record::<One<u64>>().feature("last", Feature::last("field").over(Window::lifetime()));
    let mut state = State::new(&latest.build().unwrap());
    let now = DateTime::UNIX_EPOCH;
    state.update(&One { at: now, field: 7u64 }).unwrap();
    let why = state.update(&One { at: now, field: u64::MAX }).unwrap_err();
    assert_eq!(why.kind(), ErrorKind::Type);
    assert_eq!(why.to_string(), "column `field`: found an unsigned integer beyond i64, expected i64");
    // chrono's last second may be a leap second, which is longer than ours.
    let leap = NaiveDate::MAX.and_hms_nano_opt(23, 59, 59, 1_999_999_999).unwrap().and_utc();
    assert!(leap.timestamp_micros() > Timestamp::MAX.as_micros());
    let why = state.update(&One { at: leap, field: 7u64 }).unwrap_err();
    assert_eq!((why.kind(), why.to_string().as_str()), (ErrorKind::Time, "column `ts`: a timestamp out of range"));
    let ok = leap - TimeDelta::seconds(2);
    state.update(&One { at: ok, field: 7u64 }).unwrap();
}

fn last(column: &str) -> Feature {
    Feature::last(column).over(Window::lifetime())
}

#[test]
fn a_record_declares_entity_time_and_kinds() {
    let of_record =
        FeatureSet::builder("s").record::<One<Option<u32>>>().feature("last", last("field")).build().unwrap();
    let by_hand = FeatureSet::builder("s")
        .entity("user")
        .time("ts")
        .column("user", Kind::Str)
        .column("field", Kind::I64)
        .feature("last", last("field"))
        .build()
        .unwrap();
    assert_eq!(of_record.to_json(), by_hand.to_json());
    assert_eq!(of_record.fingerprint(), by_hand.fingerprint());
    of_record.check_record::<One<u32>>().unwrap();
}

#[test]
fn what_is_said_outright_goes_before_what_a_record_says() {
    let set = |late: bool| {
        let builder = FeatureSet::builder("s").feature("last", last("field"));
        let builder = if late { builder.record::<One<i64>>() } else { builder };
        let builder = builder.column("field", Kind::Time).entity("field").time("ts");
        let builder = if late { builder } else { builder.record::<One<i64>>() };
        builder.build().unwrap()
    };
    for set in [set(true), set(false)] {
        assert_eq!(set.entity_columns()[0].name(), "field");
        assert_eq!(set.entity_columns()[0].kind(), Some(Kind::Time));
    }
    // The other way round, the time column is a time, whatever the record has there.
    let set = FeatureSet::builder("s").record::<One<i64>>().time("field").feature("n", last("ts")).build().unwrap();
    assert_eq!((set.time_column().name(), set.time_column().kind()), ("field", Some(Kind::Time)));
}

#[test]
fn a_feature_that_reads_what_the_record_does_not_have_is_refused() {
    let builder = |feature| FeatureSet::builder("s").record::<One<f64>>().feature("x", feature);
    let why = builder(last("feild")).build().unwrap_err();
    assert_eq!((why.kind(), why.at()), (ErrorKind::Definition, Some("record")));
    let why = why.to_string();
    assert!(why.contains("One<f64>` has no column `feild`"), "{why}");
    assert!(why.contains("One<f64>` has: user string, ts timestamp, field f64"), "{why}");
    assert!(builder(last("field").filter(col("kind").eq("a"))).build().is_err());
    // Of its own kind it would take a filter on a number; said to be an integer, a double is not let in.
    let why = builder(last("field")).column("field", Kind::I64).build().unwrap_err().to_string();
    assert!(why.contains("column `field` is f64 in `"), "{why}");
    assert!(builder(last("field").filter(col("field").gt(0))).build().is_ok());
}

#[test]
fn a_set_is_checked_against_a_record_with_all_faults_at_once() {
    let set = FeatureSet::builder("s")
        .entity(["user", "shop"])
        .time("ts")
        .feature("spend", Feature::sum("amount").filter(col("field").eq("a")).over(Window::lifetime()))
        .build()
        .unwrap();
    let why = set.check_record::<One<f64>>().unwrap_err();
    assert_eq!(why.kind(), ErrorKind::Mismatch);
    let why = why.to_string();
    assert!(why.starts_with("events do not fit s v1: `"), "{why}");
    for part in
        ["has no column `shop`; ", "has no column `amount`; ", "column `field` is f64 in `", "expected string; "]
    {
        assert!(why.contains(part), "{part} in {why}");
    }
}

#[test]
fn kinds_that_are_let_in_pass_the_check() {
    let set = |kind| FeatureSet::builder("s").entity("user").time("ts").column("field", kind);
    let set = |kind| set(kind).feature("last", last("field")).build().unwrap();
    set(Kind::F64).check_record::<One<i32>>().unwrap();
    set(Kind::Time).check_record::<One<i64>>().unwrap();
    set(Kind::Time).check_record::<One<&str>>().unwrap();
    assert!(set(Kind::I64).check_record::<One<f64>>().is_err());
    assert!(set(Kind::I64).check_record::<One<DateTime<Utc>>>().is_err());
    assert!(set(Kind::Str).check_record::<One<i64>>().is_err());
    assert!(set(Kind::Bool).check_record::<One<i64>>().is_err());
    // A column that is only asked whether it is null may be anything; an entity may not.
    let any = FeatureSet::builder("s").entity("user").time("ts");
    let any =
        any.feature("n", Feature::count().filter(col("field").is_null()).over(Window::lifetime())).build().unwrap();
    any.check_record::<One<Vec<f64>>>().unwrap();
    let by_field =
        FeatureSet::builder("s").entity("field").time("ts").feature("n", Feature::count().over(Window::lifetime()));
    let why = by_field.build().unwrap().check_record::<One<f64>>().unwrap_err().to_string();
    assert!(why.contains("expected a string, i64, bool or timestamp"), "{why}");
}

/// The same log's other type of event, whose user is elsewhere.
struct Refund {
    ts: i64,
    amount: f64,
}

impl Record for Refund {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        match column.name() {
            "ts" => self.ts.value(),
            "amount" => self.amount.value(),
            _ => ValueRef::Null,
        }
    }
}

impl Schema for Refund {
    const ENTITY: &'static [&'static str] = &[];
    const TIME: &'static str = "ts";
    const COLUMNS: &'static [(&'static str, Kind)] = &[("ts", i64::KIND), ("amount", f64::KIND)];
}

#[test]
fn records_of_several_types_share_their_columns() {
    let builder = || FeatureSet::builder("s").record::<One<i64>>().record::<Refund>();
    let spend = || Feature::sum("amount").filter(col("field").is_null()).over(Window::lifetime());
    let why = builder().feature("spend", spend()).build().unwrap_err();
    assert_eq!(why.at(), Some("entity"));
    assert!(why.to_string().ends_with("; call `entity`"), "{why}");
    // Who the refund is for, the host knows.
    let set = builder().entity("user").feature("spend", spend()).build().unwrap();
    assert!(set.check_record::<Refund>().unwrap_err().to_string().contains("has no column `field`"));
    let mut state = State::new(&set);
    state.update(&Refund { ts: 1, amount: 2.0 }).unwrap();
    assert_eq!(state.vector(Timestamp::MAX).unwrap().value("spend").unwrap().as_f64(), Some(2.0));
    // Unless a feature reads it.
    let by_user = builder().entity("user").feature("spend", spend().filter(col("user").ne("bob")));
    assert!(by_user.build().unwrap_err().to_string().contains("Refund` has no column `user`"));
    // Two kinds of one name need a word.
    let both = || FeatureSet::builder("s").record::<One<i64>>().record::<One<&str>>().feature("last", last("field"));
    let why = both().build().unwrap_err();
    assert_eq!(why.at(), Some("columns.field"));
    assert!(both().column("field", Kind::Time).build().is_ok());
}

#[test]
fn a_record_without_an_entity_needs_one_that_is_known() {
    let builder = || {
        FeatureSet::builder("s").record::<Refund>().feature("spend", Feature::sum("amount").over(Window::lifetime()))
    };
    assert_eq!(builder().build().unwrap_err().at(), Some("entity"));
    let set = builder().entity("user").build().unwrap();
    set.check_record::<Refund>().unwrap();
    assert!(State::new(&set).update(&Refund { ts: 1, amount: 2.0 }).is_ok());
    assert_eq!(Stream::new(&set).update(&Refund { ts: 1, amount: 2.0 }).unwrap_err().kind(), ErrorKind::Missing);
    assert_eq!(Stream::new(&set).vector(&Entity::from("ada"), Timestamp::EPOCH).unwrap().values().len(), 1);
}
