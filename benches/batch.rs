//! What the batch pass costs: every event a query, and one snapshot; an even, a hot and a sparse table.
#![allow(missing_docs, clippy::expect_used, reason = "a bench")]

mod shop;

use std::hint::black_box;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shop::{Click, clicks, set};
use skewless::Timestamp;
use skewless::batch::{point_in_time, snapshot};

const EVENTS: usize = 500_000;

fn table(events: &[Click]) -> (RecordBatch, RecordBatch) {
    let users: ArrayRef = Arc::new(events.iter().map(|e| Some(format!("user-{}", e.user))).collect::<StringArray>());
    let times: ArrayRef = Arc::new(Int64Array::from_iter_values(events.iter().map(|e| e.ts)));
    let types: ArrayRef = Arc::new(events.iter().map(|e| Some(e.event_type)).collect::<StringArray>());
    let categories: ArrayRef = Arc::new(events.iter().map(|e| Some(e.category)).collect::<StringArray>());
    let amounts: ArrayRef = Arc::new(events.iter().map(|e| e.amount).collect::<Float64Array>());
    let columns = [
        ("user_id", users.clone()),
        ("ts", times.clone()),
        ("event_type", types),
        ("category", categories),
        ("amount", amounts),
    ];
    (
        RecordBatch::try_from_iter(columns).expect("equal lengths"),
        RecordBatch::try_from_iter([("user_id", users), ("as_of", times)]).expect("equal lengths"),
    )
}

fn passes(c: &mut Criterion) {
    let (sample, eight) = (set(shop::SAMPLE), set(shop::EIGHT));
    let mut group = c.benchmark_group("batch");
    group.sample_size(10);
    group.throughput(Throughput::Elements(EVENTS as u64));
    for (name, users) in [("even", 12_500), ("one_hot", 1), ("sparse", 500_000)] {
        let (events, queries) = table(&clicks(EVENTS, users, 10_000_000));
        group.bench_function(format!("point_in_time/{name}"), |b| {
            b.iter(|| {
                let answers = point_in_time(&sample, std::slice::from_ref(&events), std::slice::from_ref(&queries));
                let answers = answers.expect("good tables");
                assert_eq!(answers.num_rows(), EVENTS);
                black_box(answers)
            });
        });
        let now = || snapshot(&sample, std::slice::from_ref(&events), Timestamp::MAX).expect("good tables");
        group.bench_function(format!("snapshot/{name}"), |b| b.iter(|| black_box(now())));
        let known = now();
        group.bench_function(format!("snapshot_states/{name}"), |b| {
            b.iter(|| black_box(known.states().expect("the same tables")));
        });
        group.bench_function(format!("point_in_time_eight/{name}"), |b| {
            b.iter(|| {
                let answers = point_in_time(&eight, std::slice::from_ref(&events), std::slice::from_ref(&queries));
                black_box(answers.expect("good tables"))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, passes);
criterion_main!(benches);
