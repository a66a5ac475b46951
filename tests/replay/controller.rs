//! Catches a handover that goes wrong in a way that has a name: promoted past a silent partition, ready for a moment only,
//! swapped twice, rolled back to old values, a lost event taken for a read one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use serde_json::json;
use skewless::replay::{Action, Comparison, Controller, Decision, Failure, Phase, Reason, Rules, Side, Stretch};
use skewless::samples::{Labels, Sample};
use skewless::{Entity, ErrorKind, FeatureSet, Fingerprint, Observation, Positions, Span, Stream, Timestamp, Value};

const HISTORY: [Stretch; 2] =
    [Stretch { partition: 0, start: 0, end: 100 }, Stretch { partition: 1, start: 10, end: 200 }];

fn at(seconds: u32) -> Timestamp {
    "2026-11-23T00:00:00Z".parse::<Timestamp>().unwrap().saturating_add(Span::seconds(seconds))
}

fn set(spend: &str) -> FeatureSet {
    let json = format!(
        r#"{{"name": "s", "version": 1, "entity": "user", "time": "ts", "features": {{
            "n": {{"count": "*", "over": "lifetime"}}, {spend}}}}}"#
    );
    FeatureSet::from_json(&json).unwrap()
}

fn gross() -> FeatureSet {
    set(r#""spend": {"sum": "gross", "over": "lifetime"}, "gone": {"max": "gross", "over": "lifetime"}"#)
}

fn net() -> FeatureSet {
    set(r#""spend": {"sum": "net", "over": "lifetime"}, "come": {"max": "net", "over": "lifetime"}"#)
}

fn fingerprints() -> (Fingerprint, Fingerprint) {
    (gross().fingerprint(), net().fingerprint())
}

fn controller(rules: Rules) -> Controller {
    let (old, new) = fingerprints();
    Controller::new(old, new, 5, HISTORY, rules).unwrap()
}

/// A look at a partition that is so many seconds behind a log of a thousand events.
fn look(partition: u32, now: u32, behind: u32) -> Observation {
    let next = if behind == 0 { 1_000 } else { 999 };
    let times = Observation::new(partition, at(now)).with_log(0, 1_000).with_next(next);
    times.with_processed_time(at(now).saturating_sub(Span::seconds(behind))).with_head_time(at(now))
}

/// Both versions are looked at in both partitions, and it is decided.
fn round(controller: &mut Controller, now: u32, new: u32, old: u32) -> Decision {
    for partition in [0, 1] {
        let _ = controller.observe(Side::New, look(partition, now, new));
        let _ = controller.observe(Side::Old, look(partition, now, old));
    }
    controller.decide(at(now))
}

/// One whose new version is ready, since second 3,060.
fn ready(rules: Rules) -> Controller {
    let mut controller = controller(rules);
    let _ = controller.start(at(3_000)).unwrap();
    for now in [3_000, 3_030, 3_060] {
        let _ = round(&mut controller, now, 0, 0);
    }
    assert_eq!(controller.phase(), Phase::Ready);
    controller
}

/// One whose new version is in service as epoch 6, since second 3,060.
fn live(rules: Rules) -> Controller {
    let mut controller = ready(rules.comparison(false));
    let decision = controller.promote(at(3_060)).unwrap();
    assert!(decision.actions.contains(&Action::Swap { to: Side::New, expected: 5 }), "{decision}");
    assert_eq!(controller.swapped(6, at(3_060)).unwrap().phase, Phase::Live);
    controller
}

fn kind<T>(result: skewless::Result<T>) -> Option<ErrorKind> {
    result.err().map(|why| why.kind())
}

#[test]
fn a_plan_without_partitions_or_with_one_definition_is_none() {
    let (old, new) = fingerprints();
    let plan = |history: &[Stretch]| kind(Controller::new(old, new, 0, history.to_vec(), Rules::new()));
    assert_eq!(plan(&[]), Some(ErrorKind::Parameter));
    assert_eq!(plan(&[HISTORY[0], HISTORY[0]]), Some(ErrorKind::Parameter));
    assert_eq!(plan(&[Stretch { partition: 0, start: 5, end: 4 }]), Some(ErrorKind::Parameter));
    assert_eq!(plan(&[Stretch { partition: 0, start: 5, end: 5 }]), None);
    assert_eq!(kind(Controller::new(old, old, 0, HISTORY, Rules::new())), Some(ErrorKind::Mismatch));
}

#[test]
fn a_partition_that_never_reports_blocks_and_is_named() {
    let mut controller = controller(Rules::new());
    let _ = controller.start(at(0)).unwrap();
    for now in [30, 60, 90, 120] {
        let _ = controller.observe(Side::New, look(0, now, 0));
        let decision = controller.decide(at(now));
        assert_eq!(decision.phase, Phase::Replaying);
        assert_eq!(decision.reasons, [Reason::History { partition: 1, next: None, end: 200 }]);
    }
    // Once, and then never again: it has read history, and nobody knows how far it is.
    let _ = controller.observe(Side::New, look(1, 121, 0));
    for now in (150..900).step_by(30) {
        let _ = controller.observe(Side::New, look(0, now, 0));
        let decision = controller.decide(at(now));
        assert_eq!(decision.phase, Phase::CatchingUp);
        let unknown = |reason: &Reason| matches!(reason, Reason::Unknown { side: Side::New, partition: 1, .. });
        assert_eq!(now > 421, decision.reasons.iter().any(unknown), "{now}: {decision}");
    }
}

#[test]
fn empty_topics_become_ready_and_quiet_ones_stay_so() {
    let (old, new) = fingerprints();
    let empty = [Stretch { partition: 0, start: 0, end: 0 }, Stretch { partition: 1, start: 7, end: 7 }];
    let mut controller = Controller::new(old, new, 0, empty, Rules::new().comparison(false)).unwrap();
    let decision = controller.start(at(0)).unwrap();
    assert_eq!(decision.phase, Phase::CatchingUp, "there is no history to read");
    assert_eq!(decision.reasons.len(), 2, "nothing was looked at: {decision}");
    for now in [30, 60, 90] {
        for side in [Side::Old, Side::New] {
            // Nobody has committed a position in a partition that has nothing to read.
            let _ = controller.observe(side, Observation::new(0, at(now)).with_log(0, 0));
            let _ = controller.observe(side, Observation::new(1, at(now)).with_log(7, 7));
        }
        let _ = controller.decide(at(now));
    }
    assert_eq!(controller.phase(), Phase::Ready);
    assert_eq!(controller.common_cut(), None);
    assert!(controller.promote(at(90)).unwrap().actions.contains(&Action::Swap { to: Side::New, expected: 0 }));
}

#[test]
fn readiness_takes_checks_of_new_looks_not_more_questions() {
    let mut controller = controller(Rules::new());
    let _ = controller.start(at(0)).unwrap();
    for _ in 0..20 {
        let decision = round(&mut controller, 100, 0, 0);
        assert_eq!(decision.reasons, [Reason::Settling { checks: 1, of: 3 }]);
    }
    for now in 101..120 {
        assert_eq!(round(&mut controller, now, 0, 0).reasons, [Reason::Settling { checks: 1, of: 3 }]);
    }
    assert_eq!(round(&mut controller, 120, 0, 0).reasons, [Reason::Settling { checks: 2, of: 3 }]);
    // One partition that is too far behind, and it begins anew.
    let _ = controller.observe(Side::New, look(1, 130, 601));
    let lag = Reason::Lagging { side: Side::New, partition: 1, lag: Span::seconds(601), limit: Span::minutes(10) };
    assert_eq!(controller.decide(at(130)).reasons, [lag]);
    for now in [140, 160, 180] {
        assert_eq!(controller.phase(), Phase::CatchingUp);
        let _ = round(&mut controller, now, 600, 0);
    }
    assert_eq!(controller.phase(), Phase::Ready);
}

#[test]
fn ready_is_sticky_up_to_three_times_the_limit_and_through_what_is_not_known() {
    let mut controller = ready(Rules::new());
    assert_eq!(round(&mut controller, 3_090, 1_800, 0).phase, Phase::Ready);
    // Half an hour of silence blocks a promotion, and no more.
    let decision = controller.promote(at(5_000)).unwrap();
    assert_eq!(decision.phase, Phase::Ready);
    assert!(decision.reasons.iter().any(|reason| matches!(reason, Reason::Unknown { .. })), "{decision}");
    assert_eq!(round(&mut controller, 5_010, 1_801, 0).phase, Phase::CatchingUp);
    // A comparison of before holds no more.
    for now in [5_040, 5_070, 5_100] {
        let _ = round(&mut controller, now, 0, 0);
    }
    assert!(controller.decide(at(5_100)).reasons.contains(&Reason::NotCompared));
}

#[test]
fn a_clock_that_goes_back_makes_no_check_and_ends_no_hold() {
    let mut controller = controller(Rules::new());
    let _ = controller.start(at(10_000)).unwrap();
    let _ = round(&mut controller, 10_000, 0, 0);
    let _ = round(&mut controller, 10_030, 0, 0);
    // Looks of before the latest are ignored until they are three in a row; then all is counted anew.
    for now in [5_000, 5_030] {
        assert_eq!(round(&mut controller, now, 0, 0).phase, Phase::CatchingUp);
    }
    assert_eq!(round(&mut controller, 5_060, 0, 0).reasons, [Reason::Settling { checks: 1, of: 3 }]);
    let _ = round(&mut controller, 5_090, 0, 0);
    assert_eq!(round(&mut controller, 5_120, 0, 0).phase, Phase::Ready);

    let mut controller = live(Rules::new().hold(Span::hours(1)));
    let decision = controller.decide(at(60));
    assert_eq!(decision.reasons.last(), Some(&Reason::Holding { left: Span::hours(1) }));
    for now in (90..3_600).step_by(60) {
        assert_eq!(round(&mut controller, now, 0, 0).phase, Phase::Live, "{now}");
    }
}

#[test]
fn a_new_version_that_is_further_behind_than_the_old_one_is_not_promoted() {
    let mut controller = ready(Rules::new().comparison(false).regression(Span::minutes(1)));
    let _ = round(&mut controller, 3_090, 400, 300);
    let decision = controller.promote(at(3_090)).unwrap();
    let (new, old, limit) = (Span::seconds(400), Some(Span::seconds(300)), Span::minutes(1));
    assert_eq!(decision.reasons[0], Reason::Regression { partition: 0, new, old, limit });
    assert!(!decision.actions.iter().any(|action| matches!(action, Action::Swap { .. })));
    // What is not known of the old version is taken for its best.
    for partition in [0, 1] {
        let _ = controller.observe(Side::Old, Observation::new(partition, at(3_100)));
        let _ = controller.observe(Side::New, look(partition, 3_100, 61));
    }
    assert_eq!(controller.promote(at(3_100)).unwrap().reasons.len(), 2);
    let _ = [0, 1].map(|partition| controller.observe(Side::New, look(partition, 3_130, 60)));
    assert_eq!(controller.promote(at(3_130)).unwrap().reasons, [Reason::SwapOut { to: Side::New }]);
}

#[test]
fn events_lost_to_retention_fail_the_new_version_even_if_it_reads_on_behind_the_gap() {
    let mut controller = controller(Rules::new());
    let _ = controller.start(at(0)).unwrap();
    let _ = controller.observe(Side::New, look(0, 30, 0).with_next(50).with_log(51, 1_000));
    let _ = controller.observe(Side::New, look(0, 31, 0).with_log(51, 1_000));
    let decision = controller.decide(at(31));
    assert_eq!(decision.phase, Phase::Failed);
    assert_eq!(decision.actions, [Action::Delete(Side::New)]);
    assert_eq!(decision.reasons, [Reason::Failed(Failure::DataLoss { partition: 0, next: 50, log_start: 51 })]);
    assert_eq!(
        decision.to_string(),
        "failed: the log of partition 0 starts at 51, and 50 was to be read next: events are lost"
    );
    // It is not gone on with, whatever comes.
    assert_eq!(kind(controller.start(at(60))), Some(ErrorKind::Transition));
    assert_eq!(round(&mut controller, 90, 0, 0), decision);

    // A plan whose beginning is gone before anything was read.
    let (old, new) = fingerprints();
    let mut late = Controller::new(old, new, 0, HISTORY, Rules::new()).unwrap();
    let _ = late.observe(Side::New, Observation::new(1, at(0)).with_log(11, 1_000));
    assert_eq!(late.decide(at(0)).phase, Phase::Failed);
}

#[test]
fn a_position_that_is_not_known_for_once_is_not_a_loss() {
    let mut controller = controller(Rules::new());
    let _ = controller.start(at(0)).unwrap();
    let _ = controller.observe(Side::New, look(0, 30, 0).with_next(90));
    let mut unknown = look(0, 31, 0).with_log(60, 1_000);
    unknown.next = None;
    let _ = controller.observe(Side::New, unknown);
    assert_eq!(controller.decide(at(31)).phase, Phase::Replaying);
}

#[test]
fn retention_that_comes_closer_is_told_before_it_is_there() {
    let mut controller = controller(Rules::new());
    let _ = controller.start(at(0)).unwrap();
    for i in 0..4 {
        // A hundred events come in half a minute, ten are read, and a hundred are deleted.
        let (start, end, next) = (10 + 100 * i, 1_000 + 100 * i, 460 + 10 * i);
        let now = 30 * (i as u32 + 1);
        let _ = controller.observe(Side::New, look(0, now, 0).with_log(start, end).with_next(next));
    }
    let closes = Reason::RetentionCloses { partition: 0, within: Span::seconds(60) };
    assert!(controller.decide(at(120)).reasons.contains(&closes), "{}", controller.decide(at(120)));
}

#[test]
fn a_rewound_version_reads_history_again_and_is_ready_later() {
    let mut controller = controller(Rules::new());
    let _ = controller.start(at(0)).unwrap();
    let _ = controller.observe(Side::New, look(0, 30, 0));
    // A crash: it goes on from a checkpoint.
    let _ = controller.observe(Side::New, look(0, 60, 0).with_next(20));
    let _ = controller.observe(Side::New, look(1, 60, 0));
    let decision = controller.decide(at(60));
    assert_eq!(decision.reasons, [Reason::History { partition: 0, next: Some(20), end: 100 }]);
    assert_eq!(round(&mut controller, 90, 0, 0).phase, Phase::CatchingUp);
}

#[test]
fn other_partitions_another_definition_and_too_much_time_fail_the_new_version() {
    let failed = |with: &dyn Fn(&mut Controller)| {
        let mut controller = controller(Rules::new().longest(Span::hours(2)));
        let _ = controller.start(at(0)).unwrap();
        with(&mut controller);
        let decision = controller.decide(at(60));
        (decision.phase, decision.reasons.into_iter().next())
    };
    let (old, new) = fingerprints();
    let reason = |failure| (Phase::Failed, Some(Reason::Failed(failure)));
    let stranger = failed(&|controller| {
        let _ = controller.observe(Side::Old, look(2, 1, 0));
    });
    assert_eq!(stranger, reason(Failure::PartitionsChanged { partition: 2 }));
    let other = failed(&|controller| controller.confirm(Side::New, old));
    assert_eq!(other, reason(Failure::DefinitionChanged { side: Side::New, found: old, expected: new }));
    assert_eq!(failed(&|controller| controller.confirm(Side::New, new)).0, Phase::Replaying);
    let late = failed(&|controller| drop(controller.decide(at(7_201))));
    assert_eq!(late, reason(Failure::TooLong { longest: Span::hours(2) }));
    // One that is ready waits for as long as people take.
    let mut controller = ready(Rules::new().longest(Span::hours(2)));
    assert_eq!(controller.decide(at(100_000)).phase, Phase::Ready);
}

#[test]
fn a_swap_that_is_out_is_waited_for_and_nothing_else_is_decided() {
    let mut controller = ready(Rules::new().comparison(false));
    let decision = controller.promote(at(3_060)).unwrap();
    assert_eq!(kind(controller.promote(at(3_061))), Some(ErrorKind::Transition));
    assert_eq!(kind(controller.abort("too slow", at(3_061))), Some(ErrorKind::Transition));
    assert_eq!(kind(controller.rollback(at(3_061))), Some(ErrorKind::Transition));
    // Not even a loss: the new version may be in service by now.
    let _ = controller.observe(Side::New, look(0, 3_070, 0).with_next(5).with_log(6, 1_000));
    assert_eq!(controller.decide(at(3_070)), decision);
    assert_eq!(kind(controller.swapped(5, at(3_071))), Some(ErrorKind::Parameter));
    assert_eq!(kind(controller.swap_lost(5, at(3_071))), Some(ErrorKind::Parameter));
    let mut lost = controller.clone();
    assert_eq!(controller.swapped(9, at(3_072)).unwrap().phase, Phase::Live);
    assert_eq!((controller.epoch(), kind(controller.swapped(10, at(3_073)))), (9, Some(ErrorKind::Transition)));
    // It was not put into service: now the loss counts.
    assert_eq!(lost.swap_lost(8, at(3_072)).unwrap().phase, Phase::Failed);
}

#[test]
fn who_lost_a_swap_neither_promotes_nor_rolls_back_nor_drops_anything() {
    let mut controller = ready(Rules::new().comparison(false));
    let _ = controller.promote(at(3_060)).unwrap();
    let decision = controller.swap_lost(8, at(3_060)).unwrap();
    assert_eq!(decision.reasons, [Reason::SwapLost { expected: 5, found: 8 }]);
    assert_eq!(controller.promote(at(3_061)).unwrap(), decision);
    assert_eq!(controller.abort("another is in service", at(3_062)).unwrap().phase, Phase::Failed);

    let mut controller = live(Rules::new().hold(Span::minutes(1)));
    let _ = controller.rollback(at(3_060)).unwrap();
    let _ = controller.swap_lost(7, at(3_060)).unwrap();
    for now in (3_090..9_000).step_by(30) {
        assert_eq!(round(&mut controller, now, 0, 0).actions, [Action::Hold(Side::Old)]);
    }
}

#[test]
fn the_old_version_is_held_until_the_new_one_was_well_for_long_enough() {
    let mut controller = live(Rules::new().hold(Span::hours(1)));
    for now in (3_090..6_000).step_by(30) {
        assert_eq!(round(&mut controller, now, 0, 0).phase, Phase::Live);
    }
    // Not well in one partition, then silent.
    let _ = round(&mut controller, 6_000, 1_801, 0);
    assert_eq!(controller.decide(at(7_000)).reasons.last(), Some(&Reason::Holding { left: Span::hours(1) }));
    for now in (7_020..10_600).step_by(60) {
        assert_eq!(round(&mut controller, now, 0, 0).phase, Phase::Live, "{now}");
    }
    let decision = round(&mut controller, 10_600, 0, 0);
    assert_eq!((decision.phase, decision.actions), (Phase::Draining, vec![Action::Stop(Side::Old)]));
    assert_eq!(decision.reasons, [Reason::Pinned { pins: None }]);
    assert_eq!(kind(controller.rollback(at(10_601))), Some(ErrorKind::Transition), "it reads no more");
    assert_eq!(controller.pinned(2, at(10_602)).unwrap().reasons, [Reason::Pinned { pins: Some(2) }]);
    let decision = controller.pinned(0, at(10_603)).unwrap();
    assert_eq!((decision.phase, decision.actions), (Phase::Retired, vec![Action::Delete(Side::Old)]));
}

#[test]
fn a_rollback_is_to_fresh_values_unless_forced() {
    let mut controller = live(Rules::new());
    let _ = round(&mut controller, 3_090, 0, 601);
    let decision = controller.rollback(at(3_090)).unwrap();
    let lag = Span::seconds(601);
    assert_eq!(decision.reasons[0], Reason::Lagging { side: Side::Old, partition: 0, lag, limit: Span::minutes(10) });
    assert_eq!(decision.actions, [Action::Hold(Side::Old)]);
    let mut forced = controller.clone();
    let swap = Action::Swap { to: Side::Old, expected: 6 };
    assert!(forced.rollback_forced(at(3_090)).unwrap().actions.contains(&swap));
    let _ = round(&mut controller, 3_120, 0, 600);
    assert!(controller.rollback(at(3_120)).unwrap().actions.contains(&swap));
    let decision = controller.swapped(7, at(3_121)).unwrap();
    assert_eq!((decision.phase, decision.actions), (Phase::RolledBack, vec![Action::Stop(Side::New)]));
    assert_eq!(kind(controller.promote(at(3_122))), Some(ErrorKind::Transition));
}

#[test]
fn a_rollback_in_the_last_moment_of_the_hold_is_still_one() {
    let mut controller = live(Rules::new().hold(Span::minutes(5)));
    let _ = [0, 1].map(|partition| controller.observe(Side::Old, look(partition, 3_360, 0)));
    let _ = [0, 1].map(|partition| controller.observe(Side::New, look(partition, 3_360, 0)));
    assert!(controller.rollback(at(3_360)).unwrap().actions.contains(&Action::Swap { to: Side::Old, expected: 6 }));
}

#[test]
fn a_rejected_comparison_is_the_end_and_an_accepted_one_is_needed() {
    let mut controller = ready(Rules::new());
    let decision = controller.promote(at(3_060)).unwrap();
    assert_eq!(decision.reasons, [Reason::NotCompared]);
    assert!(decision.actions.contains(&Action::Compare { as_of: Some(at(3_060)) }), "{decision:?}");
    let mut rejected = controller.clone();
    let decision = rejected.reject_comparison("spend is net", at(3_061)).unwrap();
    assert_eq!(decision.to_string(), "failed: the comparison was rejected: spend is net");
    assert!(controller.accept_comparison(at(3_061)).unwrap().reasons.is_empty());
    assert_eq!(controller.promote(at(3_061)).unwrap().reasons, [Reason::SwapOut { to: Side::New }]);
}

#[test]
fn the_common_cut_is_the_least_that_either_has_processed_anywhere() {
    let mut controller = controller(Rules::new());
    let _ = controller.observe(Side::New, look(0, 500, 0));
    let _ = controller.observe(Side::Old, look(0, 500, 0));
    let _ = controller.observe(Side::Old, look(1, 500, 0));
    assert_eq!(controller.common_cut(), None, "nobody knows how far the new version is in partition 1");
    let _ = controller.observe(Side::New, look(1, 500, 400));
    assert_eq!(controller.common_cut(), Some(at(100)));
}

#[test]
fn a_handover_reports_its_phase_and_its_epoch() {
    let mut controller = ready(Rules::new().comparison(false));
    let _ = controller.promote(at(3_060)).unwrap();
    let samples = controller.samples(&Labels::new().with("topic", "clicks"));
    let one = |phase: &str| {
        let is = |sample: &&Sample| sample.labels.iter().any(|(_, value)| value == phase);
        samples.iter().find(is).map(|sample| sample.value)
    };
    assert_eq!((one("ready"), one("live"), one("rolled_back"), samples.len()), (Some(1.0), Some(0.0), Some(0.0), 11));
    let last: Vec<f64> = samples.iter().rev().take(2).map(|sample| sample.value).collect();
    assert_eq!(last, [1.0, 5.0], "a swap is out, for epoch 5");
}

#[test]
fn two_versions_are_compared_feature_by_feature() {
    let (mut old, mut new) = (Stream::new(&gross()), Stream::new(&net()));
    for (offset, (user, gross, net)) in
        [("ada", 1.0, 1.0), ("bob", 2.0, 1.5), ("cyd", 4.0, 3.0)].into_iter().enumerate()
    {
        let event = json!({"user": user, "ts": offset, "gross": gross, "net": net});
        let _ = old.update_at(0, offset as u64, &event).unwrap();
        let _ = new.update_at(0, offset as u64, &event).unwrap();
    }
    let as_of = Timestamp::from_micros(10).unwrap();
    let report = Comparison::of(&old, &new, as_of, |_| true);
    assert_eq!((report.entities, report.only_old, report.only_new, report.same_positions), (3, 0, 0, true));
    let spend = &report.features["spend"];
    assert_eq!((spend.equal, spend.different, spend.examples.len()), (1, 2, 2));
    assert_eq!(spend.examples[0].entity, Entity::from("bob"));
    assert_eq!((&spend.examples[0].old, &spend.examples[0].new), (&Value::F64(2.0), &Value::F64(1.5)));
    assert_eq!(
        (report.features["n"].equal, report.features["gone"].only_old, report.features["come"].only_new),
        (3, 3, 3)
    );
    assert_eq!(report.unexpected(&[]).map(|(name, _)| name).collect::<Vec<_>>(), ["spend"]);
    assert_eq!(report.unexpected(&["spend"]).count(), 0);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["features"]["spend"]["examples"][0], json!({"entity": "bob", "old": 2.0, "new": 1.5}));

    // The new version is behind: that is said, and who it has not seen is counted.
    let _ = old.update_at(0, 3, &json!({"user": "dan", "ts": 3})).unwrap();
    let _ = new.update_at(1, 0, &json!({"user": "eve", "ts": 3})).unwrap();
    let report = Comparison::of(&old, &new, as_of, |entity| *entity != Entity::from("ada"));
    assert_eq!((report.entities, report.only_old, report.only_new, report.same_positions), (2, 1, 1, false));
    // Streams without positions do not know.
    let report = Comparison::of(&Stream::new(&gross()), &Stream::new(&net()), as_of, |_| true);
    assert!(!report.same_positions && report.features.len() == 4);
    old.advance(as_of.saturating_add(Span::days(9)));
    let report = Comparison::of(&old, &new, as_of, |_| true);
    assert_eq!(report.entities + report.unanswered, 3);
    assert_eq!(Positions::new(), Stream::new(&net()).positions());
}
