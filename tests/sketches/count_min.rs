//! Catches a Count-Min that depends on order or on what was removed, that counts too low, or that claims too much.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use crate::kit::{Dice, Sketch, Zipf, alone, fold, frame_errors, one_state, peak_of, tampered, wander};
use skewless::sketches::{CountMin, ValueHash};
use skewless::{ErrorKind, Result, ValueRef};

impl Sketch for CountMin {
    /// A key and how often it is added, or removed.
    type Input = (i64, i64);
    const MAGIC: [u8; 4] = *b"SKCM";

    fn put(&mut self, (key, count): &(i64, i64)) {
        if *count < 0 {
            self.remove(*key, count.unsigned_abs());
        } else {
            self.add(*key, count.unsigned_abs());
        }
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
        let bounds = (self.estimate("a"), self.lower_bound(5i64), self.error_bound(), self.total(), self.is_empty());
        assert!(bounds.1 <= self.estimate(5i64));
        let mut twice = self.clone();
        twice.merge(self).unwrap();
        twice.subtract(self).unwrap();
        assert!(twice == *self);
    }
}

/// Sizes from the least to the usual, with the number of distinct keys at which their forms change.
fn sizes() -> Vec<(CountMin, Vec<i64>)> {
    let of = |epsilon, delta| {
        let sketch = CountMin::new(epsilon, delta).unwrap();
        // A quarter of the cells in memory and half of them in bytes; some keys share cells.
        let width = sketch.width() as i64;
        (sketch, vec![0, 1, 5, width / 4 - 1, width / 4 + 1, width / 3, 2 * width / 3, width, 3 * width])
    };
    vec![of(0.5, 0.5), of(0.5, 0.01), of(0.02, 0.1), of(0.01, 0.02)]
}

#[test]
fn order_partition_and_merge_tree_change_no_byte() {
    let _alone = alone();
    let mut dice = Dice(1);
    for (empty, distinct) in sizes() {
        for n in distinct {
            let mut inputs: Vec<(i64, i64)> = (0..n).map(|key| (key, 1 + (key % 4) * 100)).collect();
            inputs.extend((0..n / 3).map(|key| (key * 2, 1)));
            let sketch = one_state(&empty, &inputs, 12, &mut dice);
            assert_eq!(sketch.total(), inputs.iter().map(|(_, count)| *count as u64).sum::<u64>());
        }
    }
}

#[test]
fn what_was_removed_leaves_no_trace() {
    let _alone = alone();
    let mut dice = Dice(2);
    for (empty, distinct) in sizes() {
        for n in distinct {
            let kept: Vec<(i64, i64)> = (0..n / 2).map(|key| (key, key % 7 + 1)).collect();
            let passing: Vec<(i64, i64)> = (0..n).map(|key| (key * 3 + 1, 5)).collect();
            let before = fold(&empty, &kept);
            // Taken away event by event in any order, even before it came.
            let back = passing.iter().map(|(key, count)| (*key, -count));
            let all: Vec<(i64, i64)> = kept.iter().chain(&passing).copied().chain(back).collect();
            let mut after = wander(&empty, &all, &mut dice);
            assert!(after == before && after.encode() == before.encode());
            // Taken away as a sketch.
            after.merge(&fold(&empty, &passing)).unwrap();
            assert!(n == 0 || after != before);
            after.subtract(&fold(&empty, &passing)).unwrap();
            assert!(after == before);
            // Held as all cells on one side, and perhaps as few on the other.
            assert!(before == after);
            assert!(after.encode() == before.encode());
            after.subtract(&before).unwrap();
            assert!(after.is_empty() && after == empty && after.encode() == empty.encode());
        }
    }
}

#[test]
fn counts_wrap_and_the_laws_hold_on() {
    let _alone = alone();
    let mut dice = Dice(3);
    let empty = CountMin::new(0.1, 0.1).unwrap();
    let inputs: Vec<(i64, i64)> = (0..60).map(|key| (key % 20, i64::MAX - key)).collect();
    one_state(&empty, &inputs, 20, &mut dice).read();
}

#[test]
fn bounds_hold_as_often_as_they_say() {
    let _alone = alone();
    let zipf = [Zipf::new(20_000, 1.1), Zipf::new(20_000, 0.5)];
    for (row, (epsilon, delta)) in
        [(0.5, 0.5), (0.5, 1e-4), (0.1, 0.1), (0.02, 0.4), (0.02, 0.01), (0.003, 0.05), (0.001, 1e-6)]
            .into_iter()
            .enumerate()
    {
        let (mut asked, mut over, mut above) = (0u32, 0, 0);
        for seed in 0..6 {
            let mut sketch = CountMin::with_hash(epsilon, delta, ValueHash::new(seed)).unwrap();
            assert!(sketch.epsilon() <= epsilon && sketch.delta() <= delta);
            let mut truth = vec![0u64; 20_001];
            let mut dice = Dice(seed + 100 * row as u64);
            for _ in 0..8_000 {
                let key = zipf[seed as usize % 2].key(&mut dice);
                sketch.add(key, 1);
                truth[key as usize] += 1;
            }
            assert_eq!((sketch.total(), truth.iter().sum::<u64>()), (8_000, 8_000));
            for (key, truth) in truth.iter().enumerate().take(3_000) {
                let key = key as i64;
                let (estimate, lower) = (sketch.estimate(key), sketch.lower_bound(key));
                assert!(estimate >= *truth, "{key} came {truth} times, not {estimate}");
                asked += 1;
                over += u32::from(estimate - truth > sketch.error_bound());
                above += u32::from(lower > *truth);
            }
        }
        // Values of one sketch fail together, so the share is held to delta without a margin of errors: it is far below.
        let most = f64::from(asked) * delta;
        assert!(f64::from(over) <= most && f64::from(above) <= most, "{epsilon} {delta}: {over} {above} of {asked}");
    }
}

/// Two values that meet in every row ruin each other; deep sketches of few columns must not make that likely.
#[test]
fn two_values_meet_in_all_rows_as_rarely_as_the_depth_says() {
    let _alone = alone();
    for (delta, depth, most) in
        [(0.15, 2, 1.1 / 64.0), (0.05, 3, 1.3 / 512.0), (0.02, 4, 2.0 / 4096.0), (1e-9, 21, 0.0)]
    {
        let mut met = 0;
        let pairs = 200_000;
        let empty = CountMin::new(0.5, delta).unwrap();
        assert_eq!((empty.depth(), empty.width()), (depth, 8));
        let mut dice = Dice(4);
        for _ in 0..pairs / 50 {
            let mut sketch = empty.clone();
            sketch.add_hash(dice.roll(), 1000);
            met += (0..50).filter(|_| sketch.estimate_hash(dice.roll()) > 0).count();
        }
        assert!(met as f64 / pairs as f64 <= most, "{met} of {pairs} at depth {depth}");
    }
}

#[test]
fn the_lower_bound_is_worth_something() {
    let _alone = alone();
    let mut sketch = CountMin::new(0.001, 0.01).unwrap();
    assert_eq!(sketch.lower_bound("only"), 0);
    sketch.add("only", 1000);
    assert_eq!((sketch.estimate("only"), sketch.lower_bound("only")), (1000, 1000));
    (0..9_000i64).for_each(|key| sketch.add(key, 1));
    let (lower, upper) = (sketch.lower_bound("only"), sketch.estimate("only"));
    assert!((990..=1000).contains(&lower) && (1000..1010).contains(&upper), "{lower} to {upper}");
}

#[test]
fn parameters_out_of_range_are_refused() {
    let _alone = alone();
    for (epsilon, delta) in [(0.0, 0.1), (0.51, 0.1), (9e-7, 0.1), (-0.1, 0.1), (f64::NAN, 0.1), (f64::INFINITY, 0.1)] {
        assert_eq!(CountMin::new(epsilon, delta).unwrap_err().kind(), ErrorKind::Parameter, "{epsilon}");
    }
    for delta in [0.0, 0.51, 9e-10, -0.1, f64::NAN] {
        assert_eq!(CountMin::new(0.1, delta).unwrap_err().kind(), ErrorKind::Parameter, "{delta}");
    }
    let least = CountMin::new(0.5, 0.5).unwrap();
    let most = CountMin::new(1e-6, 1e-9).unwrap();
    assert_eq!(((least.width(), least.depth()), (most.width(), most.depth())), ((8, 1), (1 << 22, 21)));
}

#[test]
fn strangers_do_not_merge() {
    let _alone = alone();
    let mut sketch = CountMin::new(0.01, 0.01).unwrap();
    sketch.add("a", 3);
    let before = sketch.clone();
    let seeded = CountMin::with_hash(0.01, 0.01, ValueHash::new(1)).unwrap();
    for other in [CountMin::new(0.001, 0.01).unwrap(), CountMin::new(0.01, 0.1).unwrap(), seeded] {
        assert_eq!(sketch.merge(&other).unwrap_err().kind(), ErrorKind::Mismatch);
        assert_eq!(sketch.subtract(&other).unwrap_err().kind(), ErrorKind::Mismatch);
        assert!(sketch == before && sketch != other);
    }
    // 0.01 and 0.008 need the same table.
    sketch.merge(&CountMin::new(0.008, 0.01).unwrap()).unwrap();
}

#[test]
fn small_sketches_are_small() {
    let _alone = alone();
    let sketch = CountMin::new(1e-6, 1e-9).unwrap();
    assert_eq!(sketch.encode().len(), 14);
    // The least of some tries: the harness allocates too.
    let held = |inputs: &[(i64, i64)]| {
        let sketch = CountMin::new(0.0015, 0.02).unwrap();
        (0..9).map(|_| peak_of(|| fold(&sketch, inputs)).1).min().unwrap()
    };
    assert_eq!(held(&[]), 0);
    assert!(held(&[(1, 1); 10]) <= 150, "{}", held(&[(1, 1); 10]));
    // Never much more than all cells take.
    for n in [200, 500, 700, 3000] {
        let inputs: Vec<(i64, i64)> = (0..n).map(|key| (key, 1)).collect();
        let sketch = fold(&CountMin::new(0.0015, 0.02).unwrap(), &inputs);
        let held = (0..9).map(|_| peak_of(|| sketch.clone()).1).min().unwrap();
        assert!(held <= 64 * 1024 && held <= n as usize * 140, "{held} for {n}");
    }
    let inputs: Vec<(i64, i64)> = (0..10).map(|key| (key, 1)).collect();
    let ten = fold(&CountMin::new(0.0015, 0.02).unwrap(), &inputs);
    assert!(ten.encode().len() < 125, "{}", ten.encode().len());
}

/// Both forms, written by hand from the documentation.
#[test]
fn the_bytes_are_the_documented_ones() {
    let _alone = alone();
    let hash = ValueHash::new(300);
    for values in [2, 100] {
        let mut sketch = CountMin::with_hash(0.1, 0.1, hash).unwrap();
        assert_eq!((sketch.width(), sketch.depth()), (32, 3));
        let mut cells = [0i64; 96];
        for value in 0..values {
            sketch.add(value, 70);
            let mut factors = Dice(0);
            for row in 0..3 {
                let column = hash.hash(value).wrapping_mul(factors.roll() | 1) >> 59;
                cells[row * 32 + column as usize] += 70;
            }
        }
        let used = cells.iter().filter(|count| **count != 0).count();
        let mut want = b"SKCM\x01\x05\x03\x01\xac\x02".to_vec();
        want.extend(postcard::to_allocvec(&(used as u64)).unwrap());
        let mut gap = 0u64;
        for count in cells {
            if used > 48 {
                want.extend(postcard::to_allocvec(&count).unwrap());
            } else if count == 0 {
                gap += 1;
            } else {
                want.extend(postcard::to_allocvec(&(gap, count)).unwrap());
                gap = 0;
            }
        }
        want.extend([0; 4]);
        crate::kit::reseal(&mut want);
        assert_eq!(sketch.encode(), want);
    }
}

#[test]
fn each_kind_of_bad_bytes_has_its_error() {
    let _alone = alone();
    for (empty, distinct) in sizes() {
        for n in distinct {
            frame_errors(&fold(&empty, &(0..n).map(|key| (key, 300)).collect::<Vec<_>>()));
        }
    }
}

#[test]
fn a_hundred_thousand_tampered_sketches_are_refused_or_are_what_they_say() {
    let _alone = alone();
    let mut sketches = Vec::new();
    for (empty, distinct) in sizes() {
        for n in distinct.into_iter().filter(|n| *n < 500) {
            sketches.push(fold(&empty, &(0..n).map(|key| (key, key % 300 - 3)).collect::<Vec<_>>()));
        }
    }
    sketches.push(CountMin::new(1e-6, 1e-9).unwrap());
    tampered(&sketches, 100_000, 64);
}

#[test]
fn rows_with_different_sums_are_refused() {
    let _alone = alone();
    let mut sketch = CountMin::new(0.5, 0.2).unwrap();
    sketch.add(ValueRef::Null, 1);
    let mut bytes = sketch.encode();
    let at = bytes.len() - 5;
    assert_eq!(bytes[at], 2);
    bytes[at] = 4;
    crate::kit::reseal(&mut bytes);
    assert!(CountMin::decode(&bytes).unwrap_err().to_string().contains("different sums"));
}
