//! What serving one entity costs: decode what the batch view has of it, merge what the stream has, read twenty values.
//!
//! The view is cut a day before now and holds the thirty days before that; the stream has the day since, and its
//! frontier is five minutes before now.
#![allow(missing_docs, clippy::expect_used, reason = "a bench")]

mod shop;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use shop::{Click, clicks_between, set};
use skewless::merge::{Decision, Part};
use skewless::{
    BatchView, Entity, External, Externals, FeatureSet, Kind, Lookup, Served, Serving, Span, State, Stream, Timestamp,
    ValueRef, ViewBuilder,
};

const DAY: i64 = 86_400_000_000;
const MINUTE: i64 = 60_000_000;
/// 2026-11-23T00:00:00Z.
const CUT: i64 = 1_795_392_000_000_000;
const NOW: i64 = CUT + DAY;
/// What an entity did before the cut and after it.
const ENTITIES: [(&str, usize, usize); 3] = [("sparse", 2, 1), ("typical", 30, 5), ("hot", 3_000, 200)];
/// As long as an embedding that a service would keep in a view.
const EMBEDDING: [f64; 64] = [0.125; 64];

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).expect("in range")
}

fn entity(user: usize) -> Entity {
    Entity::from(user as i64)
}

/// Both sides of all entities.
struct World {
    set: FeatureSet,
    view: BatchView,
    serving: Serving,
}

impl World {
    fn new(set: FeatureSet, externals: &Externals) -> Self {
        let mut builder = ViewBuilder::new(&set, "2026-11-23", at(CUT), at(CUT)).externals(externals);
        let mut after: Vec<Click> = Vec::new();
        for (user, (_, before, since)) in ENTITIES.into_iter().enumerate() {
            let mut state = State::new(&set);
            for click in clicks_between(user as i64, before, CUT - 30 * DAY, CUT) {
                let _ = state.update(&click).expect("a good event");
            }
            builder.put(entity(user), &state, before as u64).expect("a state of before the cut");
            for external in externals.iter() {
                let value = ValueRef::List(&EMBEDDING);
                builder.external(entity(user), external.name(), value, at(CUT)).expect("a list");
            }
            after.extend(clicks_between(user as i64, since, CUT, NOW - MINUTE));
        }
        let view = builder.build().expect("few entities");

        let mut serving = Serving::new(Stream::new(&set)).externals(externals);
        serving.announce(at(CUT)).expect("an empty stream takes any cut");
        let found: Vec<Part> = view.parts().map(|(id, bytes)| Part::of(id, &bytes)).collect();
        let verdict = serving.offer(view.manifest(), &found, at(CUT));
        assert_eq!(verdict.decision, Decision::Accept, "{verdict}");
        after.sort_by_key(|click| click.ts);
        for click in &after {
            serving.advance(at(click.ts - 5 * MINUTE));
            let _ = serving.update(click).expect("a good event");
        }
        serving.advance(at(NOW - 5 * MINUTE));
        Self { set, view, serving }
    }

    /// The bytes that the view has of an entity.
    fn record(&self, user: usize) -> &[u8] {
        self.view.lookup(&entity(user)).found().expect("every entity is in the view")
    }

    fn ask(&self, user: &Entity, record: Lookup<&[u8]>) -> Served {
        self.serving.vector(black_box(user), at(NOW), record).expect("after the frontier")
    }
}

fn merge(c: &mut Criterion) {
    let plain = World::new(set(shop::TWENTY), &Externals::default());
    assert_eq!(plain.set.names().len(), 20);
    let embedding = External::new("embedding", Kind::List).ttl(Span::days(2));
    let fields = Externals::new(&plain.set, [embedding]).expect("a free name");
    let carrying = World::new(set(shop::TWENTY), &fields);

    let mut group = c.benchmark_group("merge");
    for (user, (name, before, _)) in ENTITIES.into_iter().enumerate() {
        let asked = entity(user);
        // The parts, as a host does them that keeps both sides in stores.
        let mut state = State::new(&plain.set);
        for click in clicks_between(user as i64, before, CUT - 30 * DAY, CUT) {
            let _ = state.update(&click).expect("a good event");
        }
        state.advance(at(CUT));
        let bytes = state.encode();
        let batch = State::decode(&plain.set, &bytes).expect("our own bytes");
        let realtime = plain.serving.stream().state_after(&asked, &at(CUT).into()).expect("events after the cut");
        let mut both = batch.clone();
        both.merge(&realtime).expect("one definition");
        let served = plain.ask(&asked, Lookup::Found(plain.record(user)));
        assert_eq!(served.vector(), &both.vector(at(NOW)).expect("after the frontier"));
        assert!(served.is_complete());

        group.bench_with_input(BenchmarkId::new("decode", name), &bytes, |b, bytes| {
            b.iter(|| black_box(State::decode(&plain.set, black_box(bytes)).expect("our own bytes")));
        });
        group.bench_with_input(BenchmarkId::new("merge", name), &batch, |b, batch| {
            b.iter(|| {
                let mut both = batch.clone();
                both.merge(black_box(&realtime)).expect("one definition");
                black_box(both)
            });
        });
        group.bench_with_input(BenchmarkId::new("vector", name), &both, |b, both| {
            b.iter(|| black_box(both.vector(black_box(at(NOW))).expect("after the frontier")));
        });
        group.bench_with_input(BenchmarkId::new("decode_merge_vector", name), &bytes, |b, bytes| {
            b.iter(|| {
                let mut both = State::decode(&plain.set, black_box(bytes)).expect("our own bytes");
                both.merge(&realtime).expect("one definition");
                black_box(both.vector(at(NOW)).expect("after the frontier"))
            });
        });
        // The whole question.
        group.bench_with_input(BenchmarkId::new("serve_found", name), plain.record(user), |b, record| {
            b.iter(|| black_box(plain.ask(&asked, Lookup::Found(black_box(record)))));
        });
        group.bench_function(BenchmarkId::new("serve_not_found", name), |b| {
            b.iter(|| black_box(plain.ask(&asked, Lookup::NotFound)));
        });
        group.bench_function(BenchmarkId::new("serve_failed", name), |b| {
            b.iter(|| black_box(plain.ask(&asked, Lookup::Failed)));
        });
        group.bench_with_input(BenchmarkId::new("serve_embedding", name), carrying.record(user), |b, record| {
            b.iter(|| black_box(carrying.ask(&asked, Lookup::Found(black_box(record)))));
        });
    }
    group.finish();
}

criterion_group!(benches, merge);
criterion_main!(benches);
