//! The most frequent keys.

use std::collections::BTreeSet;
use std::hint::black_box;

use datasketches::frequencies::{ErrorType, FrequentItemsSketch};
use skewless::sketches::HeavyHitters;

use crate::clock::{Run, each, medians, repeated, spent};
use crate::data::{Dice, keys, zipf};
use crate::frequency::count;
use crate::{sameness, table};

const EVENTS: usize = 500_000;
const K: usize = 20;
const PARTS: usize = 8;

/// A key and what tells its event from others.
type Event = (u64, u64);

trait Top: Clone + 'static {
    fn name() -> String;
    fn empty() -> Self;
    fn add(&mut self, event: Event);
    fn merge(&mut self, other: &Self);
    fn top(&self, k: usize) -> Vec<(u64, u64)>;
    fn bytes(&self) -> Vec<u8>;
}

#[derive(Clone)]
struct Ours<const CANDIDATES: usize>(HeavyHitters);

impl<const CANDIDATES: usize> Top for Ours<CANDIDATES> {
    fn name() -> String {
        format!("**skewless `HeavyHitters`**, {CANDIDATES} candidates, 4 x 2048")
    }
    fn empty() -> Self {
        Self(HeavyHitters::new(CANDIDATES, 0.001_4, 0.02).expect("in range"))
    }
    fn add(&mut self, (key, event): Event) {
        self.0.insert(key as i64, event);
    }
    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0).expect("one size");
    }
    fn top(&self, k: usize) -> Vec<(u64, u64)> {
        let listed = self.0.top(k).into_iter();
        listed.filter_map(|(key, count)| Some((key.as_i64()? as u64, count))).collect()
    }
    fn bytes(&self) -> Vec<u8> {
        self.0.encode()
    }
}

#[derive(Clone)]
struct Items<const SIZE: usize>(FrequentItemsSketch<u64>);

impl<const SIZE: usize> Top for Items<SIZE> {
    fn name() -> String {
        format!("datasketches FrequentItems, {SIZE}")
    }
    fn empty() -> Self {
        Self(FrequentItemsSketch::new(SIZE).expect("a power of two"))
    }
    fn add(&mut self, (key, _): Event) {
        self.0.update(key);
    }
    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }
    fn top(&self, k: usize) -> Vec<(u64, u64)> {
        let mut rows = self.0.frequent_items(ErrorType::NoFalseNegatives);
        rows.sort_unstable_by_key(|row| (std::cmp::Reverse(row.estimate()), *row.item()));
        rows.into_iter().take(k).map(|row| (*row.item(), row.estimate())).collect()
    }
    fn bytes(&self) -> Vec<u8> {
        self.0.serialize()
    }
}

struct Inputs {
    zipf: Vec<Event>,
    eleventh: Vec<Vec<Event>>,
}

/// Eight parts. Each has ten keys of its own that come 1,000 times, one key of all parts that comes 900 times and
/// is eleventh, and 20,000 keys that come once.
fn eleventh() -> Vec<Vec<Event>> {
    let mut dice = Dice(11);
    let part = |at: usize| {
        let mut part: Vec<u64> = (0..10).flat_map(|i| vec![1_000 + 100 * at as u64 + i; 1_000]).collect();
        part.extend(vec![7; 900]);
        part.extend(keys(200 + at as u64, 20_000));
        dice.shuffle(&mut part);
        part.into_iter().map(|key| (key, dice.roll())).collect()
    };
    (0..PARTS).map(part).collect()
}

pub fn run(rounds: usize) {
    let mut dice = Dice(3);
    let inputs = Inputs {
        zipf: zipf(2, &keys(3, 100_000), 1.1, EVENTS).into_iter().map(|key| (key, dice.roll())).collect(),
        eleventh: eleventh(),
    };
    let facts = [
        facts::<Ours<256>>(&inputs),
        facts::<Ours<1024>>(&inputs),
        facts::<Items<16>>(&inputs),
        facts::<Items<2048>>(&inputs),
    ];
    let mut runs = [
        measures::<Ours<256>>(&inputs),
        measures::<Ours<1024>>(&inputs),
        measures::<Items<16>>(&inputs),
        measures::<Items<2048>>(&inputs),
    ];
    let times = medians(&mut runs, rounds);
    let mut rows: Vec<Vec<String>> = facts
        .into_iter()
        .zip(times)
        .map(|(mut facts, times)| {
            let times = times.into_iter().map(table::short);
            facts.splice(1..1, times);
            facts
        })
        .collect();
    let mut exact = vec!["exact counts, but the top 10 of each part".to_owned()];
    exact.extend(vec!["-".to_owned(); 5]);
    exact.extend([format!("- / {}", recall_of_tens(&inputs)), find(&tens(&inputs.eleventh)), "yes".to_owned()]);
    rows.push(exact);
    println!("## Most frequent keys\n");
    println!(
        "{EVENTS} events of 100,000 keys by Zipf 1.1: of the true top {K}, how many are listed, from one stream and after"
    );
    println!("merging {PARTS} parts. Then {PARTS} parts in each of which one key is eleventh; it is first of all.\n");
    let columns = [
        "sketch",
        "update ns",
        "top 20 us",
        "merge 300+300 us",
        "merge 250k+250k us",
        "bytes at 10 / 1k / 500k events",
        "of the top 20, one stream / merged",
        "eleventh everywhere, first of all",
        "same bytes",
    ];
    table::print(&columns, &rows);
}

fn of<T: Top>(events: &[Event]) -> T {
    let mut sketch = T::empty();
    events.iter().for_each(|event| sketch.add(*event));
    sketch
}

fn merged<T: Top>(parts: &[Vec<Event>]) -> T {
    let mut sketch: T = of(&parts[0]);
    parts[1..].iter().for_each(|part| sketch.merge(&of(part)));
    sketch
}

fn measures<T: Top>(inputs: &Inputs) -> Vec<Run<'_>> {
    let full: T = of(&inputs.zipf);
    let pair = |size: usize| (of::<T>(&inputs.zipf[..size]), of::<T>(&inputs.zipf[size..2 * size]));
    let (sparse, dense) = (pair(300), pair(EVENTS / 2));
    vec![
        Box::new(move || spent(|| of::<T>(&inputs.zipf)) / EVENTS as f64),
        Box::new(move || repeated(|| black_box(&full).top(K)) / 1e3),
        Box::new(move || each(|| sparse.0.clone(), |sketch| sketch.merge(&sparse.1)) / 1e3),
        Box::new(move || each(|| dense.0.clone(), |sketch| sketch.merge(&dense.1)) / 1e3),
    ]
}

/// The stream in eight parts, an event to one of them by lot.
fn parts(events: &[Event]) -> Vec<Vec<Event>> {
    let mut parts = vec![Vec::new(); PARTS];
    events.iter().for_each(|event| parts[event.1 as usize % PARTS].push(*event));
    parts
}

fn true_top(events: &[Event]) -> BTreeSet<u64> {
    count(&events.iter().map(|(key, _)| *key).collect::<Vec<_>>()).into_iter().take(K).map(|(key, _)| key).collect()
}

fn recall(truth: &BTreeSet<u64>, listed: &[(u64, u64)]) -> usize {
    listed.iter().filter(|(key, _)| truth.contains(key)).count()
}

/// What became of the key that is first of all.
fn find(listed: &[(u64, u64)]) -> String {
    match listed.iter().position(|(key, _)| *key == 7) {
        Some(0) => format!("first, {} of 7200", listed[0].1),
        Some(at) => format!("at {}, {} of 7200", at + 1, listed[at].1),
        None => "missed".into(),
    }
}

fn facts<T: Top>(inputs: &Inputs) -> Vec<String> {
    let truth = true_top(&inputs.zipf);
    let (one, eight): (T, T) = (of(&inputs.zipf), merged(&parts(&inputs.zipf)));
    let hidden: T = merged(&inputs.eleventh);
    let bytes = [10, 1_000, EVENTS].map(|size| of::<T>(&inputs.zipf[..size]).bytes().len().to_string());
    let same = sameness::of(&inputs.zipf[..20_000], merged::<T>, |sketch| {
        (sketch.bytes(), sketch.top(K).into_iter().flat_map(|(key, count)| [key, count]).collect())
    });
    vec![
        T::name(),
        bytes.join(" / "),
        format!("{} / {}", recall(&truth, &one.top(K)), recall(&truth, &eight.top(K))),
        find(&hidden.top(K)),
        same,
    ]
}

/// What merging lists gives: the exact top 10 of each part, added up.
fn tens(parts: &[Vec<Event>]) -> Vec<(u64, u64)> {
    let mut sums = std::collections::BTreeMap::new();
    for part in parts {
        let keys: Vec<u64> = part.iter().map(|(key, _)| *key).collect();
        for (key, count) in count(&keys).into_iter().take(10) {
            *sums.entry(key).or_insert(0) += count;
        }
    }
    let mut all: Vec<(u64, u64)> = sums.into_iter().collect();
    all.sort_unstable_by_key(|(key, count)| (std::cmp::Reverse(*count), *key));
    all.truncate(K);
    all
}

fn recall_of_tens(inputs: &Inputs) -> usize {
    recall(&true_top(&inputs.zipf), &tens(&parts(&inputs.zipf)))
}
