//! One contestant in a process of its own: what it takes, in time and in memory.

use std::path::PathBuf;
use std::time::Instant;

use arrow_array::RecordBatch;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::contestants::{self, Home};
use super::definition::Task;
use super::events;

/// What a process is to do; the Python script reads the same.
#[derive(Clone, Serialize, Deserialize)]
pub struct Job {
    pub contestant: String,
    pub task: Task,
    pub threads: usize,
    pub reps: usize,
    /// Seconds until the process is stopped from outside.
    pub limit: f64,
    pub data: PathBuf,
    /// Where the answers of the last run go.
    pub answers: Option<PathBuf>,
    /// The event type that `click_7d` counts.
    pub click: String,
    /// The time a snapshot is of.
    pub as_of: i64,
    /// Ours only: the rows of a record batch, if the events are not to be one; and of a call, if not all in one.
    pub batch: Option<usize>,
    pub calls: Option<usize>,
}

/// What it took. Times are in seconds, sizes in bytes.
#[derive(Clone, Serialize, Deserialize)]
pub struct Measured {
    pub version: String,
    /// Processor time of the whole process, all its threads, each time it ran.
    pub cpu: Vec<f64>,
    pub wall: Vec<f64>,
    /// What was resident before the first run, and at most while it ran.
    pub before: u64,
    pub peak: u64,
    /// Whether there was only time for the first run, which usually warms up and does not count.
    pub cold: bool,
}

/// What a process prints.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub enum Report {
    Measured(Measured),
    /// It cannot run here.
    Absent {
        absent: String,
    },
}

/// Answers in the form in which a contestant leaves them, to be turned into batches off the clock.
pub type Held = Box<dyn FnOnce() -> Vec<RecordBatch>>;

/// A contestant that has its data in memory.
pub struct Loaded {
    pub version: String,
    pub run: Box<dyn FnMut() -> Held>,
}

/// Does the job that a parent wrote on the command line, and prints a report.
pub fn child(words: &[String]) {
    let job: Job = serde_json::from_str(words.first().expect("a job")).expect("a job");
    let contestant = contestants::all().iter().find(|one| one.name == job.contestant).expect("a contestant");
    let Home::Rust(load) = contestant.home else { panic!("{} is not of this process", job.contestant) };
    let events = events::parquet(&job.data).expect("a table of events");
    let loaded = load(&job, events);
    let report = Report::Measured(measure(&job, loaded));
    println!("{}", serde_json::to_string(&report).expect("plain values"));
}

/// Runs once to warm up, which is also when memory is watched, and then again and again on the clock.
fn measure(job: &Job, mut loaded: Loaded) -> Measured {
    let start = Instant::now();
    let before = memory("VmRSS:");
    forget_peak();
    let (mut held, cpu, wall) = timed(&mut loaded);
    let peak = memory("VmHWM:");
    let (first, mut cpus, mut walls) = ((cpu, wall), Vec::new(), Vec::new());
    while cpus.len() < job.reps && start.elapsed().as_secs_f64() + 1.5 * wall < 0.8 * job.limit {
        drop(held);
        let (next, cpu, wall) = timed(&mut loaded);
        held = next;
        cpus.push(cpu);
        walls.push(wall);
    }
    let cold = cpus.is_empty();
    if cold {
        cpus.push(first.0);
        walls.push(first.1);
    }
    if let Some(path) = &job.answers {
        events::write(path, &held());
    }
    Measured { version: loaded.version, cpu: cpus, wall: walls, before, peak, cold }
}

fn timed(loaded: &mut Loaded) -> (Held, f64, f64) {
    let (cpu, wall) = (processor(), Instant::now());
    let held = (loaded.run)();
    (held, processor() - cpu, wall.elapsed().as_secs_f64())
}

/// Seconds of processor time of all threads of this process, user and system.
fn processor() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Bytes of this process as the system counts them.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Starts the high-water mark of resident memory anew.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("the high-water mark can be reset");
}
