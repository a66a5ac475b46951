//! Whole tables in, whole tables out: the batch pass beside dataframes and databases.

mod answers;
mod args;
mod check;
mod contest;
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
mod ours_polars;
#[cfg(feature = "peers")]
mod polars;

use std::path::PathBuf;

use self::args::Args;
use self::contest::Contest;
use self::events::Events;

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
            let mut contest = Contest::new(&args, &scratch.0, &events, &data, *task);
            report::table(*task, &contest.rows());
        }
    }
}

/// The tables to run on, made one at a time: two of them need not fit in memory.
fn inputs(args: &Args) -> impl Iterator<Item = (String, Events)> {
    let file = args.data.iter().map(|path| (path.display().to_string(), Events::read(path)));
    let made = args.shapes.iter().map(|shape| (shape.name().to_owned(), made::events(*shape, args.rows)));
    file.chain(made)
}
