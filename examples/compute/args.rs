//! The command line.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::fail::{Failure, Outcome};

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
compute - one feature definition, run over events in batch, as a stream, or both ways with every bit compared

usage: cargo run --release --features arrow --example compute -- [options]

Without options a shop's click-stream is made up, and the sample definition runs over it both ways.

  --definition D.json    the features; examples/compute/shopper.json if left out
  --events E.parquet     the events; needs --definition, which names the columns that are read
  --queries Q.parquet    whose vector is wanted when: the entity columns and `as_of` (a timestamp of any unit,
                         or int64 microseconds); if left out, every event asks, for its entity at its own time
  --path PATH            batch    all queries at once, joined to the events before them
                         stream   events one at a time in time order, each query when its time comes
                         verify   both; exit code 1 at the first value that differs in a bit (the default)
  --out OUT.parquet      where the vectors go: entity columns, `as_of`, one column a feature, in the order of
                         the queries; `--path verify` does without
  --stats                print one line of JSON on stdout: counts, seconds and peak memory
  --events-count N       how many events to make up (default 1000000)
  --seed S               for which made-up shop (default 1)
  --help                 print this

exit codes: 0 done, 1 the two paths differ, 2 something given cannot be used
";

/// How many events are made up unless told otherwise.
const EVENTS: u64 = 1_000_000;

/// Rows are counted in 32 bits.
const MOST_EVENTS: u64 = 100_000_000;

/// Which way, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// All queries at once.
    Batch,
    /// One event at a time.
    Stream,
    /// Both, compared.
    Verify,
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Args {
    /// A definition of the user's own.
    pub(crate) definition: Option<PathBuf>,
    /// A file of events; made up if none.
    pub(crate) events: Option<PathBuf>,
    /// A file of queries; the events ask if none.
    pub(crate) queries: Option<PathBuf>,
    /// Which way to compute.
    pub(crate) way: Way,
    /// Where the vectors go.
    pub(crate) out: Option<PathBuf>,
    /// Whether a program reads stdout.
    pub(crate) stats: bool,
    /// How many events to make up.
    pub(crate) count: usize,
    /// For which shop.
    pub(crate) seed: u64,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            definition: None,
            events: None,
            queries: None,
            way: Way::Verify,
            out: None,
            stats: false,
            count: EVENTS as usize,
            seed: 1,
        }
    }
}

impl Args {
    /// Reads the command line; `None` if it asks for help.
    pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Outcome<Option<Self>> {
        let mut args = Self::default();
        let mut made_up = None;
        let words = words.skip(1).map(OsString::into_string).collect::<Result<Vec<_>, _>>();
        let mut words = words.map_err(|word| Failure::input(format!("{word:?} is not UTF-8")))?.into_iter().peekable();
        while let Some(word) = words.next() {
            let (name, mut inline) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (word, None),
            };
            if matches!(name.as_str(), "--help" | "-h") {
                return Ok(None);
            }
            let mut value = |what: &str| {
                let next = || words.next_if(|word| !word.starts_with("--"));
                inline.take().or_else(next).ok_or_else(|| Failure::input(format!("{name} needs {what}")))
            };
            match name.as_str() {
                "--definition" => args.definition = Some(value("a JSON file")?.into()),
                "--events" => args.events = Some(value("a Parquet file")?.into()),
                "--queries" => args.queries = Some(value("a Parquet file")?.into()),
                "--path" => args.way = way(&value("batch, stream or verify")?)?,
                "--out" => args.out = Some(value("a file to write")?.into()),
                "--events-count" => args.count = count(&value("a number of events")?)?,
                "--seed" => args.seed = seed(&value("a number")?)?,
                "--stats" => args.stats = true,
                _ => return Err(unknown(&name)),
            }
            if matches!(name.as_str(), "--events-count" | "--seed") {
                made_up = Some(name.clone());
            }
            if let Some(value) = inline {
                return Err(Failure::input(format!("{name} takes no value, found `{value}`")));
            }
        }
        args.check(made_up.as_deref())?;
        Ok(Some(args))
    }

    /// Refuses what makes no sense together before any work is done.
    fn check(&self, made_up: Option<&str>) -> Outcome<()> {
        if self.events.is_some() && self.definition.is_none() {
            return Err(Failure::input("--events needs --definition: which features of these events?"));
        }
        if let (Some(name), true) = (made_up, self.events.is_some()) {
            return Err(Failure::input(format!("{name} is for made-up events and does not go with --events")));
        }
        let Some(out) = &self.out else {
            return match self.way {
                Way::Verify => Ok(()),
                _ => Err(Failure::input(
                    "--out is needed: where shall the vectors go? (only --path verify does without)",
                )),
            };
        };
        let inputs = [&self.definition, &self.events, &self.queries];
        if inputs.into_iter().flatten().any(|input| same_file(input, out)) {
            return Err(Failure::input(format!(
                "--out {} is one of the inputs and would be overwritten",
                out.display()
            )));
        }
        writable(out).map_err(|why| Failure::file(out, "cannot be written", why))
    }
}

/// Finds out before any work is done whether a file can be written; leaves everything as it was.
fn writable(path: &Path) -> std::io::Result<()> {
    let fresh = !path.exists();
    File::options().append(true).create(true).open(path)?;
    if fresh { std::fs::remove_file(path) } else { Ok(()) }
}

/// Whether two paths lead to the same file, if both exist.
fn same_file(a: &Path, b: &Path) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

/// An option nobody knows.
fn unknown(name: &str) -> Failure {
    Failure::input(format!(
        "unknown option `{name}`; allowed: --definition, --events, --queries, --path, --out, --stats, \
         --events-count, --seed, --help"
    ))
}

/// Reads a path.
fn way(word: &str) -> Outcome<Way> {
    match word {
        "batch" => Ok(Way::Batch),
        "stream" => Ok(Way::Stream),
        "verify" => Ok(Way::Verify),
        _ => Err(Failure::input(format!("--path is `{word}`; allowed: batch, stream, verify"))),
    }
}

/// Reads how many events to make up.
fn count(word: &str) -> Outcome<usize> {
    let count = word.parse::<u64>().ok().filter(|count| (1..=MOST_EVENTS).contains(count));
    count.and_then(|count| usize::try_from(count).ok()).ok_or_else(|| {
        Failure::input(format!("--events-count is `{word}`; allowed: a whole number from 1 to {MOST_EVENTS}"))
    })
}

/// Reads a seed.
fn seed(word: &str) -> Outcome<u64> {
    word.parse()
        .map_err(|_| Failure::input(format!("--seed is `{word}`; allowed: a whole number from 0 to {}", u64::MAX)))
}
