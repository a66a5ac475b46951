//! A made-up shop: sixty days of views, clicks, carts and purchases.
//!
//! What makes real click-streams hard is in it: a few users and items with most of the events, pauses of
//! all lengths, several events at one time, nulls, and events that arrive long after they happened.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};

use crate::dice::{Dice, Zipf};
use crate::fail::Outcome;
use crate::progress::Progress;

/// Rows in one batch.
const BATCH: usize = 65_536;
/// 2026-01-01T00:00:00Z.
const OPENING: i64 = 1_767_225_600_000_000;
/// How long the shop is watched.
const DAYS: u32 = 60;
/// One second in microseconds.
const SECOND: f64 = 1e6;
/// How many different things are sold.
const ITEMS: u32 = 2_000;
/// What they are sold as.
const CATEGORIES: [&str; 8] = ["books", "garden", "kitchen", "lighting", "music", "outdoor", "pets", "toys"];
/// What can happen, with how often in a hundred.
const KINDS: [(&str, u32); 4] = [("view", 56), ("click", 30), ("cart", 9), ("purchase", 5)];

/// One event before it becomes a row.
#[derive(Clone, Copy, Debug)]
struct Event {
    /// When the shop hears of it.
    arrival: i64,
    /// When it happened.
    time: i64,
    user: u32,
    item: u32,
    /// An index into [`KINDS`].
    kind: u8,
    /// How many are bought at once.
    pieces: u8,
    /// Whether the category got lost on the way.
    anonymous: bool,
}

/// The events of a shop, and what is worth saying about them.
#[derive(Debug)]
pub(crate) struct Shop {
    /// The events in the order in which they arrive.
    pub(crate) batches: Vec<RecordBatch>,
    /// How many arrive after one that happened later.
    pub(crate) late: usize,
}

/// Makes up `count` events.
pub(crate) fn open(count: usize, seed: u64) -> Outcome<Shop> {
    let mut dice = Dice::new(seed);
    let mut events = Vec::with_capacity(count);
    let users = Zipf::new(u32::try_from(count / 50).unwrap_or(u32::MAX).max(10), 0.8);
    let items = Zipf::new(ITEMS, 1.0);
    let mut progress = Progress::new("making up", "events", count);
    while events.len() < count {
        progress.at(events.len());
        let user = users.roll(&mut dice);
        visit(user, &items, &mut dice, &mut events);
    }
    events.truncate(count);
    events.sort_by_key(|event| event.arrival);
    let mut latest = i64::MIN;
    let late = events.iter().filter(|event| {
        let late = event.time < latest;
        latest = latest.max(event.time);
        late
    });
    let late = late.count();
    let batches: Result<_, arrow_schema::ArrowError> = events.chunks(BATCH).map(batch).collect();
    Ok(Shop { batches: batches?, late })
}

/// One user's visit, which often goes on after a pause.
fn visit(user: u32, items: &Zipf, dice: &mut Dice, events: &mut Vec<Event>) {
    // The sum of three makes for quiet nights, around three in the morning.
    let hour = (dice.unit() + dice.unit() + dice.unit()) * 8.0 + 3.0;
    let start = f64::from(dice.below(DAYS)) * 86_400.0 + hour * 3_600.0;
    let mut time = OPENING + (start * 1e3) as i64 * 1_000;
    let mut item = items.roll(dice);
    let mut kind = 0;
    loop {
        let arrival = time + delay(dice);
        let pieces = 1 + u8::from(dice.chance(0.2)) + u8::from(dice.chance(0.1));
        events.push(Event { arrival, time, user, item, kind, pieces, anonymous: dice.chance(0.04) });
        if dice.chance(0.14) {
            return;
        }
        time += pause(dice);
        kind = happens(dice);
        if kind == 0 {
            item = items.roll(dice);
        }
    }
}

/// How long an event is under way: 3 in 100 for minutes or hours.
fn delay(dice: &mut Dice) -> i64 {
    // The others arrive at once: a fixed moment keeps their order.
    let seconds = if dice.chance(0.03) { dice.log_normal(1_200.0, 1.3) } else { 0.2 };
    (seconds * SECOND) as i64
}

/// The time to a user's next event, in whole milliseconds; now and then none at all.
fn pause(dice: &mut Dice) -> i64 {
    let seconds = match dice.below(100) {
        0..=3 => 0.0,
        4..=8 => dice.log_normal(3_600.0, 0.9),
        _ => dice.log_normal(25.0, 1.1),
    };
    (seconds * 1e3) as i64 * 1_000
}

/// What happens next.
fn happens(dice: &mut Dice) -> u8 {
    let mut point = dice.below(100);
    for (kind, (_, share)) in KINDS.iter().enumerate() {
        if point < *share {
            return kind as u8;
        }
        point -= share;
    }
    0
}

/// An item's price in cents; the same whenever it is asked for.
fn cents(item: u32) -> u32 {
    let mut dice = Dice::new(u64::from(item) ^ 0x5eed);
    dice.log_normal(1_500.0, 0.9) as u32 + 5
}

impl Event {
    /// The category, if known: one item in twenty has none.
    fn category(&self) -> Option<&'static str> {
        let known = !self.anonymous && self.item % 20 != 19;
        CATEGORIES.get(self.item as usize % CATEGORIES.len()).copied().filter(|_| known)
    }

    /// Money, of which a view has none.
    fn amount(&self) -> Option<f64> {
        let pieces = if self.kind == 3 { u32::from(self.pieces) } else { 1 };
        (self.kind != 0).then(|| f64::from(cents(self.item) * pieces) / 100.0)
    }
}

/// Events as columns.
fn batch(events: &[Event]) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let text =
        |of: &dyn Fn(&Event) -> String| -> ArrayRef { Arc::new(StringArray::from_iter_values(events.iter().map(of))) };
    let kind = |event: &Event| KINDS.get(usize::from(event.kind)).map_or("view", |(name, _)| name);
    let times = TimestampMicrosecondArray::from_iter_values(events.iter().map(|event| event.time));
    RecordBatch::try_from_iter([
        ("user_id", text(&|event| format!("u{:05}", event.user))),
        ("ts", Arc::new(times.with_timezone("UTC")) as ArrayRef),
        ("event_type", Arc::new(StringArray::from_iter_values(events.iter().map(kind)))),
        ("item", text(&|event| format!("i{:04}", event.item))),
        ("category", Arc::new(events.iter().map(Event::category).collect::<StringArray>())),
        ("amount", Arc::new(events.iter().map(Event::amount).collect::<Float64Array>())),
    ])
}
