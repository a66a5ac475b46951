//! A made-up shop and the log of what happens in it: users with tastes, items in categories, clicks and purchases.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::ArrowError;
use skewless::{Column, Entity, Positions, Record, ValueRef};

use crate::dice::Dice;

/// 2026-03-01T00:00:00Z, in microseconds as all times here.
const OPENING: i64 = 1_772_323_200_000_000;
pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
/// How many days are made up.
const DAYS: i64 = 32;
const USERS: usize = 500;
const ITEMS: usize = 300;
/// How many partitions the log has; a user's events are all in one.
const PARTITIONS: usize = 4;
const CATEGORIES: [&str; 10] = ["art", "books", "games", "lamps", "music", "pets", "shoes", "tea", "tools", "toys"];

/// Midnight at the beginning of a day; day 0 is the opening.
pub(crate) const fn midnight(day: i64) -> i64 {
    OPENING + day * DAY
}

/// One thing that is sold.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) category: usize,
    price: f64,
    /// How much everybody likes it.
    appeal: f64,
    /// What only some like about it.
    style: [f64; 2],
}

/// Who buys, and what.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) users: Vec<String>,
    pub(crate) items: Vec<Item>,
}

/// One click or purchase, before it has a place in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) user: usize,
    pub(crate) item: usize,
    pub(crate) purchase: bool,
    pub(crate) time: i64,
    /// When the log hears of it: later, for some much later.
    pub(crate) arrival: i64,
}

/// An event with its place in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Logged {
    pub(crate) event: Event,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
}

/// An event as the definition's columns see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) shop: &'a Shop,
    pub(crate) event: Event,
}

impl Record for Row<'_> {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        let Some(item) = self.shop.items.get(self.event.item) else { return ValueRef::Null };
        match column.name() {
            "user" => self.shop.users.get(self.event.user).map_or(ValueRef::Null, |name| ValueRef::Str(name)),
            "ts" => ValueRef::I64(self.event.time),
            "event_type" => ValueRef::Str(kind(&self.event)),
            "item" => ValueRef::Str(&item.name),
            "category" => ValueRef::Str(self.shop.category(self.event.item)),
            "price" => ValueRef::F64(item.price),
            _ => ValueRef::Null,
        }
    }
}

fn kind(event: &Event) -> &'static str {
    if event.purchase { "purchase" } else { "click" }
}

impl Shop {
    fn new(dice: &mut Dice) -> Self {
        let users = (0..USERS).map(|user| format!("u{user:03}")).collect();
        let item = |at: usize| {
            let category = at % CATEGORIES.len();
            let (number, price) =
                (at / CATEGORIES.len(), (libm::exp(3.0 + 0.8 * dice.normal()) * 100.0).round() / 100.0);
            let appeal = libm::exp(0.8 * dice.normal());
            let name = format!("{}-{number:02}", CATEGORIES.get(category).unwrap_or(&""));
            Item { name, category, price, appeal, style: [dice.normal(), dice.normal()] }
        };
        Self { users, items: (0..ITEMS).map(item).collect() }
    }

    /// The category of an item, in words.
    pub(crate) fn category(&self, item: usize) -> &'static str {
        self.items.get(item).and_then(|item| CATEGORIES.get(item.category)).copied().unwrap_or("")
    }

    /// A user as features know it.
    pub(crate) fn entity(&self, user: usize) -> Entity {
        Entity::from(self.users.get(user).map_or("", String::as_str))
    }
}

/// The log: what has come in, and what is still to come.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) shop: Shop,
    pub(crate) events: Vec<Logged>,
    /// In order of arrival, the next one last.
    coming: Vec<Event>,
    ends: [u64; PARTITIONS],
}

impl Log {
    /// Opens the shop. The last user is registered, but has not come yet.
    pub(crate) fn open(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let shop = Shop::new(&mut dice);
        let mut coming = Vec::new();
        for user in 0..USERS - 1 {
            visits(user, &shop, &mut dice, &mut coming);
        }
        coming.sort_by_key(|event| std::cmp::Reverse((event.arrival, event.user, event.time)));
        Self { shop, events: Vec::new(), coming, ends: [0; PARTITIONS] }
    }

    /// Lets everything come in that arrives before `time`. Returns where in `events` it begins.
    pub(crate) fn run_until(&mut self, time: i64) -> usize {
        let before = self.events.len();
        while let Some(event) = self.coming.pop_if(|next| next.arrival < time) {
            self.append(event);
        }
        before
    }

    /// Gives an event the next place in its partition.
    pub(crate) fn append(&mut self, event: Event) -> Logged {
        let partition = event.user % PARTITIONS;
        let end = &mut self.ends[partition];
        let logged = Logged { event, partition: partition as u32, offset: *end };
        *end += 1;
        self.events.push(logged);
        logged
    }

    /// How far the log goes.
    pub(crate) fn positions(&self) -> Positions {
        (0..).zip(self.ends).collect()
    }

    /// An event as the definition's columns see it.
    pub(crate) fn row(&self, event: Event) -> Row<'_> {
        Row { shop: &self.shop, event }
    }

    /// The log as the archive has it. Its sink was restarted, so the last `again` events are there twice.
    pub(crate) fn archive<'a>(&'a self, again: usize) -> Result<RecordBatch, ArrowError> {
        let twice = self.events.len().saturating_sub(again);
        let rows = || self.events.iter().chain(self.events.iter().skip(twice));
        let text = |of: &dyn Fn(&'a Event) -> &'a str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(rows().map(|logged| of(&logged.event))))
        };
        let number =
            |of: &dyn Fn(&Logged) -> i64| -> ArrayRef { Arc::new(Int64Array::from_iter_values(rows().map(of))) };
        let item = |event: &Event| self.shop.items.get(event.item);
        let prices = rows().map(|logged| item(&logged.event).map(|item| item.price));
        RecordBatch::try_from_iter([
            ("user", text(&|event| self.shop.users.get(event.user).map_or("", String::as_str))),
            ("ts", number(&|logged| logged.event.time)),
            ("event_type", text(&|event| kind(event))),
            ("item", text(&|event| item(event).map_or("", |item| &item.name))),
            ("category", text(&|event| self.shop.category(event.item))),
            ("price", Arc::new(prices.collect::<Float64Array>())),
            ("partition", number(&|logged| i64::from(logged.partition))),
            ("offset", number(&|logged| logged.offset as i64)),
        ])
    }
}

/// A month of one user, who likes two categories best and one style.
fn visits(user: usize, shop: &Shop, dice: &mut Dice, events: &mut Vec<Event>) {
    let mut loves = [0.25; CATEGORIES.len()];
    loves[dice.below(CATEGORIES.len())] += 5.0;
    loves[dice.below(CATEGORIES.len())] += 3.0;
    let style = [dice.normal(), dice.normal()];
    let liking = |item: &Item| libm::exp(0.9 * (style[0] * item.style[0] + style[1] * item.style[1])) * item.appeal;
    let busy = 0.15 + 0.5 * dice.unit();
    for day in (0..DAYS).filter(|_| dice.chance(busy)).collect::<Vec<_>>() {
        // Most come around noon; the shop is open to the whole world, so some come at night.
        let hour = if dice.chance(0.75) { dice.unit() * 24.0 } else { (dice.unit() + dice.unit() + dice.unit()) * 8.0 };
        let mut time = midnight(day) + (hour * 3_600.0) as i64 * SECOND;
        // A visit has one category in mind.
        let category = dice.pick(&loves);
        let weight = |item: &Item| if item.category == category { liking(item) } else { 0.02 * liking(item) };
        let weights: Vec<f64> = shop.items.iter().map(weight).collect();
        for _ in 0..3 + dice.below(9) {
            let item = dice.pick(&weights);
            for purchase in [false, true] {
                if !purchase || dice.chance(0.09) {
                    events.push(Event { user, item, purchase, time, arrival: time + delay(dice) });
                    time += SECOND + (libm::exp(3.5 + dice.normal()) * 1e3) as i64 * 1_000;
                }
            }
        }
    }
}

/// How long an event is under way: 4 in 100 for minutes or hours.
fn delay(dice: &mut Dice) -> i64 {
    if dice.chance(0.04) { (libm::exp(7.5 + dice.normal()) * 1e3) as i64 * 1_000 } else { SECOND / 5 }
}
