//! Whole tables in, whole tables out: the batch pass beside dataframes and databases.

mod answers;
mod args;
mod check;
mod contestants;
mod definition;
mod events;
mod launch;
mod made;
mod measure;
mod oracle;
mod report;
mod scale;

#[cfg(feature = "peers")]
mod datafusion;
mod ours;
#[cfg(feature = "peers")]
mod polars;

use std::path::{Path, PathBuf};

use self::answers::{Answers, Order};
use self::args::Args;
use self::check::Clear;
use self::contestants::Contestant;
use self::definition::Task;
use self::events::Events;
use self::launch::{Launch, Outcome};
use self::measure::{Job, Measured};
use self::report::{Row, Verdict};

pub use self::args::USAGE;
pub use self::measure::child;

/// A directory of this run alone, gone when the run is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("bench-compare-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary directory can be made");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs what the command line asks for, and prints it.
pub fn run(words: &[String]) {
    let args = Args::read(words);
    let scratch = Scratch::new();
    report::head(&args);
    if args.scale {
        scale::run(&args, &scratch.0);
        return;
    }
    for (name, events) in inputs(&args) {
        report::input(&name, &events);
        let data = scratch.0.join("events.parquet");
        events.write(&data);
        for task in &args.tasks {
            report::table(*task, &contest(&args, &scratch.0, &events, &data, *task));
        }
    }
}

/// The tables to run on, made one at a time: two of them need not fit in memory.
fn inputs(args: &Args) -> impl Iterator<Item = (String, Events)> {
    let file = args.data.iter().map(|path| (path.display().to_string(), Events::read(path)));
    let made = args.shapes.iter().map(|shape| (shape.name().to_owned(), made::events(*shape, args.rows)));
    file.chain(made)
}

/// One table of results: the first contestant is ours, and the others must give its answers.
fn contest(args: &Args, scratch: &Path, events: &Events, data: &Path, task: Task) -> Vec<Row> {
    let order = Order::new(task, events);
    let clear = Clear::new(task, events, &order);
    let answers = scratch.join("answers.parquet");
    let mut ours: Option<Answers> = None;
    let mut rows = Vec::new();
    for contestant in contestants::all().iter().filter(|one| one.does(task) && args.wants(one.name)) {
        for threads in args.threads.iter().filter(|threads| contestant.several || **threads == 1) {
            let job = job(args, events, data, &answers, contestant, task, *threads);
            let (measured, verdict) = match (Launch { job, contestant, python: &args.python }).run(scratch) {
                Outcome::Measured(measured) => {
                    let found = Answers::read(&answers, &order);
                    let verdict = judge(contestant, task, events, &order, &clear, ours.as_ref(), &found);
                    if contestant.is_ours() && ours.is_none() {
                        ours = found.ok();
                    }
                    (Some(measured), verdict)
                }
                Outcome::Failed(why) => (None, Verdict::Failed(why)),
                Outcome::Absent(why) => (None, Verdict::Absent(why)),
            };
            report::progress(contestant, *threads, measured.as_ref());
            rows.push(row(events, contestant, *threads, measured, verdict));
        }
    }
    rows
}

fn job(
    args: &Args,
    events: &Events,
    data: &Path,
    answers: &Path,
    contestant: &Contestant,
    task: Task,
    threads: usize,
) -> Job {
    Job {
        contestant: contestant.name.to_owned(),
        task,
        threads,
        reps: args.reps,
        limit: args.limit,
        data: data.to_owned(),
        answers: Some(answers.to_owned()),
        click: events.click(),
        as_of: events.after(),
        batch: None,
        calls: None,
    }
}

/// Ours is held to a naive oracle, everybody else to ours.
fn judge(
    contestant: &Contestant,
    task: Task,
    events: &Events,
    order: &Order,
    clear: &Clear,
    ours: Option<&Answers>,
    found: &Result<Answers, String>,
) -> Verdict {
    let checked = match (found, ours) {
        (Err(why), _) => Err(why.clone()),
        (Ok(found), _) if contestant.is_ours() => oracle::check(task, events, order, found),
        (Ok(found), Some(ours)) => check::same(ours, found, clear),
        (Ok(_), None) => Err("there is nothing of ours to compare it with".into()),
    };
    checked.map_or_else(Verdict::Wrong, Verdict::Right)
}

fn row(events: &Events, contestant: &Contestant, threads: usize, found: Option<Measured>, verdict: Verdict) -> Row {
    Row {
        name: contestant.name,
        about: contestant.about,
        ours: contestant.is_ours(),
        threads,
        events: events.rows(),
        input: events.bytes(),
        measured: found,
        verdict,
    }
}
