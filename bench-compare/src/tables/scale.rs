//! What an event of ours costs as tables grow, and in many small batches.

use std::path::Path;

use super::args::Args;
use super::contestants;
use super::definition::Task;
use super::events::Events;
use super::launch::{Launch, Outcome};
use super::made::{self, Shape};
use super::measure::{Job, Measured};
use super::report::{median, mega};
use crate::table::{self, short};

const SIZES: [usize; 5] = [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000];
const BATCH: usize = 1_000;

/// How events are handed over.
#[derive(Clone, Copy)]
struct Way {
    about: &'static str,
    batch: Option<usize>,
    calls: Option<usize>,
}

const WHOLE: Way = Way { about: "one batch", batch: None, calls: None };
const WAYS: [Way; 3] = [
    WHOLE,
    Way { about: "batches of 1000, one call", batch: Some(BATCH), calls: None },
    Way { about: "a call for each 1000 events", batch: None, calls: Some(BATCH) },
];

/// Prints a table for each shape asked for.
pub fn run(args: &Args, scratch: &Path) {
    for shape in &args.shapes {
        println!("## `{}`\n\nOurs alone, every event a query.\n", shape.name());
        let rows: Vec<Vec<String>> = SIZES
            .into_iter()
            .filter(|size| *size <= args.most)
            .flat_map(|size| sized(args, scratch, *shape, size))
            .collect();
        let columns = ["events", "CPU ns/event", "wall ns/event", "peak MB", "peak to input", "handed over as"];
        table::print(&columns, &rows);
    }
}

/// The rows of one size: batches are tried at a million events, or the most that is asked for.
fn sized(args: &Args, scratch: &Path, shape: Shape, size: usize) -> Vec<Vec<String>> {
    let events = made::events(shape, size);
    let data = scratch.join("events.parquet");
    events.write(&data);
    let batched = size == 1_000_000 || (args.most < 1_000_000 && size * 3 > args.most);
    let ways = if batched { &WAYS[..] } else { &WAYS[..1] };
    ways.iter().map(|way| cells(&events, *way, one(args, scratch, &events, &data, *way))).collect()
}

fn one(args: &Args, scratch: &Path, events: &Events, data: &Path, way: Way) -> Outcome {
    let contestant = contestants::all().iter().find(|one| one.name == contestants::OURS).expect("we take part");
    let job = Job {
        contestant: contestant.name.to_owned(),
        task: Task::Pit,
        threads: 1,
        reps: args.reps,
        limit: args.limit,
        data: data.to_owned(),
        answers: None,
        click: events.click(),
        as_of: events.after(),
        batch: way.batch,
        calls: way.calls,
    };
    Launch { job, contestant, python: &args.python }.run(scratch)
}

fn cells(events: &Events, way: Way, outcome: Outcome) -> Vec<String> {
    let figures = match outcome {
        Outcome::Measured(found) => figures(events, &found),
        Outcome::Failed(why) | Outcome::Absent(why) => [why, "-".into(), "-".into(), "-".into()],
    };
    let mut out = vec![events.rows().to_string()];
    out.extend(figures);
    out.push(way.about.to_owned());
    out
}

fn figures(events: &Events, found: &Measured) -> [String; 4] {
    let each = |times: &[f64]| short(median(times) * 1e9 / events.rows() as f64);
    let peak = found.peak.saturating_sub(found.before) as usize;
    [each(&found.cpu), each(&found.wall), short(mega(peak)), short(peak as f64 / events.bytes() as f64)]
}
