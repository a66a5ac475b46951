//! How long an answer takes while events come in: a view of a million entities in memory, the stream beside it, and
//! the latency of every single question.
//!
//! `cargo bench --bench serving` prints a Markdown table; with `--test` a small world only shows that it runs. One row
//! asks for entities drawn evenly, which finds most of them in no cache; the others draw by rank with weight
//! 1 / sqrt(rank): one entity in a hundred gets a tenth of the traffic. Events always come by rank, 100 a second by
//! their own times.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a bench that looks at the clock, reads what memory it uses and prints"
)]

mod shop;

use std::hint::black_box;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shop::{CATEGORIES, Click, Dice, TYPES, clicks_between, set};
use skewless::merge::{Decision, Part};
use skewless::{BatchView, Entity, FeatureSet, FrontierPolicy, Serving, Span, State, Stream, Timestamp, ViewBuilder};

const DAY: i64 = 86_400_000_000;
/// 2026-11-23T00:00:00Z.
const CUT: i64 = 1_795_392_000_000_000;

/// How much is done.
#[derive(Clone, Copy)]
struct Size {
    entities: u64,
    /// Events that the stream has before the first question.
    warm: usize,
    questions: usize,
}

const WHOLE: Size = Size { entities: 1_000_000, warm: 500_000, questions: 300_000 };
const SMALL: Size = Size { entities: 500, warm: 500, questions: 500 };

/// How long the questions of one run may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who is asked for.
#[derive(Clone, Copy)]
enum Draw {
    Evenly,
    ByRank,
}

impl Draw {
    fn user(self, dice: &mut Dice, of: u64) -> i64 {
        let point = (dice.roll() >> 11) as f64 / (1u64 << 53) as f64;
        let rank = match self {
            Self::Evenly => point * of as f64,
            Self::ByRank => point * point * of as f64,
        };
        // Ranks next to each other are not neighbours in the view.
        ((rank as u64).min(of - 1).wrapping_mul(0x9e37_79b9) % of) as i64
    }

    fn name(self) -> &'static str {
        match self {
            Self::Evenly => "evenly",
            Self::ByRank => "by rank",
        }
    }
}

/// Events of one moment after the other.
struct Traffic {
    dice: Dice,
    ts: i64,
    of: u64,
}

impl Iterator for Traffic {
    type Item = Click;

    fn next(&mut self) -> Option<Click> {
        self.ts += (self.dice.roll() % 20_000) as i64;
        let user = Draw::ByRank.user(&mut self.dice, self.of);
        let event_type = TYPES[(self.dice.roll() % 4) as usize];
        let category = CATEGORIES[(self.dice.roll() % 8) as usize];
        let amount = (event_type != "view").then_some((self.dice.roll() % 20_000) as f64 / 100.0);
        Some(Click { user, ts: self.ts, event_type, category, amount })
    }
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).expect("in range")
}

/// A view in which every entity has one to ten events of thirty days.
fn view(set: &FeatureSet, entities: u64) -> BatchView {
    let mut builder = ViewBuilder::new(set, "2026-11-23", at(CUT), at(CUT));
    for user in 0..entities as i64 {
        let count = 1 + Dice(user as u64).roll() as usize % 10;
        let mut state = State::new(set);
        for click in clicks_between(user, count, CUT - 30 * DAY, CUT) {
            let _ = state.update(&click).expect("a good event");
        }
        builder.put(Entity::from(user), &state, count as u64).expect("a state of before the cut");
    }
    builder.build().expect("few entities")
}

/// The latencies of one run.
struct Run {
    what: &'static str,
    asked: Draw,
    nanos: Vec<u64>,
    /// Updates a second meanwhile.
    rate: f64,
}

impl Run {
    fn row(mut self) -> String {
        self.nanos.sort_unstable();
        let last = self.nanos.len().saturating_sub(1);
        let micros = |place: usize| self.nanos.get(place).map_or(0.0, |nanos| *nanos as f64 / 1e3);
        let quantile = |q: f64| micros((last as f64 * q) as usize);
        let [p50, p90, p99, p999] = [0.5, 0.9, 0.99, 0.999].map(quantile);
        let (what, asked, rate, max) = (self.what, self.asked.name(), self.rate, micros(last));
        let count = self.nanos.len();
        format!("| {what} | {asked} | {count} | {p50:.1} | {p90:.1} | {p99:.1} | {p999:.1} | {max:.0} | {rate:.0} |")
    }
}

/// One question, with the look-up in the view.
fn ask(serving: &Serving, view: &BatchView, user: i64, now: i64) {
    let user = Entity::from(user);
    let served = serving.vector(&user, at(now), view.lookup(&user)).expect("after the frontier");
    assert!(served.is_complete());
    black_box(served);
}

/// One thread: an event, a question, an event, a question.
fn interleaved(serving: &mut Serving, view: &BatchView, traffic: &mut Traffic, asked: Draw, size: Size) -> Run {
    let (mut dice, mut nanos) = (Dice(11), Vec::with_capacity(size.questions));
    let began = Instant::now();
    for click in traffic.take(size.questions) {
        let _ = serving.update(&click).expect("a good event");
        let user = asked.user(&mut dice, size.entities);
        let from = Instant::now();
        ask(serving, view, user, click.ts + 1);
        nanos.push(from.elapsed().as_nanos() as u64);
    }
    let rate = size.questions as f64 / began.elapsed().as_secs_f64();
    Run { what: "one thread, an event before each question", asked, nanos, rate }
}

/// Two threads and a lock: one updates all the time, or `rate` times a second; the other asks, and waits for the lock.
fn locked(serving: &mut Serving, view: &BatchView, traffic: &mut Traffic, rate: Option<f64>, size: Size) -> Run {
    let (asked, mut dice, mut nanos) = (Draw::ByRank, Dice(12), Vec::with_capacity(size.questions));
    let (clock, done, updates) = (AtomicI64::new(traffic.ts), AtomicBool::new(false), AtomicU64::new(0));
    let began = Instant::now();
    let lock = RwLock::new(serving);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) && began.elapsed() < 2 * PATIENCE {
                if rate
                    .is_some_and(|rate| updates.load(Ordering::Relaxed) as f64 > began.elapsed().as_secs_f64() * rate)
                {
                    std::thread::sleep(Duration::from_micros(200));
                    continue;
                }
                let Some(click) = traffic.next() else { break };
                let _ = lock.write().expect("no one panics").update(&click).expect("a good event");
                clock.store(click.ts, Ordering::Relaxed);
                updates.fetch_add(1, Ordering::Relaxed);
            }
        });
        // A lock that is hardly ever free must not make this run for ever.
        while nanos.len() < size.questions && began.elapsed() < PATIENCE {
            let user = asked.user(&mut dice, size.entities);
            let from = Instant::now();
            let serving = lock.read().expect("no one panics");
            // Event time runs far ahead of the clock here, so a question is asked of the moment it is let in.
            ask(&serving, view, user, clock.load(Ordering::Relaxed) + 1);
            drop(serving);
            nanos.push(from.elapsed().as_nanos() as u64);
        }
        done.store(true, Ordering::Relaxed);
    });
    let what = if rate.is_some() { "lock, 20,000 events a second" } else { "lock, events without a pause" };
    let rate = updates.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
    Run { what, asked, nanos, rate }
}

/// A line of what the system says of this process, where it says it.
fn memory(what: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|line| line.strip_prefix(what)?.strip_suffix("kB")?.trim().parse::<u64>().ok());
    found.map_or("unknown".into(), |kilobytes| format!("{:.2} GB", kilobytes as f64 / 1e6))
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let names = args.iter().filter(|arg| !arg.starts_with('-'));
    if names.clone().count() > 0 && !names.clone().any(|name| "serving".contains(name.as_str())) {
        return;
    }
    let size = if args.iter().any(|arg| arg == "--test") { SMALL } else { WHOLE };
    let set = set(shop::TWENTY);

    let began = Instant::now();
    let view = view(&set, size.entities);
    let built = began.elapsed().as_secs_f64();
    let bytes: u64 = view.manifest().parts.iter().map(|part| part.bytes).sum();
    println!("view: {} entities, {} events,", view.manifest().entities, view.manifest().events);
    println!("{:.0} MB as written, made in {built:.1} s; resident {}", bytes as f64 / 1e6, memory("VmRSS:"));

    let policy = FrontierPolicy::lateness(Span::minutes(5));
    let mut serving = Serving::new(Stream::with_policy(&set, policy));
    serving.announce(at(CUT)).expect("an empty stream takes any cut");
    let found: Vec<Part> = view.parts().map(|(id, bytes)| Part::of(id, &bytes)).collect();
    let verdict = serving.offer(view.manifest(), &found, at(CUT));
    assert_eq!(verdict.decision, Decision::Accept, "{verdict}");
    let mut traffic = Traffic { dice: Dice(3), ts: CUT, of: size.entities };
    for click in traffic.by_ref().take(size.warm) {
        let _ = serving.update(&click).expect("a good event");
    }
    println!("stream: {} entities; resident {}\n", serving.stream().len(), memory("VmRSS:"));

    println!("| latency in us | entities drawn | questions | p50 | p90 | p99 | p99.9 | max | events a second |");
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for asked in [Draw::Evenly, Draw::ByRank] {
        println!("{}", interleaved(&mut serving, &view, &mut traffic, asked, size).row());
    }
    for rate in [Some(20_000.0), None] {
        println!("{}", locked(&mut serving, &view, &mut traffic, rate, size).row());
    }
    println!("\nmost memory at any time: {}", memory("VmHWM:"));
}
