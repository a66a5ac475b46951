//! The events and the definitions that every bench runs on.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each bench uses a part of it")]

use skewless::{Column, FeatureSet, Record, ValueRef};

/// Ten features over four aggregates, three filters and six windows.
pub const TEN: &str = r#"{"name": "ten", "version": 1, "entity": "user_id", "time": "ts", "features": {
    "clicks_1h":  {"count": "*", "where": {"event_type": "click"}, "over": {"sliding": "1h"}},
    "clicks_1d":  {"count": "*", "where": {"event_type": "click"}, "over": {"sliding": "1d", "hop": "1h"}},
    "clicks_7d":  {"count": "*", "where": {"event_type": "click"}, "over": {"sliding": "7d", "hop": "1h"}},
    "views_7d":   {"count": "*", "where": {"event_type": "view"}, "over": {"sliding": "7d", "hop": "1h"}},
    "events_1d":  {"count": "*", "over": {"sliding": "1d", "hop": "1h"}},
    "spend_1d":   {"sum": "amount", "over": {"sliding": "1d", "hop": "1h"}},
    "spend_7d":   {"sum": "amount", "over": {"sliding": "7d", "hop": "1h"}},
    "mean_7d":    {"mean": "amount", "over": {"sliding": "7d", "hop": "1h"}},
    "max_30d":    {"max": "amount", "over": {"sliding": "30d", "hop": "1d"}},
    "last_category": {"last": "category", "over": "lifetime"}}}"#;

/// The eight features that `bench-compare` computes with others too: exact windows, answered by column.
pub const EIGHT: &str = r#"{"name": "eight", "version": 1, "entity": "user_id", "time": "ts", "features": {
    "click_7d": {"count": "*", "where": {"event_type": "click"}, "over": {"sliding": "7d", "hop": "exact"}},
    "sum_7d":   {"sum": "amount", "over": {"sliding": "7d", "hop": "exact"}},
    "sum_1d":   {"sum": "amount", "over": {"sliding": "1d", "hop": "exact"}},
    "mean_1d":  {"mean": "amount", "over": {"sliding": "1d", "hop": "exact"}},
    "max_30d":  {"max": "amount", "over": {"sliding": "30d", "hop": "exact"}},
    "nuniq_1d": {"count_distinct": "category", "over": {"sliding": "1d", "hop": "exact"}},
    "last_cat": {"last": "category", "over": "lifetime"},
    "cnt_1h":   {"count": "*", "over": {"sliding": "1h", "hop": "exact"}}}}"#;

/// Twenty values, as a recommender would ask for: nineteen features over seven aggregates and windows from an hour to
/// a life, and a ratio of two of them.
pub const TWENTY: &str = r#"{"name": "twenty", "version": 1, "entity": "user_id", "time": "ts", "features": {
    "events_1h":      {"count": "*", "over": {"sliding": "1h"}},
    "events_1d":      {"count": "*", "over": {"sliding": "1d"}},
    "clicks_1h":      {"count": "*", "where": {"event_type": "click"}, "over": {"sliding": "1h"}},
    "clicks_1d":      {"count": "*", "where": {"event_type": "click"}, "over": {"sliding": "1d"}},
    "clicks_7d":      {"count": "*", "where": {"event_type": "click"}, "over": {"sliding": "7d"}},
    "clicks_30d":     {"count": "*", "where": {"event_type": "click"}, "over": {"sliding": "30d"}},
    "views_7d":       {"count": "*", "where": {"event_type": "view"}, "over": {"sliding": "7d"}},
    "views_30d":      {"count": "*", "where": {"event_type": "view"}, "over": {"sliding": "30d"}},
    "purchases_30d":  {"count": "*", "where": {"event_type": "purchase"}, "over": {"sliding": "30d"}},
    "spend_1d":       {"sum": "amount", "where": {"event_type": "purchase"}, "over": {"sliding": "1d"}},
    "spend_7d":       {"sum": "amount", "where": {"event_type": "purchase"}, "over": {"sliding": "7d"}},
    "spend_30d":      {"sum": "amount", "where": {"event_type": "purchase"}, "over": {"sliding": "30d"}},
    "mean_7d":        {"mean": "amount", "over": {"sliding": "7d"}},
    "mean_30d":       {"mean": "amount", "over": {"sliding": "30d"}},
    "max_7d":         {"max": "amount", "over": {"sliding": "7d"}},
    "max_30d":        {"max": "amount", "over": {"sliding": "30d"}},
    "categories_7d":  {"count_distinct": "category", "over": {"sliding": "7d"}},
    "categories_30d": {"count_distinct": "category", "over": {"sliding": "30d"}},
    "last_category":  {"last": "category", "over": "lifetime"}},
    "derived": {"clicks_per_view_30d": {"ratio": ["clicks_30d", "views_30d"]}}}"#;

/// The sample definition of the README and the compute example.
pub const SAMPLE: &str = include_str!("../../examples/compute/shopper.json");

pub const TYPES: [&str; 4] = ["view", "view", "click", "purchase"];
pub const CATEGORIES: [&str; 8] = ["shoes", "hats", "coats", "bags", "books", "toys", "games", "garden"];

pub fn set(json: &str) -> FeatureSet {
    FeatureSet::from_json(json).expect("a definition of ours")
}

/// One event of one shopper, as a service would have it.
#[derive(Clone, Debug)]
pub struct Click {
    pub user: i64,
    pub ts: i64,
    pub event_type: &'static str,
    pub category: &'static str,
    pub amount: Option<f64>,
}

impl Record for Click {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        match column.name() {
            "user_id" => ValueRef::I64(self.user),
            "ts" => ValueRef::I64(self.ts),
            "event_type" => ValueRef::Str(self.event_type),
            "category" => ValueRef::Str(self.category),
            "amount" => self.amount.map_or(ValueRef::Null, ValueRef::F64),
            _ => ValueRef::Null,
        }
    }
}

/// The same event with all columns of the catalogue's examples.
#[derive(Clone, Debug)]
pub struct Full {
    pub click: Click,
    pub vec: [f64; 2],
}

impl Full {
    pub fn flag(&self) -> bool {
        self.click.event_type == "click"
    }
    pub fn qty(&self) -> i64 {
        self.click.ts % 7
    }
    pub fn seen(&self) -> i64 {
        self.click.ts - 1_000_000
    }
}

impl Record for Full {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        match column.name() {
            "user" => ValueRef::I64(self.click.user),
            "word" => ValueRef::Str(self.click.category),
            "flag" => ValueRef::Bool(self.flag()),
            "qty" => ValueRef::I64(self.qty()),
            "seen" => ValueRef::I64(self.seen()),
            "vec" => ValueRef::List(&self.vec),
            _ => self.click.field(column),
        }
    }
}

/// As [`clicks`], with all columns.
pub fn full(count: usize, users: u64, gap: u64) -> Vec<Full> {
    let vec = |click: &Click| [click.amount.unwrap_or(7.0) / 7.0, 0.5];
    clicks(count, users, gap).into_iter().map(|click| Full { vec: vec(&click), click }).collect()
}

/// The splitmix64 generator: the same events on every machine.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// `count` events of `users` shoppers, `gap` microseconds apart on average, in order of time.
pub fn clicks(count: usize, users: u64, gap: u64) -> Vec<Click> {
    let mut dice = Dice(7);
    let mut ts = 1_700_000_000_000_000;
    (0..count)
        .map(|_| {
            ts += (dice.roll() % (2 * gap)) as i64;
            let event_type = TYPES[(dice.roll() % 4) as usize];
            let cents = dice.roll() % 20_000;
            Click {
                user: (dice.roll() % users) as i64,
                ts,
                event_type,
                category: CATEGORIES[(dice.roll() % 8) as usize],
                amount: (event_type != "view").then_some(cents as f64 / 100.0),
            }
        })
        .collect()
}

/// Events of one user at random times in `[from, until)`, in order of time.
pub fn clicks_between(user: i64, count: usize, from: i64, until: i64) -> Vec<Click> {
    let mut dice = Dice(user as u64 + 1);
    let mut times: Vec<i64> = (0..count).map(|_| from + (dice.roll() % (until - from) as u64) as i64).collect();
    times.sort_unstable();
    let drawn = clicks(count, 1, 1);
    drawn.into_iter().zip(times).map(|(click, ts)| Click { user, ts, ..click }).collect()
}
