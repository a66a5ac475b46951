//! What an event costs: one entity in cache, against a hand-written struct; and a stream of many.
#![allow(missing_docs, clippy::expect_used, reason = "a bench")]

mod shop;

use std::collections::VecDeque;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use hashbrown::HashTable;
use shop::{Click, Dice, clicks, set};
use skewless::{FrontierPolicy, Span, State, Stream, Timestamp};

const LATENESS: i64 = 300_000_000;
const HOUR: i64 = 3_600_000_000;

/// What an engineer would write by hand for the same ten features: plain counters in the same panes, in
/// arrival order, floats added as they come.
#[derive(Clone, Default)]
struct ByHand {
    fine: VecDeque<Pane>,
    hours: VecDeque<Pane>,
    days: VecDeque<(i64, f64)>,
    last_category: String,
}

#[derive(Clone, Default)]
struct Pane {
    start: i64,
    events: u64,
    clicks: u64,
    views: u64,
    paid: u64,
    spend: f64,
}

impl ByHand {
    fn update(&mut self, event: &Click) {
        let five = event.ts.div_euclid(HOUR / 12) * (HOUR / 12);
        let hour = event.ts.div_euclid(HOUR) * HOUR;
        let day = event.ts.div_euclid(24 * HOUR) * 24 * HOUR;
        Self::pane(&mut self.fine, five, event.ts - 2 * HOUR).clicks += u64::from(event.event_type == "click");
        let pane = Self::pane(&mut self.hours, hour, event.ts - 7 * 24 * HOUR - HOUR);
        pane.events += 1;
        pane.clicks += u64::from(event.event_type == "click");
        pane.views += u64::from(event.event_type == "view");
        if let Some(amount) = event.amount {
            pane.spend += amount;
            pane.paid += 1;
            match self.days.back_mut() {
                Some((start, max)) if *start == day => *max = max.max(amount),
                _ => self.days.push_back((day, amount)),
            }
            while self.days.front().is_some_and(|(start, _)| *start < event.ts - 31 * 24 * HOUR) {
                self.days.pop_front();
            }
        }
        if self.last_category != event.category {
            self.last_category.clear();
            self.last_category.push_str(event.category);
        }
    }

    fn pane(panes: &mut VecDeque<Pane>, start: i64, oldest: i64) -> &mut Pane {
        if panes.back().is_none_or(|pane| pane.start != start) {
            while panes.front().is_some_and(|pane| pane.start < oldest) {
                panes.pop_front();
            }
            panes.push_back(Pane { start, ..Pane::default() });
        }
        panes.back_mut().expect("one was just pushed")
    }
}

fn one_entity(c: &mut Criterion) {
    let set = set(shop::TEN);
    // Events a minute apart: the state holds 30 days of panes and turns one over every few events.
    let events = clicks(20_000, 1, 60_000_000);
    let warm = clicks(43_200, 1, 60_000_000);
    let mut group = c.benchmark_group("update/one_entity");
    group.throughput(Throughput::Elements(events.len() as u64));
    let shift = warm.last().expect("events").ts - events[0].ts;
    let later: Vec<Click> = events.iter().map(|e| Click { ts: e.ts + shift, ..e.clone() }).collect();

    let mut hand = ByHand::default();
    warm.iter().for_each(|event| hand.update(event));
    group.bench_function("by_hand", |b| {
        b.iter_batched_ref(
            || hand.clone(),
            |hand| later.iter().for_each(|event| hand.update(black_box(event))),
            BatchSize::LargeInput,
        );
    });
    let mut state = State::new(&set);
    let feed = |state: &mut State, event: &Click| {
        state.advance(Timestamp::from_micros(event.ts - LATENESS).expect("in range"));
        state.update(event).expect("a good event")
    };
    for event in &warm {
        feed(&mut state, event);
    }
    group.bench_function("skewless", |b| {
        b.iter_batched_ref(
            || state.clone(),
            |state| {
                for event in &later {
                    feed(state, black_box(event));
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// A stream that has every entity already takes events of entities drawn evenly; beside it a table of the structs
/// written by hand, to tell what the code costs from what memory out of cache costs anything.
fn many_entities(c: &mut Criterion) {
    let set = set(shop::TEN);
    let mut group = c.benchmark_group("update/stream");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for users in [1_000, 100_000, 1_000_000] {
        let drawn = clicks(300_000, users, 1_000_000);
        group.throughput(Throughput::Elements(drawn.len() as u64));
        let start = drawn[0].ts;
        let once = |user: u64| Click { user: user as i64, ts: start, ..drawn[user as usize % drawn.len()].clone() };

        let (mut table, mut rounds) = (HashTable::new(), Rounds::new(&drawn));
        (0..users).for_each(|user| by_hand(&mut table, &once(user)));
        group.bench_function(format!("{users}_entities_by_hand"), |b| {
            b.iter_batched_ref(
                || rounds.next(),
                |events| events.iter().for_each(|event| by_hand(&mut table, event)),
                BatchSize::LargeInput,
            );
        });
        drop(table);
        let mut stream = Stream::with_policy(&set, FrontierPolicy::lateness(Span::minutes(5)));
        (0..users).for_each(|user| {
            let _ = stream.update(&once(user)).expect("a good event");
        });
        let mut rounds = Rounds::new(&drawn);
        group.bench_function(format!("{users}_entities"), |b| {
            b.iter_batched_ref(
                || rounds.next(),
                |events| {
                    for event in events.iter() {
                        let _ = stream.update(event).expect("a good event");
                    }
                },
                BatchSize::LargeInput,
            );
        });
        assert_eq!(stream.len() as u64, users);
    }
    group.finish();
}

/// The same events again and again, each time later.
struct Rounds<'a> {
    events: &'a [Click],
    later: i64,
}

impl<'a> Rounds<'a> {
    fn new(events: &'a [Click]) -> Self {
        Self { events, later: 0 }
    }

    fn next(&mut self) -> Vec<Click> {
        self.later += self.events[self.events.len() - 1].ts - self.events[0].ts;
        self.events.iter().map(|event| Click { ts: event.ts + self.later, ..event.clone() }).collect()
    }
}

fn by_hand(table: &mut HashTable<(i64, ByHand)>, event: &Click) {
    let hash = |user: i64| Dice(user as u64).roll();
    let found = table.entry(hash(event.user), |(user, _)| *user == event.user, |(user, _)| hash(*user));
    found.or_insert_with(|| (event.user, ByHand::default())).into_mut().1.update(event);
}

criterion_group!(benches, one_entity, many_entities);
criterion_main!(benches);
