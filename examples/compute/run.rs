//! Two of the ways to the same vectors, and what all of them share.

use std::error::Error;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Field, Schema};
use skewless::batch::{self, Rows, point_in_time, rows};
use skewless::{Column, Entity, Feature, FeatureSet, Kind, Record, Stream, Timestamp, Value, ValueRef, Vector, Window};

use crate::fail::{Failure, Outcome};
use crate::progress::Progress;

/// The column of a query that says as of when.
pub(crate) const AS_OF: &str = "as_of";
/// What it is called while the crate reads queries as if they were events, whose times cannot be `as_of`.
const ASKED: &str = "as_of of the query";

/// What one way of computing came to.
#[derive(Debug)]
pub(crate) struct Run {
    /// The entity columns, `as_of`, and a column a feature, in the order of the queries: a table for each batch
    /// of queries that has any, or an empty one.
    pub(crate) vectors: Vec<RecordBatch>,
    /// How many columns are the question: the entity columns and `as_of`.
    pub(crate) question: usize,
    /// The definition that ran.
    pub(crate) definition: String,
    /// Which way it was.
    pub(crate) way: &'static str,
}

impl Run {
    /// What `way` came to.
    pub(crate) fn new(way: &'static str, set: &FeatureSet, vectors: Vec<RecordBatch>) -> Self {
        let definition = format!("{} v{}, fingerprint {}", set.name(), set.version(), set.fingerprint());
        Self { vectors, question: set.entity_columns().len() + 1, definition, way }
    }

    /// How many queries were answered.
    pub(crate) fn rows(&self) -> usize {
        self.vectors.iter().map(RecordBatch::num_rows).sum()
    }
}

/// A row's time and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) time: i64,
    pub(crate) batch: u32,
    pub(crate) row: u32,
}

/// Lets every event be its own query.
///
/// The columns are shared with the events, not copied.
pub(crate) fn events_as_queries(set: &FeatureSet, events: &[RecordBatch]) -> Result<Vec<RecordBatch>, ArrowError> {
    let time = set.time_column().name();
    events.iter().map(|batch| query_columns(set, batch, time, AS_OF)).collect()
}

/// A batch's entity columns, and the column `time` under a new name.
fn query_columns(set: &FeatureSet, batch: &RecordBatch, time: &str, new_time: &str) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    let schema = batch.schema();
    let names = set.entity_columns().iter().map(|column| (column.name(), column.name()));
    for (name, new_name) in names.chain([(time, new_time)]) {
        let array = batch.column(schema.index_of(name)?);
        fields.push(Field::new(new_name, array.data_type().clone(), true));
        arrays.push(array.clone());
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

/// Refuses events without the definition's columns.
pub(crate) fn check_events(set: &FeatureSet, events: &[RecordBatch]) -> skewless::Result<()> {
    events.iter().try_for_each(|batch| rows(set, batch).map(|_| ()))
}

/// Refuses queries without entity or `as_of`, and those whose entities cannot be among the events.
pub(crate) fn check_queries(
    set: &FeatureSet,
    events: &[RecordBatch],
    queries: &[RecordBatch],
) -> Result<(), Box<dyn Error>> {
    let asked = asked(set)?;
    let as_events = queries_as_events(set, queries)?;
    let (queries, events) = (bind(&asked, &as_events)?, bind(set, events)?);
    for column in set.entity_columns() {
        let (theirs, ours) = (kind_of(column, &queries), kind_of(column, &events));
        // 5 and "5" are two entities: such queries would find nothing, and nobody would know why.
        if let (Some(theirs), Some(ours), true) = (theirs, ours, theirs != ours) {
            let name = column.name();
            return Err(
                format!("column `{name}` is {theirs} here and {ours} in the events: no query would find any").into()
            );
        }
    }
    Ok(())
}

/// The kind of an entity column, going by its first value.
fn kind_of(column: &Column, batches: &[Rows<'_>]) -> Option<Kind> {
    let first = batches.iter().find(|rows| !rows.is_empty())?.row(0);
    part(column, first.field(column)).to_value().kind()
}

/// The queries in the shape of [`asked`].
pub(crate) fn queries_as_events(set: &FeatureSet, queries: &[RecordBatch]) -> Result<Vec<RecordBatch>, ArrowError> {
    queries.iter().map(|batch| query_columns(set, batch, AS_OF, ASKED)).collect()
}

/// All queries at once.
pub(crate) fn batch(set: &FeatureSet, events: &[RecordBatch], queries: &[RecordBatch]) -> Outcome<Run> {
    let mut progress = Progress::new("batch", "queries", queries.iter().map(RecordBatch::num_rows).sum());
    progress.begin();
    let table = point_in_time(set, events, queries)?;
    Ok(Run::new("batch", set, by_batch(&table, queries)))
}

/// Answers in the batches of their queries, or all in one if there are none.
pub(crate) fn by_batch(table: &RecordBatch, queries: &[RecordBatch]) -> Vec<RecordBatch> {
    let mut vectors = Vec::new();
    let mut start = 0;
    for rows in queries.iter().map(RecordBatch::num_rows).filter(|rows| *rows > 0) {
        vectors.push(table.slice(start, rows));
        start += rows;
    }
    if vectors.is_empty() {
        vectors.push(table.clone());
    }
    vectors
}

/// Who reads events, by their number in order of time, and can be asked.
pub(crate) trait Reader {
    /// Takes the event that comes next.
    fn read(&mut self, number: usize) -> Outcome<()>;

    /// Moves the frontier.
    fn advance(&mut self, frontier: Timestamp);

    /// What was read so far.
    fn stream(&self) -> &Stream;
}

/// One event at a time.
pub(crate) fn stream(set: &FeatureSet, events: &[RecordBatch], queries: &[RecordBatch]) -> Outcome<Run> {
    let events = bind(set, events)?;
    let order = in_time(&events, "events")?;
    answer("stream", set, &order, queries, &mut Fed { stream: Stream::new(set), events: &events, order: &order })
}

/// Lets `reader` read events and answer queries.
///
/// Events and queries are taken in order of time, as a host that waits for late events would hand them
/// over. A query comes before the events at its own time, which are not in its answer. The frontier goes
/// along, so states age as they do in a service.
pub(crate) fn answer(
    way: &'static str,
    set: &FeatureSet,
    event_order: &[Place],
    queries: &[RecordBatch],
    reader: &mut impl Reader,
) -> Outcome<Run> {
    let asked = asked(set)?;
    let queries = queries_as_events(set, queries)?;
    let queries = bind(&asked, &queries)?;
    let query_order = in_time(&queries, "queries")?;
    let mut progress = Progress::new(way, "events and queries", event_order.len() + query_order.len());
    let mut parts: Vec<Part> = queries.iter().map(|rows| Part::new(rows.len())).collect();
    let mut coming = event_order.iter().enumerate().peekable();
    let mut done = 0;
    for place in &query_order {
        while let Some((number, _)) = coming.next_if(|(_, event)| event.time < place.time) {
            reader.read(number)?;
            done += 1;
            progress.at(done);
        }
        let as_of = Timestamp::from_micros(place.time)?;
        reader.advance(as_of);
        let entity = entity(&asked, &queries, place).map_err(|why| place.blame("queries", why))?;
        let vector = reader.stream().vector(&entity, as_of)?;
        if let Some(part) = parts.get_mut(place.batch as usize) {
            part.put(set, place.row as usize, entity, vector)?;
        }
        done += 1;
        progress.at(done);
    }
    // No query sees these any more, but a bad one among them must not go unnoticed.
    coming.try_for_each(|(number, _)| reader.read(number))?;
    let mut vectors: Vec<RecordBatch> = parts.into_iter().filter_map(|part| part.table).collect();
    if vectors.is_empty() {
        vectors.push(batch::vectors(set, [])?);
    }
    Ok(Run::new(way, set, vectors))
}

/// A stream that is fed rows of tables.
struct Fed<'a> {
    stream: Stream,
    events: &'a [Rows<'a>],
    order: &'a [Place],
}

impl Reader for Fed<'_> {
    fn read(&mut self, number: usize) -> Outcome<()> {
        let Some(event) = self.order.get(number) else { return Ok(()) };
        let Some(rows) = self.events.get(event.batch as usize) else { return Ok(()) };
        self.stream.advance(Timestamp::from_micros(event.time)?);
        self.stream.update(&rows.row(event.row as usize)).map(drop).map_err(|why| event.blame("events", why))
    }

    fn advance(&mut self, frontier: Timestamp) {
        self.stream.advance(frontier);
    }

    fn stream(&self) -> &Stream {
        &self.stream
    }
}

/// The answers to one batch of queries; they become a table when the last is there, which takes less memory.
struct Part {
    answers: Vec<Option<(Entity, Vector)>>,
    /// How many answers are still to come.
    missing: usize,
    table: Option<RecordBatch>,
}

impl Part {
    fn new(queries: usize) -> Self {
        Self { answers: Vec::new(), missing: queries, table: None }
    }

    /// Takes the answer to query `row` of the batch.
    fn put(&mut self, set: &FeatureSet, row: usize, entity: Entity, vector: Vector) -> skewless::Result<()> {
        if self.answers.is_empty() {
            self.answers.resize_with(self.missing, || None);
        }
        if let Some(slot) = self.answers.get_mut(row) {
            *slot = Some((entity, vector));
            self.missing -= 1;
        }
        if self.missing == 0 {
            let answers = std::mem::take(&mut self.answers);
            let rows = answers.iter().flatten().map(|(entity, vector)| (entity, vector));
            self.table = Some(batch::vectors(set, rows)?);
        }
        Ok(())
    }
}

/// A definition whose events are queries: it lets the crate read queries as it reads events.
pub(crate) fn asked(set: &FeatureSet) -> skewless::Result<FeatureSet> {
    let names: Vec<String> = set.entity_columns().iter().map(|column| column.name().to_owned()).collect();
    let mut builder = FeatureSet::builder("queries").entity(names).time(ASKED);
    for column in set.entity_columns() {
        if let Some(kind) = column.kind() {
            builder = builder.column(column.name(), kind);
        }
    }
    builder.feature("asked", Feature::count().over(Window::lifetime())).build()
}

/// Who asks.
pub(crate) fn entity(asked: &FeatureSet, queries: &[Rows<'_>], place: &Place) -> skewless::Result<Entity> {
    let Some(rows) = queries.get(place.batch as usize) else { return Ok(Entity::new([])) };
    let row = rows.row(place.row as usize);
    // What cannot name an entity is refused with the words that an event gets.
    let columns = asked.entity_columns();
    let parts: Vec<Value> = columns.iter().map(|column| part(column, row.field(column)).to_value()).collect();
    if parts.iter().any(|part| matches!(part, Value::Null | Value::F64(_) | Value::List(_))) {
        let _ = Stream::new(asked).update(&row)?;
    }
    Ok(Entity::new(parts))
}

/// A value in its column's kind; null if it does not fit.
fn part<'a>(column: &Column, found: ValueRef<'a>) -> ValueRef<'a> {
    column.kind().map_or(Ok(found), |kind| found.to_kind(kind)).unwrap_or(ValueRef::Null)
}

/// Finds the columns of every batch.
pub(crate) fn bind<'a>(set: &FeatureSet, batches: &'a [RecordBatch]) -> skewless::Result<Vec<Rows<'a>>> {
    batches.iter().map(|batch| rows(set, batch)).collect()
}

/// Where the rows are, in order of time and, at one time, as given.
pub(crate) fn in_time(batches: &[Rows<'_>], what: &str) -> Outcome<Vec<Place>> {
    let mut places = Vec::with_capacity(batches.iter().map(Rows::len).sum());
    for (batch, rows) in batches.iter().enumerate() {
        for row in 0..rows.len() {
            let mut place = Place { time: 0, batch: batch as u32, row: row as u32 };
            place.time = rows.time(row).map_err(|why| place.blame(what, why))?.as_micros();
            places.push(place);
        }
    }
    // The place itself breaks ties, so this is as good as a stable sort.
    places.sort_unstable();
    Ok(places)
}

impl Place {
    /// The failure of one row.
    pub(crate) fn blame(&self, what: &str, why: skewless::Error) -> Failure {
        why.context(format!("{what}, batch {} row {}", self.batch, self.row)).into()
    }
}
