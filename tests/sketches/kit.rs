//! What the tests of all sketches share: numbers, the laws by fuzzing, tampered bytes, memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::fmt::Debug;
use std::sync::{PoisonError, RwLock};

use serde::Serialize;
use serde::de::DeserializeOwned;
use skewless::{ErrorKind, Result};
use xxhash_rust::xxh3::xxh3_64_with_seed;

#[global_allocator]
pub(crate) static PEAK: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// Memory is measured for the whole process: who measures writes, everyone else reads.
static MEASURED: RwLock<()> = RwLock::new(());

pub(crate) fn alone() -> impl Drop {
    MEASURED.write().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn unmeasured() -> impl Drop {
    MEASURED.read().unwrap_or_else(PoisonError::into_inner)
}

/// splitmix64.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.roll() % n.max(1)
    }

    /// From 0 up to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nearly normal: mean 0, deviation 1.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at as u64 + 1) as usize);
        }
    }
}

/// Keys 0.. with frequencies like `rank^-s`, by the inverse of the distribution.
pub(crate) struct Zipf(Vec<f64>);

impl Zipf {
    pub(crate) fn new(keys: usize, s: f64) -> Self {
        let weights: Vec<f64> = (1..=keys).map(|rank| libm_pow(rank as f64, -s)).collect();
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let share = |w: &f64| {
            sum += w / total;
            sum
        };
        Self(weights.iter().map(share).collect())
    }

    pub(crate) fn key(&self, dice: &mut Dice) -> i64 {
        let at = dice.unit();
        self.0.partition_point(|sum| *sum < at) as i64
    }
}

#[allow(clippy::disallowed_methods, reason = "test data, not a result")]
fn libm_pow(x: f64, y: f64) -> f64 {
    x.powf(y)
}

/// What every sketch can do.
pub(crate) trait Sketch: Clone + PartialEq + Debug + Serialize + DeserializeOwned {
    type Input: Clone;
    const MAGIC: [u8; 4];
    fn put(&mut self, input: &Self::Input);
    fn join(&mut self, other: &Self) -> Result<()>;
    fn bytes(&self) -> Vec<u8>;
    fn open(bytes: &[u8]) -> Result<Self>;
    /// Reads everything there is to read, so that a state that should not exist shows.
    fn read(&self);
}

pub(crate) fn fold<S: Sketch>(empty: &S, inputs: &[S::Input]) -> S {
    let mut out = empty.clone();
    inputs.iter().for_each(|input| out.put(input));
    out
}

/// Through bytes and back, one way or the other, or not at all.
fn travel<S: Sketch>(sketch: S, dice: &mut Dice) -> S {
    match dice.below(4) {
        0 => S::open(&sketch.bytes()).unwrap(),
        1 => postcard::from_bytes(&postcard::to_allocvec(&sketch).unwrap()).unwrap(),
        2 => serde_json::from_str(&serde_json::to_string(&sketch).unwrap()).unwrap(),
        _ => sketch,
    }
}

/// Folds the inputs in a random order, partition and merge tree, with trips through bytes in between.
pub(crate) fn wander<S: Sketch>(empty: &S, inputs: &[S::Input], dice: &mut Dice) -> S {
    let mut inputs = inputs.to_vec();
    dice.shuffle(&mut inputs);
    let parts = 1 + dice.below(6) as usize;
    let mut sketches = vec![empty.clone(); parts];
    let stops = dice.below(3);
    for input in &inputs {
        // Skewed, so that some parts stay small.
        let at = dice.below(parts as u64).min(dice.below(parts as u64)) as usize;
        sketches[at].put(input);
        if stops > 0 && dice.below(inputs.len() as u64) < stops {
            sketches[at] = travel(sketches[at].clone(), dice);
        }
    }
    while sketches.len() > 1 {
        let other = sketches.swap_remove(dice.below(sketches.len() as u64) as usize);
        let at = dice.below(sketches.len() as u64) as usize;
        sketches[at].join(&travel(other, dice)).unwrap();
        sketches[at] = travel(sketches[at].clone(), dice);
    }
    sketches.remove(0)
}

/// Many ways to fold the same inputs give one sketch and one string of bytes.
pub(crate) fn one_state<S: Sketch>(empty: &S, inputs: &[S::Input], ways: usize, dice: &mut Dice) -> S {
    let plain = fold(empty, inputs);
    let bytes = plain.bytes();
    for way in 0..ways {
        let other = wander(empty, inputs, dice);
        assert!(other == plain, "way {way}: {other:?} is not {plain:?}");
        assert!(other.bytes() == bytes, "way {way}: other bytes of {plain:?}");
    }
    assert!(S::open(&bytes).unwrap() == plain);
    plain
}

/// Magic, format, damage: each has its error.
pub(crate) fn frame_errors<S: Sketch>(sketch: &S) {
    let good = sketch.bytes();
    let kind = |bytes: &[u8]| S::open(bytes).unwrap_err().kind();
    assert_eq!(good[..4], S::MAGIC);
    assert_eq!(kind(b""), ErrorKind::Magic);
    assert_eq!(kind(b"SKX1 something else"), ErrorKind::Magic);
    assert_eq!(kind(&good[..4]), ErrorKind::Corrupt);
    let mut newer = good.clone();
    newer[4] = 2;
    assert_eq!(kind(&newer), ErrorKind::Format);
    for at in 5..good.len().min(300) {
        let mut damaged = good.clone();
        damaged[at] ^= 0x10;
        assert_eq!(kind(&damaged), ErrorKind::Corrupt, "byte {at}");
        assert_eq!(kind(&good[..at]), ErrorKind::Corrupt, "cut at {at}");
    }
    let mut longer = good;
    longer.push(0);
    reseal(&mut longer);
    assert!(matches!(kind(&longer), ErrorKind::Corrupt | ErrorKind::NotCanonical));
}

/// Makes the checksum right again.
pub(crate) fn reseal(bytes: &mut [u8]) {
    if let Some((body, sum)) = bytes.split_last_chunk_mut::<4>() {
        *sum = (xxh3_64_with_seed(body, 0) as u32).to_le_bytes();
    }
}

/// One to four changes at random places: bits, bytes, cuts, copies of itself and of another.
fn tamper(bytes: &mut Vec<u8>, donor: &[u8], dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        // Half of them near the front, where the sizes are.
        let reach = if dice.below(2) == 0 { 24 } else { bytes.len() as u64 };
        let at = (dice.below(reach) as usize).min(bytes.len());
        let end = (at + dice.below(12) as usize).min(bytes.len());
        match dice.below(7) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            2 if at < bytes.len() => bytes[at] = [0, 1, 2, 0x7f, 0x80, 0xff][dice.below(6) as usize],
            3 => drop(bytes.drain(at..end)),
            4 => bytes.truncate(at),
            5 => bytes.splice(at..at, [0xff; 9].into_iter().take(dice.below(10) as usize)).for_each(drop),
            _ if !donor.is_empty() => {
                let start = dice.below(donor.len() as u64) as usize;
                let piece = donor[start..].iter().copied().take(dice.below(20) as usize);
                bytes.splice(at..end, piece).for_each(drop);
            }
            _ => {}
        }
    }
}

/// The most bytes that `work` had allocated at one time.
pub(crate) fn peak_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = PEAK.current_usage();
    PEAK.reset_peak_usage();
    let out = work();
    (out, PEAK.peak_usage().saturating_sub(before))
}

/// Tampers with the bytes of these sketches: no panic, memory in proportion, and what is read is what is written.
pub(crate) fn tampered<S: Sketch>(sketches: &[S], rounds: usize, bytes_per_byte: usize) {
    let blobs: Vec<Vec<u8>> = sketches.iter().map(Sketch::bytes).collect();
    let (mut dice, mut read, mut refused) = (Dice(11), 0, 0);
    for round in 0..rounds {
        let [blob, donor] = [(); 2].map(|()| &blobs[dice.below(blobs.len() as u64) as usize]);
        let donor = &donor[5..donor.len() - 4];
        let mut body = blob[5..blob.len() - 4].to_vec();
        tamper(&mut body, donor, &mut dice);
        let most = 4096 + bytes_per_byte * body.len();
        let found = if round % 2 == 0 {
            let mut bytes = S::MAGIC.to_vec();
            bytes.push(1);
            bytes.extend(&body);
            bytes.extend([0; 4]);
            reseal(&mut bytes);
            let (found, peak) = peak_of(|| S::open(&bytes));
            assert!(peak <= most, "{peak} bytes for {}: {bytes:02x?}", bytes.len());
            if let Err(error) = &found {
                assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotCanonical), "{error:?}");
            }
            found.ok()
        } else {
            let bytes = postcard::to_allocvec(&Bytes(&body)).unwrap();
            let (found, peak) = peak_of(|| postcard::from_bytes::<S>(&bytes));
            assert!(peak <= most, "{peak} bytes for {}: {bytes:02x?}", bytes.len());
            found.ok()
        };
        match found {
            Some(sketch) => {
                read += 1;
                let again = sketch.bytes();
                assert_eq!(again[5..again.len() - 4], body, "read and written differently");
                sketch.read();
            }
            None => refused += 1,
        }
    }
    assert!(read > rounds / 500 && refused > rounds / 2, "{read} read, {refused} refused");
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<T: serde::Serializer>(&self, to: T) -> std::result::Result<T::Ok, T::Error> {
        to.serialize_bytes(self.0)
    }
}
