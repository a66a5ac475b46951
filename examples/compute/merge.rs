//! The third way: a batch view of the events before a cut, a stream of those after it, merged at each query.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema};
use skewless::batch::{self, Rows, point_in_time};
use skewless::merge::{Decision, Finding, Manifest, Part};
use skewless::{BatchView, Cut, Entity, FeatureSet, Serving, Stream, Timestamp, Vector, ViewBuilder};

use crate::answers::{Answers, History};
use crate::cut::{Cutting, Split, place_in_log};
use crate::fail::{Failure, Outcome};
use crate::feed::Feed;
use crate::progress::{Progress, Watch};
use crate::run::{self, Place, Run};

/// What the view is called.
const VIEW: &str = "the view up to the cut";
/// In how many parts it is written.
const PARTS: u32 = 4;
/// The columns that say where in the log an event is; no definition has ones of these names.
const LOG: [&str; 2] = ["partition of the log", "offset in the log"];

/// What is worth saying of the merge beside its vectors.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) cut: String,
    /// From when on queries were merged.
    pub(crate) from: String,
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
    /// How long the view took, and the history, and all that was served.
    pub(crate) view_seconds: f64,
    pub(crate) history_seconds: f64,
    pub(crate) serve_seconds: f64,
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
    let asking = Asking { set, asked: &asked, queries: &run::bind(&asked, &queries)? };
    let (event_order, query_order) = (run::in_time(&rows, "events")?, run::in_time(asking.queries, "queries")?);
    let split = cutting.split(&event_order);
    let from = split.from.as_micros();
    let (past, present) = query_order.split_at(query_order.partition_point(|place| place.time < from));

    let (view, view_seconds) = timed(|| stored(set, &view(set, &split, events)?))?;
    let (history, history_seconds) = timed(|| asking.history(events, past))?;
    let mut answers = Answers::new(set, asking.queries, &history)?;
    let mut feed = Feed::new(&rows, &event_order, &split.cut);
    let mut serving = serving(set, &split, &view)?;
    let ((), serve_seconds) = timed(|| asking.serve(present, &view, &mut feed, &mut serving, &mut answers))?;
    check(&serving, view.manifest(), event_order.len(), feed.len())?;
    let facts = Facts {
        cut: split.cut.to_string(),
        from: split.from.to_string(),
        merged: present.len(),
        history: past.len(),
        view_seconds,
        history_seconds,
        serve_seconds,
        ..Facts::of(&serving, view.manifest())
    };
    Ok((Run::new("merge", set, answers.finish()?), facts))
}

fn timed<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, f64)> {
    let watch = Watch::new();
    let result = work()?;
    Ok((result, watch.seconds()))
}

impl Facts {
    /// Those of both sides.
    fn of(serving: &Serving, view: &Manifest) -> Self {
        let counters = serving.stream().counters();
        Self {
            entities: view.entities,
            events: view.events,
            bytes: view.parts.iter().map(|part| part.bytes).sum(),
            streamed: counters.total(),
            late: counters.late + counters.expired,
            ..Self::default()
        }
    }
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

/// Whoever asks.
struct Asking<'a> {
    set: &'a FeatureSet,
    /// The definition that reads queries.
    asked: &'a FeatureSet,
    queries: &'a [Rows<'a>],
}

impl Asking<'_> {
    fn entity(&self, place: &Place) -> Outcome<Entity> {
        run::entity(self.asked, self.queries, place).map_err(|why| place.blame("queries", why))
    }

    /// Answers the queries before the frontier from all events, at once.
    fn history(&self, events: &[RecordBatch], past: &[Place]) -> Outcome<History> {
        let mut order = past.to_vec();
        order.sort_unstable_by_key(|place| (place.batch, place.row));
        let nobody = Stream::new(self.asked);
        let question = |place: &Place| -> Outcome<(Entity, Vector)> {
            let entity = self.entity(place)?;
            let vector = nobody.vector(&entity, Timestamp::from_micros(place.time)?)?;
            Ok((entity, vector))
        };
        let tables = order.chunk_by(|a, b| a.batch == b.batch).map(|places| -> Outcome<RecordBatch> {
            let rows = places.iter().map(question).collect::<Outcome<Vec<_>>>()?;
            Ok(batch::vectors(self.asked, rows.iter().map(|(entity, vector)| (entity, vector)))?)
        });
        let tables = tables.collect::<Outcome<Vec<_>>>()?;
        let table = if tables.is_empty() { None } else { Some(point_in_time(self.set, events, &tables)?) };
        Ok(History { order, table })
    }

    /// Answers the others, in order of time, while the stream reads on.
    fn serve(
        &self,
        present: &[Place],
        view: &BatchView,
        feed: &mut Feed<'_>,
        serving: &mut Serving,
        answers: &mut Answers<'_>,
    ) -> Outcome<()> {
        let mut progress = Progress::new("merge", "queries", present.len());
        for (done, place) in present.iter().enumerate() {
            progress.at(done);
            let as_of = Timestamp::from_micros(place.time)?;
            feed.until(serving, place.time)?;
            serving.advance(as_of);
            let entity = self.entity(place)?;
            let vector = ask(serving, view, &entity, as_of)?;
            answers.put(place, entity, vector)?;
        }
        // No query sees these any more, but a bad one among them must not go unnoticed.
        feed.rest(serving)
    }
}
