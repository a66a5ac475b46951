//! Catches quantiles farther off than promised, and a histogram whose level depends on order or partition.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use crate::kit::{Dice, Sketch, alone, fold, frame_errors, one_state, tampered};
use skewless::sketches::LogHistogram;
use skewless::{ErrorKind, Result};

impl Sketch for LogHistogram {
    /// A value and how often it comes.
    type Input = (f64, u64);
    const MAGIC: [u8; 4] = *b"SKLH";

    fn put(&mut self, (x, n): &(f64, u64)) {
        self.add_many(*x, *n);
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
        let found = self.quantiles(&[0.0, 0.25, 0.5, 0.999, 1.0]);
        assert_eq!(found.iter().all(Option::is_some), !self.is_empty());
        assert!(found.is_sorted_by(|a, b| a.unwrap_or(0.0) <= b.unwrap_or(0.0)));
        let mut twice = self.clone();
        twice.merge(self).unwrap();
        assert_eq!(twice.level(), self.level());
        assert_eq!(twice.count(), self.count().saturating_mul(2));
    }
}

fn sample(family: usize, dice: &mut Dice) -> f64 {
    let sign = if dice.below(2) == 0 { 1.0 } else { -1.0 };
    match family {
        0 => libm_exp(dice.normal() + 4.0),
        1 => dice.unit() * 1000.0,
        2 => sign * libm_exp(2.0 * dice.normal()),
        3 => 12.5,
        4 => [3.0, -7e9][dice.below(2) as usize],
        // All magnitudes alike, subnormals with them.
        5 => f64::from_bits(dice.below(0x7ff0_0000_0000_0000)),
        6 => -f64::from_bits(dice.below(0x7ff0_0000_0000_0000)),
        7 => sign * f64::from_bits(dice.below(0x7ff0_0000_0000_0000)),
        8 => [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1.0, -1.0][dice.below(7) as usize],
        9 => f64::from_bits(dice.below(1 << 52)),
        10 => [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, -5e-324][dice.below(5) as usize],
        11 => dice.below(300) as f64 * 0.01,
        _ => 1.0 + dice.unit(),
    }
}
const FAMILIES: usize = 13;

#[allow(clippy::disallowed_methods, reason = "test data, not a result")]
fn libm_exp(x: f64) -> f64 {
    x.exp()
}

#[test]
fn order_partition_and_merge_tree_change_no_byte() {
    let _alone = alone();
    let mut dice = Dice(1);
    let mut levels = std::collections::BTreeSet::new();
    for (bits, limit) in [(1, 16), (4, 16), (6, 64), (7, 100), (12, 16), (8, 4096)] {
        for family in 0..FAMILIES {
            // Sizes on both sides of where the limit is reached.
            for n in [1, 10, limit - 1, limit, limit + 1, limit + limit / 2, 3 * limit] {
                let inputs: Vec<(f64, u64)> =
                    (0..n.min(800)).map(|_| (sample(family, &mut dice), dice.below(4))).collect();
                let empty = LogHistogram::new(bits, limit).unwrap();
                let sketch = one_state(&empty, &inputs, 3, &mut dice);
                levels.insert(sketch.level());
                sketch.read();
            }
        }
    }
    assert!(levels.len() > 10, "{levels:?}");
}

/// Distinct buckets placed one by one, so that every collapse happens at a known place.
#[test]
fn the_level_is_the_least_with_few_enough_buckets() {
    let _alone = alone();
    let mut dice = Dice(2);
    for limit in [16, 17, 40] {
        for n in 1..150u64 {
            let mut values: Vec<f64> = (0..n).map(|_| sample(7, &mut dice)).collect();
            let near = values.iter().map(|x| f64::from_bits(x.to_bits() ^ (1 << 46))).collect::<Vec<_>>();
            values.extend(near);
            let occupied = |level: u32| {
                let key = |x: &f64| (x.is_sign_negative(), (x.to_bits() & !(1 << 63)) >> (52 - 5 + level));
                values.iter().map(key).collect::<std::collections::BTreeSet<_>>().len()
            };
            let want = (0..17).find(|level| occupied(*level) <= limit).unwrap();
            let inputs: Vec<(f64, u64)> = values.iter().map(|x| (*x, 1)).collect();
            assert_eq!(u32::from(fold(&LogHistogram::new(5, limit).unwrap(), &inputs).level()), want);
        }
    }
}

#[test]
fn quantiles_are_as_near_as_promised_at_every_level() {
    let _alone = alone();
    let mut dice = Dice(3);
    let qs: Vec<f64> = (0..=200).map(|i| f64::from(i) / 200.0).collect();
    let mut levels = std::collections::BTreeSet::new();
    for (bits, limit) in [(1, 65_536), (5, 4096), (6, 2048), (7, 256), (7, 64), (9, 32), (12, 4096), (12, 16), (3, 16)]
    {
        for family in 0..FAMILIES {
            for n in [1, 2, 30, 1_500] {
                let mut values: Vec<f64> = (0..n).map(|_| sample(family, &mut dice)).collect();
                let inputs: Vec<(f64, u64)> = values.iter().map(|x| (*x, 1)).collect();
                let sketch = fold(&LogHistogram::new(bits, limit).unwrap(), &inputs);
                levels.insert(sketch.level());
                values.retain(|x| !x.is_nan());
                values.sort_by(|a, b| a.partial_cmp(b).unwrap());
                assert_eq!(sketch.count(), values.len() as u64);
                let found = sketch.quantiles(&qs);
                for (q, found) in qs.iter().zip(found) {
                    assert_eq!(found, sketch.quantile(*q));
                    let Some(last) = values.len().checked_sub(1) else {
                        assert_eq!(found, None);
                        continue;
                    };
                    let (found, want) = (found.unwrap(), values[(q * last as f64).floor() as usize]);
                    if want == 0.0 || want.is_infinite() {
                        assert_eq!(found, want);
                    } else if want.is_normal() {
                        let error = (found / want - 1.0).abs();
                        let bound = sketch.relative_error() + 1e-15;
                        assert!(error <= bound, "{bits}/{limit}/{family}: {found} for {want}: {error} > {bound}");
                        assert!(found.is_finite());
                    } else {
                        assert!((found - want).abs() < 2.0 * f64::MIN_POSITIVE, "{found} for {want}");
                        assert!(found != 0.0 && found.signum() == want.signum());
                    }
                }
            }
        }
    }
    assert!(levels.contains(&0) && levels.len() > 9, "{levels:?}");
}

#[test]
fn the_error_is_the_documented_one() {
    let _alone = alone();
    let error = |bits| LogHistogram::new(bits, 16).unwrap().relative_error();
    assert_eq!((error(1), error(6), error(12)), (1.0 / 5.0, 1.0 / 129.0, 1.0 / 8193.0));
    // The ends of a bucket are equally far from its answer.
    let mut sketch = LogHistogram::new(6, 2048).unwrap();
    sketch.add(1.0);
    let middle = sketch.quantile(0.5).unwrap();
    assert!((middle - 1.0 - 1.0 / 129.0).abs() < 1e-15);
    // At the last level everything positive is one bucket and the error is the whole value.
    let mut last = LogHistogram::new(1, 16).unwrap();
    (0..2047u64).for_each(|exponent| last.add(f64::from_bits(exponent << 52 | 1)));
    assert_eq!(last.level(), 8);
    assert!(last.relative_error() > 0.99 && last.relative_error() <= 1.0);
}

#[test]
fn special_values_have_their_places() {
    let _alone = alone();
    let mut sketch = LogHistogram::new(6, 64).unwrap();
    assert_eq!((sketch.quantile(0.5), sketch.count(), sketch.is_empty()), (None, 0, true));
    sketch.add(f64::NAN);
    sketch.add_many(1.0, 0);
    assert!(sketch.is_empty() && sketch == LogHistogram::new(6, 64).unwrap());
    for x in [f64::INFINITY, -0.0, f64::NEG_INFINITY, 0.0, -1.0] {
        sketch.add(x);
    }
    let found = sketch.quantiles(&[1.0, 0.0, 0.5, 0.75, f64::NAN, -0.01, 1.01]);
    assert_eq!(found, [Some(f64::INFINITY), Some(f64::NEG_INFINITY), Some(0.0), Some(0.0), None, None, None]);
    assert!(sketch.quantile(0.5).unwrap().is_sign_positive());
    assert!((sketch.quantile(0.25).unwrap() + 1.0).abs() < 0.01);
}

#[test]
fn counts_saturate_and_the_laws_hold_on() {
    let _alone = alone();
    let mut dice = Dice(4);
    let inputs: Vec<(f64, u64)> =
        (0..60).map(|i| (sample(i % FAMILIES, &mut dice), [u64::MAX, u64::MAX / 3, 1][i % 3])).collect();
    let sketch = one_state(&LogHistogram::new(6, 16).unwrap(), &inputs, 30, &mut dice);
    assert_eq!(sketch.count(), u64::MAX);
    sketch.read();
}

#[test]
fn parameters_out_of_range_are_refused_and_strangers_do_not_merge() {
    let _alone = alone();
    for (bits, limit) in [(0, 16), (13, 16), (255, 16), (6, 0), (6, 15), (6, 65_537), (6, usize::MAX)] {
        assert_eq!(LogHistogram::new(bits, limit).unwrap_err().kind(), ErrorKind::Parameter, "{bits} {limit}");
    }
    let mut sketch = LogHistogram::new(12, 65_536).unwrap();
    sketch.add(1.0);
    let before = sketch.clone();
    for other in [LogHistogram::new(11, 65_536).unwrap(), LogHistogram::new(12, 16).unwrap()] {
        assert_eq!(sketch.merge(&other).unwrap_err().kind(), ErrorKind::Mismatch);
        assert!(sketch == before && sketch != other);
    }
}

#[test]
fn small_histograms_are_small() {
    let _alone = alone();
    let mut sketch = LogHistogram::new(6, 2048).unwrap();
    assert_eq!(sketch.encode().len(), 18);
    (0..10).for_each(|i| sketch.add(f64::from(i * i)));
    assert!(sketch.encode().len() <= 50, "{}", sketch.encode().len());
}

#[test]
fn a_level_that_no_values_need_is_refused() {
    let _alone = alone();
    let mut sketch = LogHistogram::new(6, 16).unwrap();
    (0..16).for_each(|i| sketch.add(1.0 / f64::from(1 << i)));
    let mut bytes = sketch.encode();
    // Precision, limit, level. Sixteen values never need a second level of sixteen buckets.
    assert_eq!(bytes[7], 0);
    let mut with_level = |level| {
        bytes[7] = level;
        crate::kit::reseal(&mut bytes);
        LogHistogram::decode(&bytes).map_err(|error| error.kind())
    };
    assert_eq!(with_level(0), Ok(sketch.clone()));
    assert_eq!(with_level(1), Err(ErrorKind::NotCanonical));
    assert_eq!(with_level(17), Err(ErrorKind::Corrupt));
    assert_eq!(with_level(18), Err(ErrorKind::Corrupt));
}

#[test]
fn the_bytes_are_the_documented_ones() {
    let _alone = alone();
    let mut sketch = LogHistogram::new(6, 2048).unwrap();
    for (x, n) in [(1.0, 3), (2.0, 1), (-0.5, 200), (0.0, 4), (f64::INFINITY, 5), (f64::NEG_INFINITY, 6)] {
        sketch.add_many(x, n);
    }
    // Bucket 1023 * 64 with three values, 63 empty ones, one value; negative: bucket 1022 * 64.
    let mut want = b"SKLH\x01\x06\x80\x10\x00\x04\x05\x06\x02\xc0\xff\x03\x03\x3f\x01\x01\x80\xff\x03\xc8\x01".to_vec();
    want.extend([0; 4]);
    crate::kit::reseal(&mut want);
    assert_eq!(sketch.encode(), want);
}

#[test]
fn each_kind_of_bad_bytes_has_its_error() {
    let _alone = alone();
    let mut dice = Dice(5);
    for family in 0..FAMILIES {
        let inputs: Vec<(f64, u64)> = (0..60).map(|_| (sample(family, &mut dice), 300)).collect();
        frame_errors(&fold(&LogHistogram::new(6, 32).unwrap(), &inputs));
    }
}

#[test]
fn a_hundred_thousand_tampered_histograms_are_refused_or_are_what_they_say() {
    let _alone = alone();
    let mut dice = Dice(6);
    let mut sketches = Vec::new();
    for family in 0..FAMILIES {
        for n in [0, 1, 5, 20, 100] {
            let inputs: Vec<(f64, u64)> = (0..n).map(|_| (sample(family, &mut dice), 1 + dice.below(200))).collect();
            sketches.push(fold(&LogHistogram::new(4, 32).unwrap(), &inputs));
        }
    }
    tampered(&sketches, 100_000, 96);
}
