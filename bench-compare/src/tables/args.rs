//! The command line of `tables`.

use std::path::PathBuf;

use super::contestants;
use super::definition::Task;
use super::made::Shape;

pub const USAGE: &str = "usage: bench-compare tables [even|zipf|hot|one|sparse]... [--data FILE.parquet] [--rows N] \
    [--tasks pit,snapshot] [--peers NAME,...] [--threads 1,2] [--reps N] [--limit SECONDS] [--python PATH] [--scale]";

/// What is asked for.
pub struct Args {
    pub shapes: Vec<Shape>,
    pub data: Option<PathBuf>,
    pub rows: usize,
    /// The largest table that `--scale` makes.
    pub most: usize,
    pub tasks: Vec<Task>,
    /// None is all of them.
    peers: Option<Vec<String>>,
    pub threads: Vec<usize>,
    pub reps: usize,
    /// Seconds of one process.
    pub limit: f64,
    pub python: String,
    pub scale: bool,
    /// The command line as given, to be printed beside its results.
    pub line: String,
}

impl Args {
    /// Reads what follows `tables`.
    pub fn read(words: &[String]) -> Self {
        let mut args = Self {
            shapes: Vec::new(),
            data: None,
            rows: 1_000_000,
            most: 3_000_000,
            tasks: vec![Task::Pit, Task::Snapshot],
            peers: None,
            threads: vec![1, 2],
            reps: 3,
            limit: 300.0,
            python: "python3".into(),
            scale: false,
            line: words.join(" "),
        };
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let mut value = || words.next().expect(USAGE);
            match word {
                "--data" => args.data = Some(value().into()),
                "--rows" => {
                    args.rows = value().replace('_', "").parse().expect(USAGE);
                    args.most = args.rows;
                }
                "--tasks" => args.tasks = value().split(',').map(|name| Task::named(name).expect(USAGE)).collect(),
                "--peers" => args.peers = Some(value().split(',').map(known).collect()),
                "--threads" => args.threads = value().split(',').map(|count| count.parse().expect(USAGE)).collect(),
                "--reps" => args.reps = value().parse().expect(USAGE),
                "--limit" => args.limit = value().parse().expect(USAGE),
                "--python" => args.python = value().to_owned(),
                "--scale" => args.scale = true,
                shape => args.shapes.push(Shape::named(shape).expect(USAGE)),
            }
        }
        assert!(args.rows > 0 && args.reps > 0 && args.threads.iter().all(|count| *count > 0), "{USAGE}");
        if args.shapes.is_empty() && args.data.is_none() {
            args.shapes = Shape::ALL.to_vec();
        }
        args
    }

    /// Whether a contestant is to run; ours always is, since it is what the others are held to.
    pub fn wants(&self, name: &str) -> bool {
        name == contestants::OURS || self.peers.as_ref().is_none_or(|peers| peers.iter().any(|peer| peer == name))
    }
}

/// A misspelt peer must not look like one that was left out.
fn known(name: &str) -> String {
    let all: Vec<&str> = contestants::all().iter().map(|one| one.name).collect();
    assert!(all.contains(&name), "there is no contestant {name}; there are {}", all.join(", "));
    name.to_owned()
}
