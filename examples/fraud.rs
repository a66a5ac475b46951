//! A scorer for card transactions: what a card did in the last 24 hours, 7 days and 30 days, with a batch view up to a
//! cut and a stream since, asked before each transaction is folded in.
//!
//! The transactions are made up with a fixed seed; everything that is printed of them is computed. The exit code is 1
//! if an answer is not, bit for bit, that of one fold over the whole log, or the budget is not kept.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "an example that looks at the clock and talks to people"
)]

use std::time::Instant;

use skewless::merge::{Decision, Part, Reason, Status};
use skewless::{
    BatchView, Column, Entity, FeatureSet, FrontierPolicy, Lookup, Record, Served, Serving, Span, Stream, Timestamp,
    ValueRef, ViewBuilder,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const DEFINITION: &str = r#"{"name": "card", "version": 1, "entity": "card", "time": "ts", "features": {
    "small_1h":        {"count": "*", "where": {"amount": {"lt": 10.0}}, "over": {"sliding": "1h"}},
    "count_24h":       {"count": "*", "over": {"sliding": "24h"}},
    "sum_24h":         {"sum": "amount", "over": {"sliding": "24h"}},
    "merchants_24h":   {"count_distinct": "merchant", "over": {"sliding": "24h"}},
    "countries_24h":   {"count_distinct": "country", "over": {"sliding": "24h"}},
    "declined_24h":    {"ratio": [{"declined": true}, {"declined": {"is_null": false}}], "over": {"sliding": "24h"}},
    "count_7d":        {"count": "*", "over": {"sliding": "7d"}},
    "sum_7d":          {"sum": "amount", "over": {"sliding": "7d"}},
    "count_30d":       {"count": "*", "over": {"sliding": "30d"}},
    "mean_30d":        {"mean": "amount", "over": {"sliding": "30d"}},
    "stddev_30d":      {"stddev_pop": "amount", "over": {"sliding": "30d"}},
    "max_30d":         {"max": "amount", "over": {"sliding": "30d"}},
    "merchants_30d":   {"count_distinct": "merchant", "over": {"sliding": "30d"}},
    "by_country_30d":  {"histogram": "country", "over": {"sliding": "30d"}},
    "since_last":      {"time_since_last": "*", "over": {"sliding": "30d"}}},
    "derived": {"today_of_month": {"ratio": ["count_24h", "count_30d"]}}}"#;
/// The features that look back a day at most.
const SHORT: [&str; 6] = ["small_1h", "count_24h", "sum_24h", "merchants_24h", "countries_24h", "declined_24h"];

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;
/// 2026-11-23T00:00:00Z: thirty days of history before it, three days of transactions to be scored after.
const CUT: i64 = 1_795_392_000_000_000;
const HISTORY: i64 = 30;
const LIVE: i64 = 3;
const CARDS: u64 = 4_000;
/// When the store of the batch view does not answer: soon after the cut, and when the stream has two days of its own.
const OUTAGES: [(&str, i64, i64); 2] =
    [("three hours after the cut", 3 * HOUR, 5 * HOUR), ("two days after the cut", 50 * HOUR, 53 * HOUR)];
const BUDGET_MICROS: f64 = 100_000.0;
/// The share of transactions that someone can look at.
const ALERTS: f64 = 0.01;
const COUNTRIES: [&str; 8] = ["DE", "FR", "NL", "IT", "ES", "PL", "US", "TH"];

/// The splitmix64 generator.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.roll() % n.max(1)
    }
    fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1u64 << 53) as f64
    }
    fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
    /// Nearly log-normal around `median`, in whole cents.
    fn amount(&mut self, median: f64) -> f64 {
        let normal = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        (median * libm::exp(0.7 * normal) * 100.0).round().max(50.0) / 100.0
    }
}

struct Transaction {
    card: String,
    ts: i64,
    amount: f64,
    merchant: String,
    country: &'static str,
    declined: bool,
    /// Known to whoever made it up, to no feature.
    fraud: bool,
}

impl Record for Transaction {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        match column.name() {
            "card" => ValueRef::Str(&self.card),
            "ts" => ValueRef::I64(self.ts),
            "amount" => ValueRef::F64(self.amount),
            "merchant" => ValueRef::Str(&self.merchant),
            "country" => ValueRef::Str(self.country),
            "declined" => ValueRef::Bool(self.declined),
            _ => ValueRef::Null,
        }
    }
}

/// All transactions in order of time. Honest people travel, buy two things in a minute and mistype their number too.
fn transactions() -> Vec<Transaction> {
    let mut all = Vec::new();
    for number in 0..CARDS {
        let dice = &mut Dice(number);
        let (card, home, median) = (format!("card-{number:04}"), dice.below(6) as usize, 8.0 + 50.0 * dice.unit());
        let (per_day, favourites) = (0.5 + 3.0 * dice.unit(), dice.roll());
        let trip = dice.chance(0.3).then(|| (dice.below(33) as i64 - HISTORY, dice.below(8) as usize));
        for day in -HISTORY..LIVE {
            let abroad = trip.filter(|(from, _)| (*from..*from + 6).contains(&day)).map(|(_, place)| place);
            let country = COUNTRIES.get(abroad.unwrap_or(home)).copied().unwrap_or("DE");
            let mut left = per_day + dice.unit() - 0.5;
            while left > 0.0 && dice.chance(left) {
                left -= 1.0;
                // The sum of three makes for quiet nights.
                let hour = (dice.unit() + dice.unit() + dice.unit()) * 8.0;
                let mut ts = CUT + day * DAY + (hour * HOUR as f64) as i64;
                for _ in 0..1 + u64::from(dice.chance(0.1)) + 2 * u64::from(dice.chance(0.01)) {
                    let usual = abroad.is_none() && dice.chance(0.8);
                    let merchant = if usual { (favourites >> (4 * dice.below(12))) & 0xfff } else { dice.below(5_000) };
                    let (merchant, declined) = (format!("m{merchant:04}"), dice.chance(0.02));
                    let amount = dice.amount(median);
                    all.push(Transaction { card: card.clone(), ts, amount, merchant, country, declined, fraud: false });
                    ts += (20 + dice.below(600) as i64) * SECOND;
                }
            }
        }
        // A stolen number is tried out with many small amounts, quickly, somewhere else.
        if dice.chance(0.006) {
            let mut ts = CUT + (dice.unit() * (LIVE * DAY - 2 * HOUR) as f64) as i64;
            let country = COUNTRIES.get((home + 1 + dice.below(7) as usize) % COUNTRIES.len()).copied().unwrap_or("US");
            for _ in 0..5 + dice.below(9) {
                let (merchant, declined) = (format!("m{:04}", dice.below(5_000)), dice.chance(0.35));
                let amount = dice.amount(4.0);
                all.push(Transaction { card: card.clone(), ts, amount, merchant, country, declined, fraud: true });
                ts += (15 + dice.below(120) as i64) * SECOND;
            }
        }
    }
    all.sort_by(|a, b| (a.ts, &a.card).cmp(&(b.ts, &b.card)));
    all
}

/// What a card did before this transaction, against the transaction itself: a few points for each thing that is odd.
/// What is not known gives no points.
fn score(served: &Served, new: &Transaction) -> f64 {
    let number = |name: &str| served.get(name).and_then(|value| value.as_f64());
    let mut points = 0.0;
    let (month, home) = (number("count_30d").unwrap_or(0.0), served.get("by_country_30d").and_then(|map| map.as_map()));
    if let Some(home) = home.filter(|_| month >= 5.0) {
        let here = home.iter().find(|(country, _)| country.as_str() == Some(new.country));
        let share = here.and_then(|(_, count)| count.as_f64()).unwrap_or(0.0) / month;
        points += 3.0 * (1.0 - share);
    }
    points += number("small_1h").unwrap_or(0.0).min(6.0);
    points += 3.0 * number("declined_24h").unwrap_or(0.0);
    points += if number("since_last").is_some_and(|seconds| seconds < 150.0) { 1.5 } else { 0.0 };
    points += 2.0 * number("today_of_month").filter(|_| month >= 5.0).unwrap_or(0.0);
    if let (Some(mean), Some(stddev)) = (number("mean_30d"), number("stddev_30d")) {
        points += ((new.amount - mean) / stddev.max(1.0)).clamp(0.0, 4.0) / 4.0;
    }
    points
}

/// A view of everything before the cut.
fn batch_view(set: &FeatureSet, history: &[Transaction]) -> Outcome<BatchView> {
    let (mut job, cut) = (Stream::new(set), Timestamp::from_micros(CUT)?);
    for transaction in history {
        let _ = job.update(transaction)?;
    }
    let mut builder = ViewBuilder::new(set, "2026-11-23", cut, cut);
    for (card, state) in job.iter() {
        let events = state.vector(cut)?.value("count_30d")?.as_i64().unwrap_or(0);
        builder.put(card.clone(), &state, events.unsigned_abs())?;
    }
    Ok(builder.build()?)
}

/// One transaction scored.
struct Scored<'t> {
    new: &'t Transaction,
    served: Served,
    score: f64,
    micros: f64,
    /// Which outage it fell into.
    outage: Option<usize>,
}

/// Scores each transaction, then folds it in. `whole` is one fold over the whole log, which answers must agree with.
fn serve<'t>(
    view: &BatchView,
    mut serving: Serving,
    mut whole: Stream,
    live: &'t [Transaction],
) -> Outcome<Vec<Scored<'t>>> {
    let mut all = Vec::with_capacity(live.len());
    for new in live {
        let (card, now) = (Entity::from(new.card.as_str()), Timestamp::from_micros(new.ts)?);
        let outage = OUTAGES.iter().position(|(_, from, to)| (*from..*to).contains(&(new.ts - CUT)));
        let from = Instant::now();
        let found = if outage.is_some() { Lookup::Failed } else { view.lookup(&card) };
        let served = serving.vector(&card, now, found)?;
        let score = score(&served, new);
        let micros = from.elapsed().as_secs_f64() * 1e6;
        let truth = whole.vector(&card, now)?;
        let wrong = served.iter().find(|(name, value, from)| from.is_complete() && truth.get(name) != Some(*value));
        if let Some((name, value, _)) = wrong {
            return Err(format!("{card} at {now}: {name} is {value}, a fold of the whole log says {truth:?}").into());
        }
        if outage.is_none() && !served.is_complete() {
            return Err(format!("{card} at {now}: both sides answered, but not all is complete: {served:?}").into());
        }
        all.push(Scored { new, served, score, micros, outage });
        let _ = serving.update(new)?;
        let _ = whole.update(new)?;
    }
    Ok(all)
}

fn main() -> Outcome<()> {
    let set = FeatureSet::from_json(DEFINITION)?;
    let (log, cut) = (transactions(), Timestamp::from_micros(CUT)?);
    let (history, live) = log.split_at(log.partition_point(|transaction| transaction.ts < CUT));
    println!(
        "{CARDS} cards; {} transactions in {HISTORY} days before {cut}, {} in {LIVE} days after it",
        history.len(),
        live.len()
    );

    let began = Instant::now();
    let view = batch_view(&set, history)?;
    let (manifest, seconds) = (view.manifest(), began.elapsed().as_secs_f64());
    let bytes: u64 = manifest.parts.iter().map(|part| part.bytes).sum();
    println!("batch view {}: {} cards, {} kB, made in {seconds:.2} s", manifest.view, manifest.entities, bytes / 1_000);

    let policy = FrontierPolicy::lateness(Span::minutes(5));
    let mut serving = Serving::new(Stream::with_policy(&set, policy).starting_at(cut)?);
    let parts: Vec<Part> = view.parts().map(|(id, bytes)| Part::of(id, &bytes)).collect();
    let verdict = serving.offer(manifest, &parts, cut);
    println!("gate: {verdict}");
    if verdict.decision != Decision::Accept {
        return Err("the view did not pass the gate".into());
    }
    let mut whole = Stream::with_policy(&set, policy);
    for transaction in history {
        let _ = whole.update(transaction)?;
    }
    let scored = serve(&view, serving, whole, live)?;
    let complete = scored.iter().flat_map(|one| one.served.iter()).filter(|(_, _, from)| from.is_complete()).count();
    println!("{complete} values said to be complete, and every one has the bits of one fold over the whole log\n");
    latency(&scored)?;
    separation(&scored)?;
    outages(&set, &scored)
}

/// How long an answer and its score took.
fn latency(scored: &[Scored<'_>]) -> Outcome<()> {
    let mut micros: Vec<f64> = scored.iter().map(|one| one.micros).collect();
    micros.sort_by(f64::total_cmp);
    let last = micros.len().saturating_sub(1);
    let quantile = |q: f64| micros.get((last as f64 * q) as usize).copied().unwrap_or(0.0);
    let [p50, p90, p99, p999, most] = [0.5, 0.9, 0.99, 0.999, 1.0].map(quantile);
    println!("look-up, features and score of one transaction, in us:");
    println!("  p50 {p50:.1}   p90 {p90:.1}   p99 {p99:.1}   p99.9 {p999:.1}   max {most:.1}");
    let late = micros.iter().filter(|micros| **micros > BUDGET_MICROS).count();
    println!(
        "  {late} of {} took longer than the budget of {BUDGET_MICROS:.0} us; p99 is {:.0} times below it",
        micros.len(),
        BUDGET_MICROS / p99
    );
    let mut edge = 1.0;
    while edge < 2.0 * most {
        let count = micros.iter().filter(|micros| (edge / 2.0..edge).contains(*micros)).count();
        if count > 0 {
            let bar = "#".repeat((60 * count).div_ceil(micros.len()));
            println!("  {:>6.0} ..{edge:>6.0} us {count:>7} {bar}", edge / 2.0);
        }
        edge *= 2.0;
    }
    if p99 > BUDGET_MICROS { Err("the budget is not kept".into()) } else { Ok(()) }
}

/// How well the score tells what was injected from the rest, and what it flagged.
fn separation(scored: &[Scored<'_>]) -> Outcome<()> {
    let mut ranked: Vec<&Scored<'_>> = scored.iter().collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let (flagged, rest) = ranked.split_at((scored.len() as f64 * ALERTS) as usize);
    let count = |of: &[&Scored<'_>]| of.iter().filter(|one| one.new.fraud).count();
    let (caught, missed) = (count(flagged), count(rest));
    let mut bursts: Vec<&str> = ranked.iter().filter(|one| one.new.fraud).map(|one| one.new.card.as_str()).collect();
    bursts.sort_unstable();
    bursts.dedup();
    let stopped =
        bursts.iter().filter(|card| flagged.iter().any(|one| one.new.fraud && one.new.card == **card)).count();
    let (recall, precision) = (caught as f64 / (caught + missed) as f64, caught as f64 / flagged.len() as f64);
    println!(
        "\n{} fraudulent transactions in {} bursts, {:.2} % of all",
        caught + missed,
        bursts.len(),
        100.0 * (caught + missed) as f64 / scored.len() as f64
    );
    println!(
        "  at {:.0} % alerts: recall {:.1} %, precision {:.1} %, {stopped} of {} bursts noticed",
        100.0 * ALERTS,
        100.0 * recall,
        100.0 * precision,
        bursts.len()
    );
    println!("three of the {} alerts, with what was known before each:", flagged.len());
    for one in flagged.iter().step_by(flagged.len().div_ceil(3).max(1)) {
        let Transaction { card, ts, amount, merchant, country, fraud, .. } = one.new;
        let (at, truth) = (Timestamp::from_micros(*ts)?, if *fraud { "injected" } else { "honest" });
        println!("  {card} at {at}: {amount:.2} at {merchant} in {country}; score {:.1}, {truth}", one.score);
        for name in ["small_1h", "declined_24h", "count_24h", "count_30d", "mean_30d", "since_last", "by_country_30d"] {
            if let (Some(value), Some(from)) = (one.served.get(name), one.served.provenance(name)) {
                println!("    {name:<15} {:<24} {from}", short(&value.to_string()));
            }
        }
    }
    if recall < 0.5 { Err("the score does not tell fraud from the rest".into()) } else { Ok(()) }
}

fn short(text: &str) -> String {
    let number = text.parse::<f64>().ok().filter(|_| text.contains('.'));
    number.map_or_else(|| text.chars().take(24).collect(), |number| format!("{number:.2}"))
}

/// What was whole and what was not while the batch side did not answer.
fn outages(set: &FeatureSet, scored: &[Scored<'_>]) -> Outcome<()> {
    println!("\nwhile the batch side did not answer, complete of asked:");
    let per: Vec<Vec<&Scored<'_>>> =
        (0..OUTAGES.len()).map(|which| scored.iter().filter(|one| one.outage == Some(which)).collect()).collect();
    let heads: Vec<String> = OUTAGES.iter().map(|(name, ..)| format!("{name:>28}")).collect();
    println!("  {:<16}{}", "", heads.concat());
    for name in set.names() {
        let status = |one: &Scored<'_>| one.served.provenance(name).map(|from| from.status);
        let cells = per.iter().map(|all| {
            let complete = all.iter().filter(|one| status(one) == Some(Status::Complete)).count();
            let failed = Some(Status::Degraded(Reason::BatchFailed));
            let why = if all.iter().any(|one| status(one) == failed) { "batch failed" } else { "" };
            format!("{:>28}", format!("{why} {complete} of {}", all.len()))
        });
        println!("  {name:<16}{}", cells.collect::<String>());
    }
    let Some(late) = per.last() else { return Ok(()) };
    for one in late {
        for (name, _, from) in one.served.iter() {
            let expected = if SHORT.contains(&name) { Status::Complete } else { Status::Degraded(Reason::BatchFailed) };
            if from.status != expected {
                return Err(format!("{name} of {} is {from}, which is not {expected:?}", one.new.card).into());
            }
        }
    }
    println!(
        "two days after the cut the stream covers 24 hours by itself: those features are whole, the longer ones say"
    );
    println!("that they are not, and no request failed");
    Ok(())
}
