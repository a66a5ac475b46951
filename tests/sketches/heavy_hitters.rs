//! Catches heavy hitters that depend on order or partition, and top keys that a merge loses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;

use crate::kit::{Dice, Sketch, Zipf, alone, fold, frame_errors, one_state, peak_of, tampered};
use skewless::sketches::{HeavyHitters, ValueHash};
use skewless::{ErrorKind, Result, Value, ValueRef};

impl Sketch for HeavyHitters {
    /// A key and its event.
    type Input = (Value, u64);
    const MAGIC: [u8; 4] = *b"SKHH";

    fn put(&mut self, (key, event): &(Value, u64)) {
        self.insert(key, *event);
    }

    fn join(&mut self, other: &Self) -> Result<()> {
        self.merge(other)
    }

    fn bytes(&self) -> Vec<u8> {
        self.encode()
    }

    fn open(bytes: &[u8]) -> Result<Self> {
        Self::decode(bytes)
    }

    fn read(&self) {
        let top = self.top(self.candidates());
        assert!(top.len() <= self.candidates());
        assert!(top.is_sorted_by(|a, b| a.1 > b.1 || (a.1 == b.1 && a.0 < b.0)));
        let mut twice = self.clone();
        twice.merge(self).unwrap();
        let keys = |sketch: &Self| sketch.top(usize::MAX).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        let [mut ours, mut both] = [keys(self), keys(&twice)];
        ours.sort();
        both.sort();
        assert_eq!(ours, both);
    }
}

/// Keys of every kind, long and short.
fn key(number: u64) -> Value {
    let i = number as i64;
    match number % 7 {
        0 => Value::from(i),
        1 => Value::from(i as f64 / 4.0),
        2 => Value::from(format!("k{i}")),
        3 => Value::from(format!("a key that is too long to be held inline: {i}")),
        4 => Value::from(skewless::Timestamp::from_micros(i).unwrap()),
        5 => Value::from(vec![i as f64, 1.0]),
        _ => Value::from(number.is_multiple_of(2)),
    }
}

/// `events` events over `distinct` keys, some events twice.
fn events(events: u64, distinct: u64, dice: &mut Dice) -> Vec<(Value, u64)> {
    let one =
        |event: u64, dice: &mut Dice| (key(dice.below(distinct).min(dice.below(distinct))), event - event / 9 % 2);
    (0..events).map(|event| one(event, dice)).collect()
}

#[test]
fn order_partition_and_merge_tree_change_no_byte() {
    let _alone = alone();
    let mut dice = Dice(1);
    // Limits around the number of distinct keys, and around where the extra keys are sorted out.
    for candidates in [1, 2, 15, 16, 17, 64] {
        for (n, distinct) in [(0, 1), (1, 1), (40, 15), (60, 20), (300, 40), (900, 400)] {
            let inputs = events(n, distinct, &mut dice);
            let sketch = one_state(&HeavyHitters::new(candidates, 0.02, 0.1).unwrap(), &inputs, 8, &mut dice);
            assert_eq!(sketch.counts().total(), n);
            let keys: std::collections::BTreeSet<&Value> = inputs.iter().map(|(key, _)| key).collect();
            assert_eq!(sketch.top(usize::MAX).len(), keys.len().min(candidates));
            assert_eq!(sketch.is_empty(), n == 0);
            sketch.read();
        }
    }
}

/// The candidates by their definition: the least ranks of all keys, found the long way.
#[test]
fn the_candidates_are_the_keys_with_the_least_ranks() {
    let _alone = alone();
    let mut dice = Dice(2);
    let inputs = events(3_000, 900, &mut dice);
    let hash = ValueHash::new(7);
    let mut ranks: BTreeMap<&Value, u64> = BTreeMap::new();
    for (key, event) in &inputs {
        let bytes = [event.to_le_bytes(), hash.hash(key).to_le_bytes()].concat();
        let rank = xxhash_rust::xxh3::xxh3_64(&bytes);
        ranks.entry(key).and_modify(|least| *least = rank.min(*least)).or_insert(rank);
    }
    let mut order: Vec<(u64, &Value)> = ranks.into_iter().map(|(key, rank)| (rank, key)).collect();
    order.sort();
    for candidates in [1, 5, 50, 500] {
        let sketch = fold(&HeavyHitters::with_hash(candidates, 0.01, 0.1, hash).unwrap(), &inputs);
        let mut found: Vec<Value> = sketch.top(usize::MAX).into_iter().map(|(key, _)| key).collect();
        let mut want: Vec<Value> = order.iter().take(candidates).map(|(_, key)| (*key).clone()).collect();
        found.sort();
        want.sort();
        assert_eq!(found, want);
    }
}

#[test]
fn a_key_that_is_eleventh_in_each_of_eight_partitions_and_first_overall_is_found() {
    let _alone = alone();
    let mut merged = HeavyHitters::new(64, 0.001, 0.01).unwrap();
    let mut event = 0;
    for partition in 0..8 {
        let mut part = HeavyHitters::new(64, 0.001, 0.01).unwrap();
        let mut locals: Vec<(String, u64)> = (0..10).map(|i| (format!("local {partition} {i}"), 50)).collect();
        locals.push(("everywhere".to_owned(), 40));
        for (key, times) in locals {
            for _ in 0..times {
                event += 1;
                part.insert(&*key, event);
            }
        }
        assert!(part.top(10).iter().all(|(key, count)| key.as_str() != Some("everywhere") && *count == 50));
        merged.merge(&part).unwrap();
    }
    assert_eq!(merged.top(1), [(Value::from("everywhere"), 320)]);
}

#[test]
fn recall_is_what_the_documentation_says() {
    let _alone = alone();
    for (s, candidates, least) in [(1.02, 256, 0.93), (1.02, 1024, 0.999), (1.2, 256, 0.93), (1.2, 1024, 0.999)] {
        let (mut found, seeds) = (0, 3);
        for seed in 0..seeds {
            let (zipf, mut dice) = (Zipf::new(50_000, s), Dice(seed));
            let mut truth = vec![0u64; 50_001];
            let mut sketch = HeavyHitters::with_hash(candidates, 0.0008, 0.02, ValueHash::new(seed)).unwrap();
            for event in 0..60_000 {
                let key = zipf.key(&mut dice);
                truth[key as usize] += 1;
                sketch.insert(key, event);
            }
            let mut order: Vec<(u64, i64)> = truth.iter().zip(0..).map(|(count, key)| (*count, key)).collect();
            order.sort_by_key(|(count, key)| (std::cmp::Reverse(*count), *key));
            let top = sketch.top(20);
            let at_least = order[19].0;
            found += top.iter().filter(|(key, _)| truth[key.as_i64().unwrap() as usize] >= at_least).count();
            for (key, estimate) in &top {
                let truth = truth[key.as_i64().unwrap() as usize];
                assert!(*estimate >= truth && estimate - truth <= sketch.counts().error_bound());
            }
        }
        let recall = found as f64 / (20 * seeds) as f64;
        assert!(recall >= least, "{recall} with {candidates} candidates at {s}");
    }
}

/// A key of share `f` is missed with probability `(1 - f)^candidates` at most.
#[test]
fn a_key_is_missed_no_more_often_than_its_bound() {
    let _alone = alone();
    for (share, candidates) in [(0.02, 16), (0.1, 16), (0.02, 128)] {
        let (mut missed, seeds) = (0, 300);
        for seed in 0..seeds {
            let mut dice = Dice(seed);
            let mut sketch = HeavyHitters::with_hash(candidates, 0.05, 0.1, ValueHash::new(seed)).unwrap();
            for event in 0..1_000u64 {
                let key = if event < (share * 1000.0) as u64 { -1 } else { dice.below(1 << 40) as i64 };
                sketch.insert(key, event);
            }
            missed += usize::from(sketch.top(usize::MAX).iter().all(|(key, _)| *key != Value::I64(-1)));
        }
        let bound = (0..candidates).fold(1.0, |miss, _| miss * (1.0 - share));
        let found = missed as f64 / seeds as f64;
        // Three deviations of 300 trials.
        let slack = 3.0 * (bound * (1.0 - bound) / seeds as f64).sqrt();
        assert!(found <= bound + slack, "{found} missed, bound {bound}");
        assert!(found >= bound - 2.0 * slack - 0.02, "{found} missed, bound {bound}: the sample is no sample");
    }
}

#[test]
fn null_is_no_key_and_zeros_are_one() {
    let _alone = alone();
    let empty = HeavyHitters::new(4, 0.1, 0.1).unwrap();
    let mut sketch = empty.clone();
    for nothing in [ValueRef::Null, ValueRef::F64(f64::NAN), ValueRef::Other("struct")] {
        sketch.insert(nothing, 1);
    }
    assert!(sketch == empty && sketch.is_empty());
    sketch.insert(0.0, 1);
    sketch.insert(-0.0, 2);
    assert_eq!(sketch.top(9), [(Value::F64(0.0), 2)]);
    assert_eq!(sketch.estimate(-0.0), 2);
}

#[test]
fn a_repeated_event_counts_again_and_ranks_once() {
    let _alone = alone();
    let mut sketch = HeavyHitters::new(4, 0.1, 0.1).unwrap();
    sketch.insert("a", 5);
    let once = sketch.encode();
    sketch.insert("a", 5);
    assert_eq!(sketch.top(1), [(Value::from("a"), 2)]);
    assert_eq!(once.len(), sketch.encode().len());
}

#[test]
fn ties_go_by_key() {
    let _alone = alone();
    let mut sketch = HeavyHitters::new(100, 0.01, 0.1).unwrap();
    ["c", "a", "b"].into_iter().zip(0..).for_each(|(key, event)| sketch.insert(key, event));
    assert_eq!(sketch.top(2), [(Value::from("a"), 1), (Value::from("b"), 1)]);
    assert!(sketch.top(0).is_empty());
}

#[test]
fn parameters_out_of_range_are_refused_and_strangers_do_not_merge() {
    let _alone = alone();
    let kind = |found: Result<HeavyHitters>| found.unwrap_err().kind();
    assert_eq!(kind(HeavyHitters::new(0, 0.1, 0.1)), ErrorKind::Parameter);
    assert_eq!(kind(HeavyHitters::new(65_537, 0.1, 0.1)), ErrorKind::Parameter);
    assert_eq!(kind(HeavyHitters::new(16, f64::NAN, 0.1)), ErrorKind::Parameter);
    assert_eq!(kind(HeavyHitters::new(16, 0.1, 0.0)), ErrorKind::Parameter);
    let mut sketch = HeavyHitters::new(65_536, 0.1, 0.1).unwrap();
    sketch.insert("a", 1);
    let before = sketch.clone();
    let seeded = HeavyHitters::with_hash(65_536, 0.1, 0.1, ValueHash::new(1)).unwrap();
    for other in [HeavyHitters::new(16, 0.1, 0.1).unwrap(), HeavyHitters::new(65_536, 0.01, 0.1).unwrap(), seeded] {
        assert_eq!(sketch.merge(&other).unwrap_err().kind(), ErrorKind::Mismatch);
        assert!(sketch == before && sketch != other);
    }
}

#[test]
fn small_sketches_are_small_and_keys_that_are_no_candidates_go() {
    let _alone = alone();
    let held = |n: u64| {
        let inputs: Vec<(Value, u64)> = (0..n).map(|event| (Value::from(event as i64), event)).collect();
        let sketch = fold(&HeavyHitters::new(256, 0.5, 0.5).unwrap(), &inputs);
        // The least of some tries: the harness allocates too.
        (0..9).map(|_| peak_of(|| sketch.clone()).1).min().unwrap()
    };
    assert_eq!(held(0), 0);
    assert!(held(1) <= 300 && held(10) <= 1200, "{} {}", held(1), held(10));
    // 384 and some keys fit into 512 places.
    assert!(held(20_000) <= 512 * 41 + 256, "{}", held(20_000));
}

#[test]
fn the_bytes_are_the_documented_ones() {
    let _alone = alone();
    let mut sketch = HeavyHitters::new(300, 0.5, 0.5).unwrap();
    let mut ranked = Vec::new();
    for (event, key) in [(7u64, "b"), (8, "a"), (9, "c")] {
        sketch.insert(key, event);
        let bytes = [event.to_le_bytes(), ValueHash::default().hash(key).to_le_bytes()].concat();
        ranked.push((xxhash_rust::xxh3::xxh3_64(&bytes), key));
    }
    ranked.sort();
    let counts = sketch.counts().encode();
    let mut want = b"SKHH\x01\xac\x02".to_vec();
    want.extend(&counts[5..counts.len() - 4]);
    want.push(3);
    let mut before = 0;
    for (rank, key) in ranked {
        want.extend(postcard::to_allocvec(&(rank - before, Value::from(key))).unwrap());
        before = rank;
    }
    want.extend([0; 4]);
    crate::kit::reseal(&mut want);
    assert_eq!(sketch.encode(), want);
}

#[test]
fn each_kind_of_bad_bytes_has_its_error() {
    let _alone = alone();
    for n in [0, 1, 30, 200] {
        frame_errors(&fold(&HeavyHitters::new(32, 0.1, 0.1).unwrap(), &events(n, n, &mut Dice(n))));
    }
}

#[test]
fn a_hundred_thousand_tampered_sketches_are_refused_or_are_what_they_say() {
    let _alone = alone();
    let mut sketches = Vec::new();
    for candidates in [1, 8, 64] {
        for n in [0, 1, 2, 10, 50] {
            let empty = HeavyHitters::new(candidates, 0.1, 0.1).unwrap();
            sketches.push(fold(&empty, &events(n, n, &mut Dice(n))));
        }
    }
    tampered(&sketches, 100_000, 128);
}
