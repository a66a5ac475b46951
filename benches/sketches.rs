//! What the sketches cost alone: taking in, merging, answering, writing and reading; a HyperLogLog++ as a reference.
#![allow(missing_docs, clippy::expect_used, reason = "a bench")]

mod shop;

use std::fmt::Debug;
use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use hyperloglogplus::{HyperLogLog, HyperLogLogPlus};
use shop::Dice;
use skewless::sketches::{CountMin, HeavyHitters, Hll, LogHistogram};

/// Inputs of a run: values that are all new, and as many that go round.
const MANY: usize = 100_000;
const FEW: usize = 500;

fn group<'c>(c: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = c.benchmark_group(format!("sketches/{name}"));
    group.sample_size(15).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    group
}

fn numbers(seed: u64, count: usize) -> Vec<u64> {
    let mut dice = Dice(seed);
    (0..count).map(|_| dice.roll()).collect()
}

/// `count` inputs that are `numbers` over and over.
fn rounds(numbers: &[u64], count: usize) -> Vec<u64> {
    numbers.iter().copied().cycle().take(count).collect()
}

/// A sketch as a benchmark sees it; the inputs are hashes or what stands for them.
struct Kind<S> {
    empty: S,
    put: fn(&mut S, u64),
    merge: fn(&mut S, &S),
    ask: fn(&mut S) -> f64,
}

impl<S: Clone + 'static> Kind<S> {
    fn of(&self, inputs: &[u64]) -> S {
        let mut sketch = self.empty.clone();
        inputs.iter().for_each(|input| (self.put)(&mut sketch, *input));
        sketch
    }

    fn measure(&self, group: &mut BenchmarkGroup<'_, WallTime>, name: &str) {
        let (fresh, more) = (numbers(1, MANY), numbers(2, MANY));
        let dense = self.of(&fresh);
        let runs = [
            ("insert/fresh", self.empty.clone(), fresh.clone()),
            ("insert/sparse", self.empty.clone(), fresh[..FEW].to_vec()),
            ("insert/repeated", self.of(&fresh[..FEW]), rounds(&fresh[..FEW], MANY)),
            ("insert/dense", dense.clone(), more.clone()),
        ];
        for (what, start, inputs) in runs {
            group.throughput(Throughput::Elements(inputs.len() as u64));
            group.bench_function(format!("{what}/{name}"), |b| {
                let put = |sketch: &mut S| inputs.iter().for_each(|input| (self.put)(sketch, black_box(*input)));
                b.iter_batched_ref(|| start.clone(), put, BatchSize::SmallInput);
            });
        }
        group.throughput(Throughput::Elements(1));
        let pairs = [("sparse", self.of(&fresh[..300]), self.of(&more[..300])), ("dense", dense, self.of(&more))];
        for (how, ours, theirs) in pairs {
            group.bench_function(format!("merge/{how}/{name}"), |b| {
                let merge = |sketch: &mut S| (self.merge)(sketch, black_box(&theirs));
                b.iter_batched_ref(|| ours.clone(), merge, BatchSize::SmallInput);
            });
            let mut asked = ours.clone();
            group.bench_function(format!("ask/{how}/{name}"), |b| b.iter(|| (self.ask)(black_box(&mut asked))));
        }
    }
}

/// Writes and reads of a sketch with few inputs and one with many.
fn travel<S: Clone + 'static, E: Debug>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    kind: &Kind<S>,
    encode: fn(&S) -> Vec<u8>,
    decode: fn(&[u8]) -> Result<S, E>,
) {
    let inputs = numbers(1, MANY);
    for (how, sketch) in [("sparse", kind.of(&inputs[..300])), ("dense", kind.of(&inputs))] {
        group.bench_function(format!("encode/{how}/{name}"), |b| b.iter(|| encode(black_box(&sketch))));
        let bytes = encode(&sketch);
        group.bench_function(format!("decode/{how}/{name}"), |b| {
            b.iter(|| decode(black_box(&bytes)).expect("our own bytes"));
        });
    }
}

/// Gives back the 64 bits it got: the reference counts the same hashes that ours counts.
#[derive(Clone, Default)]
struct Same(u64);

impl Hasher for Same {
    fn write(&mut self, bytes: &[u8]) {
        let mut last = [0; 8];
        last.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        self.0 = u64::from_le_bytes(last);
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

impl BuildHasher for Same {
    type Hasher = Self;
    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

fn hll(c: &mut Criterion) {
    let mut group = group(c, "hll");
    for precision in [12, 14] {
        let ours = Kind {
            empty: Hll::new(precision).expect("in range"),
            put: Hll::insert_hash,
            merge: |into, from| into.merge(from).expect("one precision"),
            ask: |sketch| sketch.estimate(),
        };
        ours.measure(&mut group, &format!("skewless_{precision}"));
        travel(&mut group, &format!("skewless_{precision}"), &ours, Hll::encode, Hll::decode);
        let reference = Kind {
            empty: HyperLogLogPlus::<u64, Same>::new(precision, Same(0)).expect("in range"),
            put: |sketch, hash| sketch.insert(&hash),
            merge: |into, from| into.merge(from).expect("one precision"),
            ask: |sketch| sketch.count(),
        };
        reference.measure(&mut group, &format!("hyperloglogplus_{precision}"));
    }
    group.finish();
}

fn count_min(c: &mut Criterion) {
    let mut group = group(c, "count_min");
    let kind = Kind {
        empty: CountMin::new(0.001_4, 0.02).expect("in range"),
        put: |sketch, hash| sketch.add_hash(hash, 1),
        merge: |into, from| into.merge(from).expect("one size"),
        ask: |sketch| sketch.estimate_hash(black_box(7)) as f64,
    };
    assert_eq!((kind.empty.depth(), kind.empty.width()), (4, 2048));
    kind.measure(&mut group, "skewless");
    travel(&mut group, "skewless", &kind, CountMin::encode, CountMin::decode);
    group.finish();
}

fn heavy_hitters(c: &mut Criterion) {
    let mut group = group(c, "heavy_hitters");
    let kind = Kind {
        empty: HeavyHitters::new(256, 0.001_4, 0.02).expect("in range"),
        // The key comes from the upper half, so that not every event has a key of its own.
        put: |sketch, event| sketch.insert((event >> 50) as i64, event),
        merge: |into, from| into.merge(from).expect("one size"),
        ask: |sketch| sketch.top(20).len() as f64,
    };
    kind.measure(&mut group, "skewless");
    travel(&mut group, "skewless", &kind, HeavyHitters::encode, HeavyHitters::decode);
    group.finish();
}

fn log_histogram(c: &mut Criterion) {
    let mut group = group(c, "log_histogram");
    let kind = Kind {
        empty: LogHistogram::new(6, 2048).expect("in range"),
        // Doubles over six powers of ten or so, small ones as often as large ones.
        put: |sketch, bits| sketch.add(f64::from_bits(0x3ff0_0000_0000_0000 + (bits >> 8) % (20 << 52))),
        merge: |into, from| into.merge(from).expect("one size"),
        ask: |sketch| sketch.quantiles(&[0.5, 0.9, 0.99]).into_iter().flatten().sum(),
    };
    kind.measure(&mut group, "skewless");
    travel(&mut group, "skewless", &kind, LogHistogram::encode, LogHistogram::decode);
    group.finish();
}

criterion_group!(benches, hll, count_min, heavy_hitters, log_histogram);
criterion_main!(benches);
