//! The command line.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::cut::Cutting;
use crate::fail::{Failure, Outcome};

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
compute - one feature definition, run over events in batch, as a stream, merged of both and replayed, every bit compared

usage: cargo run --release --features arrow --example compute -- [options]

Without options a shop's click-stream is made up, and the sample definition runs over it all ways.

  --definition D.json    the features; examples/compute/shopper.json if left out
  --events E.parquet     the events; needs --definition, which names the columns that are read
  --queries Q.parquet    whose vector is wanted when: the entity columns and `as_of` (a timestamp of any unit,
                         or int64 microseconds); if left out, every event asks, for its entity at its own time
  --path PATH            batch    all queries at once, joined to the events before them
                         stream   events one at a time in time order, each query when its time comes
                         merge    a batch view of the events before a cut, a stream of those after it, and each
                                  query answered of both when its time comes; a value that is not whole is a
                                  failure. Queries before the cut ask for history, of which a view keeps only
                                  what later queries need: a batch pass over all events answers them
                         replay   as stream, but read from a log by a replay that dies twice: it goes on from its
                                  last checkpoint, and the log delivers again what it had read since and before
                         polars   as batch, over Polars frames; needs `--features arrow,polars`
                         verify   all of them; exit code 1 at the first value that differs in a bit (the
                                  default)
  --cut T                for merge and verify: the cut is this time, RFC 3339 or microseconds since 1970; an
                         event or query at exactly this time is after it
  --cut-fraction F       the cut is the time before which this share of the events lies, 0 to 1 (default 0.7)
  --cut-by WHAT          time       the cut is a time (the default)
                         positions  the cut is a place in the log: the rows, in their order and dealt to four
                                    partitions in turn, are the log, of which the view has the share of
                                    --cut-fraction; the rest is read in log order, as far as a query needs.
                                    Queries at or after the time of that share are merged; an event that is
                                    earlier, but stands after the cut, is late
  --out OUT.parquet      where the vectors go: entity columns, `as_of`, one column a feature, in the order of
                         the queries; `--path verify` does without
  --threads N            on how many threads a batch pass runs (default 1); more than one with --features
                         arrow,parallel
  --stats                print one line of JSON on stdout: counts, seconds and peak memory
  --events-count N       how many events to make up (default 1000000)
  --seed S               for which made-up shop (default 1)
  --help                 print this

exit codes: 0 done, 1 two paths differ or the merge is not whole, 2 something given cannot be used
";

/// How many events are made up unless told otherwise.
const EVENTS: u64 = 1_000_000;

/// More threads than any machine has use for.
const MOST_THREADS: usize = 1024;

/// Rows are counted in 32 bits.
const MOST_EVENTS: u64 = 100_000_000;

/// Which way, or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// All queries at once.
    Batch,
    /// One event at a time.
    Stream,
    /// Batch up to a cut, stream after it.
    Merge,
    /// One event at a time, from a log, with crashes.
    Replay,
    /// All queries at once, over Polars frames.
    #[cfg(feature = "polars")]
    Polars,
    /// All, compared.
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
    /// Where to cut for the merge.
    pub(crate) cutting: Cutting,
    /// Where the vectors go.
    pub(crate) out: Option<PathBuf>,
    /// On how many threads a batch pass runs.
    pub(crate) threads: usize,
    /// Whether a program reads stdout.
    pub(crate) stats: bool,
    /// How many events to make up.
    pub(crate) count: usize,
    /// For which shop.
    pub(crate) seed: u64,
}

/// What is only understood with the rest.
#[derive(Debug, Default)]
struct Given {
    cut: Option<String>,
    cut_fraction: Option<String>,
    cut_by: Option<String>,
    /// The last option that only the merge knows.
    for_merge: Option<String>,
    /// The last one for made-up events.
    for_made_up: Option<String>,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            definition: None,
            events: None,
            queries: None,
            way: Way::Verify,
            cutting: Cutting::default(),
            out: None,
            threads: 1,
            stats: false,
            count: EVENTS as usize,
            seed: 1,
        }
    }
}

impl Args {
    /// Reads the command line; `None` if it asks for help.
    pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Outcome<Option<Self>> {
        let (mut args, mut given) = (Self::default(), Given::default());
        let words = words.skip(1).map(OsString::into_string).collect::<Result<Vec<_>, _>>();
        let mut words = words.map_err(|word| Failure::input(format!("{word:?} is not UTF-8")))?.into_iter().peekable();
        while let Some(word) = words.next() {
            let (name, inline) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (word, None),
            };
            match (name.as_str(), inline) {
                ("--help" | "-h", _) => return Ok(None),
                ("--stats", None) => args.stats = true,
                ("--stats", Some(value)) => {
                    return Err(Failure::input(format!("{name} takes no value, found `{value}`")));
                }
                (_, inline) => {
                    let what = wants(&name).ok_or_else(|| unknown(&name))?;
                    let value = inline.or_else(|| words.next_if(|word| !word.starts_with("--")));
                    let value = value.ok_or_else(|| Failure::input(format!("{name} needs {what}")))?;
                    args.set(name, value, &mut given)?;
                }
            }
        }
        args.cutting = Cutting::read(given.cut.as_deref(), given.cut_fraction.as_deref(), given.cut_by.as_deref())?;
        args.check(&given)?;
        Ok(Some(args))
    }

    /// Takes the value of one option.
    fn set(&mut self, name: String, value: String, given: &mut Given) -> Outcome<()> {
        match name.as_str() {
            "--definition" => self.definition = Some(value.into()),
            "--events" => self.events = Some(value.into()),
            "--queries" => self.queries = Some(value.into()),
            "--path" => self.way = way(&value)?,
            "--cut" => given.cut = Some(value),
            "--cut-fraction" => given.cut_fraction = Some(value),
            "--cut-by" => given.cut_by = Some(value),
            "--out" => self.out = Some(value.into()),
            "--threads" => self.threads = threads(&value)?,
            "--events-count" => self.count = count(&value)?,
            _ => self.seed = seed(&value)?,
        }
        if name.starts_with("--cut") {
            given.for_merge = Some(name);
        } else if matches!(name.as_str(), "--events-count" | "--seed") {
            given.for_made_up = Some(name);
        }
        Ok(())
    }

    /// Refuses what makes no sense together before any work is done.
    fn check(&self, given: &Given) -> Outcome<()> {
        if self.events.is_some() && self.definition.is_none() {
            return Err(Failure::input("--events needs --definition: which features of these events?"));
        }
        if let (Some(name), true) = (&given.for_made_up, self.events.is_some()) {
            return Err(Failure::input(format!("{name} is for made-up events and does not go with --events")));
        }
        if let (Some(name), false) = (&given.for_merge, matches!(self.way, Way::Merge | Way::Verify)) {
            return Err(Failure::input(format!(
                "{name} is for the merge; it goes with --path merge and --path verify"
            )));
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

/// The value an option takes, in words; `None` if nobody knows the option.
fn wants(name: &str) -> Option<&'static str> {
    Some(match name {
        "--definition" => "a JSON file",
        "--events" | "--queries" => "a Parquet file",
        "--path" => "batch, stream, merge, replay, polars or verify",
        "--cut" => "a time",
        "--cut-fraction" => "a number from 0 to 1",
        "--cut-by" => "time or positions",
        "--out" => "a file to write",
        "--threads" => "a number of threads",
        "--events-count" => "a number of events",
        "--seed" => "a number",
        _ => return None,
    })
}

/// An option nobody knows.
fn unknown(name: &str) -> Failure {
    Failure::input(format!(
        "unknown option `{name}`; allowed: --definition, --events, --queries, --path, --cut, --cut-fraction, \
         --cut-by, --out, --threads, --stats, --events-count, --seed, --help"
    ))
}

/// Reads a path.
fn way(word: &str) -> Outcome<Way> {
    match word {
        "batch" => Ok(Way::Batch),
        "stream" => Ok(Way::Stream),
        "merge" => Ok(Way::Merge),
        "replay" => Ok(Way::Replay),
        #[cfg(feature = "polars")]
        "polars" => Ok(Way::Polars),
        #[cfg(not(feature = "polars"))]
        "polars" => Err(Failure::input("--path polars needs Polars: run with --features arrow,polars")),
        "verify" => Ok(Way::Verify),
        _ => Err(Failure::input(format!("--path is `{word}`; allowed: batch, stream, merge, replay, polars, verify"))),
    }
}

/// Reads a number of threads.
fn threads(word: &str) -> Outcome<usize> {
    let count = word.parse().ok().filter(|count| (1..=MOST_THREADS).contains(count));
    count.ok_or_else(|| {
        Failure::input(format!("--threads is `{word}`; allowed: a whole number from 1 to {MOST_THREADS}"))
    })
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
