//! Catches answers that get lost, mixed up or computed otherwise where a table is larger than the block that the batch
//! pass works on at a time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use skewless::batch::{self, point_in_time, rows, snapshot};
use skewless::{Entity, FeatureSet, State, Timestamp, Vector};

/// Aggregates that are answered by column and some that are folded; windows of every kind.
const DEFINITION: &str = r#"{"name": "t", "version": 1, "entity": "user", "time": "ts", "columns": {"qty": "i64"},
    "features": {
        "clicks":   {"count": "*", "where": {"kind": "click"}, "over": {"sliding": "7d", "hop": "exact"}},
        "amounts":  {"count": "amount", "where": {"kind": {"ne": "click"}}, "over": {"sliding": "1d", "hop": "1h"}, "default": -1},
        "sum":      {"sum": "amount", "over": {"sliding": "7d", "hop": "exact"}},
        "sum_1d":   {"sum": "amount", "over": {"sliding": "1d", "hop": "exact"}, "default": 0.5},
        "mean":     {"mean": "amount", "where": {"amount": {"gt": 3.0}}, "over": {"sliding": "1d", "hop": "exact"}},
        "mean_qty": {"mean": "qty", "over": {"tumbling": "1d"}},
        "qty":      {"sum": "qty", "over": {"sliding": "3d", "hop": "exact", "offset": "1d"}},
        "most":     {"max": "amount", "over": {"sliding": "30d", "hop": "exact"}},
        "least":    {"min": "qty", "over": {"sliding": "2d", "hop": "exact"}, "default": 7},
        "items":    {"count_distinct": "item", "over": {"sliding": "1d", "hop": "exact"}},
        "few":      {"count_distinct": "qty", "limit": 3, "over": {"sliding": "2d", "hop": "exact"}},
        "first":    {"first": "item", "tie_break": "qty", "over": {"sliding": "1d", "hop": "exact"}},
        "last":     {"last": "category", "over": "lifetime"},
        "last_qty": {"last": "qty", "over": {"session": "2h", "since": {"kind": "buy"}}, "default": 1},
        "spread":   {"var_samp": "amount", "over": {"sliding": "1d", "hop": "exact"}},
        "kinds":    {"mode": "kind", "over": {"sliding": "1d", "hop": "exact"}},
        "days":     {"sum": "amount", "over": {"tumbling": "1d"}, "series": {"steps": 3, "step": "1d"}}}}"#;

/// More than two blocks, one of them of a single entity.
const EVENTS: usize = 40_000;

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Events of many users over forty days.
fn events(dice: &mut Dice) -> RecordBatch {
    events_of(dice, EVENTS, 2_000, 40 * 24 * 60)
}

/// Events that are not in order of time, with ties, nulls, zeros of both signs and values far apart.
fn events_of(dice: &mut Dice, events: usize, users_most: u64, minutes: u64) -> RecordBatch {
    let (mut users, mut times, mut kinds, mut items) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut categories, mut amounts, mut quantities) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..events {
        let user = if dice.below(4) == 0 { 0 } else { dice.below(users_most) };
        users.push(format!("a user with a name that is long enough {user}"));
        times.push((dice.below(minutes) * 60_000_000).cast_signed() - 1_000_000_000_000);
        kinds.push(["click", "click", "view", "buy"][dice.below(4) as usize]);
        items.push((dice.below(9) > 0).then(|| format!("i{}", dice.below(30))));
        categories.push((dice.below(5) > 0).then(|| format!("category {}", dice.below(12))));
        amounts.push(match dice.below(12) {
            0 => None,
            1 => Some(f64::NAN),
            2 => Some(-0.0),
            3 if user % 50 == 1 => Some(f64::INFINITY),
            4 if user % 50 == 2 => Some(1e300),
            5 if user % 50 == 2 => Some(1e-300),
            _ => Some(dice.below(100_000) as f64 / 100.0 - 300.0),
        });
        quantities.push((dice.below(7) > 0).then(|| dice.below(9).cast_signed() - 4));
    }
    RecordBatch::try_from_iter([
        ("user", Arc::new(StringArray::from(users)) as ArrayRef),
        ("ts", Arc::new(Int64Array::from(times))),
        ("kind", Arc::new(StringArray::from(kinds))),
        ("item", Arc::new(StringArray::from(items))),
        ("category", Arc::new(StringArray::from(categories))),
        ("amount", Arc::new(Float64Array::from(amounts))),
        ("qty", Arc::new(Int64Array::from(quantities))),
    ])
    .unwrap()
}

/// Each event as its own query, sharing the events' columns.
fn own(events: &RecordBatch) -> RecordBatch {
    let column = |name: &str| events.column_by_name(name).unwrap().clone();
    RecordBatch::try_from_iter([("user", column("user")), ("as_of", column("ts"))]).unwrap()
}

/// What states fed event by event answer.
fn by_states(set: &FeatureSet, log: &RecordBatch, asked: &[(Entity, Timestamp)]) -> RecordBatch {
    let read = rows(set, log).unwrap();
    let users = log.column_by_name("user").unwrap().as_any().downcast_ref::<StringArray>().unwrap();
    let mut states: BTreeMap<&str, State> = BTreeMap::new();
    for row in 0..read.len() {
        let state = states.entry(users.value(row)).or_insert_with(|| State::new(set));
        let _ = state.update(&read.row(row)).unwrap();
    }
    let nobody = State::new(set);
    let vector = |(entity, at): &(Entity, Timestamp)| -> Vector {
        let name = entity.parts()[0].as_str().unwrap();
        states.get(name).unwrap_or(&nobody).vector(*at).unwrap()
    };
    let vectors: Vec<Vector> = asked.iter().map(vector).collect();
    batch::vectors(set, asked.iter().map(|(entity, _)| entity).zip(&vectors)).unwrap()
}

fn queries(asked: &[(Entity, Timestamp)]) -> RecordBatch {
    let users: StringArray = asked.iter().map(|(entity, _)| entity.parts()[0].as_str()).collect();
    let times: Int64Array = asked.iter().map(|(_, at)| Some(at.as_micros())).collect();
    RecordBatch::try_from_iter([("user", Arc::new(users) as ArrayRef), ("as_of", Arc::new(times))]).unwrap()
}

#[test]
fn a_large_table_has_the_answers_of_its_states() {
    let set = FeatureSet::from_json(DEFINITION).unwrap();
    let mut dice = Dice(5);
    let log = events(&mut dice);
    let draw = |_| {
        let user = if dice.below(9) == 0 { 0 } else { dice.below(2_100) };
        let entity = Entity::from(format!("a user with a name that is long enough {user}"));
        let minute = (dice.below(45 * 24 * 60) * 60_000_000).cast_signed();
        (entity, Timestamp::from_micros(minute - 1_100_000_000_000).unwrap())
    };
    let asked: Vec<(Entity, Timestamp)> = (0..1_500).map(draw).collect();
    let found = point_in_time(&set, std::slice::from_ref(&log), &[queries(&asked)]).unwrap();
    assert_eq!(found, by_states(&set, &log, &asked));
}

#[test]
fn queries_that_see_few_rows_are_answered_from_these_alone() {
    let set = FeatureSet::from_json(DEFINITION).unwrap();
    for seed in 0..20 {
        let mut dice = Dice(seed);
        // A dozen events a minute and user, so that every window starts and ends among equal times.
        let log = events_of(&mut dice, 3_000, 12, 25);
        let minute = |dice: &mut Dice| (dice.below(6) * 60_000_000).cast_signed() - 1_000_000_000_000;
        let draw = |user: u64| {
            let entity = Entity::from(format!("a user with a name that is long enough {user}"));
            (entity, Timestamp::from_micros(minute(&mut dice)).unwrap())
        };
        let asked: Vec<(Entity, Timestamp)> = (0..13).map(draw).collect();
        let found = point_in_time(&set, std::slice::from_ref(&log), &[queries(&asked)]).unwrap();
        assert_eq!(found, by_states(&set, &log, &asked), "seed {seed}");
    }
}

#[test]
fn it_does_not_matter_how_a_large_table_is_given() {
    let set = FeatureSet::from_json(DEFINITION).unwrap();
    let log = events(&mut Dice(6));
    // The events' own columns; then copies of them, which the pass does not know to be the same.
    let shared = point_in_time(&set, std::slice::from_ref(&log), &[own(&log)]).unwrap();
    let times = log.column_by_name("ts").unwrap().as_any().downcast_ref::<Int64Array>().unwrap();
    let users = log.column_by_name("user").unwrap().as_any().downcast_ref::<StringArray>().unwrap();
    let asked: Vec<(Entity, Timestamp)> = (0..log.num_rows())
        .map(|row| (Entity::from(users.value(row)), Timestamp::from_micros(times.value(row)).unwrap()))
        .collect();
    assert_eq!(shared, point_in_time(&set, std::slice::from_ref(&log), &[queries(&asked)]).unwrap());
    // Many small batches.
    let pieces: Vec<RecordBatch> =
        (0..log.num_rows()).step_by(333).map(|at| log.slice(at, 333.min(log.num_rows() - at))).collect();
    let own_pieces: Vec<RecordBatch> = pieces.iter().map(own).collect();
    assert_eq!(shared, point_in_time(&set, &pieces, &own_pieces).unwrap());
    // Queries for a few of the entities: the events of the others are not even looked at.
    let few: Vec<(Entity, Timestamp)> = asked.iter().step_by(997).cloned().collect();
    assert_eq!(point_in_time(&set, &pieces, &[queries(&few)]).unwrap(), by_states(&set, &log, &few));
}

#[test]
fn a_snapshot_of_a_large_table_is_what_its_states_say() {
    let set = FeatureSet::from_json(DEFINITION).unwrap();
    let log = events(&mut Dice(7));
    let as_of = Timestamp::from_micros(1_000_000_000_000).unwrap();
    let found = snapshot(&set, std::slice::from_ref(&log), as_of).unwrap();
    let users = found.values().column_by_name("user").unwrap().as_any().downcast_ref::<StringArray>().unwrap();
    let asked: Vec<(Entity, Timestamp)> = users.iter().flatten().map(|user| (Entity::from(user), as_of)).collect();
    assert!(asked.is_sorted() && asked.len() > 1_000);
    let times = log.column_by_name("ts").unwrap().as_any().downcast_ref::<Int64Array>().unwrap();
    let before = arrow_array::BooleanArray::from_unary(times, |time| time < as_of.as_micros());
    assert_eq!(found.left_out(), before.false_count());
    // A state may be asked as of any time: later events do not show.
    assert_eq!(*found.values(), by_states(&set, &log, &asked));
}

#[cfg(feature = "parallel")]
#[test]
fn threads_do_not_change_a_bit() {
    let set = FeatureSet::from_json(DEFINITION).unwrap();
    let log = events(&mut Dice(8));
    let work = || {
        let own = [own(&log)];
        let log = std::slice::from_ref(&log);
        let now = snapshot(&set, log, Timestamp::from_micros(0).unwrap()).unwrap();
        (point_in_time(&set, log, &own).unwrap(), now.values().clone(), now.states().unwrap())
    };
    let alone = work();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(work), alone, "{threads} threads");
    }
}
