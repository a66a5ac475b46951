//! One definition, run in batch, as a stream, merged of both and replayed: computes feature vectors over Parquet files, or
//! over a made-up shop, and compares the ways bit for bit. `--help` says how.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool reads files, looks at the clock and talks to people"
)]

mod answers;
mod args;
mod cells;
mod compare;
mod cut;
mod dice;
mod fail;
mod feed;
#[cfg(feature = "polars")]
mod frames;
mod merge;
mod parquet_io;
mod pick;
mod progress;
mod replay;
mod report;
mod run;
mod shop;
mod table;
mod threads;

use std::path::Path;
use std::process::ExitCode;

use arrow_array::RecordBatch;
use skewless::FeatureSet;

use crate::args::{Args, USAGE, Way};
use crate::fail::{Failure, Outcome};
use crate::progress::Watch;
use crate::report::Report;

/// The definition that is used if none is given.
const SAMPLE: &str = include_str!("shopper.json");

/// What to compute over.
struct Input {
    events: Vec<RecordBatch>,
    queries: Vec<RecordBatch>,
    /// The rows of both, in words.
    about: [String; 2],
}

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.code()
        }
    }
}

/// Reads the command line and does what it says.
fn start() -> Outcome<()> {
    match Args::parse(std::env::args_os())? {
        Some(args) => work(&args),
        None => report::say(USAGE),
    }
}

/// From files to files.
fn work(args: &Args) -> Outcome<()> {
    let set = definition(args.definition.as_deref())?;
    let mut report = Report::new(args.stats);
    let watch = Watch::new();
    let input = input(args, &set)?;
    report.read(&input.events, &input.queries, watch.seconds());
    report.heading(&set, &input.about)?;
    let vectors = compute(args, &set, &input, &mut report)?;
    if let Some(out) = &args.out {
        let watch = Watch::new();
        parquet_io::write(out, &vectors)?;
        report.written(out, &vectors, watch.seconds())?;
    }
    report.finish()
}

/// Runs one way, or all and compares.
fn compute(args: &Args, set: &FeatureSet, input: &Input, report: &mut Report) -> Outcome<Vec<RecordBatch>> {
    let Input { events, queries, .. } = input;
    let batch =
        |report: &mut Report| report.timed("batch", || threads::on(args.threads, || run::batch(set, events, queries)));
    let stream = |report: &mut Report| report.timed("stream", || run::stream(set, events, queries));
    let merge = |report: &mut Report| {
        let (merged, facts) = report.timed("merge", || merge::merge(set, args.cutting, events, queries))?;
        report.merged(facts)?;
        Ok::<_, Failure>(merged)
    };
    let replay = |report: &mut Report| {
        let (replayed, facts) = report.timed("replay", || replay::replay(set, events, queries))?;
        report.replayed(&facts)?;
        Ok::<_, Failure>(replayed)
    };
    #[cfg(feature = "polars")]
    let polars = |report: &mut Report| {
        report.timed("polars", || threads::on(args.threads, || frames::polars(set, events, queries)))
    };
    let first = match args.way {
        Way::Batch | Way::Verify => batch(report)?,
        Way::Stream => stream(report)?,
        Way::Merge => merge(report)?,
        Way::Replay => replay(report)?,
        #[cfg(feature = "polars")]
        Way::Polars => polars(report)?,
    };
    if args.way == Way::Verify {
        let stream = stream(report)?;
        let compared = compare::same(&first, &stream)?;
        let merged = merge(report)?;
        compare::same(&first, &merged)?;
        compare::same(&stream, &merged)?;
        compare::same(&first, &replay(report)?)?;
        #[cfg(feature = "polars")]
        compare::same(&first, &polars(report)?)?;
        if args.events.is_none() {
            report.table(set, &first.vectors)?;
        }
        report.agreed(compared, set)?;
    }
    Ok(first.vectors)
}

/// The user's definition, or the sample.
fn definition(path: Option<&Path>) -> Outcome<FeatureSet> {
    let Some(path) = path else { return Ok(FeatureSet::from_json(SAMPLE)?) };
    let text = std::fs::read_to_string(path).map_err(|why| Failure::file(path, "cannot be read", why))?;
    FeatureSet::from_json(&text).map_err(|why| Failure::file(path, "not a definition", why))
}

/// Reads the events, or makes them up, and finds out who asks for what.
fn input(args: &Args, set: &FeatureSet) -> Outcome<Input> {
    let mut about = [String::new(), String::new()];
    let events = match &args.events {
        Some(path) => {
            about[0] = format!("from {}", path.display());
            let events = parquet_io::read(path, set.columns().iter().map(skewless::Column::name))?;
            run::check_events(set, &events).map_err(|why| Failure::file(path, "events", why))?;
            events
        }
        None => {
            let shop = shop::open(args.count, args.seed)?;
            about[0] = format!(
                "made up with seed {}; {} arrived late, but are taken in order of time",
                args.seed,
                report::grouped(shop.late)
            );
            run::check_events(set, &shop.batches).map_err(|why| Failure::input(format!("made-up events: {why}")))?;
            shop.batches
        }
    };
    let queries = match &args.queries {
        Some(path) => {
            about[1] = format!("from {}", path.display());
            let wanted = set.entity_columns().iter().map(skewless::Column::name).chain([run::AS_OF]);
            let queries = parquet_io::read(path, wanted)?;
            run::check_queries(set, &events, &queries).map_err(|why| Failure::file(path, "queries", why))?;
            queries
        }
        None => {
            about[1] = "each event asks for its entity at its own time".to_owned();
            run::events_as_queries(set, &events)?
        }
    };
    Ok(Input { events, queries, about })
}
