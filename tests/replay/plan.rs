//! Catches plans whose arithmetic is off, wraps, or calls possible what is not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use proptest::prelude::*;
use skewless::plan::{Architecture, Consideration, Finding, Rate, ReplayPlan, RetentionPlan, Workload, recommend};
use skewless::{ErrorKind, Span};

const DAILY: Rate = Rate::per_day(1_000_000_000);

fn hours(span: Span) -> f64 {
    span.as_micros() as f64 / 3.6e9
}

#[test]
fn the_known_figures_come_out() {
    let three_years = Span::days(3 * 365);
    let plan = RetentionPlan { replication: 1, hold: Span::ZERO, safety_percent: 0, ..of(three_years) };
    let retention = plan.evaluate().unwrap();
    assert_eq!(retention.bytes_per_day, 500_000_000_000);
    assert_eq!(retention.events, 1_095_000_000_000);
    assert_eq!(retention.stored / 1_000_000_000_000, 547);

    let month = RetentionPlan { replication: 3, hold: Span::ZERO, safety_percent: 0, ..of(Span::days(30)) };
    assert_eq!(month.evaluate().unwrap().stored_per_day, 1_500_000_000_000);
    assert_eq!(month.evaluate().unwrap().stored, 45_000_000_000_000);

    assert_eq!(DAILY.events_in(Span::minutes(10)).unwrap(), 6_944_444);
    let ten_thousand = |rate: Rate| rate.time_for(10_000).unwrap().unwrap();
    assert_eq!(ten_thousand(DAILY), Span::millis(864));
    assert_eq!(hours(ten_thousand(Rate::new(1_000_000_000, Span::days(64)).unwrap())), 55.296 / 3_600.0);
}

#[test]
fn thirty_days_take_as_long_as_they_are_known_to() {
    for (rate, known) in [(200_000, 44.2), (100_000, 94.2), (50_000, 216.9)] {
        let replay = ReplayPlan::new(Span::days(30), DAILY, Rate::per_second(rate)).evaluate().unwrap();
        assert_eq!(replay.backlog, 30_000_000_000);
        let takes = replay.takes.unwrap();
        assert!((hours(takes) - known).abs() < 0.1, "{} h at {rate}/s", hours(takes));
        // What it has processed is what it can in that time.
        let processed = Rate::per_second(rate).events_in(takes).unwrap();
        assert!(replay.processed.unwrap().abs_diff(processed) <= 2, "{replay:?}");
    }
}

fn of(horizon: Span) -> RetentionPlan {
    RetentionPlan::new(DAILY, 500, horizon)
}

#[test]
fn what_is_required_is_horizon_replay_hold_and_safety() {
    let plan = RetentionPlan { replay: Span::days(2), ..of(Span::days(30)) };
    // (30 + 2 + 1) days and a fifth.
    let found = plan.evaluate().unwrap();
    assert_eq!((found.required, found.keeps), (Span::minutes(57_024), Span::minutes(57_024)));
    assert!(found.is_feasible());

    let exactly = RetentionPlan { retention: Some(found.required), disk: Some(found.stored), ..plan };
    assert!(exactly.evaluate().unwrap().is_feasible());
    let short = Span::from_micros(found.required.as_micros() - 1).unwrap();
    let found = RetentionPlan { retention: Some(short), disk: Some(found.stored / 2), ..plan }.evaluate().unwrap();
    assert!(!found.is_feasible());
    assert!(matches!(found.findings[..], [Finding::RetentionTooShort { .. }, Finding::DiskTooSmall { .. }]));
    assert!(found.to_string().contains("; not feasible: the log keeps"), "{found}");
}

#[test]
fn compression_and_copies_are_rounded_up_once() {
    let plan = RetentionPlan {
        arrival: Rate::per_day(1),
        bytes_per_event: 1,
        replication: 3,
        compressed_percent: 25,
        ..of(Span::days(1))
    };
    // Three copies of one byte at a quarter: three quarters of a byte.
    assert_eq!(plan.evaluate().unwrap().stored_per_day, 1);
}

#[test]
fn a_replay_that_is_not_faster_than_what_comes_never_catches_up() {
    let rates = [Rate::ZERO, Rate::per_day(999_999_999), DAILY];
    for rate in rates {
        let replay = ReplayPlan::new(Span::hours(1), DAILY, rate).evaluate().unwrap();
        assert_eq!((replay.takes, replay.processed, replay.required), (None, None, None));
        assert_eq!(replay.findings, [Finding::NeverCatchesUp { replay: rate, arrival: DAILY }]);
        assert!(!replay.is_feasible());
    }
    let barely = ReplayPlan::new(Span::hours(1), DAILY, Rate::per_day(1_000_000_001)).evaluate().unwrap();
    assert!(barely.is_feasible() && barely.takes.unwrap() > Span::days(36_500));
}

#[test]
fn nothing_to_replay_takes_no_time_at_any_rate() {
    let none = ReplayPlan::new(Span::ZERO, DAILY, Rate::ZERO).evaluate().unwrap();
    assert_eq!((none.backlog, none.takes), (0, Some(Span::ZERO)));
    let quiet = ReplayPlan::new(Span::days(30), Rate::ZERO, Rate::ZERO).evaluate().unwrap();
    assert!(quiet.is_feasible() && quiet.takes == Some(Span::ZERO));
}

#[test]
fn a_log_that_keeps_too_little_is_told_from_one_that_keeps_enough_for_once() {
    let plan = ReplayPlan::new(Span::days(30), DAILY, Rate::per_second(200_000));
    let with = |retention: Span| ReplayPlan { retention: Some(retention), ..plan }.evaluate().unwrap();
    assert!(matches!(with(Span::days(29)).findings[..], [Finding::HistoryGone { .. }]));
    let once = with(Span::days(30));
    assert!(once.is_feasible() && matches!(once.findings[..], [Finding::NoSecondAttempt { .. }]), "{once}");
    assert_eq!(with(Span::days(33)).findings, []);

    let late = ReplayPlan { within: Some(Span::hours(44)), ..plan }.evaluate().unwrap();
    assert!(matches!(late.findings[..], [Finding::TooLong { .. }]), "{late}");
    assert!(ReplayPlan { within: Some(Span::hours(45)), ..plan }.evaluate().unwrap().is_feasible());
}

#[test]
fn partitions_and_bytes_are_counted() {
    let plan = ReplayPlan {
        partitions: 64,
        bytes_per_event: 500,
        ..ReplayPlan::new(Span::minutes(10), DAILY, Rate::per_second(200_000))
    };
    let replay = plan.evaluate().unwrap();
    assert_eq!(replay.backlog_per_partition, 108_507);
    assert_eq!(replay.bytes, replay.processed.map(|events| events * 500));
}

#[test]
fn what_cannot_be_is_refused_and_nothing_wraps() {
    assert_eq!(Rate::new(1, Span::ZERO).unwrap_err().kind(), ErrorKind::Parameter);
    for rate in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        assert_eq!(Rate::observed(rate).unwrap_err().kind(), ErrorKind::Parameter, "{rate}");
    }
    let (most, ever) = (Rate::new(u64::MAX, Span::micros(1)).unwrap(), Span::from_micros(i64::MAX).unwrap());
    assert!(most.events_in(ever).is_err());
    assert!(Rate::new(1, ever).unwrap().time_for(2).is_err());
    assert!(RetentionPlan::new(most, u64::MAX, ever).evaluate().is_err());
    assert!(RetentionPlan { replication: u32::MAX, ..RetentionPlan::new(DAILY, u64::MAX, ever) }.evaluate().is_err());
    assert!(ReplayPlan::new(ever, most, most).evaluate().is_err());
    let huge = Rate::new(u64::MAX, ever).unwrap();
    assert!(ReplayPlan::new(ever, Rate::new(u64::MAX - 2, ever).unwrap(), huge).evaluate().is_err());
    assert!(RetentionPlan { replication: 0, ..of(Span::days(1)) }.evaluate().is_err());
    assert!(ReplayPlan { partitions: 0, ..ReplayPlan::new(Span::days(1), DAILY, DAILY) }.evaluate().is_err());
    for bad in [r#"{"events": 1, "per": "0s"}"#, r#"{"events": -1, "per": "1s"}"#, r#"{"events": 1}"#] {
        assert!(serde_json::from_str::<Rate>(bad).is_err(), "{bad}");
    }
}

#[test]
fn rates_are_fractions() {
    assert_eq!(Rate::per_second(10), Rate::new(36_000, Span::hours(1)).unwrap());
    assert_eq!(Rate::observed(11_574.074).unwrap().to_string(), "11574/s");
    assert_eq!(Rate::per_day(1_440).to_string(), "60/h");
    assert_eq!((Rate::per_day(1).to_string(), Rate::ZERO.to_string()), ("1/d".into(), "0/d".into()));
    assert!(Rate::per_second(11_574) < DAILY && DAILY < Rate::per_second(11_575));
}

#[test]
fn plans_survive_json() {
    let plan = RetentionPlan { retention: Some(Span::days(45)), ..of(Span::days(30)) };
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<RetentionPlan>(&json).unwrap(), plan);
    let replay = ReplayPlan::new(Span::days(30), DAILY, Rate::per_second(1)).evaluate().unwrap();
    let json = serde_json::to_string(&replay).unwrap();
    assert_eq!(serde_json::from_str::<skewless::plan::ReplayForecast>(&json).unwrap(), replay);
}

fn workload() -> Workload {
    Workload {
        arrival: DAILY,
        history: Span::days(30),
        retention: None,
        replay: Rate::per_second(200_000),
        rebuild_within: Span::days(3),
        training_passes: 1,
        freshness: Span::minutes(1),
        batch_every: Span::days(1),
        team: 8,
    }
}

#[test]
fn what_decides_against_kappa_decides() {
    let kappa = recommend(&workload()).unwrap();
    assert_eq!(kappa.architecture, Architecture::Kappa, "{kappa}");
    let against = [
        Workload { training_passes: 2, team: 1, ..workload() },
        Workload { retention: Some(Span::days(7)), team: 1, ..workload() },
        Workload { replay: Rate::per_second(11_000), team: 1, ..workload() },
        Workload { rebuild_within: Span::days(1), team: 1, ..workload() },
    ];
    for workload in against {
        let lambda = recommend(&workload).unwrap();
        assert_eq!(lambda.architecture, Architecture::Lambda, "{lambda}");
        assert!(lambda.considerations.iter().any(|one| one.is_decisive()));
        // What spoke for the other is told too.
        assert!(lambda.to_string().contains("; although "), "{lambda}");
        assert!(lambda.considerations.contains(&Consideration::SmallTeam { team: 1 }));
    }
}

#[test]
fn where_nothing_decides_the_fewer_systems_have_it() {
    let even = recommend(&Workload { freshness: Span::days(2), ..workload() }).unwrap();
    let favours: Vec<Architecture> = even.considerations.iter().map(Consideration::favours).collect();
    assert_eq!(favours, [Architecture::Kappa, Architecture::Lambda]);
    assert_eq!(even.architecture, Architecture::Kappa);
    assert!(even.to_string().starts_with("kappa: the log is replayed in 44h"), "{even}");
}

proptest! {
    #[test]
    fn draining_takes_the_least_time_in_which_it_is_done(
        events in 0u64..1 << 40, going in 1u64..1 << 24, coming in 0u64..1 << 24,
        per in 1u32..u32::MAX, other in 1u32..u32::MAX,
    ) {
        let (ours, theirs) = (Rate::new(going, Span::micros(per)).unwrap(), Rate::new(coming, Span::micros(other)).unwrap());
        match ours.time_to_drain(events, theirs) {
            Ok(Some(time)) => {
                // events + coming * time / other <= going * time / per, over the common denominator.
                let (per, other) = (i128::from(per), i128::from(other));
                let left = |time: i64| {
                    let time = i128::from(time);
                    i128::from(events) * per * other + i128::from(coming) * time * per - i128::from(going) * time * other
                };
                prop_assert!(left(time.as_micros()) <= 0);
                prop_assert!(time.is_zero() || left(time.as_micros() - 1) > 0);
            }
            Ok(None) => prop_assert!(ours <= theirs && events > 0),
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Parameter),
        }
    }
}
