//! Catches bytes that make decoding panic, allocate at will or give a state that no events can give.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::sync::Mutex;

use skewless::{Entity, Error, ErrorKind, FeatureSet, Outcome, State, Stream, Timestamp, features};
use xxhash_rust::xxh3::xxh3_64_with_seed;

#[path = "../benches/shop/mod.rs"]
mod shop;

use shop::{Dice, clicks, full, set};

/// Where the parts of a state start; see `src/state/bytes.rs`.
const FORMAT: usize = 4;
const FINGERPRINT: usize = 5;
const CHECKSUM: usize = 13;
const PAYLOAD: usize = 17;

/// One test at a time, since memory is measured for the whole process.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> impl Drop {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Makes the checksum of a state that was tampered with right again.
fn reseal(state: &mut [u8]) {
    if state.len() >= PAYLOAD {
        let seed = state[FINGERPRINT..CHECKSUM].iter().fold(0u64, |seed, byte| seed << 8 | u64::from(*byte));
        let sum = xxh3_64_with_seed(&state[PAYLOAD..], seed) as u32;
        state[CHECKSUM..PAYLOAD].copy_from_slice(&sum.to_le_bytes());
    }
}

/// The same for a stream's snapshot.
fn reseal_snapshot(bytes: &mut [u8]) {
    if bytes.len() >= 9 {
        let sum = xxh3_64_with_seed(&bytes[9..], 0) as u32;
        bytes[5..9].copy_from_slice(&sum.to_le_bytes());
    }
}

/// Every example of every aggregate over panes, events, sessions and resets.
fn everything() -> FeatureSet {
    set_of(&features::catalogue().flat_map(|(_, examples)| examples).copied().collect::<Vec<_>>())
}

/// These examples over panes, events, sessions and resets.
fn set_of(examples: &[&str]) -> FeatureSet {
    let windows = [
        r#"{"tumbling": "30d"}"#,
        r#"{"sliding": "1d", "hop": "1h"}"#,
        r#"{"session": "2h"}"#,
        r#"{"sliding": "6h", "hop": "exact", "since": {"event_type": "purchase"}}"#,
    ];
    let mut features = Vec::new();
    for (at, example) in examples.iter().enumerate() {
        for (i, window) in windows.iter().enumerate().filter(|(i, _)| (i + at) % 2 == 1) {
            features.push(format!(r#""f{at}_{i}": {{{example}, "over": {window}}}"#));
        }
    }
    let series = r#"{"tumbling": "1d"}, "series": {"steps": 3, "step": "1d"}"#;
    features.push(format!(r#""week": {{"sum": "amount", "over": {series}}}"#));
    set(&format!(
        r#"{{"name": "all", "version": 1, "entity": "user", "time": "ts",
            "columns": {{"flag": "bool", "qty": "i64", "amount": "f64", "word": "string", "seen": "timestamp",
                         "vec": "list", "event_type": "string"}}, "features": {{{}}}}}"#,
        features.join(", ")
    ))
}

/// A state of `events` events, `gap` microseconds apart on average, whose older part has aged.
fn state_of(set: &FeatureSet, events: usize, gap: u64, aged: usize) -> State {
    let mut state = State::new(set);
    let log = full(events, 1, gap);
    for event in &log {
        assert_eq!(state.update(event).unwrap(), Outcome::Applied);
    }
    if let Some(event) = aged.checked_sub(1).and_then(|last| log.get(last)) {
        state.advance(Timestamp::from_micros(event.click.ts + 1).unwrap());
    }
    state
}

/// Sets with states of all shapes, to be tampered with.
fn blobs() -> Vec<(FeatureSet, Vec<Vec<u8>>)> {
    let shapes = [(0, 0), (1, 0), (1, 1), (3, 1), (10, 5), (30, 29), (60, 60)];
    let of = |set: FeatureSet| {
        let states = shapes.iter().map(|(events, aged)| state_of(&set, *events, 3_600_000_000, *aged).encode());
        let states = states.collect();
        (set, states)
    };
    // Few aggregates a set, so that what is tampered with is as often theirs as the frame's.
    let examples: Vec<&str> = features::catalogue().flat_map(|(_, examples)| examples).copied().collect();
    let sets = examples.chunks(4).map(set_of);
    [set(shop::TEN), set(shop::SAMPLE)].into_iter().chain(sets).map(of).collect()
}

/// One to four changes at random places: bits, bytes, cuts, copies of itself, strangers' parts.
fn tamper(bytes: &mut Vec<u8>, donor: &[u8], dice: &mut Dice, from: usize) {
    for _ in 0..=dice.roll() % 4 {
        let span = (bytes.len() - from.min(bytes.len())).max(1) as u64;
        let at = (from as u64 + dice.roll() % span).min(bytes.len() as u64) as usize;
        let end = (at + (dice.roll() % 12) as usize).min(bytes.len());
        match dice.roll() % 7 {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << (dice.roll() % 8),
            2 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][(dice.roll() % 5) as usize],
            3 => drop(bytes.drain(at..end)),
            4 => bytes.truncate(at),
            5 => bytes.splice(at..at, [0xff; 9].into_iter().take((dice.roll() % 10) as usize)).for_each(drop),
            _ => {
                let start = (dice.roll() as usize) % donor.len();
                let piece = donor[start..].iter().copied().take((dice.roll() % 20) as usize);
                bytes.splice(at..end, piece).for_each(drop);
            }
        }
    }
}

fn is_typed(error: &Error) -> bool {
    use ErrorKind::{Corrupt, Format, Magic, Mismatch, NotCanonical};
    matches!(error.kind(), Magic | Format | Mismatch | Corrupt | NotCanonical)
}

/// Whatever decodes is a state like any other: it encodes to the same bytes, answers, ages and merges.
fn is_sound(state: &State, bytes: &[u8], dice: &mut Dice) {
    assert_eq!(state.encode(), bytes);
    let mut state = state.clone();
    for _ in 0..2 {
        let t = 1_700_000_000_000_000 + (dice.roll() % 1_000_000_000_000) as i64 - 300_000_000_000;
        drop(state.vector(Timestamp::from_micros(t).unwrap()));
        state.advance(Timestamp::from_micros(t).unwrap());
        assert!(state.vector(state.frontier().unwrap()).is_ok());
    }
    let other = state.clone();
    state.merge(&other).unwrap();
    state.evict();
    assert!(State::decode(state.set(), &state.encode()).unwrap() == state);
}

#[test]
fn a_hundred_thousand_tampered_states_give_typed_errors_and_no_panic() {
    let _alone = alone();
    let (mut dice, mut kinds, mut read) = (Dice(1), std::collections::BTreeMap::new(), 0);
    let blobs = blobs();
    for round in 0..100_000 {
        let (set, states) = &blobs[round % blobs.len()];
        let [mut bytes, donor] = [(); 2].map(|()| states[(dice.roll() as usize) % states.len()].clone());
        // Most keep header and checksum right, or no change would get past them.
        let honest = round % 10 == 0;
        tamper(&mut bytes, &donor, &mut dice, if honest { 0 } else { PAYLOAD });
        if !honest {
            reseal(&mut bytes);
        }
        match State::decode(set, &bytes) {
            Ok(state) => {
                read += 1;
                is_sound(&state, &bytes, &mut dice);
            }
            Err(error) => {
                assert!(is_typed(&error), "{error:?}");
                *kinds.entry(format!("{:?}", error.kind())).or_insert(0) += 1;
            }
        }
    }
    println!("decoded {read} of 100000; {kinds:?}");
    assert!(read > 100 && kinds.len() >= 4, "the tampering is too rough or too fine: {read} {kinds:?}");
}

#[test]
fn every_cut_and_every_extension_of_a_state_is_refused() {
    let _alone = alone();
    for (set, states) in blobs() {
        for bytes in states {
            for cut in 0..bytes.len() {
                let mut short = bytes[..cut].to_vec();
                assert!(is_typed(&State::decode(&set, &short).unwrap_err()), "cut at {cut}");
                reseal(&mut short);
                assert!(is_typed(&State::decode(&set, &short).unwrap_err()), "cut at {cut}, sealed");
            }
            for more in [&[0][..], &[1], &[0xff; 40]] {
                let mut long = [&bytes[..], more].concat();
                assert_eq!(State::decode(&set, &long).unwrap_err().kind(), ErrorKind::Corrupt);
                reseal(&mut long);
                assert!(is_typed(&State::decode(&set, &long).unwrap_err()));
            }
        }
    }
}

#[test]
fn every_single_flipped_bit_is_noticed() {
    let _alone = alone();
    let set = set(shop::TEN);
    let bytes = state_of(&set, 20, 3_600_000_000, 10).encode();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let kind = State::decode(&set, &flipped).unwrap_err().kind();
        let expected = match bit / 8 {
            0..FORMAT => ErrorKind::Magic,
            FORMAT => ErrorKind::Format,
            // A wrong fingerprint does not go with the checksum either.
            _ => ErrorKind::Corrupt,
        };
        assert_eq!(kind, expected, "bit {bit}");
    }
}

fn error_of(set: &FeatureSet, bytes: &[u8]) -> Error {
    State::decode(set, bytes).unwrap_err()
}

#[test]
fn every_kind_of_error_is_told_apart() {
    let _alone = alone();
    let ten = set(shop::TEN);
    let bytes = state_of(&ten, 3, 3_600_000_000, 0).encode();
    for no_state in [&b""[..], b"SKL", b"PK\x03\x04 a zip file of some length", b"SKST\x02"] {
        assert_eq!(error_of(&ten, no_state).kind(), ErrorKind::Magic);
    }
    let mut later = bytes.clone();
    later[FORMAT] = 2;
    assert_eq!(error_of(&ten, &later).kind(), ErrorKind::Format);
    assert!(error_of(&ten, &later).to_string().contains("format 2"));
    let other = error_of(&set(shop::SAMPLE), &bytes);
    assert_eq!(other.kind(), ErrorKind::Mismatch);
    assert!(other.to_string().contains("shopper v1"), "{other}");
    assert_eq!(error_of(&ten, &bytes[..bytes.len() - 1]).kind(), ErrorKind::Corrupt);
    // The same rows, the absent frontier written with a varint of two bytes instead of one.
    let mut long = bytes[..PAYLOAD].to_vec();
    assert_eq!(bytes[PAYLOAD..PAYLOAD + 2], [0, 1], "no frontier, a first event");
    let rows = PAYLOAD + 2 + bytes[PAYLOAD + 2..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    assert_eq!(bytes[rows], 3, "three rows");
    long.extend([&bytes[PAYLOAD..rows], &[0x83, 0x00], &bytes[rows + 1..]].concat());
    reseal(&mut long);
    assert_eq!(error_of(&ten, &long).kind(), ErrorKind::NotCanonical);
}

#[test]
fn a_made_up_count_is_refused_before_it_costs_memory() {
    let _alone = alone();
    let ten = set(shop::TEN);
    let empty = State::new(&ten).encode();
    for at in PAYLOAD..empty.len() {
        let mut bytes = empty[..at].to_vec();
        bytes.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
        bytes.extend(&empty[at + 1..]);
        reseal(&mut bytes);
        assert!(is_typed(&error_of(&ten, &bytes)), "at {at}");
    }
}

#[test]
fn a_small_state_is_small() {
    let _alone = alone();
    let ten = set(shop::TEN);
    let sizes = [0, 2, 3].map(|aged| state_of(&ten, 3, 3_600_000_000, aged).encode().len());
    println!("3 events, 10 features: {} bytes whole, {} with 2 aged, {} aged", sizes[0], sizes[1], sizes[2]);
    assert!(sizes.iter().all(|size| *size < 400), "{sizes:?}");
    assert!(State::new(&ten).encode().len() <= PAYLOAD + 16);
}

#[test]
fn equal_states_are_equal_bytes_however_they_were_built() {
    let _alone = alone();
    for set in [set(shop::TEN), set(shop::SAMPLE), everything()] {
        let log = full(200, 1, 1_800_000_000);
        let frontier = Timestamp::from_micros(log[150].click.ts).unwrap();
        let forward = {
            let mut state = State::new(&set);
            log.iter().for_each(|event| drop(state.update(event)));
            state.advance(frontier);
            state
        };
        let mut backward = State::new(&set);
        log.iter().rev().for_each(|event| drop(backward.update(event)));
        backward.advance(frontier);
        backward.evict();
        let mut parts = [(); 3].map(|()| State::new(&set));
        for (at, event) in log.iter().enumerate() {
            drop(parts[at % 3].update(event));
            // Ageing on the way, and a trip through bytes.
            parts[at % 3].advance(Timestamp::from_micros(log[at.min(150)].click.ts).unwrap());
            parts[at % 3] = State::decode(&set, &parts[at % 3].encode()).unwrap();
        }
        let [a, b, mut merged] = parts;
        merged.merge(&a).unwrap();
        merged.merge(&b).unwrap();
        assert_eq!(forward.encode(), backward.encode());
        assert_eq!(forward.encode(), merged.encode());
        assert!(forward == merged && forward != State::new(&set));
    }
}

#[test]
fn a_tampered_snapshot_is_refused_or_is_a_snapshot() {
    let _alone = alone();
    let ten = set(shop::TEN);
    let mut stream = Stream::new(&ten);
    clicks(12, 4, 3_600_000_000).iter().for_each(|event| drop(stream.update(event)));
    stream.merge_state(Entity::from("a"), &State::new(&ten)).unwrap();
    let (bytes, mut dice, mut faults) = (stream.snapshot(), Dice(3), Vec::new());
    for round in 0..20_000 {
        let mut tampered = bytes.clone();
        tamper(&mut tampered, &bytes, &mut dice, if round % 10 == 0 { 0 } else { 9 });
        if round % 10 != 0 {
            reseal_snapshot(&mut tampered);
        }
        match Stream::restore(&ten, &tampered) {
            Ok(stream) if stream.snapshot() != tampered => faults.push((tampered, stream.snapshot())),
            Ok(_) => {}
            Err(error) => assert!(is_typed(&error), "{error:?}"),
        }
    }
    let shown: Vec<String> = faults.iter().take(3).map(|(read, written)| difference(read, written)).collect();
    assert!(faults.is_empty(), "{} of 20000 are read but written differently: {shown:#?}", faults.len());
}

/// Where two snapshots part, counted from the end of their checksums.
fn difference(a: &[u8], b: &[u8]) -> String {
    let at = a.iter().zip(b).skip(9).take_while(|(x, y)| x == y).count() + 9;
    let piece = |bytes: &[u8]| format!("{:02x?}", &bytes[at.min(bytes.len())..(at + 12).min(bytes.len())]);
    format!("at byte {at}: {} read, {} written", piece(a), piece(b))
}

#[global_allocator]
static PEAK: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// The most bytes that `work` had allocated at one time.
fn peak_of<T>(work: impl FnOnce() -> T) -> usize {
    let before = PEAK.current_usage();
    PEAK.reset_peak_usage();
    drop(work());
    PEAK.peak_usage().saturating_sub(before)
}

#[test]
fn decoding_allocates_no_more_than_the_bytes_can_account_for() {
    let _alone = alone();
    let (mut dice, mut worst) = (Dice(2), 0);
    let blobs = blobs();
    for round in 0..30_000 {
        let (set, states) = &blobs[round % blobs.len()];
        let [mut bytes, donor] = [(); 2].map(|()| states[(dice.roll() as usize) % states.len()].clone());
        tamper(&mut bytes, &donor, &mut dice, PAYLOAD);
        reseal(&mut bytes);
        let peak = peak_of(|| State::decode(set, &bytes));
        worst = worst.max(peak);
        assert!(peak <= 64 * 1024 + 64 * bytes.len(), "{peak} for {}: {bytes:02x?}", bytes.len());
    }
    println!("at most {worst} bytes for a tampered state");
    for set in [set(shop::TEN), set(shop::SAMPLE), everything()] {
        for (gap, aged) in [(1_000, 0), (3_600_000_000, 0), (3_600_000_000, 20_000), (86_400_000_000, 20_000)] {
            let bytes = state_of(&set, 20_000, gap, aged).encode();
            let peak = peak_of(|| State::decode(&set, &bytes).unwrap());
            println!(
                "{} bytes of {} allocate {peak}, {:.1} each",
                bytes.len(),
                set.name(),
                peak as f64 / bytes.len() as f64
            );
            assert!(peak <= 64 * 1024 + 64 * bytes.len(), "{peak} for {}", bytes.len());
        }
    }
}

#[test]
fn sparse_rows_of_a_wide_definition_allocate_by_column_and_no_more() {
    let _alone = alone();
    let columns = 20;
    let last = |at| format!(r#""f{at}": {{"last": "c{at}", "where": {{"event_type": "x"}}, "over": "lifetime"}}"#);
    let features: Vec<String> = (0..columns).map(last).collect();
    let wide = set(&format!(
        r#"{{"name": "wide", "version": 1, "entity": "user_id", "time": "ts",
            "features": {{{}, "n": {{"count": "*", "over": "lifetime"}}}}}}"#,
        features.join(", ")
    ));
    let bytes = state_of(&wide, 20_000, 2, 0).encode();
    let peak = peak_of(|| State::decode(&wide, &bytes).unwrap());
    println!("{} sparse bytes allocate {peak}, {:.0} each", bytes.len(), peak as f64 / bytes.len() as f64);
    // A row of two bytes is 16 bytes and 24 a column in memory: kept, copied once, and grown by doubling.
    assert!(peak <= 64 * 1024 + bytes.len() / 2 * 4 * (16 + 24 * columns), "{peak} for {}", bytes.len());
}
