//! Made-up shops: sessions of shoppers over sixty days, the same on every machine.

use arrow_array::{Float64Array, StringArray};

use super::events::{Columns, Events};
use crate::data::{Dice, zipf};

const SECOND: f64 = 1e6;
const START: i64 = 1_700_000_000_000_000;
const DAYS: u64 = 60;
const ITEMS: u64 = 50_000;
const CATEGORIES: u64 = 64;
/// Events of a session on average.
const SESSION: u64 = 8;

/// How events are shared out among entities.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One entity to 40 events, all alike.
    Even,
    /// As many entities, the i-th with a weight of i^-0.8.
    Zipf,
    /// As many entities, the i-th with a weight of i^-1.05: one has an eighth of the events.
    Hot,
    /// A single entity.
    One,
    /// An entity for each event.
    Sparse,
}

impl Shape {
    pub const ALL: [Self; 5] = [Self::Even, Self::Zipf, Self::Hot, Self::One, Self::Sparse];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Zipf => "zipf",
            Self::Hot => "hot",
            Self::One => "one",
            Self::Sparse => "sparse",
        }
    }

    /// The entities of so many sessions of so many events in all.
    fn entities(self, rows: usize, sessions: usize, dice: &mut Dice) -> Vec<u64> {
        let mut names: Vec<u64> = (0..(rows / 40).max(10) as u64).collect();
        dice.shuffle(&mut names);
        match self {
            Self::Even => (0..sessions).map(|_| names[dice.below(names.len() as u64) as usize]).collect(),
            Self::Zipf => zipf(dice.roll(), &names, 0.8, sessions),
            Self::Hot => zipf(dice.roll(), &names, 1.05, sessions),
            Self::One => vec![0; sessions],
            Self::Sparse => {
                let mut names: Vec<u64> = (0..sessions as u64).collect();
                dice.shuffle(&mut names);
                names
            }
        }
    }
}

/// One event, by number.
#[derive(Clone, Copy)]
struct Event {
    ts: i64,
    entity: u64,
    kind: usize,
    item: u64,
    category: Option<u64>,
    cents: Option<u64>,
}

/// What the shop sells: each item's price in cents and its category.
struct Stock {
    prices: Vec<u64>,
    categories: Vec<u64>,
}

const KINDS: [&str; 4] = ["view", "click", "cart", "purchase"];

/// A table of `rows` events in order of time.
pub fn events(shape: Shape, rows: usize) -> Events {
    let mut dice = Dice(11);
    let lengths = lengths(shape, rows, &mut dice);
    let stock = Stock {
        prices: (0..ITEMS).map(|_| libm::exp(7.6 + dice.normal()).max(99.0) as u64).collect(),
        categories: (0..ITEMS).map(|_| dice.below(CATEGORIES)).collect(),
    };
    let all = |count: u64| (0..count).collect::<Vec<u64>>();
    let items = zipf(dice.roll(), &all(ITEMS), 1.1, rows);
    let favourites = zipf(dice.roll(), &all(CATEGORIES), 0.9, lengths.len());
    let entities = shape.entities(rows, lengths.len(), &mut dice);
    let mut out: Vec<Event> = Vec::with_capacity(rows);
    for ((length, entity), favourite) in lengths.into_iter().zip(entities).zip(favourites) {
        let mut time = begin(&mut dice);
        for step in 0..length {
            time = if step == 0 { time } else { next(time, &mut dice) };
            let event = event(time, entity, items[out.len()], favourite, &stock, &mut dice);
            out.push(event);
        }
    }
    if shape != Shape::Sparse {
        deliver_again(&mut out, &mut dice);
    }
    out.sort_by_key(|event| event.ts);
    columns(&out)
}

/// The lengths of sessions, `rows` in all: geometric, but one where each event has an entity of its own.
fn lengths(shape: Shape, rows: usize, dice: &mut Dice) -> Vec<usize> {
    if shape == Shape::Sparse {
        return vec![1; rows];
    }
    let (mut out, mut left) = (Vec::new(), rows);
    while left > 0 {
        let mut length = 1;
        while length < left && dice.below(SESSION) > 0 {
            length += 1;
        }
        out.push(length);
        left -= length;
    }
    out
}

/// When a session begins: any day, most often in the afternoon.
fn begin(dice: &mut Dice) -> i64 {
    let day = dice.below(DAYS) as f64 * 86_400.0;
    let hour = (15.0 + 4.5 * dice.normal()).rem_euclid(24.0);
    START + ((day + hour * 3_600.0) * SECOND) as i64
}

/// When its next event is: half a minute later or so, and one time in fifty at once.
fn next(time: i64, dice: &mut Dice) -> i64 {
    let gap = libm::exp(3.0 + dice.normal());
    if dice.below(50) == 0 { time } else { time + (gap * SECOND) as i64 }
}

fn event(time: i64, entity: u64, item: u64, favourite: u64, stock: &Stock, dice: &mut Dice) -> Event {
    let draw = dice.unit();
    let kind = [0.60, 0.90, 0.97].partition_point(|edge| *edge <= draw);
    let category = if dice.below(10) < 7 { favourite } else { stock.categories[item as usize] };
    Event {
        // A fifth of the clocks has whole seconds.
        ts: if dice.below(5) == 0 { time - time % SECOND as i64 } else { time },
        entity,
        kind,
        item,
        category: (dice.below(50) > 0).then_some(category),
        cents: (kind > 0).then_some(stock.prices[item as usize]),
    }
}

/// One event in two hundred is another one, delivered again.
fn deliver_again(events: &mut [Event], dice: &mut Dice) {
    let again = events.len() / 200;
    let (first, last) = events.split_at_mut(events.len() - again);
    last.iter_mut().for_each(|event| *event = first[dice.below(first.len() as u64) as usize]);
}

fn columns(events: &[Event]) -> Events {
    let named = |letter: char, number: fn(&Event) -> Option<u64>| {
        let names = events.iter().map(|event| number(event).map(|number| format!("{letter}{number}")));
        names.collect::<StringArray>()
    };
    Events::new(Columns {
        entity: named('u', |event| Some(event.entity)),
        ts: events.iter().map(|event| event.ts).collect(),
        event_type: events.iter().map(|event| Some(KINDS[event.kind])).collect(),
        item: named('i', |event| Some(event.item)),
        category: named('c', |event| event.category),
        amount: events.iter().map(|event| event.cents.map(|cents| cents as f64 / 100.0)).collect::<Float64Array>(),
    })
}
