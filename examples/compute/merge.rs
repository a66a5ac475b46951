//! The third way: a batch view of the events before a cut, a stream of those after it, merged at each query.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema};
use skewless::batch::{self, Rows, point_in_time};
use skewless::merge::{Decision, Finding, Manifest, Part};
use skewless::{BatchView, Cut, Entity, FeatureSet, Serving, Stream, Timestamp, Vector, ViewBuilder};

use crate::cut::{Cutting, Split, place_in_log};
use crate::fail::{Failure, Outcome};
use crate::feed::Feed;
use crate::pick::{self, Pick};
use crate::progress::{Progress, Watch};
use crate::run::{self, Place, Run};

/// What the view is called.
const VIEW: &str = "the view up to the cut";
/// In how many parts it is written.
const PARTS: u32 = 4;
/// The columns that say where in the log an event is; no definition has ones of these names.
const LOG: [&str; 2] = ["partition of the log", "offset in the log"];
/// The table of answers that the batch layer gave alone.
const HISTORY: usize = 0;
/// The table of merged answers.
const MERGED: usize = 1;

/// What is worth saying of the merge beside its vectors.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) cut: String,
    /// From when on queries were merged.
    pub(crate) from: Timestamp,
    /// What the view has.
    pub(crate) entities: u64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    /// Events the stream was given, and how many of them were before `from`.
    pub(crate) streamed: u64,
    pub(crate) late: u64,
    /// Queries by who answered them.
    pub(crate) merged: usize,
    pub(crate) history: usize,
    /// How long the view took, and the history, and everything that was served.
    pub(crate) seconds: [f64; 3],
}

/// Batch up to the cut, stream after it.
///
/// Queries at or after the view's frontier are merged, each when its time comes. Those before it ask for
/// history, of which the view has only what later queries need: a batch pass answers them.
pub(crate) fn merge(
    set: &FeatureSet,
    cutting: Cutting,
    events: &[RecordBatch],
    queries: &[RecordBatch],
) -> Outcome<(Run, Facts)> {
    let asked = run::asked(set)?;
    let rows = run::bind(set, events)?;
    let queries = run::queries_as_events(set, queries)?;
    let queries = run::bind(&asked, &queries)?;
    let (event_order, query_order) = (run::in_time(&rows, "events")?, run::in_time(&queries, "queries")?);
    let split = cutting.split(&event_order);
    let from = split.from.as_micros();
    let (past, present) = query_order.split_at(query_order.partition_point(|place| place.time < from));

    let watch = Watch::new();
    let view = stored(set, &view(set, &split, events)?)?;
    let view_seconds = watch.seconds();
    let watch = Watch::new();
    let (past, history) = history(set, &asked, events, &queries, past)?;
    let history_seconds = watch.seconds();
    let watch = Watch::new();
    let mut parts: Vec<Answers<'_>> = queries.iter().map(|rows| Answers::new(rows.len(), history.as_ref())).collect();
    for (number, place) in past.iter().enumerate() {
        put(&mut parts, set, place, |answers| answers.past(place.row as usize, number))?;
    }
    let mut feed = Feed::new(&rows, &event_order, &split.cut);
    let mut serving = serving(set, &split, &view)?;
    let mut progress = Progress::new("merge", "queries", present.len());
    for (done, place) in present.iter().enumerate() {
        progress.at(done);
        let as_of = Timestamp::from_micros(place.time)?;
        feed.until(&mut serving, place.time)?;
        serving.advance(as_of);
        let entity = run::entity(&asked, &queries, place).map_err(|why| place.blame("queries", why))?;
        let vector = ask(&serving, &view, &entity, as_of)?;
        put(&mut parts, set, place, |answers| answers.merged(place.row as usize, entity, vector))?;
    }
    // No query sees these any more, but a bad one among them must not go unnoticed.
    feed.rest(&mut serving)?;
    let manifest = view.manifest();
    check(&serving, manifest, event_order.len(), feed.len())?;
    let counters = serving.stream().counters();
    let facts = Facts {
        cut: split.cut.to_string(),
        from: split.from,
        entities: manifest.entities,
        events: manifest.events,
        bytes: manifest.parts.iter().map(|part| part.bytes).sum(),
        streamed: counters.total(),
        late: counters.late + counters.expired,
        merged: present.len(),
        history: past.len(),
        seconds: [view_seconds, history_seconds, watch.seconds()],
    };
    let mut vectors: Vec<RecordBatch> = parts.into_iter().filter_map(|part| part.table).collect();
    if vectors.is_empty() {
        vectors.push(batch::vectors(set, [])?);
    }
    Ok((Run::new("merge", set, vectors), facts))
}

/// What a batch job makes of the events that the cut covers.
fn view(set: &FeatureSet, split: &Split, events: &[RecordBatch]) -> Outcome<BatchView> {
    let builder = ViewBuilder::new(set, VIEW, split.cut.clone(), split.from).frontier(split.from).parts(PARTS);
    Ok(match split.cut {
        Cut::EventTime(_) => batch::view(builder, events, &[])?,
        Cut::Positions(_) => batch::view(builder.log_columns(LOG[0], LOG[1]), &with_places(events)?, &[])?,
    })
}

/// The events with their places in the log.
fn with_places(events: &[RecordBatch]) -> Outcome<Vec<RecordBatch>> {
    let mut start = 0;
    let add = |batch: &RecordBatch| {
        let places = (start..start + batch.num_rows()).map(place_in_log);
        start += batch.num_rows();
        let (partitions, offsets): (Vec<_>, Vec<_>) =
            places.map(|(partition, offset)| (i64::from(partition), offset as i64)).unzip();
        let (mut fields, mut columns) = (batch.schema().fields().to_vec(), batch.columns().to_vec());
        for (name, numbers) in LOG.into_iter().zip([partitions, offsets]) {
            let column: ArrayRef = Arc::new(Int64Array::from(numbers));
            fields.push(Arc::new(Field::new(name, column.data_type().clone(), false)));
            columns.push(column);
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    };
    events.iter().map(add).collect()
}

/// Writes a view and reads it again, as it goes from the batch job over files to the serving side.
fn stored(set: &FeatureSet, view: &BatchView) -> Outcome<BatchView> {
    let manifest = Manifest::from_json(&view.manifest().to_json())?;
    Ok(BatchView::open(set, &manifest, view.parts())?)
}

/// A serving side whose stream begins at the cut, with the view in service.
fn serving(set: &FeatureSet, split: &Split, view: &BatchView) -> Outcome<Serving> {
    let mut serving = Serving::new(Stream::new(set).starting_at(split.cut.clone())?);
    let found: Vec<Part> = view.parts().map(|(id, bytes)| Part::of(id, &bytes)).collect();
    let verdict = serving.offer(view.manifest(), &found, split.from);
    match verdict.decision {
        Decision::Accept => {}
        // Someone should look at a view of nothing. Here that is what a cut before all events asks for.
        Decision::Quarantine if verdict.findings == [Finding::Empty] => serving.approve(VIEW, split.from)?,
        _ => return Err(Failure::Differs(format!("REFUSED by the gate\n  view     {VIEW}\n  verdict  {verdict}"))),
    }
    serving.advance(split.from);
    Ok(serving)
}

/// One merged answer, which must be whole.
fn ask(serving: &Serving, view: &BatchView, entity: &Entity, as_of: Timestamp) -> Outcome<Vector> {
    let about = |why: &dyn std::fmt::Display| {
        Failure::Differs(format!("INCOMPLETE merge\n  entity   {entity}\n  as_of    {as_of}\n  why      {why}"))
    };
    let served = serving.vector(entity, as_of, view.lookup(entity)).map_err(|why| about(&why))?;
    if served.is_complete() && served.problem().is_none() {
        return Ok(served.into_vector());
    }
    let why: Vec<String> = served.degraded().map(|(name, reason)| format!("{name}: {reason}")).collect();
    let problem = served.problem().map(|problem| format!("; {problem}")).unwrap_or_default();
    Err(about(&format!("{}{problem}", why.join(", "))))
}

/// Every event is on one side, once.
fn check(serving: &Serving, view: &Manifest, events: usize, given: usize) -> Outcome<()> {
    let counters = serving.stream().counters();
    let folded = counters.applied + counters.late + counters.expired;
    if folded == given as u64 && view.events + folded == events as u64 {
        return Ok(());
    }
    Err(Failure::Differs(format!(
        "LOST or doubled events\n  all      {events}\n  view     {}\n  stream   {given} given, {counters:?}",
        view.events
    )))
}

/// Answers the queries before the frontier from all events; also gives them in the order of the answers.
fn history(
    set: &FeatureSet,
    asked: &FeatureSet,
    events: &[RecordBatch],
    queries: &[Rows<'_>],
    past: &[Place],
) -> Outcome<(Vec<Place>, Option<RecordBatch>)> {
    let mut past = past.to_vec();
    past.sort_unstable_by_key(|place| (place.batch, place.row));
    if past.is_empty() {
        return Ok((past, None));
    }
    let nobody = Stream::new(asked);
    let question = |place: &Place| -> Outcome<(Entity, Vector)> {
        let entity = run::entity(asked, queries, place).map_err(|why| place.blame("queries", why))?;
        let vector = nobody.vector(&entity, Timestamp::from_micros(place.time)?)?;
        Ok((entity, vector))
    };
    let tables = past.chunk_by(|a, b| a.batch == b.batch).map(|places| {
        let rows = places.iter().map(question).collect::<Outcome<Vec<_>>>()?;
        Ok(batch::vectors(asked, rows.iter().map(|(entity, vector)| (entity, vector)))?)
    });
    let answers = point_in_time(set, events, &tables.collect::<Outcome<Vec<_>>>()?)?;
    Ok((past, Some(answers)))
}

/// Hands an answer to the batch of its query.
fn put<'a>(
    parts: &mut [Answers<'a>],
    set: &FeatureSet,
    place: &Place,
    take: impl FnOnce(&mut Answers<'a>),
) -> Outcome<()> {
    let Some(part) = parts.get_mut(place.batch as usize) else { return Ok(()) };
    take(part);
    part.missing -= 1;
    if part.missing == 0 { part.close(set) } else { Ok(()) }
}

/// The answers to one batch of queries; they become a table when the last is there, which takes less memory.
struct Answers<'a> {
    /// The answers to all queries before the frontier.
    history: Option<&'a RecordBatch>,
    merged: Vec<(Entity, Vector)>,
    picks: Vec<Pick>,
    /// How many answers are still to come.
    missing: usize,
    table: Option<RecordBatch>,
}

impl<'a> Answers<'a> {
    fn new(queries: usize, history: Option<&'a RecordBatch>) -> Self {
        let picks = vec![(HISTORY, 0); queries];
        Self { history, merged: Vec::new(), picks, missing: queries, table: None }
    }

    /// The answer to query `row` is in a row of the history.
    fn past(&mut self, row: usize, number: usize) {
        if let Some(pick) = self.picks.get_mut(row) {
            *pick = (HISTORY, number);
        }
    }

    /// The answer to query `row` was merged.
    fn merged(&mut self, row: usize, entity: Entity, vector: Vector) {
        if let Some(pick) = self.picks.get_mut(row) {
            *pick = (MERGED, self.merged.len());
        }
        self.merged.push((entity, vector));
    }

    /// Makes the table.
    fn close(&mut self, set: &FeatureSet) -> Outcome<()> {
        let (merged, picks) = (std::mem::take(&mut self.merged), std::mem::take(&mut self.picks));
        let ours = batch::vectors(set, merged.iter().map(|(entity, vector)| (entity, vector)))?;
        let tables = match self.history {
            Some(history) if merged.is_empty() => [history, history],
            Some(history) if merged.len() < picks.len() => [history, &ours],
            _ => [&ours, &ours],
        };
        if tables[0].schema() != tables[1].schema() {
            let schemas = tables.map(|table| table.schema().to_string());
            return Err(Failure::Differs(format!(
                "DIFFERENT tables\n  batch    {}\n  merge    {}",
                schemas[0], schemas[1]
            )));
        }
        self.table = Some(pick::rows(tables, &picks)?);
        Ok(())
    }
}
