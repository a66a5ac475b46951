//! Catches alarms that ring for nothing and lags that stay silent: one situation each, as a host would meet it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use skewless::lag::{Limit, Limits, Observed, PartitionLag, Reason, Status};
use skewless::{Lag, Observation, Span, Timestamp};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_units(seconds, 1).unwrap()
}

/// A look every ten seconds at one partition: the end of the log and the position.
fn watched(looks: &[(u64, u64)]) -> (Lag, Timestamp) {
    watched_with(Limits::new().events(100), looks)
}

fn watched_with(limits: Limits, looks: &[(u64, u64)]) -> (Lag, Timestamp) {
    let mut lag = Lag::of_partitions([0]).with_limits(limits);
    let mut now = at(0);
    for (i, (end, next)) in looks.iter().enumerate() {
        now = at(10 * i as i64);
        assert_eq!(lag.observe(Observation::new(0, now).with_log(0, *end).with_next(*next)), Observed::Taken);
    }
    (lag, now)
}

fn judged(looks: &[(u64, u64)]) -> (Status, Reason) {
    let (lag, now) = watched(looks);
    let found = lag.partition(0, now).unwrap();
    (found.status, found.reason)
}

fn only(lag: &Lag, now: Timestamp) -> PartitionLag {
    lag.partition(0, now).unwrap()
}

#[test]
fn ten_thousand_events_are_too_many_and_one_less_is_not() {
    let of = |events: u64| {
        let (lag, now) = watched_with(Limits::new(), &[(events, 0)]);
        (only(&lag, now).status, only(&lag, now).exceeded)
    };
    assert_eq!(of(9_999), (Status::Healthy, None));
    assert_eq!(of(10_000), (Status::Lagging, Some(Limit::Events)));
}

#[test]
fn a_partition_that_never_reports_is_unknown_and_so_is_the_group() {
    let mut lag = Lag::of_partitions([0, 1]);
    lag.observe(Observation::new(0, at(0)).with_log(0, 10).with_next(10));
    let group = lag.group(at(0));
    assert_eq!((group.status, group.reason, group.worst), (Status::Unknown, Reason::NeverObserved, Some(1)));
    assert_eq!((group.unknown_events, group.sum_events, group.drain), (1, Some(0), None));
    assert_eq!(lag.partition(7, at(0)), None);

    lag.forget(1);
    assert_eq!(lag.group(at(0)).status, Status::Healthy);
    let none = Lag::of_partitions([]).group(at(0));
    assert_eq!((none.status, none.reason, none.sum_events), (Status::Unknown, Reason::NoPartitions, None));
}

#[test]
fn a_position_that_was_never_committed_is_not_a_position_of_zero() {
    let mut lag = Lag::of_partitions([0]);
    lag.observe(Observation { log_start: Some(0), log_end: Some(1_000_000), ..Observation::new(0, at(0)) });
    let found = only(&lag, at(0));
    assert_eq!((found.events, found.status, found.reason), (None, Status::Unknown, Reason::NoPosition));
    lag.observe(Observation::new(0, at(10)));
    assert_eq!(only(&lag, at(10)).reason, Reason::NoPosition);
    lag.observe(Observation::new(0, at(20)).with_next(5));
    assert_eq!((only(&lag, at(20)).events, only(&lag, at(20)).reason), (None, Reason::NoLogEnd));
}

#[test]
fn what_is_unknown_in_one_partition_does_not_spoil_the_sum_of_the_others() {
    let mut lag = Lag::of_partitions([0, 1, 2]);
    lag.observe(Observation::new(0, at(0)).with_log(0, 500).with_next(100));
    lag.observe(Observation::new(1, at(0)).with_log(0, u64::MAX).with_next(0));
    let group = lag.group(at(0));
    assert_eq!((group.sum_events, group.max_events, group.unknown_events), (Some(u64::MAX), Some(u64::MAX), 1));
}

#[test]
fn a_consumer_of_a_quiet_topic_lags_by_nothing_while_its_freshness_grows() {
    let mut lag = Lag::of_partitions([0]);
    for second in 0..100 {
        let look = Observation::new(0, at(10 * second)).with_log(0, 50).with_next(50);
        lag.observe(look.with_processed_time(at(-5)).with_head_time(at(-5)));
    }
    let found = only(&lag, at(990));
    assert_eq!((found.status, found.events), (Status::Healthy, Some(0)));
    assert_eq!((found.event_time, found.drain), (Some(Span::ZERO), Some(Span::ZERO)));
    assert_eq!(found.freshness, Some(Span::seconds(995)));
    assert_eq!((found.processed_rate, found.arrival_rate), (Some(0.0), Some(0.0)));
}

#[test]
fn an_empty_topic_is_healthy() {
    let (lag, now) = watched(&[(0, 0); 10]);
    let found = only(&lag, now);
    assert_eq!((found.status, found.reason, found.headroom), (Status::Healthy, Reason::CaughtUp, Some(0)));
    assert_eq!(found.headroom_time, None);
}

#[test]
fn a_marker_at_the_end_of_a_transaction_is_no_lag() {
    let limits = Limits::new().events(1).tail_slack(1);
    let (lag, now) = watched_with(limits, &[(101, 100); 12]);
    let found = only(&lag, now);
    assert_eq!((found.events, found.status, found.event_time), (Some(1), Status::Healthy, Some(Span::ZERO)));
    let (lag, now) = watched_with(limits, &[(102, 100); 12]);
    assert_eq!(only(&lag, now).status, Status::Stalled);
}

#[test]
fn lag_that_grows_but_for_one_dip_is_slow() {
    let growing: Vec<(u64, u64)> = (0..10).map(|i| (1_000 + 200 * i, 100 * i + if i == 5 { 150 } else { 0 })).collect();
    assert_eq!(judged(&growing), (Status::Slow, Reason::NotComingCloser));
    let constant: Vec<(u64, u64)> = (0..10).map(|i| (1_000 + 100 * i, 100 * i)).collect();
    assert_eq!(judged(&constant), (Status::Slow, Reason::NotComingCloser));
    let shrinking: Vec<(u64, u64)> = (0..10).map(|i| (3_000 + if i == 7 { 1_000 } else { 0 }, 100 * i)).collect();
    assert_eq!(judged(&shrinking), (Status::Lagging, Reason::ComingCloser));
}

#[test]
fn a_stuck_position_is_told_only_when_the_window_is_there() {
    let span = Span::seconds(70);
    assert_eq!(judged(&[(500, 100); 8]), (Status::Stalled, Reason::NoProgress { span }));
    assert_eq!(judged(&[(500, 100); 7]), (Status::Lagging, Reason::TooFewLooks));
}

#[test]
fn a_burst_after_quiet_is_no_alarm_yet() {
    let mut looks = [(100, 100); 10];
    looks[9] = (900, 100);
    assert_eq!(judged(&looks), (Status::Lagging, Reason::LatelyWithinLimits));
}

#[test]
fn a_consumer_set_back_to_the_beginning_is_rewound_and_not_catching_up() {
    let mut looks: Vec<(u64, u64)> = (0..5).map(|i| (1_000, 990 + i)).collect();
    looks.extend((0..5).map(|i| (1_000, 50 * i)));
    assert_eq!(judged(&looks), (Status::Rewound, Reason::SetBack { from: 994, to: 200 }));
    // The rate is that since then, not one with the jump in it.
    let (lag, now) = watched(&looks);
    assert_eq!(only(&lag, now).processed_rate, Some(5.0));
    // Once the window has moved on it is judged by its progress.
    looks.extend((5..11).map(|i| (1_000, 50 * i)));
    assert_eq!(judged(&looks), (Status::Lagging, Reason::ComingCloser));
}

#[test]
fn a_consumer_that_is_gone_is_told_from_one_that_is_stuck() {
    let looks = |committed: fn(i64) -> i64| {
        let mut lag = Lag::of_partitions([0]).with_limits(Limits::new().events(100));
        for i in 0..10 {
            let look = Observation::new(0, at(10 * i)).with_log(0, 900).with_next(100);
            lag.observe(look.with_committed_at(at(committed(i))));
        }
        only(&lag, at(90))
    };
    assert_eq!(looks(|i| 10 * i).status, Status::Stalled);
    // As long as the window is not longer than the window.
    assert_eq!(looks(|_| 0).status, Status::Stalled);
    let silent = looks(|_| -1);
    assert_eq!((silent.status, silent.reason), (Status::Stopped, Reason::NotReporting { span: Span::seconds(91) }));
}

#[test]
fn a_consumer_with_nothing_to_commit_has_not_stopped() {
    // Silent for an hour, because nothing came for an hour; then a thousand events at once.
    let mut lag = Lag::of_partitions([0]).with_limits(Limits::new().events(100));
    for i in 0..10 {
        let end = if i < 9 { 100 } else { 1_100 };
        lag.observe(Observation::new(0, at(3_600 + 10 * i)).with_log(0, end).with_next(100).with_committed_at(at(0)));
    }
    assert_eq!(only(&lag, at(3_690)).reason, Reason::LatelyWithinLimits);
}

#[test]
fn events_that_left_the_log_unprocessed_are_data_loss() {
    let mut lag = Lag::of_partitions([0]);
    let look = |second: i64, start: u64| Observation::new(0, at(second)).with_log(start, 900).with_next(100);
    lag.observe(look(0, 100));
    assert_eq!((only(&lag, at(0)).status, only(&lag, at(0)).headroom), (Status::Healthy, Some(0)));
    lag.observe(look(10, 130));
    let found = only(&lag, at(10));
    assert_eq!((found.status, found.reason), (Status::DataLoss, Reason::Lost { events: 30 }));
    assert_eq!(found.headroom, Some(0));
}

#[test]
fn a_log_that_was_made_anew_is_told_from_an_end_that_is_a_little_old() {
    // The end was asked for before the position: no more than that.
    let racing: Vec<(u64, u64)> = (1..11).map(|i| (100 * i, 100 * i + 7)).collect();
    assert_eq!(judged(&racing), (Status::Healthy, Reason::CaughtUp));
    let mut anew = racing.clone();
    anew.push((3, 1_007));
    assert_eq!(judged(&anew), (Status::Ahead, Reason::BeyondEnd { offsets: 1_004 }));
    let (lag, now) = watched(&anew);
    let found = only(&lag, now);
    assert_eq!((found.events, found.event_time, found.drain), (None, None, None));
}

#[test]
fn a_consumer_that_replays_is_expected_to_be_behind() {
    let looks: Vec<(u64, u64)> = (0..10).map(|i| (30_000_000 + 100 * i, 2_000 * i)).collect();
    let (mut lag, now) = watched(&looks);
    assert_eq!(only(&lag, now).status, Status::Lagging);
    lag.set_replaying(true);
    let found = only(&lag, now);
    assert_eq!((found.status, found.reason), (Status::Replaying, Reason::ComingCloser));
    // 29,982,900 events at 190 a second.
    assert_eq!(found.drain.map(|drain| drain.as_micros() / 1_000_000), Some(29_982_900 / 190));

    let (mut stuck, now) = watched(&[(30_000_000, 100); 10]);
    stuck.set_replaying(true);
    assert_eq!(only(&stuck, now).status, Status::Stalled);
}

#[test]
fn event_time_is_estimated_only_within_what_was_observed() {
    let looks = |pending: u64| -> Vec<(u64, u64)> { (0..10).map(|i| (10_000 + 100 * i, 10_900 - pending)).collect() };
    let estimate = |pending: u64| {
        let (lag, now) = watched(&looks(pending));
        (only(&lag, now).event_time, only(&lag, now).estimated)
    };
    // Ten events a second, of 90 seconds.
    assert_eq!(estimate(50), (Some(Span::seconds(5)), true));
    assert_eq!(estimate(900), (Some(Span::seconds(90)), true));
    assert_eq!(estimate(901), (None, false));
    assert_eq!(estimate(0), (Some(Span::ZERO), false));
}

#[test]
fn an_event_from_a_clock_that_runs_ahead_does_not_hide_the_lag() {
    let mut lag = Lag::of_partitions([0]).with_limits(Limits::new().time(Span::minutes(10)));
    let look = Observation::new(0, at(0)).with_log(0, 9_000).with_next(4_000).with_head_time(at(0));
    lag.observe(look.with_processed_time(at(86_400)));
    let found = only(&lag, at(0));
    assert_eq!((found.event_time, found.status), (None, Status::Unknown));
    assert_eq!(found.reason, Reason::NoEventTime);
}

#[test]
fn a_limit_in_time_finds_what_a_limit_in_events_does_not() {
    let limits = Limits::new().time(Span::minutes(10));
    let mut lag = Lag::of_partitions([0]).with_limits(limits);
    for i in 0..10 {
        let look = Observation::new(0, at(10 * i)).with_log(0, 5_000).with_next(100);
        lag.observe(look.with_processed_time(at(-604_800)).with_head_time(at(0)));
    }
    let found = only(&lag, at(90));
    assert_eq!((found.events, found.status, found.exceeded), (Some(4_900), Status::Stalled, Some(Limit::Time)));
}

#[test]
fn a_look_is_stale_on_either_side_of_now() {
    let (lag, now) = watched(&[(10, 10)]);
    let stale = Span::minutes(5);
    assert_eq!(only(&lag, now.saturating_add(stale)).status, Status::Healthy);
    assert_eq!(only(&lag, now.saturating_sub(stale)).status, Status::Healthy);
    let age = Span::from_micros(stale.as_micros() + 1).unwrap();
    for now in [now.saturating_add(age), now.saturating_sub(age)] {
        let found = only(&lag, now);
        assert_eq!((found.status, found.reason), (Status::Unknown, Reason::Stale { age }));
        assert_eq!((found.events, found.event_time, found.observed_at), (None, None, Some(at(0))));
    }
}

#[test]
fn looks_that_come_twice_or_late_change_nothing() {
    let looks: Vec<(u64, u64)> = (0..10).map(|i| (1_000 + 200 * i, 100 * i)).collect();
    let (mut lag, now) = watched(&looks);
    let before = lag.partitions(now);
    let again = Observation::new(0, now).with_log(0, 2_800).with_next(900);
    assert_eq!(lag.observe(again), Observed::Repeated);
    let late = Observation::new(0, at(25)).with_log(0, 2_800).with_next(0);
    assert_eq!(lag.observe(late), Observed::OutOfOrder);
    assert_eq!(lag.observe(late), Observed::OutOfOrder);
    assert_eq!(lag.observe(late), Observed::OutOfOrder);
    assert_eq!(lag.partitions(now), before);
    let counted = lag.counters();
    assert_eq!((counted.taken, counted.repeated, counted.out_of_order), (10, 1, 3));
}

#[test]
fn a_clock_that_went_back_is_believed_after_three_looks() {
    let mut lag = Lag::of_partitions([0]);
    lag.observe(Observation::new(0, at(1_000_000)).with_log(0, 10).with_next(10));
    let look = |second: i64| Observation::new(0, at(second)).with_log(0, 20).with_next(12);
    assert_eq!(lag.observe(look(0)), Observed::OutOfOrder);
    assert_eq!(lag.observe(look(10)), Observed::OutOfOrder);
    // Until then nothing is known, rather than that all is well.
    assert_eq!(only(&lag, at(10)).status, Status::Unknown);
    assert_eq!(lag.observe(look(20)), Observed::Restarted);
    assert_eq!((only(&lag, at(20)).events, lag.counters().restarted), (Some(8), 1));
    assert_eq!(lag.observe(look(30)), Observed::Taken);
}

#[test]
fn looks_that_are_too_close_are_one() {
    let mut lag = Lag::of_partitions([0]).with_limits(Limits::new().events(10));
    for tenth in 0..75u64 {
        let now = Timestamp::from_micros(tenth as i64 * 100_000).unwrap();
        lag.observe(Observation::new(0, now).with_log(0, 1_000 + tenth).with_next(tenth));
    }
    let now = Timestamp::from_micros(7_400_000).unwrap();
    // 75 looks in 7.4 seconds are one a second and the latest: enough, and the latest counts.
    let found = only(&lag, now);
    assert_eq!((found.events, found.status), (Some(1_000), Status::Slow));
    assert_eq!(found.arrival_rate, Some(10.0));
}

#[test]
fn a_rate_is_not_measured_over_too_short_a_time() {
    let mut lag = Lag::of_partitions([0]);
    lag.observe(Observation::new(0, at(0)).with_log(0, 0).with_next(0));
    lag.observe(Observation::new(0, Timestamp::from_micros(1).unwrap()).with_log(0, 1_000).with_next(500));
    let found = only(&lag, at(0));
    assert_eq!((found.processed_rate, found.arrival_rate, found.drain), (None, None, None));
}

#[test]
fn retention_is_seen_coming() {
    let mut lag = Lag::of_partitions([0]);
    for i in 0..10u64 {
        lag.observe(Observation::new(0, at(10 * i as i64)).with_log(1, 5_000 + 100 * i).with_next(1_001));
    }
    let found = only(&lag, at(90));
    // A thousand events are before the position, and ten a second come.
    assert_eq!((found.headroom, found.headroom_time), (Some(1_000), Some(Span::seconds(100))));
    // A log that has not lost anything yet is not known to lose anything.
    let (lag, now) = watched(&(0..10).map(|i| (5_000 + 100 * i, 1_000)).collect::<Vec<_>>());
    assert_eq!((only(&lag, now).headroom, only(&lag, now).headroom_time), (Some(1_000), None));
}

#[test]
fn the_greatest_offsets_and_the_ends_of_time_do_not_wrap() {
    for limits in [Limits::new(), Limits::new().events(0).tail_slack(u64::MAX), Limits::new().spacing(Span::ZERO)] {
        let mut lag = Lag::default().with_limits(limits);
        for at in [Timestamp::MIN, Timestamp::EPOCH, Timestamp::MAX] {
            for offsets in [[0, u64::MAX, 0], [u64::MAX, u64::MAX, 0], [0, 0, u64::MAX], [0, u64::MAX, u64::MAX]] {
                let look = Observation::new(u32::MAX, at).with_log(offsets[0], offsets[1]).with_next(offsets[2]);
                let look = look.with_processed_time(Timestamp::MIN).with_head_time(Timestamp::MAX);
                lag.observe(look.with_committed_at(Timestamp::MIN));
                for now in [Timestamp::MIN, at, Timestamp::MAX] {
                    let found = lag.partition(u32::MAX, now).unwrap();
                    let numbers = [found.processed_rate, found.arrival_rate];
                    assert!(numbers.iter().flatten().all(|rate| rate.is_finite() && *rate >= 0.0), "{found:?}");
                    lag.group(now);
                }
            }
        }
    }
}

#[test]
fn observations_that_know_nothing_say_nothing() {
    let mut lag = Lag::of_partitions([0]);
    for i in 0..20 {
        lag.observe(Observation::new(0, at(10 * i)));
    }
    let found = only(&lag, at(190));
    assert_eq!(found.observed_at, Some(at(190)));
    assert_eq!((found.events, found.event_time, found.freshness, found.headroom), (None, None, None, None));
    assert_eq!((found.processed_rate, found.arrival_rate, found.drain), (None, None, None));
    assert_eq!(found.status, Status::Unknown);
}

#[test]
fn limits_and_windows_that_make_no_sense_are_brought_within_bounds() {
    let looks: Vec<(u64, u64)> = (0..10).map(|i| (1_000 + 200 * i, 100 * i)).collect();
    for limits in [Limits::new().window(0).complete(0), Limits::new().window(usize::MAX).complete(3)] {
        let (lag, now) = watched_with(limits.events(100), &looks);
        assert_eq!(only(&lag, now).status, Status::Slow);
        let json = serde_json::to_string(&lag).unwrap();
        assert_eq!(serde_json::from_str::<Lag>(&json).unwrap().partitions(now), lag.partitions(now));
    }
    assert!(serde_json::from_str::<Limits>(r#"{"evens": 3}"#).is_err());
    let some: Limits = serde_json::from_str(r#"{"events": 3, "time": "10m"}"#).unwrap();
    assert_eq!(some, Limits::new().events(3).time(Span::minutes(10)));
}

#[test]
fn a_lag_says_what_it_is_in_a_line() {
    let (mut lag, now) = watched(&[(500, 100); 8]);
    assert_eq!(only(&lag, now).to_string(), "partition 0: stalled, no progress for 70s; 400 events");
    lag.observe(Observation::new(3, now));
    let line = "stalled in partition 0 of 2: no progress for 70s; 400 events, at most 400 in one partition; 1 unknown";
    assert_eq!(lag.group(now).to_string(), line);
    let names = Status::ALL.map(|status| serde_json::to_value(status).unwrap());
    assert_eq!(names, Status::ALL.map(|status| serde_json::json!(status.name())));
}
