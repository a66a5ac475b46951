//! A recommender over a lambda architecture, end to end: a batch layer that learns from the whole log at night, a
//! speed layer that knows the last two hours, and a serving layer that merges both and ranks.
//!
//! Everything that is printed is computed; at the end every served feature is held against one fold over the log.

mod day;
mod dice;
mod job;
mod model;
mod night;
mod service;
mod shop;
mod show;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use skewless::{FeatureSet, Positions, Value};

use crate::day::Story;
use crate::job::{Night, Published};
use crate::model::Model;
use crate::service::{Service, Store};
use crate::shop::{HOUR, Log, MINUTE, midnight};
use crate::show::{Checks, heading, line, moment, table};

/// The two nights of the story.
const FIRST: &str = "2026-03-31";
const SECOND_NIGHT: &str = "2026-04-01";

/// When the first view is there.
const LANDED: i64 = midnight(30) + 2 * HOUR + 5 * MINUTE;

fn main() -> ExitCode {
    match tell(&mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that has had enough is no failure.
        Err(why) if why.downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe) => ExitCode::SUCCESS,
        Err(why) => {
            // With nobody to tell it to, there is still the exit code.
            let _ = writeln!(io::stderr(), "error: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The story from the first night to the last check.
fn tell(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let set = job::definition()?;
    let mut log = Log::open(20_260_331);
    // The speed layer was started a day before the night of the first view.
    log.run_until(midnight(29));
    let from = log.positions();
    let read = log.run_until(midnight(30));
    let mut service = Service::new(&set, from)?;
    service.take_all(&log, read)?;
    let cut = log.positions();
    service.serving.announce(cut.clone())?;

    let model = model::train(&log, 1);
    learned(out, &log, &model)?;
    let night = Night { view: FIRST, parent: None, made_at: midnight(30) + 2 * HOUR, written: 1.0 };
    let job = job::publish(&set, &log, &cut, &model, night)?;
    published(out, &set, &job)?;

    let read = log.run_until(LANDED);
    service.take_all(&log, read)?;
    lands(out, &log, &mut service, &job, &model, &cut)?;
    let read = log.run_until(midnight(30) + 6 * HOUR);
    service.take_all(&log, read)?;
    let morning = service.clone();

    let read = log.run_until(midnight(30) + 20 * HOUR);
    service.take_all(&log, read)?;
    let hero = hero(&service, &log, midnight(30) + 20 * HOUR)?;
    let mut story = Story { out, log, service, checks: Checks::default(), hero, wanted: Vec::new() };
    story.evening()?;
    story.newcomer()?;
    story.comes_back()?;
    story.restart(500)?;
    story.one_side(&morning)?;
    story.incident(SECOND_NIGHT, FIRST)?;
    heading(story.out, "9  What was checked")?;
    story.checks.finish(story.out)
}

/// The night's training, pass by pass.
fn learned(out: &mut dyn Write, log: &Log, model: &Model) -> io::Result<()> {
    heading(out, "1  Batch layer: learns from the whole log, pass by pass")?;
    let (users, items, events) = (log.shop.users.len(), log.shop.items.len(), log.events.len());
    writeln!(out, "  log of {users} users, {items} items, {events} events up to {}", moment(midnight(30)))?;
    writeln!(
        out,
        "  {} factors, learned from {} events; held out: the last new item of each of {} users\n",
        model::FACTORS,
        model.learned_from,
        model.held_out
    )?;
    let hits = format!("among first {}", model::SHOWN);
    let mut lines = vec![line(["pass", "loss", "AUC", &hits])];
    let row = |name: &str, loss: String, of: &model::Quality| {
        line([name, &loss, &format!("{:.3}", of.auc), &format!("{:.1} %", of.hits * 100.0)])
    };
    for (pass, quality) in (1..).zip(&model.passes).filter(|(pass, _)| [1, 2, 4, 8, 12, 16].contains(pass)) {
        lines.push(row(&format!("{pass}"), format!("{:.4}", quality.loss), quality));
    }
    lines.push(row("popularity", String::new(), &model.popularity));
    table(out, &lines)?;
    let beats = model.passes.last().is_some_and(|last| last.hits > model.popularity.hits);
    writeln!(out, "\n  {} popularity", if beats { "better than" } else { "NOT better than" })
}

/// What the job left behind.
fn published(out: &mut dyn Write, set: &FeatureSet, job: &Published) -> Result<(), Box<dyn Error>> {
    let manifest = job.manifest()?;
    let opened = job.open(set)?;
    writeln!(out, "\n  view {} of definition {}, cut at {}", manifest.view, manifest.fingerprint, manifest.cut)?;
    writeln!(
        out,
        "  {} events of {} users, {} embeddings, manifest of {} bytes, read back whole: {}",
        manifest.events,
        manifest.entities,
        manifest.external("embedding").map_or(0, |external| external.entities),
        job.manifest.len(),
        opened.manifest() == &manifest,
    )?;
    for part in &manifest.parts {
        writeln!(out, "  part {}  {:>4} users  {:>7} bytes  {}", part.id, part.entities, part.bytes, part.checksum)?;
    }
    Ok(())
}

/// The view meets the stream.
fn lands(
    out: &mut dyn Write,
    log: &Log,
    service: &mut Service,
    job: &Published,
    model: &Model,
    cut: &Positions,
) -> Result<(), Box<dyn Error>> {
    heading(out, "2  Speed layer: has read on meanwhile, and keeps what comes after the cut apart")?;
    let user = 0;
    let before = service.ask(&log.shop, user, LANDED, Store::Up)?;
    let verdict = service.offer(job, &model.items, LANDED)?;
    let after = service.ask(&log.shop, user, LANDED, Store::Up)?;
    let beyond = |logged: &&shop::Logged| !cut.covers(logged.partition, logged.offset);
    let since = log.events.iter().filter(beyond);
    let late = since.clone().filter(|logged| logged.event.time < midnight(30)).count();
    writeln!(
        out,
        "  {} events after the cut, of which {late} happened before midnight; a cut by position has each once",
        since.count()
    )?;
    let whole = service.serving.coverage().is_some_and(|coverage| coverage.is_complete());
    writeln!(
        out,
        "  the view is offered: {verdict}; view and stream together are {}",
        if whole { "whole" } else { "NOT whole" }
    )?;
    for (when, served) in [("before", before), ("after", after)] {
        let why = served.degraded().next().map_or(String::new(), |(_, why)| format!(": {why}"));
        let (whole, all) = (served.iter().filter(|(.., from)| from.is_complete()).count(), served.iter().count());
        writeln!(out, "  {when:<6}  {whole} of {all} values of {} are complete{why}", log.shop.users[user])?;
    }
    Ok(())
}

/// The user with the most clicks of those who bought something and are in no session now.
fn hero(service: &Service, log: &Log, now: i64) -> Result<usize, skewless::Error> {
    let mut best = (0, 0);
    for user in 0..log.shop.users.len() {
        let served = service.ask(&log.shop, user, now, Store::Up)?;
        let count = |name: &str| served.get(name).and_then(Value::as_i64).unwrap_or(0);
        let spent = served.get("spend_30d").and_then(Value::as_f64).unwrap_or(0.0);
        if count("session_clicks") == 0 && spent > 0.0 {
            best = best.max((count("clicks_30d"), user));
        }
    }
    Ok(best.1)
}
