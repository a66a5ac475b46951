//! What memory one answer of the serving layer takes: while it is made, for as long as it is held, and as numbers in a row;
//! and what memory an entity takes in a stream.
//!
//! Bytes are counted here; how many allocations they come in is for a heap profiler to say, as counting them needs an
//! allocator of one's own, and there is no `unsafe` in this crate.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "../../benches/shop/mod.rs"]
mod shop;

use std::mem::size_of;

use crate::{PEAK, alone};
use shop::{clicks_between, set};
use skewless::merge::{Decision, Part, Provenance};
use skewless::{
    BatchView, Entity, FrontierPolicy, Lookup, Nulls, Served, Serving, Span, State, Stream, Timestamp, Value,
    ViewBuilder,
};

const DAY: i64 = 86_400_000_000;
/// 2026-11-23T00:00:00Z.
const CUT: i64 = 1_795_392_000_000_000;
const NOW: i64 = CUT + DAY;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn ada() -> Entity {
    Entity::from(0i64)
}

/// A view with `before` events of one entity, and a serving layer with `since` events after it.
fn sides(before: usize, since: usize) -> (BatchView, Serving) {
    let set = set(shop::TWENTY);
    let mut state = State::new(&set);
    for click in clicks_between(0, before, CUT - 30 * DAY, CUT) {
        let _ = state.update(&click).unwrap();
    }
    let mut builder = ViewBuilder::new(&set, "2026-11-23", at(CUT), at(CUT));
    builder.put(ada(), &state, before as u64).unwrap();
    let view = builder.build().unwrap();
    let mut serving = Serving::new(Stream::new(&set));
    serving.announce(at(CUT)).unwrap();
    let found: Vec<Part> = view.parts().map(|(id, bytes)| Part::of(id, &bytes)).collect();
    assert_eq!(serving.offer(view.manifest(), &found, at(CUT)).decision, Decision::Accept);
    for click in clicks_between(0, since, CUT, NOW) {
        let _ = serving.update(&click).unwrap();
    }
    serving.advance(at(NOW).saturating_sub(Span::minutes(5)));
    (view, serving)
}

/// An answer, the most bytes that making it took at one time, and the bytes that it holds.
fn measured(serving: &Serving, batch: Lookup<&[u8]>) -> (Served, usize, usize) {
    let ada = ada();
    let before = PEAK.current_usage();
    PEAK.reset_peak_usage();
    let served = serving.vector(&ada, at(NOW), batch).unwrap();
    let (peak, held) = (PEAK.peak_usage() - before, PEAK.current_usage() - before);
    (served, peak, held)
}

#[test]
fn an_answer_holds_its_values_where_they_are_from_and_nothing_else() {
    let _alone = alone();
    let (view, serving) = sides(30, 5);
    let each = size_of::<Value>() + size_of::<Provenance>();
    for (what, batch) in [("found", view.lookup(&ada())), ("not found", Lookup::NotFound), ("failed", Lookup::Failed)] {
        let (served, peak, held) = measured(&serving, batch);
        let values = served.vector().values().len();
        assert_eq!(values, 20);
        println!("{what}: {held} bytes held, {peak} at most");
        // Names, and the name of the view, are shared.
        assert_eq!(held, values * each);
    }
}

#[test]
fn making_an_answer_takes_memory_in_proportion_to_what_is_stored() {
    let _alone = alone();
    for (before, since) in [(2, 1), (30, 5), (3_000, 200)] {
        let (view, serving) = sides(before, since);
        let record = view.lookup(&ada());
        let bytes = record.found().map_or(0, <[u8]>::len);
        let (_, peak, _) = measured(&serving, record);
        println!("{before} events before the cut, {since} since: {bytes} bytes stored, {peak} bytes at most");
        // A pane is stored in a few bytes and worked on in its full width, a few times over.
        assert!(peak <= 8 * 1024 + 40 * bytes, "{peak} for {bytes}");
    }
}

#[test]
fn writing_an_answer_into_a_row_takes_no_memory() {
    let _alone = alone();
    let (view, serving) = sides(30, 5);
    let served = serving.vector(&ada(), at(NOW), view.lookup(&ada())).unwrap();
    let numbers: Vec<&String> = serving.names().iter().filter(|name| *name != "last_category").collect();
    let dense = serving.dense(&numbers, Nulls::Nan).unwrap();
    let mut row = vec![0.0; dense.width()];
    let before = PEAK.current_usage();
    PEAK.reset_peak_usage();
    dense.fill(served.vector(), &mut row).unwrap();
    assert_eq!(PEAK.peak_usage(), before);
    assert_eq!(row.len(), 19);
}

/// The bytes that a stream takes for each of a few entities with so many events in the last thirty days.
fn bytes_an_entity(policy: FrontierPolicy, events: usize) -> usize {
    let (set, entities) = (set(shop::TEN), if events < 100 { 448 } else { 28 });
    let each = |user| clicks_between(user, events, NOW - 30 * DAY, NOW);
    let mut all: Vec<_> = (0..entities).flat_map(each).collect();
    all.sort_by_key(|click| click.ts);
    let before = PEAK.current_usage();
    let mut stream = Stream::with_policy(&set, policy);
    for click in &all {
        let _ = stream.update(click).unwrap();
    }
    assert_eq!(stream.len(), entities as usize);
    (PEAK.current_usage() - before) / entities as usize
}

#[test]
fn an_entity_in_memory_takes_no_more_than_its_events_and_in_time_no_more_than_its_panes() {
    let _alone = alone();
    for events in [1, 3, 30, 3_000] {
        let whole = bytes_an_entity(FrontierPolicy::Host, events);
        let moving = bytes_an_entity(FrontierPolicy::lateness(Span::minutes(5)), events);
        println!("{events} events, 10 features: {whole} bytes whole, {moving} with a frontier that moves");
        // A row takes 16 bytes and 24 for each of its two columns, twice that while there is room for more.
        assert!(whole <= 512 + 128 * events, "{whole} for {events}");
        assert!(moving <= 512 + 64 * 1024, "{moving} for {events}");
    }
}
