//! Catches an event that is counted twice or not at all where a batch view and a stream meet, and a bad view served;
//! the law itself is held in `promise.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use serde_json::{Value as Json, json};
use skewless::merge::{Decision, Finding, Override, Part, Reason, Seen, Source, Status, merge};
use skewless::{
    BatchView, Cut, Entity, ErrorKind, External, Externals, FeatureSet, Gap, Gate, Kind, Lookup, Manifest, Outcome,
};
use skewless::{Positions, Served, Serving, Span, Stream, Timestamp, Value, ValueRef, ViewBuilder};

fn set(features: &[String]) -> FeatureSet {
    let json = format!(
        r#"{{"name": "t", "version": 1, "entity": "user", "time": "ts",
            "columns": {{"qty": "i64"}}, "features": {{{}}}}}"#,
        features.join(", ")
    );
    FeatureSet::from_json(&json).unwrap_or_else(|why| panic!("{why}: {json}"))
}

const H: i64 = 3_600_000_000;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_micros(hours * H).unwrap()
}

/// Spend of an hour and of ever, beside an embedding that lasts two days.
fn shop() -> (FeatureSet, Externals) {
    let set = set(&[
        r#""spend": {"sum": "amount", "over": "lifetime"}"#.into(),
        r#""spend_1h": {"sum": "amount", "over": {"sliding": "1h"}}"#.into(),
        r#""clicks_before": {"count": "*", "over": {"sliding": "1h", "offset": "1d"}}"#.into(),
        r#""session": {"count": "*", "over": {"session": "30m"}}"#.into(),
    ]);
    let embedding = External::new("embedding", Kind::List).ttl(Span::days(2));
    let externals = Externals::new(&set, [embedding]).unwrap();
    (set, externals)
}

fn bought(user: &str, micros: i64, amount: f64) -> Json {
    json!({"user": user, "ts": micros, "amount": amount})
}

/// A view of these events, with embeddings for these users.
fn view_of(name: &str, cut: impl Into<Cut>, made_at: Timestamp, events: &[Json], embedded: &[&str]) -> BatchView {
    let (set, externals) = shop();
    let mut job = Stream::new(&set);
    let mut builder = ViewBuilder::new(&set, name, cut, made_at).externals(&externals).parts(4);
    for event in events {
        job.update(event).unwrap();
    }
    for (entity, state) in job.iter() {
        builder.put(entity.clone(), &state, 1).unwrap();
    }
    for user in embedded {
        builder
            .external((*user).into(), "embedding", ValueRef::List(&[1.0, made_at.as_micros() as f64]), made_at)
            .unwrap();
    }
    builder.build().unwrap()
}

fn found(view: &BatchView) -> Vec<Part> {
    view.parts().map(|(id, bytes)| Part::of(id, &bytes)).collect()
}

fn serving() -> Serving {
    let (set, externals) = shop();
    Serving::new(Stream::new(&set)).externals(&externals)
}

fn status(served: &Served, name: &str) -> Status {
    served.provenance(name).unwrap().status
}

fn number(served: &Served, name: &str) -> Option<f64> {
    served.get(name).unwrap().as_f64()
}

#[test]
fn a_truncated_embedding_job_at_three_in_the_morning_replaces_nothing() {
    let users: Vec<String> = (0..100).map(|i| format!("user-{i:02}")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let yesterday: Vec<Json> = names.iter().map(|user| bought(user, 20 * H, 1.0)).collect();
    let today: Vec<Json> = names.iter().map(|user| bought(user, 30 * H, 0.5)).collect();
    let both: Vec<Json> = yesterday.iter().chain(&today).cloned().collect();

    let mut serving = serving();
    serving.announce(at(24)).unwrap();
    serving.announce(at(48)).unwrap();
    let good = view_of("day-1", at(24), at(27), &yesterday, &names);
    both.iter().for_each(|event| assert!(serving.update(event).is_ok()));
    assert_eq!(serving.offer(good.manifest(), &found(&good), at(27)).decision, Decision::Accept);
    let served = |serving: &Serving| {
        names
            .iter()
            .map(|user| serving.vector(&(*user).into(), at(52), good.lookup(&(*user).into())).unwrap())
            .collect::<Vec<_>>()
    };
    let before = served(&serving);
    assert!(before.iter().all(|served| served.is_complete() && number(served, "spend") == Some(1.5)));

    // The job wrote forty of a hundred embeddings and closed its manifest as if nothing had happened.
    let truncated = view_of("day-2", at(48), at(51), &both, &names[..40]);
    let verdict = serving.offer(truncated.manifest(), &found(&truncated), at(51));
    assert_eq!(verdict.decision, Decision::Quarantine, "{verdict}");
    assert!(verdict.findings.contains(&Finding::ExternalCoverage {
        external: "embedding".into(),
        found: 0.4,
        previous: 1.0
    }));
    // A file was cut short on the way; another never came.
    let mut parts = found(&truncated);
    parts[1] = Part::of(1, &truncated.parts().nth(1).unwrap().1[..100]);
    parts.remove(3);
    let verdict = serving.offer(truncated.manifest(), &parts, at(51));
    assert_eq!(verdict.decision, Decision::Reject);
    assert!(verdict.findings.contains(&Finding::PartMissing { part: 3 }), "{verdict}");
    assert!(
        verdict.findings.iter().any(|finding| matches!(finding, Finding::PartDiffers { part: 1, .. })),
        "{verdict}"
    );

    // Serving goes on with the previous view and everything since.
    assert_eq!(serving.view().unwrap().view, "day-1");
    for (then, now) in before.iter().zip(served(&serving)) {
        assert_eq!(then.vector(), now.vector());
    }
    let repaired = view_of("day-2b", at(48), at(52), &both, &names);
    assert_eq!(serving.offer(repaired.manifest(), &found(&repaired), at(52)).decision, Decision::Accept);
    let ada = Entity::from("user-07");
    assert_eq!(number(&serving.vector(&ada, at(52), repaired.lookup(&ada)).unwrap(), "spend"), Some(1.5));
}

#[test]
fn what_comes_late_below_a_time_cut_is_counted_and_seen_again_with_the_next_view() {
    let mut serving = serving();
    let ada = Entity::from("ada");
    let (first, late) = (bought("ada", 10 * H, 1.0), bought("ada", 20 * H, 2.0));
    serving.announce(at(12)).unwrap();
    serving.announce(at(24)).unwrap();
    assert_eq!(serving.update(&first).unwrap(), Outcome::Applied);
    let half = view_of("half", at(12), at(13), std::slice::from_ref(&first), &["ada"]);
    let day = view_of("day", at(24), at(25), std::slice::from_ref(&first), &["ada"]);
    for view in [&half, &day] {
        assert_eq!(serving.offer(view.manifest(), &found(view), at(25)).decision, Decision::Accept);
    }
    assert_eq!(serving.update(&late).unwrap(), Outcome::BelowCut);
    assert_eq!(serving.stream().counters().below_cut, 1);
    let spend = |serving: &Serving, view: &BatchView| {
        number(&serving.vector(&ada, at(30), view.lookup(&ada)).unwrap(), "spend")
    };
    // Not in the view in service; but in what came after the one before it, and in the next.
    assert_eq!((spend(&serving, &day), spend(&serving, &half)), (Some(1.0), Some(3.0)));
    let next = view_of("next", at(24), at(26), &[first, late], &["ada"]);
    assert_eq!(serving.offer(next.manifest(), &found(&next), at(26)).decision, Decision::Accept);
    assert_eq!(spend(&serving, &next), Some(3.0));
}

#[test]
fn a_stream_that_began_after_the_cut_says_what_is_missing() {
    let (set, externals) = shop();
    let view = view_of("v", Positions::new().with(0, 10).with(1, 5), at(1), &[bought("ada", 0, 1.0)], &["ada"]);
    let mut serving = Serving::new(Stream::new(&set)).externals(&externals);
    serving.update_at(0, 12, &bought("ada", H, 1.0)).unwrap();
    serving.update_at(1, 5, &bought("ada", H, 1.0)).unwrap();
    let verdict = serving.offer(view.manifest(), &found(&view), at(2));
    let gap = Gap::Offsets { partition: 0, from: 10, to: 12 };
    // There is nothing better to serve, so it is served and says so.
    assert_eq!((verdict.decision, verdict.findings), (Decision::Accept, vec![Finding::Gap(gap)]));
    let ada = Entity::from("ada");
    let served = serving.vector(&ada, at(2), view.lookup(&ada)).unwrap();
    assert_eq!(status(&served, "spend"), Status::Degraded(Reason::CoverageGap));
    // A view that reaches as far closes the gap.
    let later = Positions::new().with(0, 12).with(1, 5);
    let view = view_of("w", later, at(1), &[bought("ada", 0, 1.0)], &["ada"]);
    assert_eq!(serving.offer(view.manifest(), &found(&view), at(2)).decision, Decision::Accept);
    assert!(serving.vector(&ada, at(2), view.lookup(&ada)).unwrap().is_complete());
}

#[test]
fn a_view_that_lands_before_the_stream_is_there_is_not_missing_anything() {
    let mut serving = serving();
    let ada = Entity::from("ada");
    let log: Vec<Json> = (0..6).map(|i| bought("ada", i * H, 1.0)).collect();
    let view = view_of("v", Positions::new().with(0, 4), at(1), &log[..4], &["ada"]);
    serving.update_at(0, 0, &log[0]).unwrap();
    assert_eq!(serving.offer(view.manifest(), &found(&view), at(9)).decision, Decision::Accept);
    for (offset, spend) in [(1, 4.0), (2, 4.0), (3, 4.0), (4, 5.0), (5, 6.0)] {
        let before = serving.vector(&ada, at(9), view.lookup(&ada)).unwrap();
        let behind = Status::Degraded(Reason::RealtimeBehind);
        assert_eq!(status(&before, "spend"), if offset < 4 { behind } else { Status::Complete }, "at {offset}");
        assert_eq!(serving.coverage().unwrap().is_behind(), offset < 4);
        serving.update_at(0, offset, &log[offset as usize]).unwrap();
        let after = serving.vector(&ada, at(9), view.lookup(&ada)).unwrap();
        assert_eq!(number(&after, "spend"), Some(spend));
    }
}

#[test]
fn a_stream_that_starts_at_the_cut_is_not_behind_it_before_its_first_event() {
    let (set, externals) = shop();
    let view = view_of("v", at(24), at(25), &[bought("ada", 23 * H, 1.0)], &["ada"]);
    let mut serving = Serving::new(Stream::new(&set).starting_at(at(24)).unwrap()).externals(&externals);
    assert_eq!(serving.offer(view.manifest(), &found(&view), at(25)).decision, Decision::Accept);
    assert!(serving.vector(&"ada".into(), at(26), view.lookup(&"ada".into())).unwrap().is_complete());
    let restored = Serving::restore(&set, &externals, &serving.snapshot()).unwrap();
    assert!(restored.vector(&"ada".into(), at(26), view.lookup(&"ada".into())).unwrap().is_complete());
}

#[test]
fn an_instance_does_not_wait_for_partitions_of_others() {
    let (set, externals) = shop();
    let cut = Positions::new().with(0, 1).with(1, 7);
    let view = view_of("v", cut, at(1), &[bought("ada", 0, 1.0)], &["ada"]);
    let stream = Stream::new(&set).of_partitions([0, 2]).unwrap().starting_at(Positions::new().with(0, 1)).unwrap();
    let mut serving = Serving::new(stream).externals(&externals);
    assert_eq!(serving.offer(view.manifest(), &found(&view), at(1)).decision, Decision::Accept);
    serving.update_at(0, 1, &bought("ada", H, 2.0)).unwrap();
    let served = serving.vector(&"ada".into(), at(2), view.lookup(&"ada".into())).unwrap();
    assert_eq!((served.is_complete(), number(&served, "spend")), (true, Some(3.0)));
    let error = serving.update_at(1, 7, &bought("ada", H, 2.0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Parameter);
    assert!(error.to_string().contains("[0, 2]"), "{error}");
}

#[test]
fn a_cut_that_the_stream_has_passed_is_refused_with_one_that_works() {
    let (set, _) = shop();
    let mut stream = Stream::new(&set);
    for offset in 0..20 {
        stream.update_at(3, offset, &bought("ada", 0, 1.0)).unwrap();
    }
    let error = stream.announce(Positions::new().with(3, 15)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Coverage);
    assert!(error.to_string().contains("{3: 20}"), "{error}");
    stream.announce(stream.positions()).unwrap();
    // Event times: instants can still be told apart, panes cannot.
    let mut stream = Stream::new(&set);
    for hour in 0..20 {
        stream.update(&bought("ada", hour * H, 1.0)).unwrap();
    }
    stream.advance(at(10));
    assert_eq!(stream.announce(at(9)).unwrap_err().kind(), ErrorKind::Coverage);
    stream.announce(at(10)).unwrap();
    let after = stream.state_after(&"ada".into(), &Cut::from(at(10))).unwrap();
    assert_eq!(after.vector(at(30)).unwrap().get("spend").unwrap().as_f64(), Some(10.0));
    assert_eq!(stream.vector(&"ada".into(), at(30)).unwrap().get("spend").unwrap().as_f64(), Some(20.0));
}

#[test]
fn landing_lets_go_of_what_the_views_kept_both_have() {
    let mut serving = serving();
    for day in 1..=3 {
        serving.announce(at(24 * day)).unwrap();
    }
    let log: Vec<Json> = (0..4).map(|day| bought(&format!("user-{day}"), day * 24 * H, 1.0)).collect();
    log.iter().for_each(|event| assert!(serving.update(event).is_ok()));
    let mut kept = Vec::new();
    for day in 1..=3 {
        let view = view_of(&format!("day-{day}"), at(24 * day), at(24 * day), &log[..day as usize], &[]);
        serving.offer(view.manifest(), &found(&view), at(24 * day));
        if let Some(waiting) = serving.quarantined().first().map(|manifest| manifest.view.clone()) {
            // The log doubles from day to day here, which the gate would ask about.
            serving.approve(&waiting, at(24 * day)).unwrap();
        }
        kept.push(serving.stream().len());
    }
    // With two views kept, what came before the older one's cut is gone.
    assert_eq!(kept, [3, 3, 2]);
    let published: Vec<_> = serving.publications().iter().map(|past| (past.view.as_str(), past.how.as_str())).collect();
    assert_eq!(published, [("day-1", "accepted"), ("day-2", "approved"), ("day-3", "approved")]);
    assert_eq!(serving.rollback(at(80)).unwrap().view, "day-2");
    assert_eq!(serving.rollback(at(80)).unwrap_err().kind(), ErrorKind::Coverage);
}

#[test]
fn a_view_that_was_gone_back_from_can_come_again_and_no_other_under_its_name() {
    let mut serving = serving();
    let event = bought("ada", 0, 1.0);
    let first = view_of("first", at(24), at(24), std::slice::from_ref(&event), &[]);
    let second = view_of("second", at(48), at(48), std::slice::from_ref(&event), &[]);
    let other = view_of("second", at(48), at(49), std::slice::from_ref(&event), &[]);
    for view in [&first, &second] {
        assert_eq!(serving.offer(view.manifest(), &found(view), at(50)).decision, Decision::Accept);
    }
    let again = serving.offer(second.manifest(), &found(&second), at(50));
    assert_eq!((again.decision, again.findings), (Decision::Accept, vec![Finding::AlreadyServed]));
    serving.rollback(at(51)).unwrap();
    let verdict = serving.offer(other.manifest(), &found(&other), at(52));
    assert_eq!(verdict.findings.iter().filter(|finding| **finding == Finding::NameTaken).count(), 1, "{verdict}");
    assert_eq!(serving.offer(second.manifest(), &found(&second), at(53)).decision, Decision::Accept);
    assert_eq!(serving.publications().len(), 4);
    // Backward, and of another definition.
    let verdict = serving.offer(first.manifest(), &found(&first), at(54));
    assert!(verdict.findings.iter().any(|finding| matches!(finding, Finding::CutBackward { .. })), "{verdict}");
    let stranger = set(&[r#""n": {"count": "*", "over": "lifetime"}"#.into()]);
    let mut builder = ViewBuilder::new(&stranger, "third", at(72), at(72));
    builder.put("ada".into(), &skewless::State::new(&stranger), 1).unwrap();
    let foreign = builder.build().unwrap();
    let verdict = serving.offer(foreign.manifest(), &found(&foreign), at(73));
    assert_eq!(verdict.decision, Decision::Reject);
    assert!(matches!(verdict.findings[0], Finding::OtherDefinition { .. }), "{verdict}");
    assert_eq!(serving.view().unwrap().view, "second");
}

#[test]
fn a_mended_view_leaves_quarantine_when_it_is_accepted() {
    let mut serving = serving();
    let users: Vec<String> = (0..10).map(|i| format!("user-{i}")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let first = view_of("first", at(24), at(24), &[], &names);
    let short = view_of("short", at(48), at(48), &[], &names[..5]);
    assert_eq!(serving.offer(first.manifest(), &found(&first), at(24)).decision, Decision::Accept);
    for _ in 0..2 {
        assert_eq!(serving.offer(short.manifest(), &found(&short), at(48)).decision, Decision::Quarantine);
        assert_eq!(serving.quarantined(), [short.manifest().clone()]);
    }
    serving.approve("short", at(49)).unwrap();
    assert!(serving.quarantined().is_empty());
    assert_eq!(serving.approve("short", at(49)).unwrap_err().kind(), ErrorKind::Coverage);
}

#[test]
fn not_found_and_failed_are_different_answers() {
    let mut serving = serving();
    serving.announce(at(24)).unwrap();
    let view = view_of("v", at(24), at(25), &[bought("ada", 23 * H, 1.0)], &["ada"]);
    serving.offer(view.manifest(), &found(&view), at(25));
    serving.update(&bought("bob", 26 * H, 2.0)).unwrap();
    serving.advance(at(26));
    let bob = Entity::from("bob");
    let new = serving.vector(&bob, at(27), view.lookup(&bob)).unwrap();
    assert!(new.is_complete() && new.seen() == Seen::Yes);
    assert_eq!(new.provenance("spend").unwrap().source, Source::Realtime);
    let lost = serving.vector(&bob, at(27), Lookup::Failed).unwrap();
    assert_eq!(number(&lost, "spend"), Some(2.0));
    assert_eq!(status(&lost, "spend"), Status::Degraded(Reason::BatchFailed));
    assert_eq!(status(&lost, "embedding"), Status::Degraded(Reason::BatchFailed));
    // An hour back there is nothing that the batch side could have had.
    assert_eq!(status(&lost, "spend_1h"), Status::Complete);
    assert_eq!(status(&lost, "session"), Status::Complete);
    let nobody = Entity::from("nobody");
    assert_eq!(serving.vector(&nobody, at(27), Lookup::NotFound).unwrap().seen(), Seen::No);
    assert_eq!(serving.vector(&nobody, at(27), Lookup::Failed).unwrap().seen(), Seen::Unknown);
}

#[test]
fn a_window_that_ends_before_the_cut_does_not_need_the_stream() {
    let (set, _) = shop();
    let view = view_of("v", at(48), at(49), &[bought("ada", 24 * H - 1, 1.0)], &[]);
    let state = view.state(&set, &"ada".into()).unwrap();
    assert_eq!(view.state(&set, &"bob".into()).unwrap(), Lookup::NotFound);
    let stranger = self::set(&[r#""n": {"count": "*", "over": "lifetime"}"#.into()]);
    assert_eq!(view.state(&stranger, &"ada".into()).unwrap_err().kind(), ErrorKind::Mismatch);
    let served = merge(&set, Some(view.manifest()), state.as_ref(), Lookup::Failed, at(48)).unwrap();
    assert_eq!(status(&served, "clicks_before"), Status::Complete);
    assert_eq!(served.get("clicks_before").unwrap().as_i64(), Some(1));
    let served = merge(&set, Some(view.manifest()), state.as_ref(), Lookup::Failed, at(49)).unwrap();
    assert_eq!(status(&served, "spend"), Status::Degraded(Reason::RealtimeFailed));
}

#[test]
fn a_view_without_events_is_not_needed_by_any_window() {
    let mut serving = serving();
    let view = view_of("v", at(24), at(25), &[], &["ada"]);
    assert_eq!(serving.offer(view.manifest(), &found(&view), at(25)).decision, Decision::Accept);
    serving.update(&bought("ada", 26 * H, 2.0)).unwrap();
    serving.advance(at(26));
    let served = serving.vector(&"ada".into(), at(27), Lookup::Failed).unwrap();
    assert_eq!((status(&served, "spend"), number(&served, "spend")), (Status::Complete, Some(2.0)));
}

#[test]
fn bounds_that_are_no_numbers_let_nothing_pass() {
    let (set, _) = shop();
    let first = view_of("first", at(24), at(24), &[], &["ada", "bob"]);
    let second = view_of("second", at(48), at(48), &[], &["ada"]);
    for gate in [Gate::new(&set).volume(f64::NAN, f64::NAN), Gate::new(&set).volume(0.0, 9.0).coverage(f64::NAN)] {
        let verdict = gate.evaluate(second.manifest(), &found(&second), Some(first.manifest()));
        assert_eq!(verdict.decision, Decision::Quarantine, "{verdict}");
    }
}

#[test]
fn what_is_not_whole_can_be_withheld() {
    let serving = serving().withhold_incomplete(true);
    let mut serving = serving;
    serving.announce(at(24)).unwrap();
    let view = view_of("v", at(24), at(25), &[bought("ada", 23 * H, 1.0)], &["ada"]);
    serving.offer(view.manifest(), &found(&view), at(25));
    serving.update(&bought("ada", 26 * H, 2.0)).unwrap();
    serving.advance(at(26));
    let served = serving.vector(&"ada".into(), at(27), Lookup::Failed).unwrap();
    assert_eq!((served.get("spend"), number(&served, "spend_1h")), (Some(&Value::Null), Some(2.0)));
}

#[test]
fn a_stale_stream_is_told_and_a_stale_view_is_not_wrong() {
    let mut serving = serving().stale_after(Span::hours(1));
    let view = view_of("v", at(24), at(25), &[bought("ada", 23 * H, 1.0)], &["ada"]);
    serving.offer(view.manifest(), &found(&view), at(25));
    serving.update(&bought("ada", 500 * H, 2.0)).unwrap();
    let ada = Entity::from("ada");
    let served = serving.vector(&ada, at(501), view.lookup(&ada)).unwrap();
    assert_eq!((status(&served, "spend"), number(&served, "spend")), (Status::Complete, Some(3.0)));
    assert_eq!(served.provenance("spend").unwrap().age.batch, Some(Span::hours(477)));
    let served = serving.vector(&ada, at(502), view.lookup(&ada)).unwrap();
    assert_eq!(status(&served, "spend"), Status::Degraded(Reason::RealtimeStale));
    // The embedding is older than its two days, and there is no other.
    assert_eq!(status(&served, "embedding"), Status::Degraded(Reason::Expired));
}

#[test]
fn external_values_follow_their_rule() {
    let (old, new) = ((Value::from(1.0), at(1)), (Value::from(2.0), at(2)));
    let side = |value: &Option<&'static str>| match value {
        Some("old") => Lookup::Found((&old.0, old.1)),
        Some("new") => Lookup::Found((&new.0, new.1)),
        Some(_) => Lookup::Failed,
        None => Lookup::NotFound,
    };
    use {Override::*, Source::*};
    let ok = Status::Complete;
    let why = Status::Degraded;
    for (policy, batch, realtime, as_of, value, source, status) in [
        (RealtimeWins, Some("new"), Some("old"), 2, 1.0, Realtime, ok),
        (RealtimeWins, Some("new"), None, 2, 2.0, Batch, ok),
        (RealtimeWins, Some("new"), Some("down"), 2, 2.0, Batch, why(Reason::RealtimeFailed)),
        (RealtimeWins, Some("down"), Some("old"), 2, 1.0, Realtime, ok),
        (RealtimeWins, Some("down"), None, 2, 0.5, Default, why(Reason::BatchFailed)),
        // Expired after two hours: at three, the value of one is still there.
        (RealtimeWins, Some("new"), Some("old"), 3, 1.0, Realtime, ok),
        (RealtimeWins, Some("new"), Some("old"), 4, 2.0, Batch, ok),
        (RealtimeWins, Some("new"), Some("old"), 5, 0.5, Default, why(Reason::Expired)),
        // What is of a later time than asked about is not known yet.
        (RealtimeWins, Some("new"), None, 1, 0.5, Default, why(Reason::NotKept)),
        (BatchWins, Some("old"), Some("new"), 1, 1.0, Batch, ok),
        (Freshest, Some("old"), Some("new"), 1, 1.0, Batch, why(Reason::NotKept)),
        (RealtimeWins, None, None, 1, 0.5, Default, ok),
        (BatchWins, Some("old"), Some("new"), 2, 1.0, Batch, ok),
        (BatchWins, Some("old"), Some("new"), 4, 2.0, Realtime, ok),
        (BatchWins, Some("down"), Some("new"), 2, 2.0, Realtime, why(Reason::BatchFailed)),
        (BatchWins, Some("old"), Some("down"), 2, 1.0, Batch, ok),
        (Freshest, Some("old"), Some("new"), 2, 2.0, Realtime, ok),
        (Freshest, Some("new"), Some("old"), 2, 2.0, Batch, ok),
        (Freshest, Some("new"), Some("new"), 2, 2.0, Realtime, ok),
        (Freshest, Some("down"), Some("new"), 2, 2.0, Realtime, why(Reason::BatchFailed)),
        (Freshest, Some("new"), Some("down"), 2, 2.0, Batch, why(Reason::RealtimeFailed)),
    ] {
        let external = External::new("x", Kind::F64).policy(policy).ttl(Span::hours(2)).default(0.5);
        let (served, provenance) = external.resolve(side(&batch), side(&realtime), at(as_of));
        let case = format!("{policy:?}, batch {batch:?}, real-time {realtime:?}, at {as_of}");
        assert_eq!((served.as_f64(), provenance.source, provenance.status), (Some(value), source, status), "{case}");
    }
}

#[test]
fn a_record_is_served_for_its_entity_and_its_view_only() {
    let mut serving = serving();
    let view = view_of("v", at(24), at(25), &[bought("ada", 0, 1.0), bought("bob", 0, 2.0)], &[]);
    let other = view_of("other", at(24), at(25), &[bought("ada", 0, 1.0)], &[]);
    serving.offer(view.manifest(), &found(&view), at(25));
    serving.update(&bought("ada", 30 * H, 1.0)).unwrap();
    let (ada, bob) = (Entity::from("ada"), Entity::from("bob"));
    let mixed = serving.vector(&ada, at(31), view.lookup(&bob)).unwrap();
    assert_eq!(status(&mixed, "spend"), Status::Degraded(Reason::BatchCorrupt));
    assert_eq!(mixed.problem().unwrap().kind(), ErrorKind::Corrupt);
    let foreign = serving.vector(&ada, at(31), other.lookup(&ada)).unwrap();
    assert_eq!(status(&foreign, "spend"), Status::Degraded(Reason::OtherView));
    let garbage = serving.vector(&ada, at(31), Lookup::Found(b"not a record")).unwrap();
    assert_eq!(status(&garbage, "spend"), Status::Degraded(Reason::BatchCorrupt));
    assert_eq!(garbage.problem().unwrap().kind(), ErrorKind::Magic);
}

#[test]
fn a_stream_alone_is_whole_if_it_began_at_the_beginning() {
    let (set, _) = shop();
    let mut serving = Serving::new(Stream::new(&set));
    serving.update_at(0, 0, &bought("ada", 0, 1.0)).unwrap();
    assert!(serving.vector(&"ada".into(), at(1), Lookup::NotFound).unwrap().is_complete());
    let mut serving = Serving::new(Stream::new(&set));
    serving.update_at(0, 7, &bought("ada", 0, 1.0)).unwrap();
    let served = serving.vector(&"ada".into(), at(1), Lookup::NotFound).unwrap();
    assert_eq!(status(&served, "spend"), Status::Degraded(Reason::NoView));
}

#[test]
fn what_is_served_can_be_logged() {
    let mut serving = serving();
    let view = view_of("v", at(24), at(25), &[bought("ada", 23 * H, 1.0)], &["ada"]);
    serving.offer(view.manifest(), &found(&view), at(25));
    serving.advance(at(26));
    let served = serving.vector(&"ada".into(), at(26), view.lookup(&"ada".into())).unwrap();
    let log = serde_json::to_value(&served).unwrap();
    assert_eq!(log["values"]["spend"], json!(1.0));
    assert_eq!(log["provenance"]["spend"]["source"], json!("batch"));
    assert_eq!((&log["view"], &log["seen"]), (&json!("v"), &json!("yes")));
}

#[test]
fn a_manifest_that_was_changed_is_not_read() {
    let view = view_of("v", at(24), at(25), &[bought("ada", 23 * H, 1.0)], &["ada"]);
    let text = view.manifest().to_json();
    assert_eq!(&Manifest::from_json(&text).unwrap(), view.manifest());
    let changed = text.replace(r#""entities": 1"#, r#""entities": 2"#);
    assert_ne!(changed, text);
    for bad in [changed.as_str(), &text[..text.len() / 2], "", "{}"] {
        assert_eq!(Manifest::from_json(bad).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
