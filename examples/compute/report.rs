//! What the tool says: a report for people, or one line of JSON for programs.

use std::io::{ErrorKind, Write};
use std::path::Path;

use arrow_array::RecordBatch;
use skewless::FeatureSet;

use crate::fail::{Failure, Outcome};
use crate::merge::Facts;
use crate::progress::Watch;
use crate::replay;
use crate::table;

/// Everything worth saying, collected on the way.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Whether stdout belongs to a program; people then read stderr.
    stats: bool,
    events: usize,
    queries: usize,
    read_seconds: f64,
    compute_seconds: f64,
    write_seconds: f64,
    merge: Option<Facts>,
}

impl Report {
    /// An empty report.
    pub(crate) fn new(stats: bool) -> Self {
        Self { stats, ..Self::default() }
    }

    /// Takes note of what was read.
    pub(crate) fn read(&mut self, events: &[RecordBatch], queries: &[RecordBatch], seconds: f64) {
        let rows = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).sum();
        (self.events, self.queries, self.read_seconds) = (rows(events), rows(queries), seconds);
    }

    /// Says what is computed over what.
    pub(crate) fn heading(&self, set: &FeatureSet, about: &[String; 2]) -> Outcome<()> {
        let keys: Vec<&str> = set.entity_columns().iter().map(skewless::Column::name).collect();
        self.tell(&format!(
            "definition  {} v{}, fingerprint {}, {} {} of {}\nevents      {}, {}\nqueries     {}, {}\n",
            set.name(),
            set.version(),
            set.fingerprint(),
            set.names().len(),
            if set.names().len() == 1 { "feature" } else { "features" },
            keys.join("/"),
            grouped(self.events),
            about[0],
            grouped(self.queries),
            about[1],
        ))
    }

    /// Runs one way of computing and says how long it took.
    pub(crate) fn timed<T>(&mut self, name: &str, run: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let watch = Watch::new();
        let result = run()?;
        let seconds = watch.seconds();
        self.compute_seconds += seconds;
        let rate = self.events as f64 / seconds.max(1e-9);
        self.tell(&format!("{name:<10}  {seconds:.2} s, {} events/s\n", grouped(rate as usize)))?;
        Ok(result)
    }

    /// Shows a few vectors.
    pub(crate) fn table(&self, set: &FeatureSet, vectors: &[RecordBatch]) -> Outcome<()> {
        self.tell(&format!("\n{}\n", table::render(set, vectors)))
    }

    /// Says what the merge was of.
    pub(crate) fn merged(&mut self, facts: Facts) -> Outcome<()> {
        let number = |n: u64| grouped(usize::try_from(n).unwrap_or(usize::MAX));
        self.tell(&format!(
            "            cut at {}\n            view of {} events, {} entities, {} bytes; stream of {} events, {} late\n\
             \x20           {} queries from {} on merged, {} before answered by the batch layer alone\n",
            facts.cut,
            number(facts.events),
            number(facts.entities),
            number(facts.bytes),
            number(facts.streamed),
            number(facts.late),
            grouped(facts.merged),
            facts.from,
            grouped(facts.history),
        ))?;
        self.merge = Some(facts);
        Ok(())
    }

    /// Says what became of the replay.
    pub(crate) fn replayed(&self, facts: &replay::Facts) -> Outcome<()> {
        for (checkpoint, crash) in &facts.crashes {
            let (checkpoint, crash) = (grouped(*checkpoint), grouped(*crash));
            self.tell(&format!(
                "            died after {crash} events, went on from the checkpoint after {checkpoint}\n"
            ))?;
        }
        let again = grouped(usize::try_from(facts.again).unwrap_or(usize::MAX));
        self.tell(&format!(
            "            checkpoint of {} bytes; {again} events delivered again from before it, and each counted once\n",
            grouped(facts.bytes)
        ))
    }

    /// Says that all ways agree.
    pub(crate) fn agreed(&self, compared: usize, set: &FeatureSet) -> Outcome<()> {
        let polars = if cfg!(feature = "polars") { ", replay and polars" } else { " and replay" };
        self.tell(&format!(
            "compared    {} values ({} queries x {} features) bit for bit: batch, stream, merge{polars} agree on all of them\n",
            grouped(compared),
            grouped(self.queries),
            set.names().len(),
        ))
    }

    /// Says what was written.
    pub(crate) fn written(&mut self, out: &Path, vectors: &[RecordBatch], seconds: f64) -> Outcome<()> {
        self.write_seconds = seconds;
        self.tell(&format!(
            "wrote       {}: {} rows, {} columns\n",
            out.display(),
            grouped(vectors.iter().map(RecordBatch::num_rows).sum()),
            vectors.first().map_or(0, RecordBatch::num_columns)
        ))
    }

    /// Says the rest.
    pub(crate) fn finish(&self) -> Outcome<()> {
        if !self.stats {
            return Ok(());
        }
        say(&format!(
            "{{\"events\":{},\"queries\":{},\"read_seconds\":{:.6},\"compute_seconds\":{:.6},\"write_seconds\":{:.6},\
             \"peak_rss_bytes\":{}{}}}\n",
            self.events,
            self.queries,
            self.read_seconds,
            self.compute_seconds,
            self.write_seconds,
            peak_rss().map_or("null".to_owned(), |bytes| bytes.to_string()),
            self.merge.as_ref().map(merge_json).unwrap_or_default(),
        ))
    }

    /// Tells people.
    fn tell(&self, text: &str) -> Outcome<()> {
        if self.stats {
            eprint!("{text}");
            return Ok(());
        }
        say(text)
    }
}

/// The merge's own entry.
fn merge_json(facts: &Facts) -> String {
    format!(
        ",\"merge\":{{\"cut\":\"{}\",\"merged_from\":\"{}\",\"view_events\":{},\"view_entities\":{},\"view_bytes\":{},\
         \"stream_events\":{},\"late_events\":{},\"merged_queries\":{},\"history_queries\":{},\
         \"view_seconds\":{:.6},\"history_seconds\":{:.6},\"serve_seconds\":{:.6}}}",
        facts.cut,
        facts.from,
        facts.events,
        facts.entities,
        facts.bytes,
        facts.streamed,
        facts.late,
        facts.merged,
        facts.history,
        facts.view_seconds,
        facts.history_seconds,
        facts.serve_seconds,
    )
}

/// Writes to stdout; a reader that has had enough is no failure.
pub(crate) fn say(text: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(why) if why.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::input(format!("cannot write to stdout: {why}")))
        }
        _ => Ok(()),
    }
}

/// The most memory this process ever had, where the system tells.
fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// A number with its thousands apart.
pub(crate) fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
