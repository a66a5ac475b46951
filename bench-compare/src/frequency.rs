//! How often each key came.

use std::collections::HashMap;
use std::hint::black_box;

use datasketches::countmin::CountMinSketch;
use datasketches::frequencies::FrequentItemsSketch;
use skewless::sketches::CountMin;

use crate::clock::{Run, each, medians, repeated, spent};
use crate::data::{keys, zipf};
use crate::{sameness, table};

const EVENTS: usize = 1_000_000;

trait Frequency: Clone + 'static {
    const NAME: &str;
    /// How far above the truth an estimate may be, as a part of all events, and for which part of all keys more.
    const BOUND: (f64, f64);

    fn empty() -> Self;
    fn add(&mut self, key: u64);
    fn estimate(&self, key: u64) -> u64;
    fn lower(&self, key: u64) -> u64;
    fn merge(&mut self, other: &Self);
    fn bytes(&self) -> Vec<u8>;
}

impl Frequency for CountMin {
    const NAME: &str = "**skewless `CountMin`**, 4 x 2048";
    const BOUND: (f64, f64) = (std::f64::consts::E / 2048.0, 0.018_4);

    fn empty() -> Self {
        let sketch = Self::new(0.001_4, 0.02).expect("in range");
        assert_eq!((sketch.depth(), sketch.width()), (4, 2048));
        sketch
    }
    fn add(&mut self, key: u64) {
        CountMin::add(self, key as i64, 1);
    }
    fn estimate(&self, key: u64) -> u64 {
        CountMin::estimate(self, key as i64)
    }
    fn lower(&self, key: u64) -> u64 {
        self.lower_bound(key as i64)
    }
    fn merge(&mut self, other: &Self) {
        CountMin::merge(self, other).expect("one size");
    }
    fn bytes(&self) -> Vec<u8> {
        self.encode()
    }
}

impl Frequency for CountMinSketch<u64> {
    const NAME: &str = "datasketches CountMin, 4 x 2048";
    const BOUND: (f64, f64) = (std::f64::consts::E / 2048.0, 0.018_4);

    fn empty() -> Self {
        Self::new(4, 2048).expect("in range")
    }
    fn add(&mut self, key: u64) {
        self.update(key);
    }
    fn estimate(&self, key: u64) -> u64 {
        CountMinSketch::estimate(self, key)
    }
    fn lower(&self, key: u64) -> u64 {
        self.lower_bound(key)
    }
    fn merge(&mut self, other: &Self) {
        CountMinSketch::merge(self, other).expect("one size");
    }
    fn bytes(&self) -> Vec<u8> {
        self.serialize()
    }
}

impl Frequency for FrequentItemsSketch<u64> {
    const NAME: &str = "datasketches FrequentItems, 2048";
    /// Certain: it counts, and forgets the rare.
    const BOUND: (f64, f64) = (3.5 / 2048.0, 0.0);

    fn empty() -> Self {
        Self::new(2048).expect("a power of two")
    }
    fn add(&mut self, key: u64) {
        self.update(key);
    }
    fn estimate(&self, key: u64) -> u64 {
        self.upper_bound(&key)
    }
    fn lower(&self, key: u64) -> u64 {
        self.lower_bound(&key)
    }
    fn merge(&mut self, other: &Self) {
        FrequentItemsSketch::merge(self, other);
    }
    fn bytes(&self) -> Vec<u8> {
        self.serialize()
    }
}

struct Inputs {
    events: Vec<u64>,
    truth: Vec<(u64, u64)>,
}

struct Facts {
    name: &'static str,
    right: bool,
    bytes: [usize; 3],
    /// Mean and largest, in events, over all keys; then over the hundred most frequent.
    over: [f64; 3],
    violations: usize,
    same: String,
}

pub fn run(rounds: usize) {
    let events = zipf(1, &keys(2, 100_000), 1.1, EVENTS);
    let truth = count(&events);
    let inputs = Inputs { events, truth };
    let facts =
        [facts::<CountMin>(&inputs), facts::<CountMinSketch<u64>>(&inputs), facts::<FrequentItemsSketch<u64>>(&inputs)];
    let mut runs = [
        measures::<CountMin>(&inputs),
        measures::<CountMinSketch<u64>>(&inputs),
        measures::<FrequentItemsSketch<u64>>(&inputs),
    ];
    let times = medians(&mut runs, rounds);
    let rows = facts.into_iter().zip(times).map(|(facts, times)| {
        let [few, some, many] = facts.bytes;
        let [mean, most, top] = facts.over;
        let mut row = vec![facts.name.to_owned()];
        row.extend(times.into_iter().map(|time| table::time(facts.right, time)));
        row.push(format!("{few} / {some} / {many}"));
        row.push(format!("{mean:.0} / {most:.0}"));
        row.push(format!("{top:.1}"));
        row.push(format!("{} of {}", facts.violations, inputs.truth.len()));
        row.push(facts.same);
        row
    });
    println!("## Frequencies\n");
    println!(
        "{EVENTS} events of {} keys by Zipf 1.1; the bound of a Count-Min of this size is {:.0} events.",
        inputs.truth.len(),
        EVENTS as f64 * std::f64::consts::E / 2048.0
    );
    println!("A lower bound is violated by a key that came less often than that.\n");
    let columns = [
        "sketch",
        "update ns",
        "estimate ns",
        "merge 300+300 us",
        "merge 500k+500k us",
        "bytes at 10 / 1k / 1M events",
        "too high, mean / most",
        "top 100, mean",
        "lower bound violated",
        "same bytes",
    ];
    table::print(&columns, &rows.collect::<Vec<_>>());
}

/// The true counts, the most frequent key first.
pub fn count(events: &[u64]) -> Vec<(u64, u64)> {
    let mut counts: HashMap<u64, u64> = HashMap::new();
    events.iter().for_each(|key| *counts.entry(*key).or_default() += 1);
    let mut all: Vec<(u64, u64)> = counts.into_iter().collect();
    all.sort_unstable_by_key(|(key, count)| (std::cmp::Reverse(*count), *key));
    all
}

fn of<F: Frequency>(events: &[u64]) -> F {
    let mut sketch = F::empty();
    events.iter().for_each(|key| sketch.add(*key));
    sketch
}

fn merged<F: Frequency>(parts: &[Vec<u64>]) -> F {
    let mut sketch: F = of(&parts[0]);
    parts[1..].iter().for_each(|part| sketch.merge(&of(part)));
    sketch
}

fn measures<F: Frequency>(inputs: &Inputs) -> Vec<Run<'_>> {
    let full: F = of(&inputs.events);
    let pair = |size: usize| (of::<F>(&inputs.events[..size]), of::<F>(&inputs.events[size..2 * size]));
    let (sparse, dense) = (pair(300), pair(EVENTS / 2));
    let mut asked = inputs.events.iter().cycle();
    vec![
        Box::new(move || spent(|| of::<F>(&inputs.events)) / EVENTS as f64),
        Box::new(move || repeated(|| asked.next().map(|key| black_box(&full).estimate(*key)))),
        Box::new(move || each(|| sparse.0.clone(), |sketch| sketch.merge(&sparse.1)) / 1e3),
        Box::new(move || each(|| dense.0.clone(), |sketch| sketch.merge(&dense.1)) / 1e3),
    ]
}

fn facts<F: Frequency>(inputs: &Inputs) -> Facts {
    let (epsilon, delta) = F::BOUND;
    let bound = (epsilon * EVENTS as f64).ceil();
    // The two ways of getting there must both be right.
    let halves: Vec<Vec<u64>> = inputs.events.chunks(EVENTS / 2).map(<[u64]>::to_vec).collect();
    let (sketch, halved): (F, F) = (of(&inputs.events), merged(&halves));
    let over = |sketch: &F, key, count| sketch.estimate(key) as f64 - count as f64;
    let right = [&sketch, &halved].into_iter().all(|sketch| {
        let off = inputs.truth.iter().map(|(key, count)| over(sketch, *key, *count));
        let far = off.clone().filter(|off| *off > bound).count();
        off.fold(0.0, f64::min) >= 0.0 && far as f64 <= delta * inputs.truth.len() as f64
    });
    let off: Vec<f64> = inputs.truth.iter().map(|(key, count)| over(&sketch, *key, *count)).collect();
    let mean = |off: &[f64]| off.iter().sum::<f64>() / off.len() as f64;
    let few: Vec<u64> = inputs.events[..20_000].to_vec();
    let probes: Vec<u64> = inputs.truth.iter().take(200).map(|(key, _)| *key).collect();
    Facts {
        name: F::NAME,
        right,
        bytes: [10, 1_000, EVENTS].map(|size| of::<F>(&inputs.events[..size]).bytes().len()),
        over: [mean(&off), off.iter().copied().fold(0.0, f64::max), mean(&off[..100])],
        violations: inputs.truth.iter().filter(|(key, count)| sketch.lower(*key) > *count).count(),
        same: sameness::of(&few, merged::<F>, |sketch| {
            (sketch.bytes(), probes.iter().map(|key| sketch.estimate(*key)).collect())
        }),
    }
}
