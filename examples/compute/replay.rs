//! The way of a new version: the events as a log, read by a replay that dies twice and goes on from its last checkpoint.

use arrow_array::RecordBatch;
use skewless::batch::Rows;
use skewless::replay::{Delivery, Replay};
use skewless::{FeatureSet, Positions, Stream, Timestamp};

use crate::cut::place_in_log;
use crate::fail::{Failure, Outcome};
use crate::run::{self, Place, Reader, Run};

/// How many events the log delivers again from before a checkpoint, as one that commits late does.
const AGAIN: usize = 1_000;

/// What is worth saying of the replay beside its vectors.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// How many events were read when a checkpoint was made, and when the process died.
    pub(crate) crashes: Vec<(usize, usize)>,
    /// The size of the last checkpoint.
    pub(crate) bytes: usize,
    /// How many events were delivered once more.
    pub(crate) again: u64,
}

/// One event at a time, in order of time, into a stream that is lost twice.
pub(crate) fn replay(set: &FeatureSet, events: &[RecordBatch], queries: &[RecordBatch]) -> Outcome<(Run, Facts)> {
    let rows = run::bind(set, events)?;
    let order = run::in_time(&rows, "events")?;
    let end: Positions =
        (0..order.len()).map(place_in_log).map(|(partition, offset)| (partition, offset + 1)).collect();
    let crashes = [(order.len() / 4, order.len() / 3), (3 * order.len() / 4, 5 * order.len() / 6)];
    let replay = Replay::new(Stream::new(set), Positions::new(), end)?;
    let mut log = Log { set, rows: &rows, order: &order, crashes, replay, checkpoint: None, facts: Facts::default() };
    let run = run::answer("replay", set, &order, queries, &mut log)?;
    let Log { replay, mut facts, .. } = log;
    let stream = replay.finish()?;
    let counters = stream.counters();
    if counters.applied + counters.late + counters.expired != order.len() as u64 {
        return Err(Failure::Differs(format!("LOST or doubled events\n  all      {}\n  {counters:?}", order.len())));
    }
    facts.again = counters.redelivered;
    Ok((run, facts))
}

/// The log, and who reads it.
struct Log<'a> {
    set: &'a FeatureSet,
    rows: &'a [Rows<'a>],
    order: &'a [Place],
    crashes: [(usize, usize); 2],
    replay: Replay,
    /// The last checkpoint, and how many events had been read then.
    checkpoint: Option<(usize, Vec<u8>)>,
    facts: Facts,
}

impl Log<'_> {
    /// The process dies: all it had in memory is gone, and the log is delivered again from a while before the checkpoint.
    fn die(&mut self, number: usize) -> Outcome<()> {
        let Some((made, bytes)) = self.checkpoint.take() else { return Ok(()) };
        self.replay = Replay::resume(self.set, &bytes)?;
        self.facts.crashes.push((made, number));
        self.facts.bytes = bytes.len();
        (made.saturating_sub(AGAIN)..number).try_for_each(|number| self.deliver(number))
    }

    fn deliver(&mut self, number: usize) -> Outcome<()> {
        let Some((place, rows)) = self.order.get(number).and_then(|at| Some((at, self.rows.get(at.batch as usize)?)))
        else {
            return Ok(());
        };
        let (partition, offset) = place_in_log(number);
        self.replay.advance(Timestamp::from_micros(place.time)?);
        let delivery = Delivery::new(partition, offset, rows.row(place.row as usize));
        self.replay.read(&delivery).map(drop).map_err(|why| place.blame("events", why))
    }
}

impl Reader for Log<'_> {
    fn read(&mut self, number: usize) -> Outcome<()> {
        if self.crashes.iter().any(|(checkpoint, _)| *checkpoint == number) {
            self.checkpoint = Some((number, self.replay.checkpoint()?));
        }
        if self.crashes.iter().any(|(_, crash)| *crash == number) {
            self.die(number)?;
        }
        self.deliver(number)
    }

    fn advance(&mut self, frontier: Timestamp) {
        self.replay.advance(frontier);
    }

    fn stream(&self) -> &Stream {
        self.replay.stream()
    }
}
