//! Catches again what went wrong once in the merge: each test is named after it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use serde_json::{Value as Json, json};
use skewless::merge::{Decision, Part, Verdict};
use skewless::{BatchView, Cut, Entity, External, Externals, Feature, FeatureSet, Kind, Lookup, Positions, Served};
use skewless::{Serving, Span, State, Stream, Timestamp, Value, ViewBuilder, Window, col};

const H: i64 = 3_600_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn ada() -> Entity {
    Entity::from("ada")
}

/// Counts over all time and over the last hour.
fn set() -> FeatureSet {
    let builder = FeatureSet::builder("s").entity("user").time("ts");
    let builder = builder.feature("all", Feature::count().over(Window::lifetime()));
    builder.feature("hour", Feature::count().over(Window::sliding(Span::hours(1)).exact())).build().unwrap()
}

fn event(ts: i64) -> Json {
    json!({"user": "ada", "ts": ts})
}

/// A view of these events of ada.
fn view(set: &FeatureSet, name: &str, cut: impl Into<Cut>, events: &[i64]) -> BatchView {
    let mut builder = ViewBuilder::new(set, name, cut, at(1_000 * H));
    let mut state = State::new(set);
    for ts in events {
        let _ = state.update(&event(*ts)).unwrap();
    }
    if !events.is_empty() {
        builder.put(ada(), &state, events.len() as u64).unwrap();
    }
    // Someone else, so that the view is not empty.
    builder.put(Entity::from("bob"), &State::new(set), 0).unwrap();
    builder.build().unwrap()
}

fn offer(serving: &mut Serving, view: &BatchView) -> Verdict {
    let found: Vec<Part> = view.parts().map(|(id, bytes)| Part::of(id, &bytes)).collect();
    serving.offer(view.manifest(), &found, at(1_000 * H))
}

fn all(served: &Served) -> i64 {
    served.get("all").unwrap().as_i64().unwrap()
}

/// The value is the true one, or is not called complete.
fn is_honest(served: &Served, name: &str, truth: &Value) {
    let is_complete = served.provenance(name).unwrap().is_complete();
    assert!(!is_complete || served.get(name) == Some(truth), "complete: {:?}, truth {truth:?}", served.get(name));
}

fn positions<const N: usize>(all: [(u32, u64); N]) -> Positions {
    all.into_iter().collect()
}

#[test]
fn a_gap_that_opens_after_the_view_landed_is_not_called_complete() {
    let set = set();
    let mut serving = Serving::new(Stream::new(&set));
    assert_eq!(offer(&mut serving, &view(&set, "a", positions([(0, 1)]), &[1])).decision, Decision::Accept);
    // The speed layer starts late: offsets 1 to 19 are nowhere.
    let _ = serving.update_at(0, 20, &event(20)).unwrap();
    assert!(!serving.coverage().unwrap().is_complete());
    let served = serving.vector(&ada(), at(H), view(&set, "a", positions([(0, 1)]), &[1]).lookup(&ada())).unwrap();
    assert!(!served.is_complete(), "coverage says {:?}", serving.coverage());
}

#[test]
fn a_gap_that_was_filled_by_reading_the_log_again_does_not_degrade_for_ever() {
    let set = set();
    let mut serving = Serving::new(Stream::new(&set));
    let _ = serving.update_at(0, 3, &event(3)).unwrap();
    let view = view(&set, "a", positions([(0, 1)]), &[0]);
    assert_eq!(offer(&mut serving, &view).decision, Decision::Accept);
    assert!(!serving.vector(&ada(), at(H), view.lookup(&ada())).unwrap().is_complete());
    // The host does what the gap asks for: it reads the log again, from its beginning to be safe.
    for offset in 0..4 {
        let _ = serving.update_at(0, offset, &event(offset as i64)).unwrap();
    }
    let served = serving.vector(&ada(), at(H), view.lookup(&ada())).unwrap();
    assert_eq!((all(&served), served.is_complete()), (4, true), "{:?}", serving.coverage());
}

#[test]
fn events_read_again_from_before_where_a_partition_was_begun_are_not_counted_twice() {
    let set = set();
    let mut serving = Serving::new(Stream::new(&set));
    let _ = serving.update_at(0, 0, &event(0)).unwrap();
    assert_eq!(offer(&mut serving, &view(&set, "a", positions([(0, 1)]), &[0])).decision, Decision::Accept);
    // A partition that the stream began in the middle, as a consumer does that starts at the latest.
    let _ = serving.update_at(1, 2, &event(12)).unwrap();
    let next = view(&set, "b", positions([(0, 1), (1, 2)]), &[0, 10, 11]);
    let _ = offer(&mut serving, &next);
    let _ = serving.approve("b", at(0));
    let served = serving.vector(&ada(), at(H), next.lookup(&ada())).unwrap();
    assert_eq!((all(&served), served.is_complete()), (4, true));
    // "A log may be read again from any earlier place."
    let _ = serving.update_at(1, 0, &event(10)).unwrap();
    let _ = serving.update_at(1, 1, &event(11)).unwrap();
    is_honest(&serving.vector(&ada(), at(H), next.lookup(&ada())).unwrap(), "all", &Value::I64(4));
}

#[test]
fn an_offset_that_is_refused_does_not_make_the_stream_catch_up() {
    let set = set();
    let mut serving = Serving::new(Stream::new(&set));
    let view = view(&set, "a", positions([(0, 100)]), &[1]);
    assert_eq!(offer(&mut serving, &view).decision, Decision::Accept);
    assert!(!serving.vector(&ada(), at(H), view.lookup(&ada())).unwrap().is_complete());
    assert!(serving.update_at(0, u64::MAX, &event(1)).is_err());
    assert!(serving.coverage().unwrap().is_behind());
    assert!(!serving.vector(&ada(), at(H), view.lookup(&ada())).unwrap().is_complete());
}

#[test]
fn a_view_that_an_empty_stream_cannot_be_cut_for_does_not_hide_what_comes_later() {
    let set = FeatureSet::builder("s").entity("user").time("ts");
    let set = set.feature("all", Feature::count().over(Window::sliding(Span::hours(1)).exact())).build().unwrap();
    let mut serving = Serving::new(Stream::new(&set));
    let _ = serving.update(&event(60 * H)).unwrap();
    serving.advance(at(100 * H));
    assert_eq!(serving.evict(), 1);
    // A late batch job: its cut is below the frontier, and there were events after it.
    let view = view(&set, "a", at(50 * H), &[]);
    assert_eq!(offer(&mut serving, &view).decision, Decision::Accept);
    let _ = serving.update(&event(101 * H)).unwrap();
    let served = serving.vector(&ada(), at(101 * H + 1), view.lookup(&ada())).unwrap();
    is_honest(&served, "all", &Value::I64(1));
}

#[test]
fn a_view_of_another_sort_of_cut_does_not_hide_what_comes_later() {
    let set = set();
    let mut serving = Serving::new(Stream::new(&set));
    serving.announce(at(0)).unwrap();
    let view = view(&set, "a", positions([(0, 1)]), &[1]);
    let _ = offer(&mut serving, &view);
    for offset in 0..3 {
        let _ = serving.update_at(0, offset, &event(offset as i64 + 1)).unwrap();
    }
    let served = serving.vector(&ada(), at(H), view.lookup(&ada())).unwrap();
    is_honest(&served, "all", &Value::I64(3));
}

#[test]
fn an_entity_that_was_evicted_is_not_answered_for_before_the_frontier() {
    let set = FeatureSet::builder("s").entity("user").time("ts");
    let set = set.feature("hour", Feature::count().over(Window::sliding(Span::hours(1)).exact())).build().unwrap();
    let mut serving = Serving::new(Stream::new(&set));
    let view = view(&set, "a", at(10 * H), &[9 * H]);
    assert_eq!(offer(&mut serving, &view).decision, Decision::Accept);
    let _ = serving.update(&event(12 * H)).unwrap();
    serving.advance(at(100 * H));
    assert_eq!(serving.evict(), 1);
    // Not a wrong value: an error, or one that is not called complete.
    if let Ok(served) = serving.vector(&ada(), at(12 * H + 1), view.lookup(&ada())) {
        is_honest(&served, "hour", &Value::I64(1));
    }
}

#[test]
fn an_entity_that_was_evicted_without_any_view_is_not_answered_for_before_the_frontier() {
    let set = FeatureSet::builder("s").entity("user").time("ts");
    let set = set.feature("hour", Feature::count().over(Window::sliding(Span::hours(1)).exact())).build().unwrap();
    let mut serving = Serving::new(Stream::new(&set));
    let _ = serving.update(&event(12 * H)).unwrap();
    serving.advance(at(100 * H));
    assert_eq!(serving.evict(), 1);
    assert!(serving.stream().vector(&ada(), at(12 * H + 1)).is_err());
    if let Ok(served) = serving.vector(&ada(), at(12 * H + 1), Lookup::NotFound) {
        is_honest(&served, "hour", &Value::I64(1));
    }
}

#[test]
fn a_view_in_quarantine_with_a_cut_in_the_far_future_does_not_spoil_the_next_good_one() {
    let set = set();
    let mut serving = Serving::new(Stream::new(&set));
    let first = view(&set, "a", at(10 * H), &[9 * H]);
    assert_eq!(offer(&mut serving, &first).decision, Decision::Accept);
    let _ = serving.update(&event(11 * H)).unwrap();
    let _ = serving.update(&event(21 * H)).unwrap();
    // A job with a broken clock.
    let broken = view(&set, "broken", at(1_000_000 * H), &[9 * H, 11 * H]);
    assert_eq!(offer(&mut serving, &broken).decision, Decision::Quarantine);
    let good = view(&set, "b", at(20 * H), &[9 * H, 11 * H]);
    let _ = offer(&mut serving, &good);
    let _ = serving.approve("b", at(0));
    let served = serving.vector(&ada(), at(22 * H), good.lookup(&ada())).unwrap();
    assert_eq!((all(&served), served.is_complete()), (3, true), "{:?}", serving.coverage());
}

#[test]
fn after_going_back_from_a_view_with_a_wrong_cut_the_next_good_one_can_be_served() {
    let set = set();
    let mut serving = Serving::new(Stream::new(&set));
    let first = view(&set, "a", positions([(0, 1)]), &[0]);
    assert_eq!(offer(&mut serving, &first).decision, Decision::Accept);
    for offset in 0..4 {
        let _ = serving.update_at(0, offset, &event(offset as i64)).unwrap();
    }
    let mut wrong = view(&set, "wrong", positions([(0, 1_000_000)]), &[0]);
    let _ = offer(&mut serving, &wrong);
    let _ = serving.approve("wrong", at(0));
    serving.rollback(at(0)).unwrap();
    wrong = view(&set, "b", positions([(0, 4)]), &[0, 1, 2, 3]);
    let _ = offer(&mut serving, &wrong);
    let _ = serving.approve("b", at(0));
    let _ = serving.update_at(0, 4, &event(4)).unwrap();
    let served = serving.vector(&ada(), at(H), wrong.lookup(&ada())).unwrap();
    assert_eq!((all(&served), served.is_complete()), (5, true), "{:?}", serving.coverage());
}

#[test]
fn external_values_of_a_view_that_lists_them_in_another_order_are_not_mixed_up() {
    let set = set();
    let field = |name: &str| External::new(name, Kind::F64);
    let ours = Externals::new(&set, [field("risk"), field("score")]).unwrap();
    let theirs = Externals::new(&set, [field("score"), field("risk")]).unwrap();
    let mut builder = ViewBuilder::new(&set, "a", at(10 * H), at(10 * H)).externals(&theirs);
    builder.external(ada(), "score", 0.25, at(H)).unwrap();
    builder.external(ada(), "risk", 0.75, at(H)).unwrap();
    let view = builder.build().unwrap();
    let mut serving = Serving::new(Stream::new(&set)).externals(&ours);
    let _ = offer(&mut serving, &view);
    let served = serving.vector(&ada(), at(11 * H), view.lookup(&ada())).unwrap();
    is_honest(&served, "risk", &Value::F64(0.75));
}

#[test]
fn external_values_of_a_snapshot_are_not_given_to_others_of_the_same_kind() {
    let set = set();
    let field = |name: &str| External::new(name, Kind::F64);
    let ours = Externals::new(&set, [field("risk"), field("score")]).unwrap();
    let theirs = Externals::new(&set, [field("score"), field("risk")]).unwrap();
    let mut serving = Serving::new(Stream::new(&set)).externals(&ours);
    serving.put(&ada(), "risk", 0.75, at(H)).unwrap();
    if let Ok(restored) = Serving::restore(&set, &theirs, &serving.snapshot()) {
        let served = restored.vector(&ada(), at(2 * H), Lookup::NotFound).unwrap();
        is_honest(&served, "risk", &Value::F64(0.75));
    }
}

#[test]
fn external_values_named_after_the_first_entity_was_put_are_not_lost() {
    let set = set();
    let fields = Externals::new(&set, [External::new("score", Kind::F64)]).unwrap();
    let mut builder = ViewBuilder::new(&set, "a", at(10 * H), at(10 * H));
    let mut state = State::new(&set);
    let _ = state.update(&event(9 * H)).unwrap();
    builder.put(ada(), &state, 1).unwrap();
    let mut builder = builder.externals(&fields);
    builder.external(ada(), "score", 0.25, at(H)).unwrap();
    let view = builder.build().unwrap();
    let mut serving = Serving::new(Stream::new(&set)).externals(&fields);
    let _ = offer(&mut serving, &view);
    let served = serving.vector(&ada(), at(11 * H), view.lookup(&ada())).unwrap();
    assert_eq!((served.problem(), served.get("score")), (None, Some(&Value::F64(0.25))));
}

#[test]
fn an_external_value_that_was_replaced_by_one_from_after_as_of_is_not_called_complete() {
    let set = set();
    let fields = Externals::new(&set, [External::new("score", Kind::F64)]).unwrap();
    let mut serving = Serving::new(Stream::new(&set)).externals(&fields);
    serving.put(&ada(), "score", 0.25, at(10)).unwrap();
    serving.put(&ada(), "score", 0.5, at(20)).unwrap();
    let served = serving.vector(&ada(), at(15), Lookup::NotFound).unwrap();
    is_honest(&served, "score", &Value::F64(0.25));
}

#[test]
fn an_external_value_that_eviction_let_go_of_is_not_missing_from_a_complete_answer() {
    let set = set();
    let fields = Externals::new(&set, [External::new("score", Kind::F64).ttl(Span::hours(1))]).unwrap();
    let mut serving = Serving::new(Stream::new(&set)).externals(&fields);
    serving.put(&ada(), "score", 0.25, at(H)).unwrap();
    serving.advance(at(100 * H));
    let _ = serving.evict();
    if let Ok(served) = serving.vector(&ada(), at(H + 1), Lookup::NotFound) {
        is_honest(&served, "score", &Value::F64(0.25));
    }
}

#[test]
fn a_session_bounded_from_before_is_not_complete_where_the_failed_side_may_say_that_it_began_earlier() {
    let rate = Feature::rate("*").over(Window::session(Span::hours(1)).within(Span::hours(2)));
    let set = FeatureSet::builder("s").entity("user").time("ts").feature("rate", rate).build().unwrap();
    let cut = at(10 * H);
    let mut serving = Serving::new(Stream::new(&set));
    // At 12:30 the session may begin at 10:00; it was open at 9:45, which is before that.
    let batch = view(&set, "a", cut, &[9 * H + H / 2, 9 * H + 3 * H / 4]);
    assert_eq!(offer(&mut serving, &batch).decision, Decision::Accept);
    let mut whole = State::new(&set);
    for ts in [9 * H + H / 2, 9 * H + 3 * H / 4, 10 * H + H / 2, 11 * H + H / 4, 12 * H] {
        let _ = whole.update(&event(ts)).unwrap();
        let _ = serving.update(&event(ts)).unwrap();
    }
    let truth = whole.vector(at(12 * H + H / 2)).unwrap().get("rate").cloned().unwrap();
    let served = serving.vector(&ada(), at(12 * H + H / 2), Lookup::Failed).unwrap();
    is_honest(&served, "rate", &truth);
}

#[test]
fn a_session_since_a_reset_is_not_complete_where_the_failed_side_may_join_it() {
    let window = Window::session(Span::hours(1)).activity(col("kind").eq("a")).since(col("kind").eq("b"));
    let set = FeatureSet::builder("s").entity("user").time("ts");
    let set = set.feature("rate", Feature::rate("*").over(window)).build().unwrap();
    let cut = at(10 * H);
    let event = |kind: &str, ts: i64| json!({"user": "ada", "ts": ts, "kind": kind});
    let before = event("a", 10 * H - 1);
    let (mut state, mut builder) = (State::new(&set), ViewBuilder::new(&set, "a", cut, cut));
    let _ = state.update(&before).unwrap();
    builder.put(ada(), &state, 1).unwrap();
    let view = builder.build().unwrap();
    let mut serving = Serving::new(Stream::new(&set));
    assert_eq!(offer(&mut serving, &view).decision, Decision::Accept);
    for event in [event("b", 10 * H + H / 4), event("a", 10 * H + H / 2)] {
        let _ = state.update(&event).unwrap();
        let _ = serving.update(&event).unwrap();
    }
    let truth = state.vector(at(11 * H)).unwrap().get("rate").cloned().unwrap();
    is_honest(&serving.vector(&ada(), at(11 * H), Lookup::Failed).unwrap(), "rate", &truth);
}

#[test]
fn a_state_whose_events_after_the_cut_have_aged_is_not_taken_into_a_view() {
    let set = set();
    let mut state = State::new(&set);
    let _ = state.update(&event(9 * H)).unwrap();
    let _ = state.update(&event(11 * H)).unwrap();
    state.advance(at(20 * H));
    state.evict();
    let mut builder = ViewBuilder::new(&set, "a", at(10 * H), at(10 * H));
    assert!(builder.put(ada(), &state, 2).is_err());
}

#[test]
fn offsets_passed_over_are_counted_however_many() {
    let mut stream = Stream::new(&set());
    let _ = stream.update_at(0, 0, &event(0)).unwrap();
    let _ = stream.update_at(0, u64::MAX - 1, &event(0)).unwrap();
    assert_eq!(stream.counters().skipped, u64::MAX - 2);
}

#[test]
fn a_share_that_is_just_as_much_less_as_is_allowed_passes() {
    let set = set();
    let fields = Externals::new(&set, [External::new("score", Kind::F64)]).unwrap();
    let make = |name: &str, cut: i64, with: i64| {
        let mut builder = ViewBuilder::new(&set, name, at(cut), at(100 * H)).externals(&fields);
        for user in 0..100 {
            builder.put(Entity::from(user), &State::new(&set), 1).unwrap();
            if user < with {
                builder.external(Entity::from(user), "score", 0.5, at(0)).unwrap();
            }
        }
        builder.build().unwrap()
    };
    let mut serving = Serving::new(Stream::new(&set)).externals(&fields);
    assert_eq!(offer(&mut serving, &make("a", H, 100)).decision, Decision::Accept);
    assert_eq!(offer(&mut serving, &make("b", 2 * H, 95)).decision, Decision::Accept);
}

#[test]
fn events_without_a_place_in_the_log_are_not_lost_when_a_view_cut_at_positions_lands() {
    let set = set();
    let mut serving = Serving::new(Stream::new(&set));
    let _ = serving.update(&event(1)).unwrap();
    let _ = serving.update_at(0, 0, &event(2)).unwrap();
    let view = view(&set, "a", positions([(0, 1)]), &[2]);
    let _ = offer(&mut serving, &view);
    is_honest(&serving.vector(&ada(), at(H), view.lookup(&ada())).unwrap(), "all", &Value::I64(2));
}

#[test]
fn what_the_view_in_service_has_and_the_stream_has_not_is_not_missing_from_a_complete_answer() {
    let set = FeatureSet::builder("s").entity("user").time("ts");
    let set = set.feature("hour", Feature::count().over(Window::sliding(Span::hours(1)).exact())).build().unwrap();
    let mut serving = Serving::new(Stream::new(&set));
    let _ = serving.update_at(0, 0, &event(0)).unwrap();
    let parent = view(&set, "a", positions([(0, 1)]), &[0]);
    assert_eq!(offer(&mut serving, &parent).decision, Decision::Accept);
    let _ = offer(&mut serving, &view(&set, "b", positions([(0, 3)]), &[0, 10 * H, 10 * H]));
    let _ = serving.approve("b", at(0));
    assert!(serving.view().unwrap().view == "b" && serving.coverage().unwrap().is_behind());
    // Offsets 1 and 2 are in the view in service; the stream, which has not read them, stands in for it.
    for batch in [Lookup::Failed, parent.lookup(&ada())] {
        is_honest(&serving.vector(&ada(), at(10 * H + 1), batch).unwrap(), "hour", &Value::I64(2));
    }
}

#[test]
fn a_view_gone_back_from_can_be_offered_again() {
    let set = set();
    let mut serving = Serving::new(Stream::new(&set));
    let (first, second) = (view(&set, "a", at(H), &[0]), view(&set, "b", at(2 * H), &[0]));
    assert_eq!(offer(&mut serving, &first).decision, Decision::Accept);
    assert_eq!(offer(&mut serving, &second).decision, Decision::Accept);
    serving.rollback(at(0)).unwrap();
    // The very same view, not one "with other content".
    assert_eq!(offer(&mut serving, &second).decision, Decision::Accept);
}

#[test]
fn a_record_whose_length_is_written_in_another_way_is_refused() {
    let set = set();
    let view = view(&set, "a", at(10 * H), &[9 * H]);
    let mut serving = Serving::new(Stream::new(&set));
    let _ = offer(&mut serving, &view);
    let mut bytes = view.lookup(&ada()).found().unwrap().to_vec();
    // The state's length as a varint of one byte more, under a checksum made right again.
    bytes[17] |= 0x80;
    bytes.insert(18, 0);
    let key = postcard::to_stdvec(&ada()).unwrap();
    let tag = u64::from_le_bytes(bytes[5..13].try_into().unwrap());
    let seed = xxhash_rust::xxh3::xxh3_64_with_seed(&key, tag);
    let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&bytes[17..], seed) as u32;
    bytes[13..17].copy_from_slice(&sum.to_le_bytes());
    let served = serving.vector(&ada(), at(11 * H), Lookup::Found(&bytes)).unwrap();
    assert!(served.problem().is_some());
}

#[test]
fn a_view_whose_external_values_are_not_those_served_does_not_replace_the_good_one() {
    let set = set();
    let risk = External::new("risk", Kind::F64);
    let ours = Externals::new(&set, [risk.clone()]).unwrap();
    let more = Externals::new(&set, [risk, External::new("new", Kind::F64)]).unwrap();
    let make = |name: &str, fields: &Externals| {
        let mut builder = ViewBuilder::new(&set, name, at(10 * H), at(10 * H)).externals(fields);
        builder.put(ada(), &State::new(&set), 1).unwrap();
        builder.external(ada(), "risk", 0.75, at(H)).unwrap();
        builder.build().unwrap()
    };
    let mut serving = Serving::new(Stream::new(&set)).externals(&ours);
    assert_eq!(offer(&mut serving, &make("a", &ours)).decision, Decision::Accept);
    let foreign = make("b", &more);
    let decision = offer(&mut serving, &foreign).decision;
    let served = serving.vector(&ada(), at(11 * H), foreign.lookup(&ada())).unwrap();
    assert!(decision > Decision::Accept || served.problem().is_none(), "accepted, then: {:?}", served.problem());
}

#[test]
fn two_views_of_one_name_do_not_wait_in_quarantine_together() {
    let set = set();
    let mut serving = Serving::new(Stream::new(&set));
    assert_eq!(offer(&mut serving, &view(&set, "a", at(10 * H), &[0])).decision, Decision::Accept);
    let (one, other) = (view(&set, "b", at(20 * H), &[0; 9]), view(&set, "b", at(30 * H), &[0; 8]));
    assert_eq!(offer(&mut serving, &one).decision, Decision::Quarantine);
    assert_eq!(offer(&mut serving, &other).decision, Decision::Reject);
}

#[test]
fn a_snapshot_that_has_an_entity_twice_is_refused() {
    let set = set();
    let fields = Externals::new(&set, [External::new("risk", Kind::F64)]).unwrap();
    let mut serving = Serving::new(Stream::new(&set)).externals(&fields);
    for user in ["u1", "u2"] {
        serving.put(&Entity::from(user), "risk", 0.5, at(0)).unwrap();
    }
    let mut bytes = serving.snapshot();
    let place = bytes.windows(2).rposition(|pair| pair == b"u2").unwrap();
    bytes[place + 1] = b'1';
    let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&bytes[9..], 0) as u32;
    bytes[5..9].copy_from_slice(&sum.to_le_bytes());
    assert!(Serving::restore(&set, &fields, &bytes).is_err());
}

#[test]
fn a_stream_that_has_everything_is_whole_though_a_cut_at_nothing_was_announced() {
    let mut serving = Serving::new(Stream::new(&set()));
    let _ = serving.update_at(0, 0, &event(0)).unwrap();
    assert!(serving.vector(&ada(), at(H), Lookup::NotFound).unwrap().is_complete());
    serving.announce(Positions::new()).unwrap();
    assert!(serving.vector(&ada(), at(H), Lookup::NotFound).unwrap().is_complete());
}

#[test]
fn announcing_a_cut_does_not_change_who_was_seen() {
    let set = FeatureSet::builder("s").entity("user").time("ts");
    let set = set.feature("hour", Feature::count().over(Window::sliding(Span::hours(1)).exact())).build().unwrap();
    let seen = |announced: bool| {
        let mut stream = Stream::new(&set);
        if announced {
            stream.announce(at(50 * H)).unwrap();
        }
        for ts in [H, 101 * H] {
            let _ = stream.update(&event(ts)).unwrap();
        }
        stream.advance(at(100 * H));
        let _ = stream.evict();
        stream.vector(&ada(), at(100 * H)).unwrap().is_seen()
    };
    assert_eq!(seen(true), seen(false));
}

#[test]
fn the_view_that_an_external_value_came_from_is_named() {
    let set = set();
    let fields = Externals::new(&set, [External::new("risk", Kind::F64)]).unwrap();
    let mut builder = ViewBuilder::new(&set, "a", at(10 * H), at(10 * H)).externals(&fields);
    builder.external(ada(), "risk", 0.75, at(H)).unwrap();
    let view = builder.build().unwrap();
    let mut serving = Serving::new(Stream::new(&set)).externals(&fields);
    let _ = offer(&mut serving, &view);
    let served = serving.vector(&ada(), at(11 * H), view.lookup(&ada())).unwrap();
    assert_eq!((served.get("risk"), served.view()), (Some(&Value::F64(0.75)), Some("a")));
}

#[test]
fn a_frontier_that_is_set_after_the_first_entity_holds_for_it_too() {
    let set = FeatureSet::builder("s").entity("user").time("ts");
    let set = set.feature("hour", Feature::count().over(Window::sliding(Span::hours(1)).exact())).build().unwrap();
    let mut state = State::new(&set);
    let _ = state.update(&event(H)).unwrap();
    let made = |late: bool| {
        let mut builder = ViewBuilder::new(&set, "a", positions([(0, 1)]), at(0));
        if !late {
            builder = builder.frontier(at(100 * H));
        }
        builder.put(ada(), &state, 1).unwrap();
        let builder = if late { builder.frontier(at(100 * H)) } else { builder };
        builder.build().unwrap().lookup(&ada()).found().unwrap().to_vec()
    };
    assert_eq!(made(true), made(false));
}

#[test]
fn a_manifest_does_not_say_that_states_answer_where_they_do_not() {
    let set = FeatureSet::builder("s").entity("user").time("ts");
    let set = set.feature("hour", Feature::count().over(Window::sliding(Span::hours(1)).exact())).build().unwrap();
    let mut state = State::new(&set);
    let _ = state.update(&event(H)).unwrap();
    state.advance(at(100 * H));
    let mut builder = ViewBuilder::new(&set, "a", positions([(0, 1)]), at(0));
    builder.put(ada(), &state, 1).unwrap();
    let view = builder.build().unwrap();
    let mut serving = Serving::new(Stream::new(&set));
    let _ = offer(&mut serving, &view);
    // "States keep all events whole and answer at any time."
    let answers = serving.vector(&ada(), at(2 * H), view.lookup(&ada())).is_ok();
    assert!(answers || view.manifest().frontier.is_some());
}
