//! skewless, through its Arrow door.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use skewless::{FeatureSet, Timestamp};

use super::definition::{Task, features};
use super::measure::{Held, Job, Loaded};

/// Every event a query, or a snapshot.
pub fn load(job: &Job, events: RecordBatch) -> Loaded {
    let set = features(&job.click);
    match job.task {
        Task::Pit => match job.calls {
            Some(rows) => many_calls(set, &events, rows),
            None => pit(set, &events, job),
        },
        Task::Snapshot => snapshot(set, events, job),
    }
}

/// A snapshot's values by asking for every entity at once; which entities there are is known beforehand.
pub fn load_listed(job: &Job, events: RecordBatch) -> Loaded {
    let names = events.column_by_name("entity").expect("a table of events").as_string::<i32>();
    let entities: BTreeSet<&str> = names.iter().flatten().collect();
    let names: ArrayRef = Arc::new(StringArray::from_iter_values(&entities));
    let times: ArrayRef = Arc::new(Int64Array::from(vec![job.as_of; entities.len()]));
    let queries = RecordBatch::try_from_iter([("entity", names), ("as_of", times)]).expect("equal lengths");
    let set = features(&job.click);
    loaded(move || {
        let answers =
            skewless::batch::point_in_time(&set, std::slice::from_ref(&events), std::slice::from_ref(&queries));
        let answers = answers.expect("good tables");
        Box::new(move || vec![answers])
    })
}

fn loaded(run: impl FnMut() -> Held + 'static) -> Loaded {
    Loaded { version: crate::machine::version("skewless"), run: Box::new(run) }
}

/// A pool of as many threads as the job may use.
pub fn pool(job: &Job) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(job.threads).build().expect("threads can be had")
}

fn pit(set: FeatureSet, events: &RecordBatch, job: &Job) -> Loaded {
    let batches = slices(events, job.batch.unwrap_or(events.num_rows()));
    let queries: Vec<RecordBatch> = batches.iter().map(queries).collect();
    let pool = pool(job);
    loaded(move || {
        let answers = pool.install(|| skewless::batch::point_in_time(&set, &batches, &queries)).expect("good tables");
        Box::new(move || vec![numbered(&answers)])
    })
}

/// As many calls as there are slices of so many rows, each of which knows nothing of the others.
fn many_calls(set: FeatureSet, events: &RecordBatch, rows: usize) -> Loaded {
    let batches = slices(events, rows);
    let queries: Vec<RecordBatch> = batches.iter().map(queries).collect();
    loaded(move || {
        let calls = batches.iter().zip(&queries).map(|(events, queries)| {
            let (events, queries) = (std::slice::from_ref(events), std::slice::from_ref(queries));
            skewless::batch::point_in_time(&set, events, queries).expect("good tables")
        });
        let answers: Vec<RecordBatch> = calls.collect();
        Box::new(move || answers)
    })
}

fn snapshot(set: FeatureSet, events: RecordBatch, job: &Job) -> Loaded {
    let (as_of, pool) = (Timestamp::from_micros(job.as_of).expect("a time"), pool(job));
    loaded(move || {
        let events = std::slice::from_ref(&events);
        let snapshot = pool.install(|| skewless::batch::snapshot(&set, events, as_of)).expect("good tables");
        Box::new(move || vec![snapshot.values().clone()])
    })
}

fn slices(events: &RecordBatch, rows: usize) -> Vec<RecordBatch> {
    (0..events.num_rows()).step_by(rows).map(|at| events.slice(at, rows.min(events.num_rows() - at))).collect()
}

/// Each event asks for its entity as of its own time.
fn queries(events: &RecordBatch) -> RecordBatch {
    let column = |name: &str| events.column_by_name(name).expect("a table of events").clone();
    RecordBatch::try_from_iter([("entity", column("entity")), ("as_of", column("ts"))]).expect("equal lengths")
}

/// Answers come in the order of their queries.
fn numbered(answers: &RecordBatch) -> RecordBatch {
    let row: ArrayRef = Arc::new(Int64Array::from_iter_values(0..answers.num_rows() as i64));
    let schema = answers.schema();
    let columns = schema.fields().iter().zip(answers.columns()).map(|(field, column)| (field.name(), column.clone()));
    let named = [("row", row)].into_iter().chain(columns.map(|(name, column)| (name.as_str(), column)));
    RecordBatch::try_from_iter(named.collect::<Vec<_>>()).expect("equal lengths")
}
