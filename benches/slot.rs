//! What pinning the live version costs, beside a lock around an `Arc`, which a writer holds up.
#![allow(missing_docs, clippy::expect_used, clippy::disallowed_types, reason = "a bench that looks at the clock")]

use std::hint::black_box;
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use skewless::replay::Slot;

/// Time for `count` calls on each of `threads` threads at once.
fn on_threads(threads: usize, count: u64, call: &(dyn Fn() + Sync)) -> Duration {
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..count).for_each(|_| call()));
        }
    });
    start.elapsed()
}

fn pins(c: &mut Criterion) {
    let mut group = c.benchmark_group("slot");
    let slot = Slot::new([0u64; 64]);
    let lock = RwLock::new(Arc::new([0u64; 64]));
    let pin = || {
        black_box(slot.pin()[0]);
    };
    let read = || {
        let version = lock.read().expect("nobody panics").clone();
        black_box(version[0]);
    };
    for threads in [1, 2] {
        group.bench_function(BenchmarkId::new("pin", threads), |b| {
            b.iter_custom(|count| on_threads(threads, count, &pin));
        });
        group.bench_function(BenchmarkId::new("rwlock_arc", threads), |b| {
            b.iter_custom(|count| on_threads(threads, count, &read));
        });
    }
    group.bench_function("swap", |b| b.iter(|| black_box(slot.swap([1; 64]))));
    group.finish();
}

criterion_group!(benches, pins);
criterion_main!(benches);
