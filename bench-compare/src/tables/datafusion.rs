//! DataFusion in Rust, by SQL.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::DataType;
use datafusion::datasource::MemTable;
use datafusion::error::Result;
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::runtime::{Builder, Runtime};

use super::definition::{DAY, HOUR, LAST, REAL, Task, WHOLE};
use super::measure::{Job, Loaded};

/// The rows of a batch that suits it.
const BATCH: usize = 8_192;

/// Takes the events into a table in memory, in as many parts as there are threads.
pub fn load(job: &Job, events: RecordBatch) -> Loaded {
    let runtime = Builder::new_multi_thread().worker_threads(job.threads).enable_all().build().expect("a runtime");
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(job.threads));
    let table = MemTable::try_new(events.schema(), parts(&events, job.threads)).expect("batches of one schema");
    context.register_table("events", Arc::new(table)).expect("a new name");
    let query = match job.task {
        Task::Pit => pit(&job.click),
        Task::Snapshot => snapshot(&job.click, job.as_of),
    };
    let key = job.task.key();
    Loaded {
        version: crate::machine::version("datafusion"),
        run: Box::new(move || {
            let answers = collect(&runtime, &context, &query).expect("a query of ours");
            Box::new(move || answers.iter().map(|batch| plain(batch, key)).collect())
        }),
    }
}

fn collect(runtime: &Runtime, context: &SessionContext, query: &str) -> Result<Vec<RecordBatch>> {
    // In a task, so that the work is done by the workers alone.
    let (context, query) = (context.clone(), query.to_owned());
    let task = runtime.spawn(async move { context.sql(&query).await?.collect().await });
    runtime.block_on(task).expect("a task that ends")
}

fn parts(events: &RecordBatch, count: usize) -> Vec<Vec<RecordBatch>> {
    let rows = events.num_rows();
    let batches = |from: usize, to: usize| {
        (from..to).step_by(BATCH).map(|at| events.slice(at, BATCH.min(to - at))).collect::<Vec<_>>()
    };
    (0..count).map(|part| batches(part * rows / count, (part + 1) * rows / count)).collect()
}

/// `last_value` without nulls differs from the definition where times are equal, so the row of the last category is
/// found as the greatest row number, and the category by a join; that is no slower.
fn pit(click: &str) -> String {
    let click = click.replace('\'', "''");
    let frame =
        |reach: String| format!("(PARTITION BY entity ORDER BY ts RANGE BETWEEN {reach} PRECEDING AND 1 PRECEDING)");
    let [hour, day, week, month] = [HOUR, DAY, 7 * DAY, 30 * DAY].map(|window| frame(window.to_string()));
    let ever = frame("UNBOUNDED".into());
    format!(
        "WITH answers AS (
            SELECT row,
                count(CASE WHEN event_type = '{click}' THEN 1 END) OVER week AS click_7d,
                coalesce(sum(amount) OVER week, 0) AS sum_7d,
                coalesce(sum(amount) OVER day, 0) AS sum_1d,
                avg(amount) OVER day AS mean_1d,
                max(amount) OVER month AS max_30d,
                count(DISTINCT item) OVER day AS nuniq_1d,
                max(CASE WHEN category IS NOT NULL THEN row END) OVER ever AS source,
                count(*) OVER hour AS cnt_1h
            FROM events
            WINDOW hour AS {hour}, day AS {day}, week AS {week}, month AS {month}, ever AS {ever})
        SELECT answers.*, events.category AS last_cat FROM answers LEFT JOIN events ON answers.source = events.row"
    )
}

fn snapshot(click: &str, as_of: i64) -> String {
    let click = click.replace('\'', "''");
    let [hour, day, week, month] = [HOUR, DAY, 7 * DAY, 30 * DAY].map(|window| format!("ts >= {}", as_of - window));
    format!(
        "SELECT entity,
            count(*) FILTER (WHERE event_type = '{click}' AND {week}) AS click_7d,
            coalesce(sum(amount) FILTER (WHERE {week}), 0) AS sum_7d,
            coalesce(sum(amount) FILTER (WHERE {day}), 0) AS sum_1d,
            avg(amount) FILTER (WHERE {day}) AS mean_1d,
            max(amount) FILTER (WHERE {month}) AS max_30d,
            count(DISTINCT item) FILTER (WHERE {day}) AS nuniq_1d,
            last_value(category ORDER BY row) FILTER (WHERE category IS NOT NULL) AS last_cat,
            count(*) FILTER (WHERE {hour}) AS cnt_1h
        FROM events GROUP BY entity"
    )
}

/// The columns that are compared, text as plain Utf8.
fn plain(answers: &RecordBatch, key: &'static str) -> RecordBatch {
    let names = [key].into_iter().chain(WHOLE).chain(REAL).chain([LAST]);
    let columns = names.map(|name| {
        let column = answers.column_by_name(name).expect("a column of ours");
        let plain: ArrayRef = match column.data_type() {
            DataType::Utf8View => Arc::new(column.as_string_view().iter().collect::<StringArray>()),
            _ => column.clone(),
        };
        (name, plain, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).expect("equal lengths")
}
