//! What reading, storing and merging a state costs, by how much it holds.
#![allow(missing_docs, clippy::expect_used, reason = "a bench")]

mod shop;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use shop::{clicks, set};
use skewless::{Span, State, Timestamp};

fn states(c: &mut Criterion) {
    let set = set(shop::TEN);
    let mut group = c.benchmark_group("state");
    for events in [3, 30, 3_000] {
        let log = clicks(events, 1, 10 * 60_000_000);
        let mut state = State::new(&set);
        for event in &log {
            let _ = state.update(event).expect("a good event");
        }
        let now =
            Timestamp::from_micros(log.last().expect("events").ts).expect("in range").saturating_add(Span::minutes(1));
        state.advance(now.saturating_sub(Span::minutes(5)));
        let bytes = state.encode();
        let state = State::decode(&set, &bytes).expect("our own bytes");
        let other = state.clone();
        group.bench_with_input(BenchmarkId::new("vector", events), &state, |b, state| {
            b.iter(|| black_box(state.vector(now).expect("after the frontier")));
        });
        group.bench_with_input(BenchmarkId::new("encode", events), &state, |b, state| {
            b.iter(|| black_box(state.encode()))
        });
        group.bench_with_input(BenchmarkId::new("decode", events), &bytes, |b, bytes| {
            b.iter(|| black_box(State::decode(&set, bytes).expect("our own bytes")));
        });
        group.bench_with_input(BenchmarkId::new("merge", events), &other, |b, other| {
            b.iter(|| {
                let mut state = state.clone();
                state.merge(other).expect("one definition");
                black_box(state)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, states);
criterion_main!(benches);
