//! Catches a lag that, after any sequence of observations, is another number, another status, or known where it is not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::cmp::Ordering;

use proptest::collection::vec;
use proptest::prelude::*;
use skewless::lag::{Counters, GroupLag, Limit, Limits, Observed, PartitionLag, Reason, Status};
use skewless::{Lag, Observation, Span, Timestamp};

/// Dumber than the code: every look ever brought, and everything worked out from that list for each question.
struct Reference {
    brought: Vec<Observation>,
    expected: Vec<u32>,
    setup: Setup,
}

/// The limits, where the reference can read them.
#[derive(Clone, Copy, Debug)]
struct Setup {
    events: u64,
    time: Option<i64>,
    slack: u64,
    window: usize,
    complete: usize,
    spacing: i64,
    replaying: bool,
}

const STALE: i64 = 300_000_000;

impl Setup {
    fn limits(self) -> Limits {
        let span = |micros: i64| Span::from_micros(micros).unwrap();
        let limits = Limits::new().events(self.events).tail_slack(self.slack).window(self.window);
        let limits = limits.complete(self.complete).spacing(span(self.spacing)).stale(span(STALE));
        self.time.map_or(limits, |time| limits.time(span(time)))
    }
}

/// What became of each look, and which are left.
fn accepted(brought: &[Observation], spacing: i64) -> (Vec<Observed>, Vec<Observation>) {
    let (mut outcomes, mut kept): (Vec<Observed>, Vec<Observation>) = (Vec::new(), Vec::new());
    let mut early: Vec<Observation> = Vec::new();
    for look in brought {
        let latest = kept.last().copied();
        outcomes.push(match latest {
            Some(latest) if latest == *look => Observed::Repeated,
            Some(latest) if look.at < latest.at => {
                if early.last().is_some_and(|before| before.at >= look.at) {
                    early.clear();
                }
                early.push(*look);
                if early.len() == 3 {
                    early.clear();
                    kept = vec![*look];
                    Observed::Restarted
                } else {
                    Observed::OutOfOrder
                }
            }
            _ => {
                early.clear();
                let n = kept.len();
                let same_time = n > 0 && kept[n - 1].at == look.at;
                let close = n > 1 && kept[n - 1].at.as_micros() - kept[n - 2].at.as_micros() < spacing;
                if same_time || close {
                    kept.pop();
                }
                kept.push(*look);
                Observed::Taken
            }
        });
    }
    (outcomes, kept)
}

fn pending(look: &Observation) -> Option<i128> {
    let (end, next) = (i128::from(look.log_end?), i128::from(look.next?));
    Some((end - next).max(0))
}

fn direct_time(look: &Observation, slack: u64) -> Option<i128> {
    if pending(look)? <= i128::from(slack) {
        return Some(0);
    }
    let ahead = i128::from(look.head_time?.as_micros()) - i128::from(look.processed_time?.as_micros());
    (ahead >= 0).then_some(ahead)
}

/// By how much, in how many microseconds, since the last decrease.
fn growth(looks: &[Observation], spacing: i64, of: fn(&Observation) -> Option<u64>) -> Option<(i128, i128)> {
    let points: Vec<(i128, i128)> =
        looks.iter().filter_map(|look| Some((i128::from(look.at.as_micros()), i128::from(of(look)?)))).collect();
    let drop = points.windows(2).rposition(|pair| pair[1].1 < pair[0].1).map_or(0, |at| at + 1);
    let (first, last) = (points.get(drop)?, points.last()?);
    let time = last.0 - first.0;
    (time > 0 && time >= i128::from(spacing)).then_some((last.1 - first.1, time))
}

/// How long `events` take to be gone: as many microseconds as it takes, if a span can be so long.
fn until_gone(events: i128, going: Option<(i128, i128)>, coming: Option<(i128, i128)>) -> Option<i128> {
    let ((gone, going_time), (come, coming_time)) = (going?, coming?);
    let shrinks = gone * coming_time - come * going_time;
    if shrinks <= 0 {
        return None;
    }
    let product = events.checked_mul(going_time * coming_time).unwrap();
    let time = product / shrinks + i128::from(product % shrinks > 0);
    (time <= i128::from(i64::MAX)).then_some(time)
}

impl Reference {
    fn kept(&self, partition: u32) -> Vec<Observation> {
        let own: Vec<Observation> = self.brought.iter().filter(|look| look.partition == partition).copied().collect();
        let (_, kept) = accepted(&own, self.setup.spacing);
        kept[kept.len().saturating_sub(self.setup.window)..].to_vec()
    }

    /// Holds a partition's lag to what the list says.
    fn check(&self, found: &PartitionLag, now: Timestamp) -> Result<(), TestCaseError> {
        let Setup { slack, spacing, .. } = self.setup;
        let looks = self.kept(found.partition);
        let latest = looks.last();
        prop_assert_eq!(found.observed_at, latest.map(|look| look.at));
        let (status, reason) = self.status(&looks, now);
        prop_assert_eq!((found.status, found.reason), (status, reason), "{:?} at {}", &looks, now);
        let fresh = latest.filter(|look| (now.as_micros() - look.at.as_micros()).abs() <= STALE);
        let Some(look) = fresh else {
            let none = [found.events, found.headroom, found.processed_rate.map(|_| 0), found.arrival_rate.map(|_| 0)];
            prop_assert_eq!(none, [None; 4]);
            let none = [found.event_time, found.freshness, found.drain, found.headroom_time];
            prop_assert_eq!(none, [None; 4]);
            return Ok(());
        };
        let events = pending(look).filter(|_| status != Status::Ahead);
        prop_assert_eq!(found.events.map(i128::from), events);
        let (arrived, processed) = (growth(&looks, spacing, |l| l.log_end), growth(&looks, spacing, |l| l.next));
        let time = self.event_time(&looks).filter(|_| events.is_some());
        prop_assert_eq!(found.event_time.map(|span| (i128::from(span.as_micros()), found.estimated)), time);
        let fresh = look.processed_time.map(|time| (now.as_micros() - time.as_micros()).max(0));
        prop_assert_eq!(found.freshness.map(Span::as_micros), fresh);
        prop_assert!(close(found.arrival_rate, arrived) && close(found.processed_rate, processed), "{:?}", found);
        let headroom = look.log_start.zip(look.next).map(|(start, next)| next.saturating_sub(start));
        prop_assert_eq!(found.headroom, headroom);
        let caught_up = events.is_some_and(|events| events <= i128::from(slack));
        let many = events.is_some_and(|events| events >= i128::from(self.setup.events));
        let long = time.zip(self.setup.time).is_some_and(|((time, _), limit)| time > i128::from(limit));
        let exceeded = if many { Some(Limit::Events) } else { long.then_some(Limit::Time) };
        prop_assert_eq!(found.exceeded, exceeded.filter(|_| !caught_up));
        let drain = if caught_up { Some(0) } else { events.and_then(|events| until_gone(events, processed, arrived)) };
        prop_assert_eq!(found.drain.map(|span| i128::from(span.as_micros())), drain);
        let kept = headroom.filter(|_| look.log_start > Some(0)).map(i128::from);
        let loss = kept.and_then(|events| until_gone(events, arrived, processed));
        prop_assert_eq!(found.headroom_time.map(|span| i128::from(span.as_micros())), loss);
        Ok(())
    }

    fn event_time(&self, looks: &[Observation]) -> Option<(i128, bool)> {
        let (look, events) = (looks.last()?, pending(looks.last()?)?);
        if let Some(time) = direct_time(look, self.setup.slack) {
            return Some((time, false));
        }
        let (arrived, time) = growth(looks, self.setup.spacing, |look| look.log_end)?;
        (arrived > 0 && events <= arrived).then(|| ((events * time + arrived - 1) / arrived, true))
    }

    fn status(&self, looks: &[Observation], now: Timestamp) -> (Status, Reason) {
        let setup = self.setup;
        let Some(look) = looks.last() else { return (Status::Unknown, Reason::NeverObserved) };
        let age = (now.as_micros() - look.at.as_micros()).abs();
        if age > STALE {
            return (Status::Unknown, Reason::Stale { age: Span::from_micros(age).unwrap() });
        }
        let Some(next) = look.next else { return (Status::Unknown, Reason::NoPosition) };
        let Some(end) = look.log_end else { return (Status::Unknown, Reason::NoLogEnd) };
        if look.log_start > Some(next) {
            return (Status::DataLoss, Reason::Lost { events: look.log_start.unwrap() - next });
        }
        let complete: Vec<&Observation> = looks.iter().filter(|look| pending(look).is_some()).collect();
        if next > end && complete.len() > 1 && complete[0].next.unwrap() > end {
            return (Status::Ahead, Reason::BeyondEnd { offsets: next - end });
        }
        let caught_up = |look: &Observation| pending(look).unwrap() <= i128::from(setup.slack);
        if caught_up(look) {
            return (Status::Healthy, Reason::CaughtUp);
        }
        let few = |look: &Observation| pending(look).unwrap() < i128::from(setup.events);
        if few(look) {
            match (setup.time, self.event_time(looks)) {
                (None, _) => return (Status::Healthy, Reason::WithinLimits),
                (Some(limit), Some((time, _))) if time <= i128::from(limit) => {
                    return (Status::Healthy, Reason::WithinLimits);
                }
                (Some(_), None) => return (Status::Unknown, Reason::NoEventTime),
                _ => {}
            }
        }
        let lagging = if setup.replaying { Status::Replaying } else { Status::Lagging };
        if complete.len() < setup.complete {
            return (lagging, Reason::TooFewLooks);
        }
        let span = look.at.as_micros() - complete[0].at.as_micros();
        if let Some(committed) = look.committed_at {
            let idle = complete.iter().filter(|look| caught_up(look)).map(|look| look.at.as_micros()).max();
            let silence = (now.as_micros() - committed.as_micros().max(idle.unwrap_or(i64::MIN))).max(0);
            if silence > span {
                return (Status::Stopped, Reason::NotReporting { span: Span::from_micros(silence).unwrap() });
            }
        }
        let highest = complete.iter().map(|look| look.next.unwrap()).max().unwrap();
        if next < highest {
            return (Status::Rewound, Reason::SetBack { from: highest, to: next });
        }
        let in_time = |look: &Observation| match (setup.time, direct_time(look, setup.slack)) {
            (Some(limit), time) => time.is_some_and(|time| time <= i128::from(limit)),
            (None, _) => true,
        };
        if complete.iter().any(|look| caught_up(look) || few(look) && in_time(look)) {
            return (lagging, Reason::LatelyWithinLimits);
        }
        if complete.iter().all(|look| look.next == Some(next)) {
            return (Status::Stalled, Reason::NoProgress { span: Span::from_micros(span).unwrap() });
        }
        let mut falls = 0;
        let mut rises = 0;
        for (i, a) in complete.iter().enumerate() {
            for b in &complete[..i] {
                match pending(a).cmp(&pending(b)) {
                    Ordering::Less => falls += 1,
                    Ordering::Greater => rises += 1,
                    Ordering::Equal => {}
                }
            }
        }
        if falls > rises { (lagging, Reason::ComingCloser) } else { (Status::Slow, Reason::NotComingCloser) }
    }

    fn check_group(&self, group: &GroupLag, all: &[PartitionLag]) -> Result<(), TestCaseError> {
        let mut worst: Option<&PartitionLag> = None;
        for lag in all {
            // The first of those that are equally bad and equally far behind.
            if worst.is_none_or(|worst| (lag.status, lag.events) > (worst.status, worst.events)) {
                worst = Some(lag);
            }
        }
        prop_assert_eq!(group.worst, worst.map(|lag| lag.partition));
        prop_assert_eq!(group.status, worst.map_or(Status::Unknown, |lag| lag.status));
        prop_assert_eq!(group.partitions, all.len());
        let known: Vec<u64> = all.iter().filter_map(|lag| lag.events).collect();
        prop_assert_eq!(group.unknown_events, all.len() - known.len());
        let sum = known.iter().map(|events| u128::from(*events)).sum::<u128>();
        let sum = u64::try_from(sum).unwrap_or(u64::MAX);
        prop_assert_eq!(group.sum_events, (!known.is_empty()).then_some(sum));
        prop_assert_eq!(group.max_events, known.into_iter().max());
        prop_assert_eq!(group.max_event_time, all.iter().filter_map(|lag| lag.event_time).max());
        let certain = !all.is_empty() && all.iter().all(|lag| lag.drain.is_some());
        prop_assert_eq!(group.drain, if certain { all.iter().filter_map(|lag| lag.drain).max() } else { None });
        Ok(())
    }
}

/// Whether a rate is that of a growth, as near as a double comes.
fn close(rate: Option<f64>, growth: Option<(i128, i128)>) -> bool {
    match (rate, growth) {
        (None, None) => true,
        (Some(rate), Some((by, time))) => {
            let exact = by as f64 / (time as f64 / 1e6);
            rate.is_finite() && (rate - exact).abs() <= exact * 1e-12
        }
        _ => false,
    }
}

/// A host with two partitions and a clock, from which looks are made.
struct Host {
    now: i64,
    partitions: [Part; 2],
}

#[derive(Clone, Copy, Debug)]
struct Part {
    start: u64,
    end: u64,
    next: u64,
    head: i64,
    processed: i64,
    committed: i64,
}

/// One thing that happens: what, to which partition, how much, which fields a look knows.
type Step = (u8, bool, u64, u8);

impl Host {
    fn new() -> Self {
        let part = Part { start: 0, end: 50, next: 0, head: 0, processed: 0, committed: 0 };
        Self { now: 0, partitions: [part; 2] }
    }

    fn step(&mut self, (what, second, much, known): Step) -> Option<Observation> {
        let partition = usize::from(second);
        let part = &mut self.partitions[partition];
        let few = much % 200;
        match what % 20 {
            0 => self.now += 1_000_000,
            1 => self.now += 10_000_000,
            2 => self.now += 400_000,
            3 if much % 4 == 0 => self.now += 400_000_000,
            4 if much % 4 == 0 => self.now -= 30_000_000,
            5 => (part.end, part.head) = (part.end.saturating_add(few), self.now),
            6 | 7 => {
                part.next = part.next.saturating_add(few).min(part.end);
                (part.processed, part.committed) = (part.head - (part.end - part.next) as i64 * 1_000, self.now);
            }
            8 if much % 8 == 0 => part.next = part.next.saturating_sub(few),
            9 if much % 8 == 0 => part.end = part.end.saturating_sub(few),
            10 if much % 4 == 0 => part.start = part.start.saturating_add(few),
            11 if much % 64 == 0 => (part.end, part.next) = (u64::MAX, u64::MAX - few),
            12 if much % 8 == 0 => part.processed = part.head + 5_000_000,
            _ => {
                self.now += 1_000_000 * (much % 3) as i64;
                return Some(self.look(partition, known));
            }
        }
        None
    }

    fn look(&self, partition: usize, known: u8) -> Observation {
        let part = self.partitions[partition];
        let at = Timestamp::from_micros(self.now).unwrap();
        let time = |micros: i64| Timestamp::from_micros(micros.clamp(-1 << 50, 1 << 50)).unwrap();
        // Most looks know most: a bit that is set takes a field away only together with another.
        let knows = |bit: u8| known & bit == 0 || known & 0b1100_0000 != 0;
        Observation {
            partition: partition as u32,
            at,
            log_start: knows(1).then_some(part.start),
            log_end: knows(2).then_some(part.end),
            next: knows(4).then_some(part.next),
            committed_at: (!knows(8)).then(|| time(part.committed)),
            processed_time: knows(16).then(|| time(part.processed)),
            head_time: knows(32).then(|| time(part.head)),
        }
    }
}

fn setups() -> impl Strategy<Value = Setup> {
    let time = prop::option::of(0i64..400_000);
    (1u64..300, time, 0u64..3, 3usize..7, 0usize..4, 0i64..3_000_000, any::<bool>()).prop_map(
        |(events, time, slack, window, less, spacing, replaying)| {
            let complete = window.saturating_sub(less).max(3);
            Setup { events, time, slack, window, complete, spacing, replaying }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn after_any_observations_the_lag_is_that_of_the_whole_list(
        setup in setups(),
        steps in vec((any::<u8>(), any::<bool>(), any::<u64>(), any::<u8>()), 1..150),
        repeat in any::<bool>(),
    ) {
        let mut reference = Reference { brought: Vec::new(), expected: vec![0, 1, 7], setup };
        let mut lag = Lag::of_partitions(reference.expected.iter().copied()).with_limits(setup.limits());
        lag.set_replaying(setup.replaying);
        let (mut host, mut counted) = (Host::new(), Counters::default());
        for step in steps {
            let Some(look) = host.step(step) else { continue };
            for _ in 0..1 + usize::from(repeat) {
                let own = |brought: &[Observation]| -> Vec<Observation> {
                    brought.iter().filter(|other| other.partition == look.partition).copied().collect()
                };
                reference.brought.push(look);
                let expected = *accepted(&own(&reference.brought), setup.spacing).0.last().unwrap();
                prop_assert_eq!(lag.observe(look), expected);
                match expected {
                    Observed::Taken => counted.taken += 1,
                    Observed::Restarted => (counted.taken, counted.restarted) = (counted.taken + 1, counted.restarted + 1),
                    Observed::Repeated => counted.repeated += 1,
                    Observed::OutOfOrder => counted.out_of_order += 1,
                }
            }
            // What was written is what goes on.
            if step.2 % 5 == 0 {
                let json = serde_json::to_string(&lag).unwrap();
                let restored: Lag = serde_json::from_str(&json).unwrap();
                prop_assert_eq!(&restored, &lag);
                lag = restored;
            }
            let now = Timestamp::from_micros(host.now + (step.2 % 7) as i64 * 60_000_000 - 60_000_000).unwrap();
            let all = lag.partitions(now);
            prop_assert_eq!(all.iter().map(|lag| lag.partition).collect::<Vec<_>>(), reference.expected.clone());
            for found in &all {
                prop_assert_eq!(lag.partition(found.partition, now), Some(*found));
                reference.check(found, now)?;
            }
            reference.check_group(&lag.group(now), &all)?;
        }
        prop_assert_eq!(lag.counters(), counted);
    }
}

/// A model that never gets anywhere shows nothing: every status is reached by what the property is given.
#[test]
fn the_host_leads_to_every_status() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let strategy = (setups(), vec((any::<u8>(), any::<bool>(), any::<u64>(), any::<u8>()), 1..150));
    let mut seen = Vec::new();
    for _ in 0..1_500 {
        let (setup, steps) = strategy.new_tree(&mut runner).unwrap().current();
        let mut lag = Lag::of_partitions([0, 1]).with_limits(setup.limits());
        lag.set_replaying(setup.replaying);
        let mut host = Host::new();
        for step in steps {
            if let Some(look) = host.step(step) {
                lag.observe(look);
                let found = lag.partition(look.partition, Timestamp::from_micros(host.now).unwrap()).unwrap();
                seen.push((found.status, std::mem::discriminant(&found.reason), found.estimated));
            }
        }
    }
    let count = |status: Status| seen.iter().filter(|(other, ..)| *other == status).count();
    let counts = Status::ALL.map(|status| (status, count(status)));
    assert!(counts.iter().all(|(_, count)| *count >= 20), "{counts:?}");
    assert!(seen.iter().filter(|(.., estimated)| *estimated).count() > 20);
}
