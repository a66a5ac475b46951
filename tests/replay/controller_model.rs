//! Catches a controller that after some history of looks, commands, crashes and clock changes is in another phase than the
//! rules say: promotes past what nobody knows, forgets a failure, drops the old version early.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use skewless::replay::{Action, Controller, Decision, Phase, Rules, Side, Stretch};
use skewless::{Error, ErrorKind, FeatureSet, Fingerprint, Lag, Observation, Result, Span, Timestamp};

const HISTORY: [Stretch; 3] = [
    Stretch { partition: 0, start: 100, end: 500 },
    Stretch { partition: 1, start: 0, end: 400 },
    // An empty one.
    Stretch { partition: 4, start: 7, end: 7 },
];

fn fingerprint(version: u32) -> Fingerprint {
    let json = format!(
        r#"{{"name": "s", "version": {version}, "entity": "user", "time": "ts",
            "features": {{"n": {{"count": "*", "over": "lifetime"}}}}}}"#
    );
    FeatureSet::from_json(&json).unwrap().fingerprint()
}

fn rules() -> Rules {
    Rules::new().hold(Span::minutes(3)).longest(Span::hours(3)).regression(Span::minutes(6)).rollback(Span::minutes(7))
}

/// The rules again, as plainly as they can be written: everything that happened is kept, and phases are worked out from it.
struct Reference {
    phase: Phase,
    lags: [Lag; 2],
    next: BTreeMap<u32, u64>,
    useless: bool,
    started: Option<Timestamp>,
    /// The oldest look of every check in a row that was passed.
    passed: Vec<Timestamp>,
    compared: bool,
    out: Option<Side>,
    epoch: u64,
    somebody_else: bool,
    /// Since when the new version was well.
    well: Timestamp,
    pins: Option<usize>,
}

impl Reference {
    fn new() -> Self {
        let lag = Lag::of_partitions([0, 1, 4]);
        Self {
            phase: Phase::Planned,
            lags: [lag.clone(), lag],
            next: BTreeMap::new(),
            useless: false,
            started: None,
            passed: Vec::new(),
            compared: false,
            out: None,
            epoch: 3,
            somebody_else: false,
            well: Timestamp::MIN,
            pins: None,
        }
    }

    fn early(&self) -> bool {
        self.phase < Phase::Live
    }

    fn observe(&mut self, side: Side, mut look: Observation) {
        let planned = HISTORY.iter().find(|stretch| stretch.partition == look.partition);
        if look.next.is_none() && planned.is_some_and(|stretch| look.log_end == Some(stretch.start)) {
            look.next = look.log_end;
        }
        let before = self.lags[side as usize].counters().taken;
        let _ = self.lags[side as usize].observe(look);
        let Some(stretch) = planned else {
            self.useless |= self.early();
            return;
        };
        if side == Side::New && self.lags[1].counters().taken > before {
            if let Some(next) = look.next {
                self.next.insert(look.partition, next);
            }
            let next = self.next.get(&look.partition).copied().unwrap_or(stretch.start);
            self.useless |= self.early() && look.log_start.is_some_and(|start| start > next);
        }
    }

    /// The greatest event-time lag, if it is known of all partitions.
    fn worst(&self, side: Side, now: Timestamp) -> Option<Span> {
        self.lags[side as usize]
            .partitions(now)
            .iter()
            .map(|lag| lag.event_time)
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .max()
    }

    fn settle(&mut self, now: Timestamp) {
        loop {
            let before = self.phase;
            if self.out.is_none() {
                self.settle_once(now);
            }
            if self.phase == before {
                return;
            }
        }
    }

    fn settle_once(&mut self, now: Timestamp) {
        let minutes = |n| Some(Span::minutes(n));
        let worst = self.worst(Side::New, now);
        let late = self.started.is_some_and(|started| now.since(started) > Span::hours(3));
        self.useless |= late && matches!(self.phase, Phase::Replaying | Phase::CatchingUp);
        if self.early() && self.useless {
            self.phase = Phase::Failed;
        } else if self.phase == Phase::Replaying {
            let read = |stretch: &Stretch| {
                stretch.start == stretch.end || self.next.get(&stretch.partition) >= Some(&stretch.end)
            };
            if HISTORY.iter().all(read) {
                self.phase = Phase::CatchingUp;
                self.passed.clear();
                self.compared = false;
            }
        } else if self.phase == Phase::CatchingUp {
            if worst.is_none() || worst > minutes(10) {
                self.passed.clear();
                return;
            }
            let oldest = self.lags[1].partitions(now).iter().map(|lag| lag.observed_at.unwrap()).min().unwrap();
            match self.passed.last() {
                Some(last) if oldest < *last => self.passed = vec![oldest],
                Some(last) if oldest.since(*last) < Span::seconds(20) => {}
                _ => self.passed.push(oldest),
            }
            if self.passed.len() >= 3 {
                self.phase = Phase::Ready;
            }
        } else if self.phase == Phase::Ready {
            let known = self.lags[1].partitions(now);
            if known.iter().any(|lag| lag.event_time > minutes(30)) {
                self.phase = Phase::CatchingUp;
                self.passed.clear();
                self.compared = false;
            }
        } else if self.phase == Phase::Live {
            if worst.is_none() || worst > minutes(30) || now < self.well {
                self.well = now;
            }
            if now.since(self.well) >= Span::minutes(3) && !self.somebody_else {
                self.phase = Phase::Draining;
            }
        } else if self.phase == Phase::Draining && self.pins == Some(0) {
            self.phase = Phase::Retired;
        }
    }

    fn may_promote(&self, now: Timestamp) -> bool {
        let close = |partition: u32| {
            let lag = |side: Side| self.lags[side as usize].partition(partition, now).unwrap().event_time;
            let old = lag(Side::Old).unwrap_or(Span::ZERO).as_micros();
            lag(Side::New).is_some_and(|new| new.as_micros() - old <= Span::minutes(6).as_micros())
        };
        self.compared && !self.somebody_else && HISTORY.iter().all(|stretch| close(stretch.partition))
    }

    /// What a command does, or that it cannot be.
    fn command(&mut self, what: &Command, now: Timestamp) -> std::result::Result<(), ErrorKind> {
        let illegal = Err(ErrorKind::Transition);
        match what {
            Command::Swapped(_) | Command::Lost(_) if self.out.is_none() => return illegal,
            Command::Swapped(by) if *by == 0 => return Err(ErrorKind::Parameter),
            Command::Swapped(by) => {
                self.epoch += by;
                self.somebody_else = false;
                self.phase = if self.out.take() == Some(Side::New) { Phase::Live } else { Phase::RolledBack };
                (self.well, self.pins) = (now, None);
            }
            Command::Lost(by) if *by == 0 => return Err(ErrorKind::Parameter),
            Command::Lost(_) => (self.out, self.somebody_else) = (None, true),
            Command::Promote | Command::Accept => {
                self.settle(now);
                if self.out.is_some() || self.phase != Phase::Ready {
                    return illegal;
                }
                if *what == Command::Accept {
                    self.compared = true;
                } else if self.may_promote(now) {
                    self.out = Some(Side::New);
                }
            }
            _ if self.out.is_some() => return illegal,
            Command::Start if self.phase == Phase::Planned => {
                (self.phase, self.started) = (Phase::Replaying, Some(now));
            }
            Command::Reject if matches!(self.phase, Phase::CatchingUp | Phase::Ready) => self.useless = true,
            Command::Abort if self.early() => self.useless = true,
            Command::Rollback { forced } if self.phase == Phase::Live => {
                let fresh = self.worst(Side::Old, now).is_some_and(|lag| lag <= Span::minutes(7));
                if *forced || fresh && !self.somebody_else {
                    self.out = Some(Side::Old);
                }
            }
            Command::Pinned(pins) if self.phase == Phase::Draining => self.pins = Some(*pins),
            _ => return illegal,
        }
        self.settle(now);
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Command {
    Start,
    Accept,
    Reject,
    Abort,
    Promote,
    Rollback { forced: bool },
    Swapped(u64),
    Lost(u64),
    Pinned(usize),
}

#[derive(Clone, Debug)]
enum Event {
    /// The clock goes on, or back.
    Clock(i64),
    /// One look at one partition, found in this condition.
    Look(Side, u32, Condition),
    /// Both versions are looked at everywhere, and are so many minutes behind.
    Fine(i64, i64),
    /// The last look once more.
    Again,
    Confirm(Side, u32),
    Command(Command),
}

#[derive(Clone, Debug)]
enum Condition {
    Behind(i64),
    InHistory(u64),
    Unknown,
    NoTimes,
    Lost,
    Empty,
    /// It was made long before the others.
    Old,
}

fn look(partition: u32, now: Timestamp, condition: &Condition) -> Observation {
    let at = Observation::new(partition, now);
    let behind = |minutes: i64| {
        let processed = now.saturating_sub(Span::from_micros(minutes * 60_000_000).unwrap());
        let next = if minutes == 0 { 900 } else { 899 };
        at.with_log(0, 900).with_next(next).with_processed_time(processed).with_head_time(now)
    };
    match condition {
        Condition::Behind(minutes) => behind(*minutes),
        Condition::InHistory(next) => behind(90).with_next(*next),
        Condition::Unknown => at,
        Condition::NoTimes => at.with_log(0, 900).with_next(800),
        Condition::Lost => behind(90).with_next(450).with_log(451, 900),
        Condition::Empty => at.with_log(7, 7),
        Condition::Old => Observation { at: now.saturating_sub(Span::hours(1)), ..behind(0) },
    }
}

fn event() -> impl Strategy<Value = Event> {
    let side = prop_oneof![1 => Just(Side::Old), 2 => Just(Side::New)];
    let condition = prop_oneof![
        4 => prop::sample::select(vec![0i64, 4, 8, 20, 40]).prop_map(Condition::Behind),
        2 => (0u64..600).prop_map(Condition::InHistory),
        1 => Just(Condition::Unknown),
        1 => Just(Condition::NoTimes),
        1 => Just(Condition::Empty),
        1 => Just(Condition::Old),
    ];
    let partition = prop::sample::select(vec![0u32, 1, 4]);
    let seldom = prop_oneof![
        2 => partition.clone().prop_map(|partition| Event::Look(Side::New, partition, Condition::Lost)),
        1 => Just(Event::Look(Side::Old, 9, Condition::Behind(0))),
        1 => Just(Event::Confirm(Side::New, 3)),
        2 => Just(Event::Confirm(Side::Old, 1)),
        1 => Just(Event::Command(Command::Abort)),
        1 => Just(Event::Command(Command::Reject)),
        1 => (1i64..4).prop_map(|hours| Event::Clock(-hours * 3_600)),
        1 => Just(Event::Clock(4 * 3_600)),
    ];
    let command = prop_oneof![
        2 => Just(Command::Start),
        3 => Just(Command::Accept),
        3 => Just(Command::Promote),
        1 => any::<bool>().prop_map(|forced| Command::Rollback { forced }),
        4 => (0u64..3).prop_map(Command::Swapped),
        1 => (0u64..2).prop_map(Command::Lost),
        2 => (0usize..2).prop_map(Command::Pinned),
    ];
    prop_oneof![
        24 => command.prop_map(Event::Command),
        20 => (prop::sample::select(vec![0i64, 0, 4, 8, 20]), Just(0i64)).prop_map(|(new, old)| Event::Fine(new, old)),
        4 => (Just(0i64), prop::sample::select(vec![0i64, 4, 8, 20])).prop_map(|(new, old)| Event::Fine(new, old)),
        14 => (side, partition, condition).prop_map(|(side, partition, condition)| Event::Look(side, partition, condition)),
        16 => (1i64..200).prop_map(Event::Clock),
        3 => Just(Event::Again),
        1 => seldom,
    ]
}

/// The way to the late phases, of which a run goes so many steps before chance takes over.
fn lead(steps: usize) -> impl Iterator<Item = Event> {
    let fine = || Event::Fine(0, 0);
    let commands = [Command::Start, Command::Accept, Command::Promote, Command::Swapped(1)].map(Event::Command);
    let [start, accept, promote, swapped] = commands;
    let way = [start, fine(), fine(), fine(), fine(), accept, promote, swapped, fine(), Event::Clock(170), fine()];
    way.into_iter().take(steps)
}

struct Run {
    controller: Controller,
    reference: Reference,
    now: Timestamp,
    last: Option<(Side, Observation)>,
    reached: BTreeMap<Phase, u32>,
}

impl Run {
    fn new() -> Self {
        Self {
            controller: Controller::new(fingerprint(1), fingerprint(2), 3, HISTORY, rules()).unwrap(),
            reference: Reference::new(),
            now: "2026-11-23T00:00:00Z".parse().unwrap(),
            last: None,
            reached: BTreeMap::new(),
        }
    }

    fn observe(&mut self, side: Side, look: Observation) {
        let _ = self.controller.observe(side, look);
        self.reference.observe(side, look);
        self.last = Some((side, look));
    }

    fn step(&mut self, event: &Event) -> std::result::Result<(), TestCaseError> {
        match event {
            Event::Clock(seconds) if *seconds >= 0 => {
                self.now = self.now.saturating_add(Span::from_micros(seconds * 1_000_000).unwrap());
            }
            Event::Clock(seconds) => {
                self.now = self.now.saturating_sub(Span::from_micros(-seconds * 1_000_000).unwrap());
            }
            Event::Look(side, partition, condition) => self.observe(*side, look(*partition, self.now, condition)),
            Event::Fine(new, old) => {
                self.now = self.now.saturating_add(Span::seconds(25));
                for partition in [0, 1, 4] {
                    self.observe(Side::New, look(partition, self.now, &Condition::Behind(*new)));
                    self.observe(Side::Old, look(partition, self.now, &Condition::Behind(*old)));
                }
            }
            Event::Again => {
                if let Some((side, look)) = self.last {
                    self.observe(side, look);
                }
            }
            Event::Confirm(side, version) => {
                self.controller.confirm(*side, fingerprint(*version));
                let right = *version == 1 + *side as u32;
                self.reference.useless |= self.reference.early() && !right;
            }
            Event::Command(command) => self.command(command)?,
        }
        // The process dies after every step, and the next one reads what was written.
        let json = serde_json::to_string(&self.controller).unwrap();
        let restored: Controller = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&restored, &self.controller);
        let decision = self.controller.decide(self.now);
        self.controller = restored;
        prop_assert_eq!(&self.controller.decide(self.now), &decision, "decided otherwise after a restart");
        prop_assert_eq!(&self.controller.decide(self.now), &decision, "decided otherwise when asked again");
        self.reference.settle(self.now);
        self.check(&decision)
    }

    fn command(&mut self, command: &Command) -> std::result::Result<(), TestCaseError> {
        let (now, epoch) = (self.now, self.controller.epoch());
        let mut before = self.controller.clone();
        let _ = before.decide(now);
        let controller = &mut self.controller;
        let done: Result<Decision> = match command {
            Command::Start => controller.start(now),
            Command::Accept => controller.accept_comparison(now),
            Command::Reject => controller.reject_comparison("no", now),
            Command::Abort => controller.abort("no", now),
            Command::Promote => controller.promote(now),
            Command::Rollback { forced: false } => controller.rollback(now),
            Command::Rollback { forced: true } => controller.rollback_forced(now),
            Command::Swapped(by) => controller.swapped(epoch + by, now),
            Command::Lost(by) => controller.swap_lost(epoch + by, now),
            Command::Pinned(pins) => controller.pinned(*pins, now),
        };
        let expected = self.reference.command(command, now);
        prop_assert_eq!(done.as_ref().map(drop).map_err(Error::kind), expected, "{:?}", command);
        if done.is_err() {
            let _ = self.controller.decide(now);
            prop_assert_eq!(&self.controller, &before, "a command that was refused has changed something");
        }
        Ok(())
    }

    fn check(&mut self, decision: &Decision) -> std::result::Result<(), TestCaseError> {
        let Reference { phase, out, epoch, compared, .. } = &self.reference;
        prop_assert_eq!(decision.phase, *phase, "{}", decision);
        prop_assert_eq!(self.controller.epoch(), *epoch);
        *self.reached.entry(*phase).or_default() += 1;
        let has = |action: Action| decision.actions.contains(&action);
        prop_assert_eq!(has(Action::Swap { to: Side::New, expected: *epoch }), *out == Some(Side::New));
        prop_assert_eq!(has(Action::Swap { to: Side::Old, expected: *epoch }), *out == Some(Side::Old));
        prop_assert_eq!(has(Action::Delete(Side::Old)), *phase == Phase::Retired);
        prop_assert_eq!(has(Action::Delete(Side::New)), *phase == Phase::Failed);
        prop_assert_eq!(has(Action::Hold(Side::Old)), *phase == Phase::Live);
        let compare = decision.actions.iter().any(|action| matches!(action, Action::Compare { .. }));
        prop_assert_eq!(compare, *phase == Phase::Ready && !compared);
        // Who waits is told for what.
        let waits =
            matches!(phase, Phase::Replaying | Phase::CatchingUp | Phase::Live | Phase::Draining | Phase::Failed);
        prop_assert!(!waits || !decision.reasons.is_empty(), "{} without a reason", phase);
        let blocked = *phase == Phase::Ready && out.is_none() && !self.reference.may_promote(self.now);
        prop_assert!(!blocked || !decision.reasons.is_empty(), "not to be promoted, without a reason");
        Ok(())
    }
}

#[test]
fn a_controller_is_where_the_rules_say_after_any_history_with_a_crash_at_every_step() {
    let config =
        ProptestConfig { cases: 300, failure_persistence: None, max_shrink_iters: 4_000, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let reached = std::cell::RefCell::new(BTreeMap::new());
    let outcome = runner.run(&(0usize..12, vec(event(), 0..50)), |(steps, events)| {
        let mut run = Run::new();
        for event in lead(steps).chain(events) {
            run.step(&event)?;
        }
        run.reached.keys().for_each(|phase| *reached.borrow_mut().entry(*phase).or_insert(0) += 1);
        Ok(())
    });
    outcome.unwrap_or_else(|why| panic!("{why}"));
    let reached = reached.into_inner();
    assert!(reached.len() == 9 && reached.values().all(|runs| *runs >= 5), "phases hardly tested: {reached:?}");
}
