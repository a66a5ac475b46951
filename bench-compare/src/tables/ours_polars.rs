//! skewless, through its Polars door.

use arrow_array::RecordBatch;
use polars::prelude::{DataFrame, IntoColumn, NamedFrom, Series};
use skewless::Timestamp;
use skewless::batch::polars::{point_in_time, snapshot};

use super::definition::{Task, features};
use super::measure::{Held, Job, Loaded};
use super::{ours, polars as peer};

/// Every event a query, or a snapshot.
pub fn load(job: &Job, events: RecordBatch) -> Loaded {
    let frame = peer::frame(&events);
    drop(events);
    let (set, pool, task) = (features(&job.click), ours::pool(job), job.task);
    let as_of = Timestamp::from_micros(job.as_of).expect("a time");
    let queries = queries(&frame);
    let run = move || match task {
        Task::Pit => pool.install(|| point_in_time(&set, &frame, &queries)).expect("good tables"),
        Task::Snapshot => pool.install(|| snapshot(&set, &frame, as_of)).expect("good tables").values().clone(),
    };
    Loaded {
        version: crate::machine::version("skewless"),
        run: Box::new(move || {
            let answers = run();
            Box::new(move || vec![peer::batch(&keyed(answers, task), task.key()).expect("columns of ours")]) as Held
        }),
    }
}

/// Each event asks for its entity as of its own time.
fn queries(events: &DataFrame) -> DataFrame {
    let column = |name: &str| events.column(name).expect("a table of events").clone();
    DataFrame::new(events.height(), vec![column("entity"), column("ts").with_name("as_of".into())])
        .expect("equal lengths")
}

/// Answers come in the order of their queries.
fn keyed(mut answers: DataFrame, task: Task) -> DataFrame {
    if task == Task::Pit {
        let rows: Vec<i64> = (0..answers.height() as i64).collect();
        answers.with_column(Series::new("row".into(), rows).into_column()).expect("equal lengths");
    }
    answers
}
