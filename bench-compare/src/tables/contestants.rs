//! Who takes part. Another door of ours, or another peer, is one row here.

use arrow_array::RecordBatch;

use super::definition::Task;
use super::measure::{Job, Loaded};
use super::ours;

/// Takes events into memory, in the form that suits the contestant best, and is then ready to run.
pub type Load = fn(&Job, RecordBatch) -> Loaded;

/// Where a contestant runs.
#[derive(Clone, Copy)]
pub enum Home {
    /// In this program, run again as a child.
    Rust(Load),
    /// In `python/peers.py`, under the same name.
    Python,
    /// Only with the feature `peers`.
    #[cfg(not(feature = "peers"))]
    NotBuilt,
}

/// One row of a table.
pub struct Contestant {
    pub name: &'static str,
    /// How it does it, if that is not plain.
    pub about: &'static str,
    pub home: Home,
    /// Whether it can use more than one thread.
    pub several: bool,
    pub tasks: &'static [Task],
}

/// The one the others are held to.
pub const OURS: &str = "skewless";

const BOTH: &[Task] = &[Task::Pit, Task::Snapshot];

/// Who is there only with the feature `peers`.
#[cfg(feature = "peers")]
macro_rules! peer {
    ($load:path) => {
        Home::Rust($load)
    };
}
#[cfg(not(feature = "peers"))]
macro_rules! peer {
    ($load:path) => {
        Home::NotBuilt
    };
}

const ALL: &[Contestant] = &[
    Contestant { name: OURS, about: "`arrow`", home: Home::Rust(ours::load), several: true, tasks: BOTH },
    Contestant {
        name: "skewless-polars",
        about: "`polars`",
        home: peer!(super::ours_polars::load),
        several: true,
        tasks: BOTH,
    },
    // A snapshot also finds out which entities there are, and puts them in order.
    Contestant {
        name: "skewless-pit",
        about: "`point_in_time` of entities listed beforehand",
        home: Home::Rust(ours::load_listed),
        several: false,
        tasks: &[Task::Snapshot],
    },
    Contestant { name: "polars-rs", about: "Rust", home: peer!(super::polars::load), several: true, tasks: BOTH },
    Contestant {
        name: "datafusion-rs",
        about: "Rust",
        home: peer!(super::datafusion::load),
        several: true,
        tasks: BOTH,
    },
    Contestant { name: "polars", about: "Python", home: Home::Python, several: true, tasks: BOTH },
    Contestant { name: "pandas", about: "Python, NumPy", home: Home::Python, several: false, tasks: BOTH },
    Contestant { name: "duckdb", about: "Python", home: Home::Python, several: true, tasks: BOTH },
    Contestant { name: "chdb", about: "ClickHouse, Python", home: Home::Python, several: true, tasks: BOTH },
    Contestant {
        name: "chdb-seconds",
        about: "ClickHouse, times cut to seconds",
        home: Home::Python,
        several: true,
        tasks: &[Task::Pit],
    },
];

pub const fn all() -> &'static [Contestant] {
    ALL
}

impl Contestant {
    pub fn does(&self, task: Task) -> bool {
        self.tasks.contains(&task)
    }

    pub fn is_ours(&self) -> bool {
        self.name.starts_with(OURS)
    }
}
