//! Catches a replay that ends in other states than a batch pass over the same log: events lost, doubled or skipped around
//! a crash, bad ones taken for good, and checkpoints that can be misread.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use serde_json::{Value as Json, json};
use skewless::replay::{BadEvent, Delivery, Progress, Replay, Step, Tolerance};
use skewless::samples::{Labels, encode};
use skewless::{ErrorKind, FeatureSet, FrontierPolicy, Outcome, Positions, Span, Stream, Timestamp};

const FEATURES: &str = r#"{"name": "s", "version": 1, "entity": "user", "time": "ts",
    "columns": {"amount": "f64", "word": "string", "qty": "i64"},
    "features": {
        "sum_exact": {"sum": "amount", "over": {"sliding": "1h", "hop": "exact"}},
        "sum_hop": {"sum": "amount", "where": {"word": "a"}, "over": {"sliding": "1d", "hop": "1h"}},
        "n_day": {"count": "*", "over": {"tumbling": "1d"}},
        "n_all": {"count": "*", "over": "lifetime"},
        "words": {"count_distinct": "word", "over": "lifetime"},
        "last": {"last": "qty", "over": "lifetime"},
        "session": {"sum": "amount", "over": {"session": "30m"}},
        "since": {"sum": "amount", "over": {"sliding": "6h", "hop": "exact", "since": {"word": "b"}}}}}"#;

fn set() -> FeatureSet {
    FeatureSet::from_json(FEATURES).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

fn positions<const N: usize>(all: [(u32, u64); N]) -> Positions {
    all.into_iter().collect()
}

fn event(offset: u64) -> Json {
    let user = ["ada", "bob"][(offset % 2) as usize];
    json!({"user": user, "ts": offset as i64 * 1_000_000, "amount": 0.1, "word": "a", "qty": offset as i64})
}

fn good(partition: u32, offset: u64) -> Delivery<Json> {
    Delivery::new(partition, offset, event(offset))
}

fn replay(end: Positions) -> Replay {
    Replay::new(Stream::new(&set()), Positions::new(), end).unwrap()
}

fn read_all(replay: &mut Replay, log: impl IntoIterator<Item = Delivery<Json>>) {
    replay.reading(log).for_each(|step| drop(step.unwrap()));
}

#[cfg(feature = "arrow")]
mod law {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;
    use skewless::batch::snapshot;
    use skewless::testing::{Event, events::events, events::moment};
    use skewless::{Entity, Record, State, Value};

    use super::*;

    fn table(set: &FeatureSet, log: &[Event]) -> RecordBatch {
        let values = |name: &str| {
            let index = set.columns().iter().find(|column| column.name() == name).unwrap().index();
            log.iter().map(move |event| &event.values()[index])
        };
        let time = |value: &Value| if let Value::Time(at) = value { Some(at.as_micros()) } else { None };
        RecordBatch::try_from_iter_with_nullable([
            ("user", Arc::new(values("user").map(Value::as_str).collect::<StringArray>()) as ArrayRef, true),
            ("ts", Arc::new(values("ts").map(time).collect::<TimestampMicrosecondArray>()), true),
            ("amount", Arc::new(values("amount").map(Value::as_f64).collect::<Float64Array>()), true),
            ("word", Arc::new(values("word").map(Value::as_str).collect::<StringArray>()), true),
            ("qty", Arc::new(values("qty").map(Value::as_i64).collect::<Int64Array>()), true),
        ])
        .unwrap()
    }

    /// What a batch pass makes of the log: every entity's encoded state.
    fn by_batch(set: &FeatureSet, log: &[Event], as_of: Timestamp) -> Vec<(Entity, Vec<u8>)> {
        let states = snapshot(set, &[table(set, log)], as_of).unwrap().states().unwrap();
        let (users, bytes) = (states.column(0).as_string::<i32>(), states.column(1).as_binary::<i32>());
        users.iter().zip(bytes).map(|(user, bytes)| (Entity::from(user.unwrap()), bytes.unwrap().to_vec())).collect()
    }

    /// What the replay has come to, aged to `as_of` as the batch pass is.
    fn by_replay(stream: &Stream, as_of: Timestamp) -> Vec<(Entity, Vec<u8>)> {
        let encoded = |(entity, state): (&Entity, std::borrow::Cow<'_, State>)| {
            let mut state = state.into_owned();
            state.advance(as_of);
            (entity.clone(), state.encode())
        };
        let mut all: Vec<_> = stream.iter().map(encoded).collect();
        all.sort();
        all
    }

    /// The events dealt to three partitions, with gaps in one of them, and bad ones in between.
    fn deal(log: &[Event], bad: &[Index]) -> (Vec<Delivery<Event>>, Positions) {
        let mut next = [0u64; 3];
        let mut dealt: Vec<Delivery<Event>> = Vec::new();
        for (i, event) in log.iter().enumerate() {
            let partition = (i * 7 + i / 3) % 3;
            next[partition] += (partition as u64 % 2) * (i as u64 % 4);
            dealt.push(Delivery::new(partition as u32, next[partition], event.clone()));
            next[partition] += 1;
            if bad.iter().any(|bad| bad.index(log.len()) == i) {
                dealt.push(Delivery::unreadable(partition as u32, next[partition], "no event"));
                next[partition] += 1;
            }
        }
        (dealt, (0..3).zip(next).collect())
    }

    /// What is delivered to who reads on from `positions`, or from `back` offsets before.
    fn from<'a>(
        log: &'a [Delivery<Event>],
        positions: &'a Positions,
        back: u64,
    ) -> impl Iterator<Item = Delivery<Event>> + 'a {
        let read = move |delivery: &&Delivery<Event>| {
            delivery.offset >= positions.next(delivery.partition).saturating_sub(back)
        };
        log.iter().filter(read).cloned()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_replay_ends_in_the_states_of_a_batch_pass_wherever_it_crashed(
            log in events(&set(), 24),
            bad in vec(any::<Index>(), 0..4),
            as_of in moment(),
            frontiers in vec((any::<Index>(), moment()), 0..3),
        ) {
            let set = set();
            // As of a time the batch pass leaves out what is later; the replay is of the same log.
            let log: Vec<Event> = log.into_iter().filter(|event| event.time() < as_of).collect();
            let truth = by_batch(&set, &log, as_of);
            let (dealt, end) = deal(&log, &bad);
            let tolerance = Tolerance::new(4, 0.0).unwrap();
            let mut whole = Replay::new(Stream::new(&set), Positions::new(), end).unwrap().tolerance(tolerance);
            let mut checkpoints = vec![whole.checkpoint().unwrap()];
            for (i, delivery) in dealt.iter().enumerate() {
                for (_, frontier) in frontiers.iter().filter(|(when, at)| when.index(dealt.len()) == i && *at <= as_of) {
                    whole.advance(*frontier);
                }
                let _ = whole.read(delivery).unwrap();
                checkpoints.push(whole.checkpoint().unwrap());
            }
            prop_assert!(whole.is_complete());
            let (bad, bytes) = (whole.bad().clone(), whole.checkpoint().unwrap());
            let frontier = whole.stream().frontier();
            prop_assert_eq!(by_replay(&whole.finish().unwrap(), as_of), truth.clone());
            for (at, checkpoint) in checkpoints.iter().enumerate() {
                for back in [0, 3, u64::MAX] {
                    let mut again = Replay::resume(&set, checkpoint).unwrap();
                    prop_assert_eq!(&again.checkpoint().unwrap(), checkpoint);
                    let positions = again.positions();
                    for step in again.reading(from(&dealt, &positions, back)) {
                        prop_assert!(step.is_ok());
                    }
                    frontier.into_iter().for_each(|frontier| again.advance(frontier));
                    prop_assert_eq!(again.bad(), &bad, "after a crash at {}", at);
                    // The same to the byte, up to the count of what came twice; without that, wholly.
                    if back == 0 && frontiers.is_empty() {
                        prop_assert_eq!(again.checkpoint().unwrap(), bytes.clone());
                    }
                    prop_assert_eq!(by_replay(&again.finish().unwrap(), as_of), truth.clone());
                }
            }
        }
    }

    #[test]
    fn the_law_is_not_held_by_an_empty_log() {
        let set = set();
        let log: Vec<Event> = (0..40)
            .map(|i| {
                let values = set.columns().iter().map(|column| super::event(i).field(column).to_value());
                let time =
                    |value: Value| if let Value::I64(t) = value { Value::Time(at(t / 1_000_000)) } else { value };
                let ts = set.time_column().index();
                Event::new(&set, values.enumerate().map(|(i, v)| if i == ts { time(v) } else { v }).collect())
            })
            .collect();
        let truth = by_batch(&set, &log, at(100));
        assert_eq!(truth.len(), 2);
        let (dealt, end) = deal(&log[1..], &[]);
        let mut short = Replay::new(Stream::new(&set), Positions::new(), end).unwrap();
        short.reading(dealt).for_each(|step| drop(step.unwrap()));
        assert_ne!(by_replay(&short.finish().unwrap(), at(100)), truth);
    }
}

#[test]
fn a_bad_event_is_counted_once_with_its_place_however_often_it_is_delivered() {
    let mut replay = replay(positions([(0, 4)])).tolerance(Tolerance::new(2, 0.0).unwrap());
    let wrong = json!({"user": "ada", "ts": "no time"});
    let log = [good(0, 0), Delivery::unreadable(0, 1, "cut short"), Delivery::new(0, 2, wrong), good(0, 3)];
    let mut steps: Vec<Step> = replay.reading(log.clone()).map(Result::unwrap).collect();
    let bad = BadEvent { partition: 0, offset: 1, reason: "cut short".into() };
    assert_eq!(steps.remove(1), Step::Bad(bad));
    assert!(matches!(&steps[1], Step::Bad(bad) if bad.offset == 2 && bad.reason.contains("no time")), "{steps:?}");
    let again: Vec<Step> = replay.reading(log).map(Result::unwrap).collect();
    assert_eq!(again, vec![Step::Taken(Outcome::Redelivered); 4]);
    assert_eq!((replay.events(), replay.bad().count(), replay.bad().first().len()), (4, 2, 2));
    assert_eq!(replay.finish().unwrap().len(), 2);
}

#[test]
fn a_replay_that_failed_takes_nothing_gives_nothing_and_is_not_resumed() {
    let mut replay = replay(positions([(0, 4)])).tolerance(Tolerance::new(1, 0.0).unwrap());
    let log = (0..4).map(|offset| if offset == 0 { good(0, 0) } else { Delivery::unreadable(0, offset, "junk") });
    let before = {
        let mut reading = replay.reading(log.clone());
        let _ = reading.by_ref().take(2).map(Result::unwrap).count();
        let checkpoint = reading.replay().checkpoint().unwrap();
        let failed = reading.next().unwrap().unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Tolerance);
        assert_eq!(
            failed.to_string(),
            "offset 2 of partition 0: junk: 2 of 3 events are bad, tolerated: 1; the replay has failed"
        );
        assert!(reading.next().is_none(), "the log is read on for a replay that has failed");
        checkpoint
    };
    assert_eq!(replay.read(&good(0, 3)).unwrap_err().kind(), ErrorKind::Tolerance);
    assert_eq!(replay.checkpoint().unwrap_err().kind(), ErrorKind::Tolerance);
    assert_eq!(replay.finish().unwrap_err().kind(), ErrorKind::Tolerance);
    // From a checkpoint before it fails again, at the same event.
    let mut again = Replay::resume(&set(), &before).unwrap();
    let failed = again.reading(log).find_map(Result::err).unwrap();
    assert!(failed.to_string().starts_with("offset 2 of partition 0"), "{failed}");
}

#[test]
fn a_share_of_bad_events_is_tolerated_only_while_it_is_one() {
    let mut replay = replay(positions([(0, 100)])).tolerance(Tolerance::new(0, 0.1).unwrap());
    read_all(&mut replay, (0..18).map(|offset| good(0, offset)));
    assert!(matches!(replay.read(&Delivery::<Json>::unreadable(0, 18, "")), Ok(Step::Bad(_))));
    // Two of twenty are one in ten; three of twenty-one are more.
    assert!(matches!(replay.read(&Delivery::<Json>::unreadable(0, 19, "")), Ok(Step::Bad(_))));
    assert!(replay.read(&Delivery::<Json>::unreadable(0, 20, "")).is_err());
}

#[test]
fn a_place_that_no_event_can_have_is_refused_and_changes_nothing() {
    let mut replay = replay(positions([(0, 1)]));
    let before = replay.checkpoint().unwrap();
    assert_eq!(replay.read(&good(0, u64::MAX)).unwrap_err().kind(), ErrorKind::Parameter);
    assert_eq!(replay.read(&Delivery::<Json>::unreadable(0, u64::MAX, "x")).unwrap_err().kind(), ErrorKind::Parameter);
    assert_eq!(replay.checkpoint().unwrap(), before);
    let owned = Stream::new(&set()).of_partitions([0]).unwrap();
    let mut replay = Replay::new(owned, Positions::new(), positions([(0, 1)])).unwrap();
    assert_eq!(replay.read(&good(1, 0)).unwrap_err().kind(), ErrorKind::Parameter);
    assert_eq!(replay.bad().count(), 0);
}

#[test]
fn history_ends_where_the_log_ended_and_may_be_passed_where_nothing_is_delivered() {
    let mut replay = replay(positions([(0, 3), (1, 2)]));
    read_all(&mut replay, [good(0, 0), good(0, 1), good(1, 0), good(1, 1), good(1, 2)]);
    assert!(replay.is_history(0, 2) && !replay.is_history(0, 3) && !replay.is_history(2, 0));
    assert!(!replay.is_complete());
    let why = replay.clone().finish().unwrap_err();
    assert_eq!(why.kind(), ErrorKind::Coverage);
    assert_eq!(why.to_string(), "partition 0 was read up to 2, and history ends at 3");
    // The last offset is a transaction's marker: the consumer gets past it, an event never comes.
    replay.pass(0, 3);
    replay.pass(0, 1);
    assert!(replay.is_complete());
    let again = Replay::resume(&set(), &replay.checkpoint().unwrap()).unwrap();
    assert_eq!(again.positions(), positions([(0, 3), (1, 3)]));
    // It was no marker after all.
    assert_eq!(replay.read(&good(0, 2)).unwrap(), Step::Taken(Outcome::Applied));
    assert_eq!(replay.finish().unwrap().counters().applied, 6);
}

#[test]
fn an_empty_log_is_replayed_at_once() {
    for end in [Positions::new(), positions([(0, 0)])] {
        let mut replay = replay(end);
        let progress = replay.progress(at(0));
        assert!(progress.is_complete() && replay.is_complete());
        assert_eq!((progress.share(), progress.eta, progress.rate), (1.0, Some(Span::ZERO), None));
        assert!(replay.finish().unwrap().is_empty());
    }
}

#[test]
fn what_lies_before_the_start_is_not_taken() {
    let start = positions([(0, 2)]);
    let mut replay = Replay::new(Stream::new(&set()), start.clone(), positions([(0, 4), (1, 1)])).unwrap();
    read_all(&mut replay, [good(0, 1), good(0, 2), good(0, 3), good(1, 0)]);
    assert_eq!((replay.events(), replay.stream().counters().redelivered), (3, 1));
    assert_eq!(replay.progress(at(0)).total(), 3);
    let mut used = Stream::new(&set());
    let _ = used.update_at(0, 0, &event(0)).unwrap();
    assert_eq!(Replay::new(used, start, Positions::new()).unwrap_err().kind(), ErrorKind::Coverage);
}

#[test]
fn progress_has_a_rate_and_an_end_in_sight_by_the_hosts_clock() {
    let mut replay = replay(positions([(0, 100), (1, 100)]));
    assert_eq!(replay.progress(at(1_000)).eta, None);
    read_all(&mut replay, (0..50).map(|offset| good(0, offset)));
    let progress = replay.progress(at(1_005));
    assert_eq!((progress.rate, progress.eta, progress.events), (Some(10.0), Some(Span::seconds(15)), 50));
    assert_eq!(progress.partitions[0].remaining(), 50);
    assert_eq!((progress.share(), progress.latest_event), (0.25, Some(at(49))));
    assert_eq!(progress.to_string(), "#####...............  25 %, 50 of 200 offsets, 10/s, 15s to go");
    // The clock is set back: nothing is known until there are two looks again.
    assert_eq!(replay.progress(at(3)).rate, None);
    // The time between a checkpoint and a restart is not time worked.
    let mut again = Replay::resume(&set(), &replay.checkpoint().unwrap()).unwrap();
    let progress = again.progress(at(1_000_000));
    assert_eq!((progress.rate, progress.eta, progress.share()), (None, None, 0.25));
    let json = serde_json::to_string(&progress).unwrap();
    assert_eq!(serde_json::from_str::<Progress>(&json).unwrap(), progress);
}

#[test]
fn what_is_not_known_of_a_replay_has_no_sample() {
    let mut replay = replay(positions([(0, 100)]));
    read_all(&mut replay, (0..7).map(|offset| good(0, offset)));
    let labels = Labels::new().with("version", 2);
    let named = |progress: &Progress| -> Vec<(String, f64)> {
        progress
            .samples(&labels)
            .iter()
            .map(|sample| (sample.metric.name.replace("skewless_replay_", ""), sample.value))
            .collect()
    };
    let known = [("events_total", 7.0), ("bad_events_total", 0.0), ("remaining_events", 93.0)];
    let known = known.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(named(&replay.progress(at(0))), known);
    read_all(&mut replay, (7..10).map(|offset| good(0, offset)));
    let samples = named(&replay.progress(at(3)));
    assert_eq!(samples[3..], [("events_per_second".to_owned(), 1.0), ("eta_seconds".to_owned(), 90.0)]);
    assert!(
        encode(&replay.progress(at(3)).samples(&labels)).contains("skewless_replay_eta_seconds{version=\"2\"} 90\n")
    );
}

#[test]
fn a_tolerance_is_checked_however_it_comes() {
    let tolerance = Tolerance::new(3, 0.5).unwrap();
    let json = serde_json::to_string(&tolerance).unwrap();
    assert_eq!((json.as_str(), serde_json::from_str(&json).unwrap()), (r#"{"most":3,"share":0.5}"#, tolerance));
    for bad in [r#"{"most":3,"share":1.5}"#, r#"{"most":3,"share":-0.1}"#, r#"{"most":3,"share":0,"x":1}"#] {
        assert!(serde_json::from_str::<Tolerance>(bad).is_err(), "{bad}");
    }
}

/// A checkpoint with something of everything in it.
fn checkpoint() -> Vec<u8> {
    let stream = Stream::with_policy(&set(), FrontierPolicy::lateness(Span::seconds(5)));
    let end = positions([(0, 30), (1, 4)]);
    let mut replay = Replay::new(stream, positions([(0, 2)]), end).unwrap().tolerance(Tolerance::new(3, 0.5).unwrap());
    let log =
        (0..30).map(|offset| if offset % 9 == 4 { Delivery::unreadable(0, offset, "junk") } else { good(0, offset) });
    read_all(&mut replay, log.filter(|delivery| delivery.offset % 5 != 3));
    replay.pass(1, 4);
    replay.checkpoint().unwrap()
}

#[test]
fn hostile_bytes_are_a_typed_error_or_a_replay_that_writes_them() {
    let (set, bytes) = (set(), checkpoint());
    assert_eq!(Replay::resume(&set, &bytes).unwrap().checkpoint().unwrap(), bytes);
    let typed = |bytes: &[u8]| {
        use ErrorKind::{Corrupt, Format, Magic, Mismatch, NotCanonical};
        match Replay::resume(&set, bytes) {
            Ok(replay) => assert_eq!(replay.checkpoint().unwrap(), bytes),
            Err(why) => {
                assert!(matches!(why.kind(), Magic | Format | Mismatch | Corrupt | NotCanonical), "{why:?}")
            }
        }
    };
    let sealed = |body: &[u8]| {
        let sum = xxhash_rust::xxh3::xxh3_64_with_seed(body, 0) as u32;
        [&b"SKRP\x01"[..], &sum.to_le_bytes(), body].concat()
    };
    let body = &bytes[9..];
    assert_eq!(sealed(body), bytes);
    for cut in 0..bytes.len() {
        typed(&bytes[..cut]);
    }
    for place in 0..body.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut body = body.to_vec();
            body[place] ^= change;
            typed(&sealed(&body));
            typed(&sealed(&body[..place]));
            body.splice(place..place, [0xff; 9]);
            typed(&sealed(&body));
        }
    }
    typed(&sealed(&[body, b"more"].concat()));
    let other = FeatureSet::from_json(&FEATURES.replace("30m", "31m")).unwrap();
    assert_eq!(Replay::resume(&other, &bytes).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn a_checkpoint_of_today_is_read_tomorrow() {
    let set = FeatureSet::from_json(
        r#"{"name": "s", "version": 1, "entity": "user", "time": "ts",
        "features": {"n": {"count": "*", "over": {"sliding": "1h"}}}}"#,
    )
    .unwrap();
    let (start, end) = (positions([(3, 7)]), positions([(3, 20), (5, 1)]));
    let mut replay = Replay::new(Stream::new(&set), start, end).unwrap().tolerance(Tolerance::new(2, 0.5).unwrap());
    read_all(&mut replay, [good(3, 7), good(3, 8), Delivery::unreadable(3, 10, "cut short")]);
    replay.pass(5, 1);
    replay.advance(at(8));
    let bytes = replay.checkpoint().unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // These bytes are in somebody's store: another form needs another format number.
    let stored = concat!(
        "534b5250016c86f53b010307020314050101050102000000000000e03f0101030a096375742073686f72748901534b535402",
        "f6c0441d93f8b9f08c89f9b218000180c8d0070000020000010000000000010103070b0101090a000100000180c8d0070000",
        "010101010307020004036164611c534b4c5301137c0ece48e465181fedb4d70180c8d007010001000100000403626f622153",
        "4b4c5301137c0ece48e46518465c677b0180c8d00701ff887a0002ffc7d00701",
    );
    assert_eq!(hex, stored);
    assert_eq!(Replay::resume(&set, &bytes).unwrap().positions(), replay.positions());
}
