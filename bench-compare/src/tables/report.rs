//! The results in Markdown.

use super::answers::Order;
use super::args::Args;
use super::contestants::OURS;
use super::definition::Task;
use super::events::Events;
use super::measure::Measured;
use crate::machine;
use crate::table::{self, short};

/// What is to be said of a contestant's answers.
pub enum Verdict {
    Right(String),
    Wrong(String),
    Failed(String),
    Absent(String),
}

/// One contestant with so many threads.
pub struct Row {
    pub name: &'static str,
    pub about: &'static str,
    pub ours: bool,
    pub threads: usize,
    pub events: usize,
    /// Bytes of the columns read.
    pub input: usize,
    pub measured: Option<Measured>,
    pub verdict: Verdict,
}

/// What is measured of a run, each a figure to which others have a ratio.
struct Figures {
    cpu: f64,
    wall: f64,
    peak: f64,
}

impl Row {
    fn figures(&self) -> Option<Figures> {
        let found = self.measured.as_ref()?;
        let each = |times: &[f64]| median(times) * 1e9 / self.events as f64;
        let peak = found.peak.saturating_sub(found.before) as f64;
        Some(Figures { cpu: each(&found.cpu), wall: each(&found.wall), peak })
    }
}

const COLUMNS: [&str; 10] = [
    "contestant",
    "threads",
    "CPU ns/event",
    "to ours",
    "wall ns/event",
    "to ours",
    "peak MB",
    "peak to input",
    "to ours",
    "answers",
];

/// Where, when and how.
pub fn head(args: &Args) {
    println!(
        "```sh\ncargo run --release --manifest-path bench-compare/Cargo.toml{} -- tables {}\n```\n",
        flags(),
        args.line
    );
    println!("{}. {}. Medians of {} runs after one to warm up.\n", machine::processor(), machine::today(), args.reps);
}

const fn flags() -> &'static str {
    if cfg!(feature = "peers") { " --features peers" } else { "" }
}

pub fn input(name: &str, events: &Events) {
    let entities = Order::new(Task::Snapshot, events).len;
    println!("## `{name}`\n");
    let noun = if entities == 1 { "entity" } else { "entities" };
    println!("{} events of {entities} {noun}, {:.1} MB in the columns read.\n", events.rows(), mega(events.bytes()));
}

/// Says on the terminal that somebody is done.
pub fn progress(row: &Row) {
    let took = row.measured.as_ref().map_or("nothing".into(), |found| format!("{:.2} s", median(&found.cpu)));
    eprintln!("{} with {}: {took}", row.name, row.threads);
}

/// Prints one table, losers and absentees included.
pub fn table(task: Task, rows: &[Row]) {
    match task {
        Task::Pit => println!("Point in time: every event is a query.\n"),
        Task::Snapshot => println!("Snapshot: every entity just after the last event.\n"),
    }
    let cells: Vec<Vec<String>> = rows.iter().map(|row| cells(row, base(rows, row.threads))).collect();
    table::print(&COLUMNS, &cells);
}

/// Ours with as many threads, or with one.
fn base(rows: &[Row], threads: usize) -> Option<&Row> {
    let ours = || rows.iter().filter(|row| row.name == OURS && matches!(row.verdict, Verdict::Right(_)));
    ours().find(|row| row.threads == threads).or_else(|| ours().next())
}

fn cells(row: &Row, base: Option<&Row>) -> Vec<String> {
    let mut out = vec![title(row), row.threads.to_string()];
    let base = base.and_then(Row::figures);
    let (word, why) = match &row.verdict {
        Verdict::Right(how) => ("-", how),
        Verdict::Wrong(why) => ("wrong", why),
        Verdict::Failed(why) => ("failed", why),
        Verdict::Absent(why) => ("-", why),
    };
    match (&row.verdict, row.figures()) {
        (Verdict::Right(_), Some(found)) => {
            let ratio = |of: fn(&Figures) -> f64| base.as_ref().map_or("-".into(), |base| short(of(&found) / of(base)));
            out.extend([short(found.cpu), ratio(|f| f.cpu), short(found.wall), ratio(|f| f.wall)]);
            out.extend([short(mega(found.peak as usize)), short(found.peak / row.input as f64), ratio(|f| f.peak)]);
        }
        _ => out.extend([word, "-", word, "-", "-", "-", "-"].map(str::to_owned)),
    }
    let cold = row.measured.as_ref().is_some_and(|found| found.cold);
    out.push(if cold { format!("{why}; the first run only") } else { why.clone() });
    out
}

fn title(row: &Row) -> String {
    let version = row.measured.as_ref().map_or(String::new(), |found| format!(" {}", found.version));
    let name = if row.ours { format!("**{}{version}**", row.name) } else { format!("{}{version}", row.name) };
    if row.about.is_empty() { name } else { format!("{name}, {}", row.about) }
}

pub fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

pub fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
