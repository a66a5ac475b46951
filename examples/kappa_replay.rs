//! A new version of a shop's features replays the log beside the old one, is compared, swapped in, found bad, and rolled
//! back, while orders keep coming and requests are answered.
//!
//! Made-up events with a fixed seed and a clock that is simulated; the log, the streams, the slot and the controller are
//! real. Everything that is claimed is checked, and the exit code is 1 if something is not so.
#![allow(clippy::print_stdout, reason = "an example talks to people")]

#[path = "kappa_replay/log.rs"]
mod log;

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use log::{Dice, Log, PARTITIONS, USERS};
use skewless::replay::{
    Action, Comparison, Controller, Decision, Phase, Replay, Rules, Side, Slot, Step, Stretch, Tolerance,
};
use skewless::{Entity, ErrorKind, FeatureSet, FrontierPolicy, Positions, Span, Stream, Timestamp};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What is served: what a shopper clicked and spent, gross.
const V1: &str = r#"{"name": "shopper", "version": 1, "entity": "user", "time": "ts", "features": {
    "clicks_1d": {"count": "*", "where": {"type": "click"}, "over": {"sliding": "1d"}},
    "spend_7d": {"sum": "gross", "where": {"type": "purchase"}, "over": {"sliding": "7d"}}}}"#;
/// What is to be served: spend net of tax, and how often somebody bought.
const V2: &str = r#"{"name": "shopper", "version": 2, "entity": "user", "time": "ts", "features": {
    "clicks_1d": {"count": "*", "where": {"type": "click"}, "over": {"sliding": "1d"}},
    "spend_7d": {"sum": "net", "where": {"type": "purchase"}, "over": {"sliding": "7d"}},
    "orders_7d": {"count": "*", "where": {"type": "purchase"}, "over": {"sliding": "7d"}}}}"#;

/// How many events there were in a minute, and how many there are since the sale began at nine.
const EVENTS_A_MINUTE: [u64; 2] = [5, 400];
/// How many events a version reads in a minute: a week's log takes the new one half an hour.
const CAPACITY: usize = 1_600;
/// After so many minutes the process of the new version dies.
const CRASH_AFTER: u32 = 10;
/// Who has spent this much in a week gets free shipping.
const FREE_SHIPPING: f64 = 60.0;

fn main() -> ExitCode {
    match Shop::open().and_then(Shop::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("\nNOT SO: {why}");
            ExitCode::FAILURE
        }
    }
}

/// A version at work: requests read it, its consumer writes it.
struct Version {
    name: &'static str,
    stream: Mutex<Stream>,
}

impl Version {
    fn stream(&self) -> std::sync::MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the log on.
    fn consume(&self, log: &Log) {
        let mut stream = self.stream();
        for delivery in log.deliveries(&stream.positions(), CAPACITY / PARTITIONS) {
            // What cannot be read is refused, as it was when it was history.
            let _ = stream.update_at(delivery.partition, delivery.offset, &delivery.event.unwrap_or_default());
        }
    }

    /// Reads all there is.
    fn consume_all(&self, log: &Log) {
        let mut before = None;
        while before != Some(self.stream().positions()) {
            before = Some(self.stream().positions());
            self.consume(log);
        }
    }

    fn spend(&self, user: &Entity, now: Timestamp) -> Outcome<f64> {
        Ok(self.stream().vector(user, now)?.value("spend_7d")?.as_f64().unwrap_or(0.0))
    }
}

/// All of it.
struct Shop {
    log: Log,
    dice: Dice,
    began: Timestamp,
    now: Timestamp,
    slot: Slot<Arc<Version>>,
    v1: Arc<Version>,
    v2: Option<Arc<Version>>,
    replay: Option<Replay>,
    controller: Controller,
    phase: Phase,
}

fn policy() -> FrontierPolicy {
    FrontierPolicy::lateness(Span::hours(1))
}

fn entity(user: u64) -> Entity {
    Entity::from(format!("u{user}").as_str())
}

/// Every entity's state, as of one frontier.
fn states(stream: &Stream, as_of: Timestamp) -> BTreeMap<Entity, Vec<u8>> {
    let encode = |(entity, state): (&Entity, std::borrow::Cow<'_, skewless::State>)| {
        let mut state = state.into_owned();
        state.advance(as_of);
        (entity.clone(), state.encode())
    };
    stream.iter().map(encode).collect()
}

/// A decision on one line: with several reasons, the first.
fn brief(decision: &Decision) -> String {
    let more = decision.reasons.len().saturating_sub(1);
    let first = decision.reasons.first().map_or_else(String::new, |reason| format!(": {reason}"));
    format!("{}{first}{}", decision.phase, if more > 0 { format!(", and {more} more") } else { String::new() })
}

fn claim(is_so: bool, what: impl Into<String>) -> Outcome<()> {
    if is_so { Ok(()) } else { Err(what.into().into()) }
}

impl Shop {
    /// A week of the log, read by version 1, which is in service as epoch 1.
    fn open() -> Outcome<Self> {
        let (mut log, mut dice) = (Log::default(), Dice(7));
        let now: Timestamp = "2026-11-23T09:00:00Z".parse()?;
        let set = FeatureSet::from_json(V1)?;
        let v1 = Stream::with_policy(&set, policy()).starting_at(Positions::new())?;
        let v1 = Arc::new(Version { name: "v1", stream: Mutex::new(v1) });
        for minute in (0..7 * 24 * 60).rev() {
            for _ in 0..EVENTS_A_MINUTE[0] {
                log.write(now.saturating_sub(Span::minutes(minute)), &mut dice);
            }
        }
        v1.consume_all(&log);
        let next = FeatureSet::from_json(V2)?;
        let ends = (0..).zip(log.partitions.iter().map(Vec::len));
        let history = ends.map(|(partition, end)| Stretch { partition, start: 0, end: end as u64 });
        let rules = Rules::new().checks(3, Span::minutes(1)).regression(Span::minutes(1));
        let controller = Controller::new(set.fingerprint(), next.fingerprint(), 1, history, rules)?;
        let slot = Slot::at(1, v1.clone());
        Ok(Self { log, dice, began: now, now, slot, v1, v2: None, replay: None, controller, phase: Phase::Planned })
    }

    fn say(&self, what: impl std::fmt::Display) {
        let minutes = self.now.since(self.began).as_micros() / 60_000_000;
        println!("{:>3}:{:02}  {what}", minutes / 60, minutes % 60);
    }

    /// A minute goes by: orders, consumers, a look at both, a decision.
    fn minute(&mut self) -> Outcome<Decision> {
        self.now = self.now.saturating_add(Span::minutes(1));
        for _ in 0..EVENTS_A_MINUTE[1] {
            self.log.write(self.now, &mut self.dice);
        }
        self.v1.consume(&self.log);
        if let Some(v2) = &self.v2 {
            v2.consume(&self.log);
        }
        if let Some(replay) = &mut self.replay {
            let deliveries = self.log.deliveries(&replay.positions(), CAPACITY / PARTITIONS);
            for step in replay.reading(deliveries) {
                let _: Step = step?;
            }
        }
        for look in self.log.looks(&self.v1.stream().positions(), self.now) {
            let _ = self.controller.observe(Side::Old, look);
        }
        let positions = match (&self.replay, &self.v2) {
            (Some(replay), _) => Some(replay.positions()),
            (None, v2) => v2.as_ref().map(|v2| v2.stream().positions()),
        };
        for look in positions.into_iter().flat_map(|next| self.log.looks(&next, self.now)) {
            let _ = self.controller.observe(Side::New, look);
        }
        let decision = self.controller.decide(self.now);
        self.note(&decision);
        Ok(decision)
    }

    /// Says so when there is another phase.
    fn note(&mut self, decision: &Decision) {
        if decision.phase != self.phase {
            self.phase = decision.phase;
            self.say(format_args!("== {}", brief(decision)));
        }
    }

    /// Of a hundred requests, the share that is offered free shipping.
    fn offers(&mut self) -> Outcome<f64> {
        let mut offered = 0;
        for _ in 0..100 {
            let user = entity(self.dice.below(USERS));
            // Everything a request needs comes from the one version that it has pinned.
            let version = self.slot.pin();
            offered += u32::from(version.spend(&user, self.now)? >= FREE_SHIPPING);
        }
        Ok(f64::from(offered) / 100.0)
    }

    /// Whether a stream has, byte for byte, what one reader of the log has that was never interrupted.
    fn is_whole(&self, stream: &Stream) -> Outcome<bool> {
        let straight = Stream::with_policy(stream.set(), policy()).starting_at(Positions::new())?;
        let straight = Version { name: "straight", stream: Mutex::new(straight) };
        straight.consume_all(&self.log);
        Ok(states(&straight.stream(), self.now) == states(stream, self.now))
    }

    fn run(mut self) -> Outcome<()> {
        let lines: usize = self.log.partitions.iter().map(Vec::len).sum();
        self.say(format_args!(
            "v1 is in service, a week behind it: {lines} lines in {PARTITIONS} partitions; a sale begins"
        ));
        self.replay_history()?;
        self.catch_up()?;
        self.compare()?;
        let before = self.promote()?;
        self.find_it_bad(before)?;
        self.roll_back()?;
        self.end()
    }

    /// Version 2 reads history, and dies once on the way.
    fn replay_history(&mut self) -> Outcome<()> {
        let set = FeatureSet::from_json(V2)?;
        let decision = self.controller.start(self.now)?;
        let end = self.controller.history().map(|stretch| (stretch.partition, stretch.end)).collect();
        let replay = Replay::new(Stream::with_policy(&set, policy()), Positions::new(), end)?;
        self.replay = Some(replay.tolerance(Tolerance::new(0, 0.001)?));
        self.note(&decision);
        let mut checkpoint = Vec::new();
        for tick in 1.. {
            let decision = self.minute()?;
            if decision.phase != Phase::Replaying {
                return claim(decision.phase == Phase::CatchingUp, format!("after history it is {decision}"));
            }
            let early = self.controller.promote(self.now).map(drop).map_err(|why| why.kind());
            claim(early == Err(ErrorKind::Transition), "a version was promoted in the middle of history")?;
            let Some(replay) = &mut self.replay else { continue };
            let progress = replay.progress(self.now);
            let history = replay.is_history(0, replay.positions().next(0));
            claim(history, "what is read is not history, and yet history is not over")?;
            if tick % 3 == 0 {
                checkpoint = replay.checkpoint()?;
                self.say(&progress);
            }
            if tick == CRASH_AFTER {
                let lost = self.replay.take().map_or(0, |replay| replay.events());
                let resumed = Replay::resume(&set, &checkpoint)?;
                let (read, bytes) = (resumed.events(), checkpoint.len());
                self.replay = Some(resumed);
                self.say(format_args!("the process dies; a checkpoint of {bytes} bytes has {read} of {lost} events"));
            }
        }
        Ok(())
    }

    /// Version 2 reads what has come since, until it is as far as version 1.
    fn catch_up(&mut self) -> Outcome<()> {
        for minute in 1..60 {
            let decision = self.minute()?;
            if minute % 4 == 0 {
                self.say(brief(&decision));
            }
            let (Some(replay), true) = (&self.replay, decision.phase == Phase::Ready) else { continue };
            if replay.positions() == self.v1.stream().positions() {
                let bad = replay.bad().count();
                self.say(format_args!(
                    "{bad} lines could not be read; each is counted, and the first hundred can be looked at"
                ));
                return claim(bad == self.log.broken, format!("{} lines are broken", self.log.broken));
            }
            let blocked = self.controller.promote(self.now)?;
            let swaps = blocked.actions.iter().any(|action| matches!(action, Action::Swap { .. }));
            claim(!swaps, "a version was promoted that is staler than the one in service")?;
        }
        Err("the new version has not caught up after an hour".into())
    }

    /// Both versions' answers, side by side, at the same positions of the log.
    fn compare(&mut self) -> Outcome<()> {
        let blocked = self.controller.promote(self.now)?;
        claim(blocked.actions.iter().any(|action| matches!(action, Action::Compare { .. })), "nobody has to compare")?;
        claim(self.slot.epoch() == 1 && blocked.phase == Phase::Ready, "promoted without a comparison")?;
        let new = self.replay.take().ok_or("there is no replay")?.finish()?;
        let report = Comparison::of(&self.v1.stream(), &new, self.now, |_| true);
        self.say(&report);
        claim(report.same_positions && report.entities > 0, "not the same positions")?;
        claim(report.unexpected(&["spend_7d"]).next().is_none(), "something differs that should not")?;
        claim(self.is_whole(&new)?, "the replay has other states than one reader of the whole log")?;
        self.say("net spend is less than gross, as it should be: accepted");
        self.v2 = Some(Arc::new(Version { name: "v2", stream: Mutex::new(new) }));
        let decision = self.controller.accept_comparison(self.now)?;
        claim(decision.reasons.is_empty(), format!("{decision}"))
    }

    /// The swap; gives the share of offers before it.
    fn promote(&mut self) -> Outcome<f64> {
        let before = self.offers()?;
        let running = self.slot.pin();
        let decision = self.controller.promote(self.now)?;
        self.swap(&decision)?;
        claim(running.name == "v1" && self.slot.pin().name == "v2", "a request has changed its version")?;
        self.say(format_args!(
            "   {} has v1 pinned and ends on it; whoever comes now has v2",
            if self.slot.pins(1) == 1 { "one request" } else { "nobody" }
        ));
        drop(running);
        claim(self.slot.pins(1) == 0, "v1 is pinned for ever")?;
        Ok(before)
    }

    /// Does what a decision says is to be swapped.
    fn swap(&mut self, decision: &Decision) -> Outcome<()> {
        let swap = decision.actions.iter().find_map(|action| match action {
            Action::Swap { to, expected } => Some((*to, *expected)),
            _ => None,
        });
        let (to, expected) = swap.ok_or_else(|| format!("no swap: {decision}"))?;
        let version = if to == Side::Old { Some(&self.v1) } else { self.v2.as_ref() };
        let version = version.ok_or("there is no such version")?;
        self.say(format_args!("swap {to} in for epoch {expected}"));
        let decision = match self.slot.compare_and_swap(expected, version.clone()) {
            Ok(epoch) => self.controller.swapped(epoch, self.now)?,
            Err(stale) => self.controller.swap_lost(stale.found, self.now)?,
        };
        self.note(&decision);
        Ok(())
    }

    /// Half of the shoppers get nothing any more.
    fn find_it_bad(&mut self, before: f64) -> Outcome<()> {
        for _ in 0..3 {
            for _ in 0..30 {
                let decision = self.minute()?;
                claim(decision.actions == [Action::Hold(Side::Old)], "v1 is not held")?;
            }
            let now = self.offers()?;
            self.say(format_args!(
                "{:.0} % of requests are offered free shipping, before it were {:.0} %",
                now * 100.0,
                before * 100.0
            ));
            claim(now < 0.7 * before, "nothing is wrong with v2 after all")?;
        }
        self.say("the old app sends no `net`: half of the shoppers seem to spend nothing. v2 is bad");
        Ok(())
    }

    /// Back to version 1, which has read on all the time.
    fn roll_back(&mut self) -> Outcome<()> {
        let decision = self.controller.rollback(self.now)?;
        self.swap(&decision)?;
        let served = self.slot.pin();
        claim(served.name == "v1" && served.epoch() == 3, "v1 is not back")?;
        let fresh = self.is_whole(&served.stream())?;
        claim(fresh, "v1 has missed something while v2 was in service")?;
        drop(served);
        let now = self.offers()?;
        self.say(format_args!("v1 has every event up to this minute; {:.0} % of requests get the offer", now * 100.0));
        Ok(())
    }

    fn end(&mut self) -> Outcome<()> {
        let decision = self.controller.decide(self.now);
        claim(decision.actions == [Action::Stop(Side::New)], "v2 is not stopped")?;
        self.say("v2 is stopped, and kept to be looked at");
        let again = self.controller.promote(self.now).map(drop).map_err(|why| why.to_string());
        self.say(format_args!("v2 once more? {}", again.as_ref().map_or_else(String::as_str, |()| "yes")));
        claim(again.is_err(), "what was rolled back was promoted again")?;
        println!("\ntime line");
        for entered in self.controller.entered() {
            println!("  {}  {}", entered.at, entered.phase);
        }
        Ok(())
    }
}
