//! What each aggregate costs: an event into a warm state, a batch where every event is a query, a state read back.
//!
//! Goes through the catalogue: a new aggregate is benched without another line here. `cargo bench --bench catalogue`
//! leaves the batch out, `--features arrow` brings it in; a name behind `--` picks one aggregate.
#![allow(missing_docs, clippy::expect_used, reason = "a bench")]

mod shop;

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use shop::{Full, full};
use skewless::features::catalogue;
use skewless::testing::example_set;
use skewless::{FeatureSet, Span, State, Timestamp};

const WINDOW: &str = r#"{"sliding": "1d", "hop": "1h"}"#;
const LATENESS: i64 = 300_000_000;
const MINUTE: i64 = 60_000_000;

/// Each aggregate by its first example, alone in a definition.
fn aggregates() -> impl Iterator<Item = (&'static str, FeatureSet)> {
    catalogue().map(|(name, examples)| {
        let example = examples.first().expect("every row has an example");
        (name, example_set(&[example], &[WINDOW]).expect("an example of the catalogue"))
    })
}

/// A group that gives each of the many aggregates little time.
fn group<'c>(c: &'c mut Criterion, name: &str, events: usize) -> BenchmarkGroup<'c, WallTime> {
    let mut group = c.benchmark_group(format!("catalogue/{name}"));
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(700));
    group.throughput(Throughput::Elements(events as u64));
    group
}

/// Events of one entity, a minute apart on average, with the frontier five minutes behind each.
fn feed(state: &mut State, events: &[Full]) {
    for event in events {
        state.advance(Timestamp::from_micros(event.click.ts - LATENESS).expect("in range"));
        let _ = state.update(black_box(event)).expect("a good event");
    }
}

fn update(c: &mut Criterion) {
    let events = full(10_000, 1, MINUTE as u64);
    // Three days are in the state before the clock starts.
    let (warm, later) = events.split_at(4_320);
    let mut group = group(c, "update", later.len());
    for (name, set) in aggregates() {
        let mut state = State::new(&set);
        feed(&mut state, warm);
        group.bench_function(name, |b| {
            b.iter_batched_ref(|| state.clone(), |state| feed(state, later), BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn read(c: &mut Criterion) {
    let events = full(1_000, 1, MINUTE as u64);
    let now = Timestamp::from_micros(events.last().expect("events").click.ts).expect("in range");
    let now = now.saturating_add(Span::minutes(1));
    let mut group = group(c, "read_1000_events", 1);
    for (name, set) in aggregates() {
        let mut state = State::new(&set);
        feed(&mut state, &events);
        let bytes = state.encode();
        group.bench_function(name, |b| {
            b.iter(|| {
                State::decode(&set, black_box(&bytes)).expect("our own bytes").vector(now).expect("a later moment")
            });
        });
    }
    group.finish();
}

#[cfg(feature = "arrow")]
fn batch(c: &mut Criterion) {
    const EVENTS: usize = 50_000;
    let (events, queries) = table(&full(EVENTS, 1_000, MINUTE as u64 / 1_000));
    let (events, queries) = (std::slice::from_ref(&events), std::slice::from_ref(&queries));
    let mut group = group(c, "batch", EVENTS);
    for (name, set) in aggregates() {
        group.bench_function(name, |b| {
            b.iter(|| black_box(skewless::batch::point_in_time(&set, events, queries).expect("good tables")));
        });
    }
    group.finish();
}

/// Events with all columns of the catalogue's examples, and a query at the time of each.
#[cfg(feature = "arrow")]
fn table(events: &[Full]) -> (arrow_array::RecordBatch, arrow_array::RecordBatch) {
    use std::sync::Arc;

    use arrow_array::builder::{Float64Builder, ListBuilder};
    use arrow_array::{
        ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    };

    let users: ArrayRef = Arc::new(Int64Array::from_iter_values(events.iter().map(|e| e.click.user)));
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(events.iter().map(|e| e.click.ts)));
    let mut vectors = ListBuilder::new(Float64Builder::new());
    events.iter().for_each(|e| vectors.append_value(e.vec.map(Some)));
    let columns: [(&str, ArrayRef); 8] = [
        ("user", users.clone()),
        ("ts", times.clone()),
        ("flag", Arc::new(events.iter().map(|e| Some(e.flag())).collect::<BooleanArray>())),
        ("qty", Arc::new(Int64Array::from_iter_values(events.iter().map(|e| e.qty())))),
        ("amount", Arc::new(events.iter().map(|e| e.click.amount).collect::<Float64Array>())),
        ("word", Arc::new(events.iter().map(|e| Some(e.click.category)).collect::<StringArray>())),
        ("seen", Arc::new(TimestampMicrosecondArray::from_iter_values(events.iter().map(|e| e.seen())))),
        ("vec", Arc::new(vectors.finish())),
    ];
    (
        RecordBatch::try_from_iter(columns).expect("equal lengths"),
        RecordBatch::try_from_iter([("user", users), ("as_of", times)]).expect("equal lengths"),
    )
}

#[cfg(feature = "arrow")]
criterion_group!(benches, update, read, batch);
#[cfg(not(feature = "arrow"))]
criterion_group!(benches, update, read);
criterion_main!(benches);
