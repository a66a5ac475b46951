//! Events as plain structs, logs that look for trouble, and their shrinking.

use skewless::{Column, Record, Timestamp, Value, ValueRef};

/// A repeatable source of numbers.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    pub(crate) fn of<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.below(items.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// One event of the one entity, as it comes: NaN, negative zeros and all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) at: i64,
    pub(crate) flag: Option<bool>,
    pub(crate) qty: Option<i64>,
    pub(crate) amount: Option<f64>,
    pub(crate) word: Option<&'static str>,
    pub(crate) seen: Option<i64>,
    pub(crate) vec: Option<Vec<f64>>,
}

/// A moment of an event or a question.
pub(crate) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

impl Event {
    /// The value of a column as an aggregate is to see it.
    pub(crate) fn value(&self, column: &str) -> Value {
        match column {
            "flag" => self.flag.map_or(Value::Null, Value::Bool),
            "qty" => self.qty.map_or(Value::Null, Value::I64),
            "amount" => self.amount.filter(|x| !x.is_nan()).map_or(Value::Null, |x| Value::F64(x + 0.0)),
            "word" => self.word.map_or(Value::Null, Value::from),
            "seen" => self.seen.map_or(Value::Null, |at| Value::Time(moment(at))),
            "vec" => self.vec.clone().map_or(Value::Null, Value::from),
            other => panic!("no column {other}"),
        }
    }

    pub(crate) fn is_some(&self, column: &str) -> bool {
        column == "*" || !self.value(column).is_null()
    }

    /// The value of a column as a double; NaN for none.
    pub(crate) fn number(&self, column: &str) -> f64 {
        match column {
            "qty" => self.qty.map_or(f64::NAN, |n| n as f64),
            _ => self.amount.unwrap_or(f64::NAN) + 0.0,
        }
    }
}

impl Record for Event {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        match column.name() {
            "user" => ValueRef::Str("ada"),
            "ts" => ValueRef::Time(moment(self.at)),
            "flag" => self.flag.map_or(ValueRef::Null, ValueRef::Bool),
            "qty" => self.qty.map_or(ValueRef::Null, ValueRef::I64),
            "amount" => self.amount.map_or(ValueRef::Null, ValueRef::F64),
            "word" => self.word.map_or(ValueRef::Null, ValueRef::Str),
            "seen" => self.seen.map_or(ValueRef::Null, |at| ValueRef::Time(moment(at))),
            "vec" => self.vec.as_deref().map_or(ValueRef::Null, ValueRef::List),
            other => panic!("no column {other}"),
        }
    }
}

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// A moment near the edges of windows, often one that was there before.
pub(crate) fn time(dice: &mut Dice) -> i64 {
    let unit = *dice.of(&[1, 1_000_000, MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 24 * HOUR]);
    let beside = dice.below(3) as i64 - 1;
    match dice.below(40) {
        0 => *dice.of(&[Timestamp::MIN.as_micros(), Timestamp::MAX.as_micros(), 0]),
        n => unit * (n as i64 % 9 - 4) + dice.below(5) as i64 * *dice.of(&[MINUTE, HOUR]) + beside,
    }
}

fn double(dice: &mut Dice, tame: bool) -> f64 {
    match dice.below(if tame { 7 } else { 16 }) {
        0..=4 => (dice.below(2_000) as f64 - 1_000.0) / 100.0,
        5 => *dice.of(&[1.0, 2.0, 3.0, -1.0]),
        6 => *dice.of(&[0.0, -0.0, 0.1, 1e16, -1e16, 1e-3]),
        7 | 8 => *dice.of(&[f64::MAX, -f64::MAX, f64::MIN_POSITIVE, 5e-324, -5e-324, 2.2e-308, 1e-200, 1e200]),
        9 => *dice.of(&[f64::INFINITY, f64::NEG_INFINITY]),
        10 => f64::from_bits(dice.bits()),
        11 => f64::NAN,
        _ => dice.below(4) as f64,
    }
}

/// Events in no order, a tenth of them twice; `tame` ones stay away from the ends of the doubles.
pub(crate) fn log(dice: &mut Dice, most: usize) -> Vec<Event> {
    let tame = dice.below(2) == 0;
    let count = dice.below(most + 1);
    let mut events: Vec<Event> = Vec::new();
    for _ in 0..count {
        if !events.is_empty() && dice.below(10) == 0 {
            let again = dice.of(&events).clone();
            events.push(again);
            continue;
        }
        let mut some = |odds: usize| dice.below(odds) != 0;
        let here = [some(6), some(6), some(6), some(6), some(6), some(5)];
        let qty = match dice.below(if tame { 8 } else { 12 }) {
            0..=7 => dice.below(7) as i64 - 3,
            8 => i64::MAX - dice.below(2) as i64,
            9 => i64::MIN + dice.below(2) as i64,
            _ => dice.bits() as i64,
        };
        let event = Event {
            at: time(dice),
            flag: here[0].then(|| dice.below(2) == 0),
            qty: here[1].then_some(qty),
            amount: here[2].then(|| double(dice, tame)),
            word: here[3].then(|| *dice.of(&["", "a", "a", "b", "ab", "\u{e9}", "z", "y"])),
            seen: here[4].then(|| time(dice)),
            vec: here[5].then(|| vec![double(dice, tame), double(dice, tame)]),
        };
        events.push(event);
    }
    events
}

/// The smallest part of a log that still fails, and how.
pub(crate) fn shrunk(mut log: Vec<Event>, fails: impl Fn(&[Event]) -> Option<String>) -> Option<(Vec<Event>, String)> {
    let mut why = fails(&log)?;
    let mut place = 0;
    while place < log.len() {
        let mut less = log.clone();
        less.remove(place);
        if let Some(now) = fails(&less) {
            (log, why, place) = (less, now, 0);
        } else {
            place += 1;
        }
    }
    Some((log, why))
}
