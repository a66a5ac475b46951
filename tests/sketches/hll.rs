//! Catches a HyperLogLog that shows how it was put together, strays from theory or trusts the bytes it reads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher};

use hyperloglogplus::{HyperLogLog, HyperLogLogPlus};
use skewless::ErrorKind;
use skewless::sketches::{Hll, ValueHash};
use xxhash_rust::xxh3::xxh3_64_with_seed;

#[path = "../../benches/shop/mod.rs"]
mod shop;

use crate::kit::{PEAK, alone, unmeasured};
use shop::Dice;

fn below(dice: &mut Dice, end: usize) -> usize {
    (dice.roll() % end as u64) as usize
}

/// A hash of any shape: most are uniform, some share their first bits or end in zeros.
fn draw(dice: &mut Dice, precision: u8) -> u64 {
    let hash = dice.roll();
    match dice.roll() % 8 {
        // Many ranks on one index.
        0 => ((hash & 3) << 39) | ((1 << 38) >> (dice.roll() % 39)),
        // Many indexes in one register, and ranks beyond the index.
        1 => ((hash >> 60 << 60) >> (dice.roll() % 3)) | ((hash & ((1 << (64 - precision)) - 1)) >> (dice.roll() % 40)),
        _ => hash,
    }
}

/// Hashes with exactly `indexes` distinct 25-bit indexes, and more of the same indexes.
fn set_of(dice: &mut Dice, precision: u8, indexes: usize) -> Vec<u64> {
    let mut seen = BTreeSet::new();
    let mut hashes = Vec::new();
    while seen.len() < indexes {
        let hash = draw(dice, precision);
        seen.insert(hash >> 39);
        hashes.push(hash);
    }
    hashes
}

/// What a set of hashes must give, by the definition: the stage from the indexes, the bytes from the hashes.
fn by_definition(precision: u8, hashes: &[u64]) -> Vec<u8> {
    let mut codes = BTreeMap::<u64, u32>::new();
    for hash in hashes {
        let rank = (hash << 25).leading_zeros().min(39) + 1;
        let best = codes.entry(hash >> 39).or_default();
        *best = rank.max(*best);
    }
    let mut body = Vec::new();
    let dense = codes.len() > (3 << precision) / 16;
    if dense {
        let mut registers = vec![0u32; 1 << precision];
        for hash in hashes {
            let rank = (hash << precision).leading_zeros().min(64 - u32::from(precision)) + 1;
            let register = &mut registers[(hash >> (64 - precision)) as usize];
            *register = rank.max(*register);
        }
        for four in registers.chunks(4) {
            let bits = four.iter().rev().fold(0u32, |bits, rank| bits << 6 | rank);
            body.extend_from_slice(&bits.to_le_bytes()[..3]);
        }
    } else {
        let mut next = 0;
        for (index, rank) in codes {
            put(&mut body, (index - next) << 6 | u64::from(rank));
            next = index + 1;
        }
    }
    let mut out = vec![1, 0, precision + 32 * u8::from(dense)];
    put(&mut out, body.len() as u64);
    out.extend(body);
    out
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn raw(sketch: &Hll) -> Vec<u8> {
    postcard::to_allocvec(sketch).unwrap()
}

fn sketch_of(precision: u8, hashes: &[u64]) -> Hll {
    let mut sketch = Hll::new(precision).unwrap();
    hashes.iter().for_each(|hash| sketch.insert_hash(*hash));
    sketch
}

fn shuffle<T>(items: &mut [T], dice: &mut Dice) {
    for at in (1..items.len()).rev() {
        items.swap(at, below(dice, at + 1));
    }
}

/// Puts the hashes together in some way: shuffled, some of them twice, in parts, merged as a tree, through bytes.
fn fold_somehow(dice: &mut Dice, precision: u8, hashes: &[u64]) -> Hll {
    let mut all = hashes.to_vec();
    all.extend((0..below(dice, hashes.len() + 1)).map(|at| hashes[at]));
    shuffle(&mut all, dice);
    let mut parts = vec![Hll::new(precision).unwrap(); 1 + below(dice, 6)];
    let skewed = below(dice, 2) == 0;
    for hash in all {
        let at = if skewed { below(dice, parts.len()).min(below(dice, parts.len())) } else { below(dice, parts.len()) };
        parts[at].insert_hash(hash);
    }
    while parts.len() > 1 {
        let one = parts.swap_remove(below(dice, parts.len()));
        let at = below(dice, parts.len());
        parts[at].merge(&one).unwrap();
        match below(dice, 4) {
            0 => parts[at] = Hll::decode(&parts[at].encode()).unwrap(),
            1 => parts[at] = postcard::from_bytes(&raw(&parts[at])).unwrap(),
            2 => {
                let same = parts[at].clone();
                parts[at].merge(&same).unwrap();
            }
            _ => {}
        }
    }
    parts.swap_remove(0)
}

#[test]
fn a_sketch_is_a_function_of_the_set() {
    let _unmeasured = unmeasured();
    let mut dice = Dice(1);
    for precision in [4, 5, 6, 8, 10, 12, 14] {
        let limit = (3usize << precision) / 16;
        for indexes in [0, 1, 2, limit / 2, limit - 1, limit, limit + 1, limit + 2, 2 * limit] {
            for _ in 0..if precision < 12 { 12 } else { 3 } {
                let hashes = set_of(&mut dice, precision, indexes);
                let stored = by_definition(precision, &hashes);
                let plain = sketch_of(precision, &hashes);
                assert_eq!(plain.is_sparse(), indexes <= limit, "{indexes} of {precision}");
                assert_eq!(plain.is_empty(), indexes == 0);
                assert_eq!(raw(&plain), stored, "{indexes} of {precision}");
                for _ in 0..4 {
                    let other = fold_somehow(&mut dice, precision, &hashes);
                    assert_eq!(raw(&other), stored, "{indexes} of {precision}");
                    assert_eq!(other.encode(), plain.encode());
                    assert_eq!(other.estimate().to_bits(), plain.estimate().to_bits());
                    assert_eq!(other, plain);
                }
                let mut more = plain.clone();
                more.insert_hash(dice.roll());
                assert_eq!(more == plain, raw(&more) == stored);
            }
        }
    }
}

#[test]
fn every_form_of_serde_holds_the_same_sketch() {
    let _unmeasured = unmeasured();
    let mut dice = Dice(2);
    for indexes in [0, 1, 100, 192, 193, 1000] {
        let sketch = sketch_of(10, &set_of(&mut dice, 10, indexes));
        let json = serde_json::to_string(&sketch).unwrap();
        assert_eq!(serde_json::from_str::<Hll>(&json).unwrap(), sketch);
        let longer = json.replacen("]]", ",0]]", 1).replacen("[,0]]", "[0]]", 1);
        let more = json.replacen("]]", "],0]", 1);
        let stage = if sketch.is_sparse() { ",10," } else { ",42," };
        let wrong = [longer, more, json.replacen(stage, ",9,", 1), json.replacen(stage, ",74,", 1)];
        for wrong in wrong {
            // A sparse sketch of few values differs from one of another precision in nothing else.
            let fits = indexes <= 96 && wrong.contains(",9,[");
            assert_eq!(serde_json::from_str::<Hll>(&wrong).is_ok(), fits, "{wrong}");
        }
    }
}

#[test]
fn the_bytes_are_the_documented_ones() {
    let _unmeasured = unmeasured();
    let mut sketch = Hll::with_hash(4, ValueHash::new(300)).unwrap();
    // Index 5 with ranks 1 and 3, index 2^25 - 1 with rank 40.
    [5 << 39 | 1 << 38, 5 << 39 | 1 << 36, u64::MAX << 39].into_iter().for_each(|hash| sketch.insert_hash(hash));
    let step = ((1 << 25) - 1 - 6) << 6 | 40u64;
    let mut by_hand = vec![1, 0xac, 2, 4, 7, 0xc3, 2];
    put(&mut by_hand, step);
    assert_eq!(raw(&sketch), by_hand);
    let sum = (xxh3_64_with_seed(&by_hand, 0) as u32).to_le_bytes();
    assert_eq!(sketch.encode(), [b"SKHL\x01", &sum[..], &by_hand].concat());
    // Two more indexes make it dense: register 0 has rank 19 from index 5, 1 has 61, 15 has 1.
    sketch.insert_hash(1 << 59);
    sketch.insert_hash(1 << 60);
    assert_eq!(raw(&sketch), [1, 0xac, 2, 36, 12, 0x53, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
}

#[test]
fn the_estimates_are_the_same_bits_everywhere() {
    let _unmeasured = unmeasured();
    let found = [(12, 10), (12, 768), (12, 100_000), (4, 1_000), (18, 40_000)].map(|(precision, values)| {
        let mut sketch = Hll::new(precision).unwrap();
        (0..values).for_each(|x: i64| sketch.insert(x));
        (sketch.count(), sketch.estimate().to_bits())
    });
    let pinned = [
        (10, 0x4024_000c_c2ba_670b),
        (768, 0x4088_0014_8a74_4427),
        (99_942, 0x40f8_6662_274d_2e35),
        (989, 0x408e_eb1c_27bd_b6a8),
        (39_996, 0x40e3_8785_cd8f_a89c),
    ];
    assert_eq!(found, pinned);
}

/// Lets a 64-bit hash through, so that the other crate sees what ours sees.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
struct Through;

struct Kept(u64);

impl Hasher for Kept {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        panic!("only whole hashes");
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
impl BuildHasher for Through {
    type Hasher = Kept;
    fn build_hasher(&self) -> Kept {
        Kept(0)
    }
}

/// The registers in our stored form of a dense sketch.
fn registers(sketch: &Hll) -> Vec<u8> {
    let stored = raw(sketch);
    let packed = &stored[stored.len() - (1 << sketch.precision()) / 4 * 3..];
    let of = |three: &[u8]| {
        let bits = u32::from_le_bytes([three[0], three[1], three[2], 0]);
        [0, 6, 12, 18].map(|shift| (bits >> shift & 63) as u8)
    };
    packed.chunks(3).flat_map(of).collect()
}

/// The registers in the stored form of the other crate, five in a word; none while it is sparse.
fn their_registers(sketch: &HyperLogLogPlus<u64, Through>, precision: u8) -> Option<Vec<u8>> {
    let json = serde_json::to_value(sketch).unwrap();
    let words = json["registers"]["buf"].as_array()?;
    let of = |word: &serde_json::Value| {
        let bits = word.as_u64().unwrap();
        [0, 6, 12, 18, 24].map(|shift| (bits >> shift & 63) as u8)
    };
    Some(words.iter().flat_map(of).take(1 << precision).collect())
}

#[test]
fn another_implementation_has_the_same_registers_and_like_estimates() {
    let _unmeasured = unmeasured();
    for precision in 4..=18u8 {
        let m = f64::from(1 << precision);
        let (mut dice, mut compared) = (Dice(u64::from(precision)), 0);
        let mut ours = Hll::new(precision).unwrap();
        let mut theirs = HyperLogLogPlus::<u64, Through>::new(precision, Through).unwrap();
        let mut n = 0u32;
        for stop in [1, 2, 10, 100, 1 << precision >> 3, 1 << precision, 3 << precision] {
            while n < stop {
                let hash = dice.roll();
                ours.insert_hash(hash);
                theirs.insert(&hash);
                n += 1;
            }
            let (a, b, n) = (ours.estimate(), theirs.count(), f64::from(n));
            let their_registers = their_registers(&theirs, precision);
            // Theirs is sparse a little longer or shorter; sparse both are near the truth, dense near each other.
            let near = |error: f64, a: f64, b: f64| (a - b).abs() <= error * b + 1.0;
            let sparse = 6.0 / 8192.0;
            assert!(near(if ours.is_sparse() { sparse } else { 5.0 * ours.standard_error() }, a, n), "{a} {n}");
            let their_error = if their_registers.is_none() { 2.0 * sparse } else { 5.5 / m.sqrt() };
            assert!(near(their_error, b, n), "{b} {n} at {precision}");
            if !ours.is_sparse()
                && let Some(theirs) = their_registers
            {
                assert_eq!(registers(&ours), theirs, "{n} at {precision}");
                assert!(near(1.2 / m.sqrt() + 1.2 / m, a, b), "{a} {b} of {n} at {precision}");
                compared += 1;
            }
        }
        assert!(compared > 0, "no registers compared at {precision}");
    }
}

/// The relative errors of many sketches against the truth at `n` values.
struct Errors {
    precision: u8,
    n: u64,
    found: Vec<f64>,
    /// How often the truth was outside three standard errors.
    outside: usize,
}

impl Errors {
    fn mean(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.found.iter().map(|error| of(*error)).sum::<f64>() / self.found.len() as f64
    }
}

/// Runs `runs` sketches of a precision up to the last of `stops`.
fn errors(precision: u8, runs: u64, stops: &[u64]) -> Vec<Errors> {
    let empty = |n: &u64| Errors { precision, n: *n, found: Vec::new(), outside: 0 };
    let mut all: Vec<Errors> = stops.iter().map(empty).collect();
    for run in 0..runs {
        let mut dice = Dice(run << 8 | u64::from(precision));
        let (mut sketch, mut n) = (Hll::new(precision).unwrap(), 0);
        for errors in &mut all {
            while n < errors.n {
                sketch.insert_hash(dice.roll());
                n += 1;
            }
            let truth = n as f64;
            errors.found.push(sketch.estimate() / truth - 1.0);
            let (least, most) = sketch.bounds(3.0);
            errors.outside += usize::from(!(least..=most).contains(&truth));
            assert!(least <= sketch.estimate() && sketch.estimate() <= most, "{n} at {precision}");
            assert!(sketch.estimate() != f64::from(sketch.count() as u32) || sketch.count() == n || n > 50);
        }
    }
    all
}

#[test]
fn the_error_is_that_of_the_theory_at_every_precision() {
    let _unmeasured = unmeasured();
    let (mut late, mut tries, mut outside) = (Vec::new(), 0, 0);
    for precision in 4..=18u8 {
        let m = 1u64 << precision;
        let limit = 3 * m / 16;
        let last = (16 * m).min(1 << 20);
        let stops: BTreeSet<u64> =
            [1, 2, 3, 10, 100, 1_000, limit, limit + 3, m / 2, m, 2 * m, 4 * m, last].into_iter().collect();
        let stops: Vec<u64> = stops.into_iter().filter(|n| *n <= last).collect();
        let runs = (1_500_000 / last).clamp(3, 200);
        for errors in errors(precision, runs, &stops) {
            let (runs, m) = (runs as f64, m as f64);
            let (rms, bias) = (errors.mean(|x| x * x).sqrt(), errors.mean(|x| x));
            if errors.n <= limit {
                // One of n misses with probability n / 2^26; by more than 6 standard errors or 2 values never here.
                let worst = errors.found.iter().fold(0.0f64, |worst, x| worst.max(x.abs()));
                assert!(
                    worst <= (6.0 / 8192.0f64).max(2.0 / errors.n as f64),
                    "{worst} of {} at {precision}",
                    errors.n
                );
                assert!(errors.n > 10 || worst < 1e-5, "{worst} of {} at {precision}", errors.n);
            } else {
                let expected = 1.04 / m.sqrt() * (1.0 + 3.0 / m);
                assert!(rms < expected * (1.0 + 3.0 / runs.sqrt()), "rms {rms} of {} at {precision}", errors.n);
                assert!(
                    bias.abs() < 1.3 / m + 4.0 * expected / runs.sqrt(),
                    "bias {bias} of {} at {precision}",
                    errors.n
                );
                if errors.n as f64 >= 4.0 * m {
                    late.extend(errors.found.iter().map(|x| x / expected));
                }
                tries += errors.found.len();
                outside += errors.outside;
            }
        }
    }
    let mean = |of: fn(f64) -> f64| late.iter().map(|x| of(*x)).sum::<f64>() / late.len() as f64;
    let (rms, bias) = (mean(|x| x * x).sqrt(), mean(|x| x));
    println!("{} late errors: rms {rms}, bias {bias}; {outside} of {tries} outside three", late.len());
    // From four values a register on the error is 0.9 to 1 of what it tends to; the bias is that of small sketches.
    assert!((0.88..1.0).contains(&rms) && bias.abs() < 0.15, "rms {rms}, bias {bias} in standard errors");
    assert!(outside * 100 < tries, "{outside} of {tries} outside three standard errors");
}

#[test]
fn sparse_misses_are_whole_values_and_within_bounds() {
    let _unmeasured = unmeasured();
    let (mut outside, mut tries) = (0, 0);
    for all in [errors(14, 400, &[500, 1_000, 2_000, 3_000]), errors(18, 12, &[5_000, 10_000, 20_000, 40_000])] {
        for errors in all {
            let rms = errors.mean(|x| x * x).sqrt() * 8192.0;
            println!("{} at {}: rms {rms} standard errors", errors.n, errors.precision);
            assert!(rms < 1.6, "{rms} standard errors at {}", errors.n);
            outside += errors.outside;
            tries += errors.found.len();
        }
    }
    println!("{outside} of {tries} outside three standard errors");
    assert!(outside * 150 < tries, "{outside} of {tries} outside three standard errors");
}

#[test]
fn a_sketch_of_few_values_is_small() {
    let _unmeasured = unmeasured();
    let sizes = [(0, 0), (1, 16), (3, 16), (4, 32), (6, 32), (10, 64), (12, 64), (13, 128), (768, 4096), (769, 4096)];
    for (indexes, heap) in sizes {
        let mut sketch = Hll::new(12).unwrap();
        (0..indexes).for_each(|at| sketch.insert_hash(at << 39 | 1));
        assert_eq!(sketch.memory() - size_of::<Hll>(), heap, "{indexes}");
    }
    assert!(size_of::<Hll>() <= 40);
}

#[test]
fn parameters_and_merges_are_refused_with_typed_errors() {
    let _unmeasured = unmeasured();
    for precision in 0..=255 {
        let made = Hll::new(precision);
        assert_eq!(made.is_ok(), (4..=18).contains(&precision));
        assert!(made.is_ok_and(|sketch| sketch.precision() == precision) || !(4..=18).contains(&precision));
    }
    let error = Hll::with_hash(19, ValueHash::new(1)).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Parameter, "`precision`: found 19, allowed: 4 to 18")
    );
    assert_eq!(Hll::new(3).unwrap_err().kind(), ErrorKind::Parameter);
    for values in [3i64, 3_000] {
        let fill = |mut sketch: Hll| {
            (0..values).for_each(|x| sketch.insert(x));
            sketch
        };
        let mut sketch = fill(Hll::new(12).unwrap());
        let before = sketch.encode();
        let others = [Hll::with_hash(12, ValueHash::new(1)), Hll::new(11), Hll::with_hash(13, ValueHash::new(1))];
        for other in others.map(|other| fill(other.unwrap())) {
            assert_eq!(sketch.merge(&other).unwrap_err().kind(), ErrorKind::Mismatch);
            assert_eq!(sketch.encode(), before);
            assert_ne!(sketch, other);
        }
        sketch.merge(&fill(Hll::new(12).unwrap())).unwrap();
        assert_eq!(sketch.encode(), before);
    }
}

/// Makes the checksum right again.
fn reseal(bytes: &mut [u8]) {
    if bytes.len() >= 9 {
        let sum = xxh3_64_with_seed(&bytes[9..], 0) as u32;
        bytes[5..9].copy_from_slice(&sum.to_le_bytes());
    }
}

#[test]
fn each_fault_of_the_bytes_has_its_error() {
    let _unmeasured = unmeasured();
    let kind = |bytes: &[u8]| Hll::decode(bytes).unwrap_err().kind();
    let with = |payload: &[u8]| {
        let mut bytes = [b"SKHL\x01\0\0\0\0", payload].concat();
        reseal(&mut bytes);
        bytes
    };
    let good = with(&[1, 0, 4, 2, 0x41, 0x01]);
    assert_eq!(Hll::decode(&good).unwrap().count(), 2);
    for (at, expected) in
        [(0, ErrorKind::Magic), (4, ErrorKind::Format), (5, ErrorKind::Corrupt), (9, ErrorKind::Corrupt)]
    {
        let mut bytes = good.clone();
        bytes[at] ^= 2;
        assert_eq!(kind(&bytes), expected, "{at}");
    }
    for end in 0..good.len() {
        let expected = if end < 4 { ErrorKind::Magic } else { ErrorKind::Corrupt };
        assert_eq!(kind(&good[..end]), expected, "{end}");
    }
    use ErrorKind::{Corrupt, NotCanonical};
    let faults: [(&str, &[u8], ErrorKind); 16] = [
        ("an unknown hash", &[2, 0, 4, 0], Corrupt),
        ("a long seed", &[1, 0x80, 0, 4, 0], NotCanonical),
        ("a long length", &[1, 0, 4, 0x80, 0], NotCanonical),
        ("precision 3", &[1, 0, 3, 0], Corrupt),
        ("precision 19", &[1, 0, 19, 0], Corrupt),
        ("an unknown stage", &[1, 0, 68, 0], Corrupt),
        ("bytes left over", &[1, 0, 4, 0, 0], Corrupt),
        ("bytes missing", &[1, 0, 4, 2, 1], Corrupt),
        ("half a code", &[1, 0, 4, 1, 0x80], Corrupt),
        ("a long code", &[1, 0, 4, 2, 0x81, 0], NotCanonical),
        ("rank 0", &[1, 0, 4, 1, 0x40], Corrupt),
        ("rank 41", &[1, 0, 4, 1, 41], Corrupt),
        ("four codes", &[1, 0, 4, 4, 1, 1, 1, 1], NotCanonical),
        ("registers missing", &[1, 0, 36, 2, 1, 1], Corrupt),
        ("rank 62", &[1, 0, 36, 12, 62, 255, 255, 1, 1, 1, 1, 1, 1, 1, 1, 1], Corrupt),
        ("no values", &[1, 0, 36, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], NotCanonical),
    ];
    for (what, payload, expected) in faults {
        assert_eq!(kind(&with(payload)), expected, "{what}");
    }
    for last in [8, 0x10, 0x78] {
        // Index 2^25, and numbers whose upper bits a shift would lose.
        assert_eq!(kind(&with(&[1, 0, 4, 5, 0x81, 0x80, 0x80, 0x80, last])), Corrupt, "{last}");
    }
    assert_eq!(Hll::decode(&with(&[1, 0, 4, 3, 1, 1, 1])).unwrap().count(), 3);
    // At precision 18 a register has at most 128 of the 25-bit indexes: 384 registers are not more than 3/16.
    for (full, fits) in [(384, false), (385, true)] {
        let mut registers = vec![0; (1 << 18) / 4 * 3];
        (0..full).for_each(|at| registers[at * 3] = 20);
        let bytes = with(&[&[1, 0, 50, 0x80, 0x80, 0x0c], &registers[..]].concat());
        assert_eq!(Hll::decode(&bytes).map_err(|error| error.kind()).err(), (!fits).then_some(NotCanonical), "{full}");
    }
}

/// One to four changes at random places: bits, bytes, cuts, pieces of another.
fn tamper(bytes: &mut Vec<u8>, donor: &[u8], dice: &mut Dice) {
    for _ in 0..=below(dice, 4) {
        let at = below(dice, bytes.len() + 1);
        // Half of the changes where the numbers in front are.
        let at = if below(dice, 2) == 0 { at.min(below(dice, 24)) } else { at };
        let end = (at + below(dice, 12)).min(bytes.len());
        match below(dice, 7) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << below(dice, 8),
            2 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][below(dice, 5)],
            3 => drop(bytes.drain(at..end)),
            4 => bytes.truncate(at),
            5 => bytes.splice(at..at, [0xff; 9].into_iter().take(below(dice, 10))).for_each(drop),
            _ => {
                let start = below(dice, donor.len());
                let piece = donor[start..].iter().copied().take(below(dice, 20));
                bytes.splice(at..end, piece).for_each(drop);
            }
        }
    }
}

/// Whether the seed and the length, which `postcard` itself reads, have their shortest form.
fn has_short_numbers(raw: &[u8]) -> bool {
    let skip = |from: usize| from + raw[from..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
    let (seed, length) = (1..skip(1), skip(1) + 1..skip(skip(1) + 1));
    [seed, length].into_iter().all(|number| number.len() == 1 || raw[number.end - 1] != 0)
}

/// What `work` gives, held to a bound of the bytes that it had allocated at one time.
fn bounded<T>(bytes: &[u8], worst: &mut usize, work: impl Fn() -> T) -> T {
    let bound = 1024 + 16 * bytes.len();
    let mut peak = 0;
    // The test runner allocates now and then as well, but not three times in a row.
    for _ in 0..3 {
        let before = PEAK.current_usage();
        PEAK.reset_peak_usage();
        let out = work();
        peak = PEAK.peak_usage().saturating_sub(before);
        if peak <= bound {
            *worst = peak.max(*worst);
            return out;
        }
    }
    panic!("{peak} bytes allocated for {bytes:02x?}");
}

#[test]
fn tampered_bytes_are_refused_or_are_the_bytes_of_a_sketch() {
    let _alone = alone();
    let mut dice = Dice(3);
    let mut sketches = Vec::new();
    for precision in [4, 5, 6, 8] {
        let limit = (3usize << precision) / 16;
        for indexes in [0, 1, 2, limit / 2, limit, limit + 1, 3 * limit] {
            sketches.push(sketch_of(precision, &set_of(&mut dice, precision, indexes)));
        }
    }
    sketches.push(sketch_of(10, &set_of(&mut dice, 10, 300)));
    sketches.push(sketch_of(18, &set_of(&mut dice, 18, 30)));
    let [mut read, mut refused, mut worst] = [0; 3];
    for round in 0..100_000 {
        let sketch = &sketches[below(&mut dice, sketches.len())];
        let donor = raw(&sketches[below(&mut dice, sketches.len())]);
        let accepted = if round % 2 == 0 {
            let mut bytes = raw(sketch);
            tamper(&mut bytes, &donor, &mut dice);
            let found = bounded(&bytes, &mut worst, || postcard::take_from_bytes::<Hll>(&bytes));
            found.ok().map(|(sketch, rest)| {
                let taken = &bytes[..bytes.len() - rest.len()];
                assert_eq!(raw(&sketch) == taken, has_short_numbers(taken), "{taken:02x?}");
                sketch
            })
        } else {
            let mut bytes = sketch.encode();
            let mut payload = bytes.split_off(9);
            tamper(&mut payload, &donor, &mut dice);
            bytes.extend(payload);
            reseal(&mut bytes);
            let found = bounded(&bytes, &mut worst, || Hll::decode(&bytes));
            match found {
                Ok(sketch) => {
                    assert_eq!(sketch.encode(), bytes);
                    Some(sketch)
                }
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotCanonical), "{error}");
                    None
                }
            }
        };
        let Some(mut tampered) = accepted else {
            refused += 1;
            continue;
        };
        read += 1;
        assert!(tampered.estimate() >= 0.0 && tampered.bounds(1.0).0 <= tampered.bounds(1.0).1);
        if tampered.merge(sketch).is_ok() {
            let mut other = sketch.clone();
            other.merge(&postcard::from_bytes(&raw(&tampered)).unwrap()).unwrap();
            assert_eq!(other, tampered);
        }
    }
    println!("{read} read, {refused} refused, at most {worst} bytes allocated");
    assert!(read > 5_000 && refused > 5_000, "{read} read, {refused} refused");
}
