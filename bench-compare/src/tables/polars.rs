//! Polars in Rust; `python/peers.py` has the same in Python, and says why it is done in this way.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use polars::lazy::dsl::min_horizontal;
use polars::prelude::{
    Categories, ChunkAgg, Column, DataFrame, DataType, Duration, Expr, FillNullStrategy, IntoLazy, NULL, NamedFrom,
    PolarsResult, SearchSortedSide, Series, SortMultipleOptions, TimeUnit, col, int_range, len, lit, when,
};
use polars::time::ClosedWindow;

use super::definition::{DAY, HOUR, LAST, REAL, Task, WHOLE};
use super::measure::{Job, Loaded};

/// Takes the events into a data frame.
pub fn load(job: &Job, events: RecordBatch) -> Loaded {
    let frame = frame(&events);
    drop(events);
    let (task, click, as_of) = (job.task, job.click.clone(), job.as_of);
    let run = move || match task {
        Task::Pit => pit(&frame, &click),
        Task::Snapshot => snapshot(&frame, &click, as_of),
    };
    Loaded {
        version: crate::machine::version("polars"),
        run: Box::new(move || {
            let answers = run().expect("a query of ours");
            Box::new(move || vec![batch(&answers, task.key()).expect("columns of ours")])
        }),
    }
}

/// The events as a data frame.
pub fn frame(events: &RecordBatch) -> DataFrame {
    let column = |name: &str| events.column_by_name(name).expect("a table of events");
    let texts = ["entity", "event_type", "item", "category"].map(|name| {
        let values = column(name).as_string::<i32>().iter().collect::<Vec<Option<&str>>>();
        Series::new(name.into(), values).into()
    });
    let whole = ["row", "ts"].map(|name| {
        let values = column(name).as_primitive::<Int64Type>().values().to_vec();
        Series::new(name.into(), values).into()
    });
    let amounts = column("amount").as_primitive::<Float64Type>().iter().collect::<Vec<Option<f64>>>();
    let amount: Column = Series::new("amount".into(), amounts).into();
    DataFrame::new(events.num_rows(), whole.into_iter().chain(texts).chain([amount]).collect()).expect("equal lengths")
}

/// Text by the number of its category.
fn category(name: &str) -> Expr {
    col(name).cast(DataType::from_categories(Categories::global()))
}

/// What a window of the sorted table says.
fn rolling(what: Expr, window: &str) -> PolarsResult<Expr> {
    let back = Duration::parse(&format!("-{window}"));
    what.rolling(col("time"), Duration::parse(window), back, ClosedWindow::Left).over([col("entity")])
}

fn pit(events: &DataFrame, click: &str) -> PolarsResult<DataFrame> {
    let coded = events.clone().lazy().select([
        col("row"),
        col("ts"),
        col("amount"),
        category("entity").to_physical(),
        category("item").to_physical(),
        category("category"),
        col("event_type").eq(lit(click)).cast(DataType::UInt32).alias("click"),
        col("ts").cast(DataType::Datetime(TimeUnit::Microseconds, None)).alias("time"),
    ]);
    let mut t = coded.collect()?.sort(["entity"], SortMultipleOptions::default().with_maintain_order(true))?;
    let (distinct, last) = (distinct(&t)?, last(&t)?);
    t.with_column(distinct)?;
    t.with_column(last)?;
    t.lazy()
        .select([
            col("row"),
            rolling(col("click").sum(), "7d")?.alias("click_7d"),
            rolling(col("amount").sum(), "7d")?.alias("sum_7d"),
            rolling(col("amount").sum(), "1d")?.alias("sum_1d"),
            rolling(col("amount").mean(), "1d")?.alias("mean_1d"),
            rolling(col("amount").max(), "30d")?.alias("max_30d"),
            col("nuniq_1d"),
            col(LAST),
            rolling(len(), "1h")?.alias("cnt_1h"),
        ])
        .collect()
}

/// Spans that have begun, less those that have ended.
fn distinct(t: &DataFrame) -> PolarsResult<Column> {
    let ts = t.column("ts")?.i64()?;
    let (start, end) = (ts.min().unwrap_or(0), ts.max().unwrap_or(0));
    let most = |name: &str| Ok::<i64, polars::error::PolarsError>(i64::from(t.column(name)?.u32()?.max().unwrap_or(0)));
    let (reach, entities, items) = (end - start + 2 * DAY, most("entity")? + 1, most("item")? + 1);
    assert!(entities.checked_mul(reach).is_some(), "too many entities for one integer each with its times");
    let entity = || col("entity").cast(DataType::Int64);
    let spans = t.clone().lazy().select([
        (entity() * lit(reach) + col("ts") - lit(start)).alias("key"),
        (entity() * lit(items) + col("item")).alias("item"),
    ]);
    let spans = spans.collect()?;
    let sorted = spans.sort(["item"], SortMultipleOptions::default().with_maintain_order(true))?;
    let left = || col("key") + lit(DAY);
    let ended = when(col("item").eq(col("item").shift(lit(-1))))
        .then(min_horizontal([left(), col("key").shift(lit(-1))])?)
        .otherwise(left());
    let ends = sorted.lazy().select([ended.sort(Default::default()).alias("end")]).collect()?;
    let mut both = spans;
    both.with_column(ends.column("end")?.clone())?;
    let before =
        |column: &str| col(column).search_sorted(col("key"), SearchSortedSide::Left, false).cast(DataType::Int64);
    let counted = both.lazy().select([(before("key") - before("end")).alias("nuniq_1d")]).collect()?;
    Ok(counted.column("nuniq_1d")?.clone())
}

/// The category as it was before the first row of this time.
fn last(t: &DataFrame) -> PolarsResult<Column> {
    let at = || int_range(lit(0), len(), 1, DataType::UInt32);
    let carried = |what: Expr| what.fill_null_with_strategy(FillNullStrategy::Forward(None));
    let same_as_before = |name: &str| col(name).eq(col(name).shift(lit(1))).fill_null(lit(false));
    let known = |when_so: Expr| carried(when(when_so).then(at()).otherwise(lit(NULL)));
    let noted = t.clone().lazy().with_columns([same_as_before("entity").alias("same")]).with_columns([
        known(col("category").is_not_null()).gt_eq(known(col("same").not())).alias("known"),
        carried(col("category")).alias("carried"),
        known(col("same").and(same_as_before("ts")).not()).alias("first"),
    ]);
    let before =
        when(col("same").and(col("known").shift(lit(1)))).then(col("carried").shift(lit(1))).otherwise(lit(NULL));
    let text = before.gather(col("first"), false).cast(DataType::String).alias(LAST);
    Ok(noted.select([text]).collect()?.column(LAST)?.clone())
}

fn snapshot(events: &DataFrame, click: &str, as_of: i64) -> PolarsResult<DataFrame> {
    let since = |window: i64| col("ts").gt_eq(lit(as_of - window));
    let amount = |window: i64| col("amount").filter(since(window));
    events
        .clone()
        .lazy()
        .group_by([col("entity")])
        .agg([
            col("event_type").eq(lit(click)).and(since(7 * DAY)).sum().alias("click_7d"),
            amount(7 * DAY).sum().alias("sum_7d"),
            amount(DAY).sum().alias("sum_1d"),
            amount(DAY).mean().alias("mean_1d"),
            amount(30 * DAY).max().alias("max_30d"),
            col("item").filter(since(DAY)).n_unique().alias("nuniq_1d"),
            col("category").drop_nulls().last().alias(LAST),
            since(HOUR).sum().alias("cnt_1h"),
        ])
        .collect()
}

/// The answers as a record batch.
pub fn batch(answers: &DataFrame, key: &str) -> PolarsResult<RecordBatch> {
    let whole = |name: &str| -> PolarsResult<ArrayRef> {
        let column = answers.column(name)?.cast(&DataType::Int64)?;
        Ok(Arc::new(column.i64()?.iter().collect::<Int64Array>()))
    };
    let real = |name: &str| -> PolarsResult<ArrayRef> {
        Ok(Arc::new(answers.column(name)?.f64()?.iter().collect::<Float64Array>()))
    };
    let text = |name: &str| -> PolarsResult<ArrayRef> {
        Ok(Arc::new(answers.column(name)?.str()?.iter().collect::<StringArray>()))
    };
    let mut columns = vec![(key, if key == "row" { whole(key)? } else { text(key)? })];
    for name in WHOLE {
        columns.push((name, whole(name)?));
    }
    for name in REAL {
        columns.push((name, real(name)?));
    }
    columns.push((LAST, text(LAST)?));
    Ok(RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .expect("equal lengths"))
}
