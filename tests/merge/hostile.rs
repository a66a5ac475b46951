//! Catches bytes, manifests, offsets and orders of calls that make the merge panic, serve a view that is not whole, or
//! take one entity's record for another's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use skewless::merge::{Decision, Finding, Override, Part, Reason, Status, Verdict};
use skewless::{BatchView, Cut, Entity, Error, ErrorKind, External, Externals, FeatureSet, Kind, Lookup, Manifest};
use skewless::{Outcome, Positions, Serving, Span, State, Stream, Timestamp, Value, ValueRef, ViewBuilder};
use xxhash_rust::xxh3::xxh3_64_with_seed;

#[path = "../../benches/shop/mod.rs"]
mod shop;

use shop::Dice;

const H: i64 = 3_600_000_000;

const FEATURES: &str = r#"{"name": "s", "version": 1, "entity": "user", "time": "ts",
    "columns": {"amount": "f64", "word": "string"},
    "features": {
        "sum": {"sum": "amount", "over": {"sliding": "1d", "hop": "1h"}},
        "exact": {"sum": "amount", "over": {"sliding": "1h", "hop": "exact"}},
        "all": {"count": "*", "over": "lifetime"},
        "words": {"count_distinct": "word", "over": {"sliding": "7d", "hop": "1d"}},
        "session": {"count": "*", "over": {"session": "30m"}},
        "since": {"count": "*", "over": {"sliding": "6h", "hop": "exact", "since": {"word": "b"}}},
        "before": {"last": "word", "over": {"sliding": "2h", "hop": "10m", "offset": "1h"}}}}"#;

fn set() -> FeatureSet {
    FeatureSet::from_json(FEATURES).unwrap()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn fields(set: &FeatureSet) -> Externals {
    let risk = External::new("risk", Kind::F64).ttl(Span::hours(1)).default(0.5).policy(Override::Freshest);
    let seen = External::new("seen", Kind::Time).policy(Override::BatchWins);
    Externals::new(set, [risk, External::new("vec", Kind::List), External::new("tag", Kind::Str), seen]).unwrap()
}

fn event(user: u64, ts: i64) -> Json {
    let word = ["a", "b", "c"][(ts % 3).unsigned_abs() as usize];
    json!({"user": format!("u{user}"), "ts": ts, "amount": 0.1, "word": word})
}

fn entity(user: u64) -> Entity {
    Entity::from(format!("u{user}").as_str())
}

/// A view of four users' events up to `cut`, with external values for some.
fn view(name: &str, cut: impl Into<Cut>, salt: i64) -> BatchView {
    let set = set();
    let fields = fields(&set);
    let mut builder = ViewBuilder::new(&set, name, cut, at(10_000 * H)).externals(&fields).parts(3);
    for user in 0..4 {
        let mut state = State::new(&set);
        for i in 0..=user as i64 {
            let _ = state.update(&event(user, i * H / 3 + salt)).unwrap();
        }
        builder.put(entity(user), &state, user + 1).unwrap();
        builder.external(entity(user), "risk", 0.25, at(H)).unwrap();
        builder.external(entity(user), "vec", &[1.0, f64::INFINITY][..], at(H)).unwrap();
    }
    builder.build().unwrap()
}

fn parts(view: &BatchView) -> Vec<Part> {
    view.parts().map(|(id, bytes)| Part::of(id, &bytes)).collect()
}

fn offer(serving: &mut Serving, view: &BatchView) -> Verdict {
    serving.offer(view.manifest(), &parts(view), at(0))
}

/// A serving layer in the middle of its life: two views, what came after both, external values.
fn living() -> Serving {
    let set = set();
    let mut serving = Serving::new(Stream::new(&set)).externals(&fields(&set));
    for offset in 0..8 {
        let _ = serving.update_at(0, offset, &event(offset % 4, offset as i64 * H / 3)).unwrap();
    }
    assert_eq!(offer(&mut serving, &view("a", Positions::new().with(0, 8), 0)).decision, Decision::Accept);
    for offset in 8..12 {
        let _ = serving.update_at(0, offset + offset / 10, &event(offset % 4, offset as i64 * H / 3)).unwrap();
    }
    let cut = Positions::new().with(0, 15).with(7, 3);
    assert_eq!(offer(&mut serving, &view("b", cut, 5)).decision, Decision::Accept);
    for offset in 14..18 {
        let _ = serving.update_at(0, offset, &event(offset % 4, offset as i64 * H / 3)).unwrap();
    }
    serving.advance(at(2 * H));
    serving.put(&entity(1), "risk", 0.75, at(5 * H)).unwrap();
    serving.put(&entity(2), "tag", "x", at(5 * H)).unwrap();
    serving
}

fn is_typed(error: &Error) -> bool {
    use ErrorKind::{Corrupt, Format, Magic, Mismatch, NotCanonical};
    matches!(error.kind(), Magic | Format | Mismatch | Corrupt | NotCanonical)
}

/// One to three changes: bits, bytes that begin great numbers, cuts, runs put in.
fn tamper(bytes: &mut Vec<u8>, from: usize, dice: &mut Dice) {
    for _ in 0..=dice.roll() % 3 {
        let at = from.min(bytes.len()) + (dice.roll() % bytes.len().saturating_sub(from).max(1) as u64) as usize;
        let end = (at + (dice.roll() % 10) as usize).min(bytes.len());
        match dice.roll() % 6 {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << (dice.roll() % 8),
            2 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][(dice.roll() % 5) as usize],
            3 if at < end => drop(bytes.drain(at..end)),
            4 => bytes.truncate(at),
            _ if at <= bytes.len() => bytes.splice(at..at, [0xff; 10].into_iter().take(end - at)).for_each(drop),
            _ => {}
        }
    }
}

/// Makes the checksum of a record right again.
fn reseal_record(bytes: &mut [u8], entity: &Entity) {
    if bytes.len() >= 17 {
        let tag = u64::from_le_bytes(bytes[5..13].try_into().unwrap());
        let seed = xxh3_64_with_seed(&postcard::to_stdvec(entity).unwrap(), tag);
        let sum = xxh3_64_with_seed(&bytes[17..], seed) as u32;
        bytes[13..17].copy_from_slice(&sum.to_le_bytes());
    }
}

/// Makes the checksum of a snapshot right again.
fn reseal(bytes: &mut [u8]) {
    if bytes.len() >= 9 {
        let sum = xxh3_64_with_seed(&bytes[9..], 0) as u32;
        bytes[5..9].copy_from_slice(&sum.to_le_bytes());
    }
}

/// Whatever was restored is a serving layer like any other: everything can be done with it.
fn is_sound(serving: &mut Serving, dice: &mut Dice) {
    let views: Vec<String> = serving.views().map(|manifest| manifest.view.clone()).collect();
    let bytes = view("b", Positions::new().with(0, 15), 5);
    for user in 0..5 {
        let as_of = at((dice.roll() % 1_000) as i64 * H / 7);
        for batch in [Lookup::Failed, Lookup::NotFound, bytes.lookup(&entity(user))] {
            drop(serving.vector(&entity(user), as_of, batch));
        }
        drop(serving.update_at(dice.roll() as u32 % 3, dice.roll() % 40, &event(user, 7 * H)));
    }
    drop(serving.announce(Positions::new().with(0, dice.roll() % 60)));
    drop(offer(serving, &view("n", Positions::new().with(0, dice.roll() % 60), 1)));
    drop(serving.rollback(at(0)));
    serving.advance(at(9 * H));
    let _ = serving.evict();
    assert!(serving.coverage().is_some() || views.is_empty());
    let again = Serving::restore(serving.set(), &fields(serving.set()), &serving.snapshot()).unwrap();
    assert_eq!(again.snapshot(), serving.snapshot());
}

#[test]
fn tampered_records_give_a_reason_or_a_valid_answer_and_no_panic() {
    let (mut dice, serving, view) = (Dice(1), living(), view("b", Positions::new().with(0, 15).with(7, 3), 5));
    let (mut read, mut refused) = (0, 0);
    for round in 0..6_000 {
        let user = entity(dice.roll() % 4);
        let mut bytes = view.lookup(&user).found().unwrap().to_vec();
        let sealed = round % 4 > 0;
        tamper(&mut bytes, if sealed { 17 } else { 0 }, &mut dice);
        if sealed {
            reseal_record(&mut bytes, &user);
        }
        let served = serving.vector(&user, at(9 * H), Lookup::Found(&bytes)).unwrap();
        match served.problem() {
            None => read += 1,
            Some(why) => {
                refused += 1;
                assert!(is_typed(why), "{why}");
                assert!(!served.provenance("all").unwrap().is_complete());
            }
        }
    }
    assert!(read > 10 && refused > 4_000, "{read} read, {refused} refused");
}

#[test]
fn a_record_that_was_cut_short_anywhere_is_corrupt() {
    let (serving, view) = (living(), view("b", Positions::new().with(0, 15).with(7, 3), 5));
    let whole = view.lookup(&entity(3)).found().unwrap();
    for len in 0..whole.len() {
        for sealed in [false, true] {
            let mut bytes = whole[..len].to_vec();
            if sealed {
                reseal_record(&mut bytes, &entity(3));
            }
            let served = serving.vector(&entity(3), at(9 * H), Lookup::Found(&bytes)).unwrap();
            assert!(served.problem().is_some_and(is_typed), "{len} of {} bytes", whole.len());
        }
    }
}

#[test]
fn a_record_under_the_wrong_key_or_of_something_else_is_not_served() {
    let set = set();
    let (serving, cut) = (living(), Positions::new().with(0, 15).with(7, 3));
    let reason = |bytes: &[u8], user: u64| {
        let served = serving.vector(&entity(user), at(9 * H), Lookup::Found(bytes)).unwrap();
        (served.provenance("all").unwrap().status, served.problem().map(Error::kind))
    };
    let good = view("b", cut.clone(), 5);
    let theirs = good.lookup(&entity(2)).found().unwrap();
    assert_eq!(reason(theirs, 2).1, None);
    let corrupt = (Status::Degraded(Reason::BatchCorrupt), Some(ErrorKind::Corrupt));
    assert_eq!(reason(theirs, 3), corrupt);
    // Under the right checksum, but of a view that is not in service.
    let unknown = view("z", cut.clone(), 5);
    let bytes = unknown.lookup(&entity(2)).found().unwrap();
    assert_eq!(reason(bytes, 2), (Status::Degraded(Reason::OtherView), None));
    // Of the same name, without external values, and with others.
    let others = Externals::new(&set, [External::new("risk", Kind::Str)]).unwrap();
    for fields in [Externals::default(), others] {
        let mut builder = ViewBuilder::new(&set, "b", cut.clone(), at(0)).externals(&fields);
        builder.put(entity(2), &State::new(&set), 0).unwrap();
        if !fields.is_empty() {
            builder.external(entity(2), "risk", "high", at(0)).unwrap();
        }
        let view = builder.build().unwrap();
        assert_eq!(reason(view.lookup(&entity(2)).found().unwrap(), 2), corrupt);
    }
    // Of the same name and another definition.
    let other = FeatureSet::from_json(&FEATURES.replace("30m", "31m")).unwrap();
    let mut builder = ViewBuilder::new(&other, "b", cut, at(0)).externals(&fields(&set));
    builder.put(entity(2), &State::new(&other), 0).unwrap();
    let view = builder.build().unwrap();
    let (status, kind) = reason(view.lookup(&entity(2)).found().unwrap(), 2);
    assert_eq!((status, kind), (Status::Degraded(Reason::BatchCorrupt), Some(ErrorKind::Mismatch)));
    assert_eq!(reason(b"", 2).1, Some(ErrorKind::Magic));
    assert_eq!(reason(b"SKVR", 2).1, Some(ErrorKind::Corrupt));
    assert_eq!(reason(b"SKVR\x02", 2).1, Some(ErrorKind::Format));
}

#[test]
fn tampered_parts_are_refused_and_with_a_manifest_to_match_do_not_panic() {
    let (mut dice, set, view) = (Dice(2), set(), view("a", at(100 * H), 0));
    let whole: Vec<(u32, Vec<u8>)> = view.parts().collect();
    let mut opened = 0;
    for _ in 0..3_000 {
        let mut parts = whole.clone();
        let which = (dice.roll() as usize) % parts.len();
        tamper(&mut parts[which].1, 0, &mut dice);
        if parts == whole {
            continue;
        }
        assert!(is_typed(&BatchView::open(&set, view.manifest(), parts.clone()).unwrap_err()));
        let found: Vec<Part> = parts.iter().map(|(id, bytes)| Part::of(*id, bytes)).collect();
        assert_eq!(Serving::new(Stream::new(&set)).offer(view.manifest(), &found, at(0)).decision, Decision::Reject);
        let mut manifest = view.manifest().clone();
        manifest.entities = found.iter().map(|part| part.entities).sum();
        manifest.parts = found;
        match BatchView::open(&set, &manifest, parts) {
            Err(why) => assert!(is_typed(&why), "{why}"),
            Ok(view) => {
                opened += 1;
                let mut serving = Serving::new(Stream::new(&set)).externals(&fields(&set));
                let _ = offer(&mut serving, &view);
                (0..4).map(entity).for_each(|user| drop(serving.vector(&user, at(101 * H), view.lookup(&user))));
            }
        }
    }
    assert!(opened > 100, "{opened}");
    let (first, rest) = whole.split_first().unwrap();
    for wrong in [rest.to_vec(), [&whole[..], std::slice::from_ref(first)].concat(), vec![]] {
        assert_eq!(BatchView::open(&set, view.manifest(), wrong).unwrap_err().kind(), ErrorKind::Corrupt);
    }
    let swapped = whole.iter().map(|(id, bytes)| (2 - id, bytes.clone()));
    assert_eq!(BatchView::open(&set, view.manifest(), swapped).unwrap_err().kind(), ErrorKind::Corrupt);
    let reversed = BatchView::open(&set, view.manifest(), whole.iter().rev().cloned()).unwrap();
    assert!(reversed.parts().eq(whole) && reversed.records().eq(view.records()));
}

#[test]
fn a_manifest_that_was_changed_is_not_read() {
    let view = view("a", at(100 * H), 0);
    let text = view.manifest().to_json();
    assert_eq!(&Manifest::from_json(&text).unwrap(), view.manifest());
    let mut dice = Dice(3);
    for _ in 0..5_000 {
        let mut bytes = text.clone().into_bytes();
        tamper(&mut bytes, 0, &mut dice);
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        match Manifest::from_json(&changed) {
            Ok(manifest) => assert_eq!(&manifest, view.manifest(), "{changed}"),
            Err(why) => assert_eq!(why.kind(), ErrorKind::Corrupt),
        }
    }
    for len in 0..text.len() {
        assert!(Manifest::from_json(&text[..len]).is_err());
    }
    for hostile in ["", "null", "{}", "[]", "{\"manifest\": {}, \"seal\": \"0\"}", &"[".repeat(100_000)] {
        assert_eq!(Manifest::from_json(hostile).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn no_manifest_however_weird_replaces_the_view_in_service() {
    let (good, next) = (view("a", at(100 * H), 0), view("b", at(200 * H), 0));
    let part = parts(&next)[0];
    let change = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = next.manifest().clone();
        change(&mut manifest);
        manifest
    };
    let manifests = [
        change(&|m| m.parts.push(part)),
        change(&|m| m.parts.clear()),
        change(&|m| (m.parts, m.entities) = (Vec::new(), 0)),
        change(&|m| m.parts = vec![Part { id: u32::MAX, entities: u64::MAX, bytes: u64::MAX, ..part }; 2]),
        change(&|m| m.entities = u64::MAX),
        change(&|m| {
            m.parts.iter_mut().for_each(|part| part.entities = u64::MAX);
            m.entities = u64::MAX;
        }),
        change(&|m| m.events = u64::MAX),
        change(&|m| m.externals.iter_mut().for_each(|external| external.entities = u64::MAX)),
        change(&|m| m.externals.clear()),
        change(&|m| m.cut = at(99 * H).into()),
        change(&|m| m.cut = Timestamp::MIN.into()),
        change(&|m| m.cut = Timestamp::MAX.into()),
        change(&|m| m.cut = Positions::new().into()),
        change(&|m| m.cut = Positions::new().with(u32::MAX, u64::MAX).into()),
        change(&|m| m.view = "a".into()),
        change(&|m| m.fingerprint = FeatureSet::from_json(shop::TEN).unwrap().fingerprint()),
    ];
    for manifest in manifests {
        let mut serving = Serving::new(Stream::new(&set())).externals(&fields(&set()));
        assert_eq!(offer(&mut serving, &good).decision, Decision::Accept);
        let verdict = serving.offer(&manifest, &parts(&next), at(0));
        assert!(verdict.decision > Decision::Accept && !verdict.to_string().is_empty(), "{manifest:?}");
        assert_eq!(serving.view(), Some(good.manifest()));
        drop(serving.vector(&entity(1), at(101 * H), good.lookup(&entity(1))).unwrap());
        let text = manifest.to_json();
        assert_eq!(Manifest::from_json(&text).unwrap(), manifest);
    }
    let mut serving = Serving::new(Stream::new(&set()));
    let missing = serving.offer(good.manifest(), &parts(&good)[1..], at(0));
    assert_eq!(missing.findings, [Finding::PartMissing { part: 0 }]);
    assert!(serving.view().is_none() && serving.quarantined().is_empty());
}

#[test]
fn tampered_snapshots_of_a_stream_with_cuts_give_typed_errors_or_a_sound_stream() {
    let (mut dice, set, serving) = (Dice(4), set(), living());
    let whole = serving.stream().snapshot();
    let (mut restored, mut kinds) = (0, BTreeSet::new());
    for round in 0..4_000 {
        let mut bytes = whole.clone();
        tamper(&mut bytes, if round % 4 > 0 { 9 } else { 0 }, &mut dice);
        reseal(&mut bytes);
        match Stream::restore(&set, &bytes) {
            Err(why) => {
                assert!(is_typed(&why), "{why}");
                let _ = kinds.insert(format!("{:?}", why.kind()));
            }
            Ok(stream) => {
                restored += 1;
                assert_eq!(stream.snapshot(), bytes);
                is_sound(&mut Serving::new(stream).externals(&fields(&set)), &mut dice);
            }
        }
    }
    assert!(restored > 40 && kinds.len() >= 4, "{restored} restored, {kinds:?}");
}

#[test]
fn tampered_snapshots_of_a_serving_layer_give_typed_errors_or_a_sound_one() {
    let (mut dice, set, serving) = (Dice(5), set(), living());
    let whole = serving.snapshot();
    let stream = serving.stream().snapshot().len();
    let (mut restored, mut refused) = (0, 0);
    for round in 0..3_000 {
        let mut bytes = whole.clone();
        // What is behind the stream, which has a checksum of its own.
        tamper(&mut bytes, if round % 8 > 0 { 9 + 2 + stream } else { 0 }, &mut dice);
        reseal(&mut bytes);
        match Serving::restore(&set, &fields(&set), &bytes) {
            Err(why) => {
                refused += 1;
                assert!(is_typed(&why), "{why}");
            }
            Ok(mut serving) => {
                restored += 1;
                assert_eq!(serving.snapshot(), bytes);
                is_sound(&mut serving, &mut dice);
            }
        }
    }
    assert!(restored > 100 && refused > 1_000, "{restored} restored, {refused} refused");
    for len in 0..whole.len() {
        let mut bytes = whole[..len].to_vec();
        reseal(&mut bytes);
        assert!(is_typed(&Serving::restore(&set, &fields(&set), &bytes).unwrap_err()));
    }
    for others in [Externals::default(), Externals::new(&set, [External::new("risk", Kind::Str)]).unwrap()] {
        let kind = Serving::restore(&set, &others, &whole).unwrap_err().kind();
        assert!(matches!(kind, ErrorKind::Corrupt | ErrorKind::Mismatch), "{kind:?}");
    }
    let other = FeatureSet::from_json(&FEATURES.replace("30m", "31m")).unwrap();
    assert_eq!(Serving::restore(&other, &fields(&set), &whole).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn the_ends_of_offsets_and_partitions_are_places_like_any_other() {
    let set = set();
    let mut stream = Stream::new(&set);
    let mut take =
        |partition: u32, offset: u64| stream.update_at(partition, offset, &event(0, 5)).map_err(|why| why.kind());
    assert_eq!(take(u32::MAX, u64::MAX), Err(ErrorKind::Parameter));
    assert_eq!(take(u32::MAX, u64::MAX - 1), Ok(Outcome::Applied));
    assert_eq!(take(u32::MAX, u64::MAX - 1), Ok(Outcome::Redelivered));
    assert_eq!(take(u32::MAX, 0), Ok(Outcome::Applied));
    assert_eq!(take(u32::MAX, 1 << 63), Ok(Outcome::Applied));
    assert_eq!(take(u32::MAX, 1 << 63), Ok(Outcome::Redelivered));
    assert_eq!(take(0, 5), Ok(Outcome::Applied));
    assert_eq!(take(0, 2), Ok(Outcome::Applied));
    assert_eq!(take(0, 3), Ok(Outcome::Applied));
    assert_eq!(take(0, 3), Ok(Outcome::Redelivered));
    assert_eq!(stream.positions(), Positions::new().with(0, 6).with(u32::MAX, u64::MAX));
    let restored = Stream::restore(&set, &stream.snapshot()).unwrap();
    assert_eq!((restored.snapshot(), restored.positions()), (stream.snapshot(), stream.positions()));
    let all = stream.positions();
    stream.announce(all.clone()).unwrap();
    assert!(stream.coverage(&all.clone().into()).is_complete());
    assert_eq!(stream.state_after(&entity(0), &all.into()), None);
    assert_eq!(stream.announce(Positions::new().with(u32::MAX, 7)).unwrap_err().kind(), ErrorKind::Coverage);
}

#[test]
fn calls_in_any_order_are_refused_or_done_and_never_panic() {
    let (mut dice, set) = (Dice(6), set());
    let names = ["a", "b", "c"];
    for _ in 0..60 {
        let mut serving = Serving::new(Stream::new(&set)).externals(&fields(&set)).retain((dice.roll() % 4) as usize);
        for _ in 0..40 {
            let name = names[(dice.roll() % 3) as usize];
            let time =
                [Timestamp::MIN, Timestamp::MAX, at((dice.roll() % 50) as i64 * H)][(dice.roll() % 5 / 2) as usize];
            let offset = dice.roll() % 20;
            let cut: Cut = match dice.roll() % 3 {
                0 => time.max(at(40 * H)).into(),
                _ => Positions::new().with((dice.roll() % 2) as u32, offset).into(),
            };
            let user = entity(dice.roll() % 5);
            let before = serving.view().cloned();
            match dice.roll() % 11 {
                0 => drop(serving.announce(cut)),
                1 => drop(serving.approve(name, time)),
                2 => drop(serving.rollback(time)),
                3 => serving.advance(time.min(at(60 * H))),
                4 => drop(serving.evict()),
                5 => drop(serving.update(&event(dice.roll() % 5, H))),
                6 => serving = Serving::restore(&set, &fields(&set), &serving.snapshot()).unwrap(),
                7 => drop(serving.put(&user, "risk", f64::NAN, time)),
                8 => drop(serving.update_at((dice.roll() % 3) as u32, offset, &event(dice.roll() % 5, 3 * H))),
                _ => {
                    let offered = view(name, cut, 0);
                    let decision = offer(&mut serving, &offered).decision;
                    assert!(decision == Decision::Accept || serving.view() == before.as_ref());
                    drop(serving.vector(&user, time, offered.lookup(&user)));
                }
            }
            for batch in [Lookup::Failed, Lookup::NotFound, Lookup::Found(&b"SKVR"[..])] {
                match serving.vector(&user, time, batch) {
                    Ok(served) => assert_eq!(served.iter().count(), serving.names().len()),
                    Err(why) => assert_eq!(why.kind(), ErrorKind::Unanswerable),
                }
            }
        }
    }
}

#[test]
fn external_values_keep_to_their_kind_and_their_time() {
    let set = set();
    let fields = fields(&set);
    let mut serving = Serving::new(Stream::new(&set)).externals(&fields);
    let user = entity(0);
    let refused = |result: Result<(), Error>| result.unwrap_err().kind();
    assert_eq!(refused(serving.put(&user, "nobody", 1.0, at(0))), ErrorKind::Definition);
    assert_eq!(refused(serving.put(&user, "risk", "high", at(0))), ErrorKind::Type);
    assert_eq!(refused(serving.put(&user, "vec", 1.0, at(0))), ErrorKind::Type);
    assert_eq!(refused(serving.put(&user, "seen", i64::MAX, at(0))), ErrorKind::Type);
    assert_eq!(refused(serving.put(&user, "tag", ValueRef::Other("object"), at(0))), ErrorKind::Type);
    assert_eq!(refused(serving.put(&Entity::from(1.5), "risk", 1.0, at(0))), ErrorKind::Type);
    assert_eq!(refused(serving.put(&Entity::new([]), "risk", 1.0, at(0))), ErrorKind::Missing);
    let untouched = serving.snapshot();
    serving.put(&user, "risk", f64::NAN, at(0)).unwrap();
    serving.put(&user, "risk", ValueRef::Null, at(0)).unwrap();
    assert_eq!(serving.snapshot(), untouched);
    let risk = |serving: &Serving, as_of: Timestamp| {
        let served = serving.vector(&user, as_of, Lookup::NotFound).unwrap();
        (served.get("risk").unwrap().as_f64().unwrap(), served.provenance("risk").unwrap().status)
    };
    serving.put(&user, "risk", f64::NEG_INFINITY, at(0)).unwrap();
    assert_eq!(risk(&serving, at(0)), (f64::NEG_INFINITY, Status::Complete));
    assert_eq!(risk(&serving, at(H)), (f64::NEG_INFINITY, Status::Complete));
    assert_eq!(risk(&serving, at(H + 1)), (0.5, Status::Degraded(Reason::Expired)));
    assert_eq!(risk(&serving, at(-1)).0, 0.5);
    assert_eq!(risk(&serving, Timestamp::MIN).0, 0.5);
    assert_eq!(risk(&serving, Timestamp::MAX), (0.5, Status::Degraded(Reason::Expired)));
    // The later wins in whatever order they come, the greater at one time.
    for (value, time) in [(0.3, 7), (0.2, 7), (0.9, 6)] {
        serving.put(&user, "risk", value, at(time)).unwrap();
    }
    assert_eq!(risk(&serving, at(7)).0, 0.3);
    serving.put(&user, "risk", -0.0, Timestamp::MAX).unwrap();
    assert_eq!(risk(&serving, Timestamp::MAX).0.to_bits(), 0);
    serving.put(&entity(1), "vec", &[f64::NAN, -0.0, f64::INFINITY][..], Timestamp::MIN).unwrap();
    let restored = Serving::restore(&set, &fields, &serving.snapshot()).unwrap();
    assert_eq!(restored.snapshot(), serving.snapshot());
    for as_of in [Timestamp::MIN, at(0), Timestamp::MAX] {
        let both = [&serving, &restored].map(|one| one.vector(&entity(1), as_of, Lookup::NotFound).unwrap());
        assert_eq!(both[0].vector(), both[1].vector());
        assert!(matches!(both[0].get("vec"), Some(Value::List(_))));
    }
}

#[test]
fn the_first_and_the_last_moment_can_be_asked_for() {
    let (set, serving) = (set(), living());
    let view = view("b", Positions::new().with(0, 15).with(7, 3), 5);
    for batch in [Lookup::Failed, Lookup::NotFound, view.lookup(&entity(1))] {
        let served = serving.vector(&entity(1), Timestamp::MAX, batch).unwrap();
        drop(serde_json::to_string(&served).unwrap());
        assert!(served.get("all").unwrap().as_i64().unwrap() > 0);
        match serving.vector(&entity(1), Timestamp::MIN, batch) {
            Ok(early) => assert_eq!(early.get("all"), Some(&Value::I64(0))),
            Err(why) => assert_eq!(why.kind(), ErrorKind::Unanswerable),
        }
    }
    for cut in [Timestamp::MIN, Timestamp::MAX] {
        let mut serving = Serving::new(Stream::new(&set));
        serving.announce(cut).unwrap();
        for time in [Timestamp::MIN, at(0), Timestamp::MAX] {
            let _ = serving.update(&event(0, time.as_micros())).unwrap();
        }
        let restored = Serving::restore(&set, &Externals::default(), &serving.snapshot()).unwrap();
        for serving in [serving, restored] {
            let served = serving.vector(&entity(0), Timestamp::MAX, Lookup::Failed).unwrap();
            assert_eq!((served.get("all"), served.is_complete()), (Some(&Value::I64(2)), true));
        }
    }
}
