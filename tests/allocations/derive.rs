//! Catches memory that a derived record takes to be read: it lends what it has.
//!
//! The most bytes in use since a moment ago are looked at, and any allocation at all, however short, shows in them.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::borrow::Cow;
use std::hint::black_box;

use crate::{PEAK, alone};
use chrono::{DateTime, Utc};
use skewless::{Column, Feature, FeatureSet, Field, Record, State, ValueRef, Window};

#[derive(Field)]
#[field(rename_all = "snake_case")]
enum Action {
    AddToCart,
}

#[derive(Record)]
#[record(rename_all = "camelCase")]
struct Click<'a> {
    #[record(entity)]
    user_id: String,
    #[record(entity)]
    shop_id: u64,
    #[record(time)]
    at: DateTime<Utc>,
    action: Action,
    device: &'a str,
    page: Cow<'a, str>,
    price: Option<f32>,
    taste: Vec<f64>,
    is_member: bool,
    missing: Option<Box<str>>,
}

/// The same by hand, as it is written without the macro.
struct ByHand<'a>(Click<'a>);

impl Record for ByHand<'_> {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        match column.name() {
            "userId" => ValueRef::Str(&self.0.user_id),
            "shopId" => ValueRef::I64(self.0.shop_id as i64),
            "at" => self.0.at.value(),
            "action" => ValueRef::Str("add_to_cart"),
            "device" => ValueRef::Str(self.0.device),
            "price" => self.0.price.map_or(ValueRef::Null, |price| ValueRef::F64(f64::from(price))),
            _ => ValueRef::Null,
        }
    }
}

/// The most bytes that `work` had taken at one time, on top of what was there.
fn taken(work: impl FnOnce()) -> usize {
    let before = PEAK.current_usage();
    PEAK.reset_peak_usage();
    work();
    PEAK.peak_usage() - before
}

fn click(at: DateTime<Utc>) -> Click<'static> {
    Click {
        user_id: "a name that is too long to be held inline".into(),
        shop_id: 7,
        at,
        action: Action::AddToCart,
        device: "phone",
        page: Cow::Owned("/".into()),
        price: Some(0.5),
        taste: vec![1.0; 100],
        is_member: true,
        missing: None,
    }
}

#[test]
fn reading_a_derived_record_takes_no_memory() {
    let _alone = alone();
    let count = || Feature::count().over(Window::lifetime());
    let columns = ["action", "device", "page", "price", "taste", "isMember", "missing"];
    let mut set = FeatureSet::builder("s").record::<Click>();
    for column in columns {
        set = set.feature(column, count().filter(skewless::col(column).is_not_null()));
    }
    let set = set.build().unwrap();
    assert_eq!(set.columns().len(), columns.len() + 3);
    let event = click(DateTime::UNIX_EPOCH);
    assert!(taken(|| drop(black_box(vec![0u8; 1]))) > 0, "the allocator does not see what it should");
    let ask = || {
        for column in set.columns() {
            black_box(black_box(&event).field(column));
        }
    };
    assert_eq!(taken(ask), 0);

    // Nor does folding it in take more than folding in one that is read by hand.
    let set = FeatureSet::builder("s").record::<Click>();
    let set =
        set.feature("last", Feature::last("action").over(Window::lifetime())).feature("n", count()).build().unwrap();
    let (mut derived, mut by_hand) = (State::new(&set), State::new(&set));
    let times = (0..100).map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap());
    let ours: Vec<Click> = times.clone().map(click).collect();
    let theirs: Vec<ByHand> = times.map(click).map(ByHand).collect();
    let of_derived = taken(|| {
        ours.iter().for_each(|event| {
            let _ = derived.update(event).unwrap();
        })
    });
    let of_theirs = taken(|| {
        theirs.iter().for_each(|event| {
            let _ = by_hand.update(event).unwrap();
        })
    });
    assert_eq!(of_derived, of_theirs);
    assert_eq!(derived, by_hand);
}
