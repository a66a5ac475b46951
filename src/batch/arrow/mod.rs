//! Arrow record batches at the batch door: the only module that names Arrow.

mod input;
mod output;
mod snapshot;
mod view;

use arrow_array::{Array, RecordBatch};

pub use self::input::rows;
use self::output::finish;
pub use self::output::vectors;
pub use self::snapshot::{Snapshot, snapshot};
pub use self::view::view;
use super::door;
use crate::definition::FeatureSet;
use crate::error::Result;

/// Answers every query with the values of all features as of its own time: a training set.
///
/// `events` and `queries` may come in any chunking and row order. Events need the definition's columns, in
/// any of the types below; queries need the entity columns and `as_of`. An event at exactly `as_of` is not
/// in its own answer, so asking for the events themselves leaks nothing.
///
/// | kind | Arrow types |
/// | --- | --- |
/// | time | Timestamp of any unit and zone, Date32, Date64, integers (microseconds), RFC 3339 text |
/// | f64, i64 | all integers and floats; a double must be whole to be an `i64` |
/// | string | Utf8, LargeUtf8, Utf8View, and dictionaries of them |
/// | bool, list | Boolean; List, LargeList and FixedSizeList of Float64 |
///
/// The result has the entity columns, `as_of` in microseconds UTC, and one column a value, in query order:
/// Int64, Float64, Utf8, Boolean, Timestamp or List; a count is not nullable, a mean is.
///
/// # Errors
/// [`Missing`](crate::ErrorKind::Missing) and [`Type`](crate::ErrorKind::Type) name the column and the row;
/// [`Overflow`](crate::ErrorKind::Overflow) names the feature whose integer sum left `i64`. Nothing is
/// skipped silently: one bad row refuses the pass.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use arrow_array::{Float64Array, Int64Array, RecordBatch, StringArray, cast::AsArray, types::Float64Type};
/// use skewless::{Feature, FeatureSet, Span, Window, batch::point_in_time};
///
/// let set = FeatureSet::builder("shopper")
///     .entity("user")
///     .time("ts")
///     .feature("spend_1h", Feature::sum("amount").over(Window::sliding(Span::hours(1))))
///     .build()?;
/// let events = RecordBatch::try_from_iter([
///     ("user", Arc::new(StringArray::from(vec!["ada", "ada"])) as _),
///     ("ts", Arc::new(Int64Array::from(vec![0, 1_000_000])) as _),
///     ("amount", Arc::new(Float64Array::from(vec![0.1, 0.2])) as _),
/// ])?;
/// let queries = RecordBatch::try_from_iter([
///     ("user", Arc::new(StringArray::from(vec!["ada", "ada"])) as _),
///     ("as_of", Arc::new(Int64Array::from(vec![1_000_000, 2_000_000])) as _),
/// ])?;
/// let answers = point_in_time(&set, &[events], &[queries])?;
/// let spend = answers.column_by_name("spend_1h").unwrap().as_primitive::<Float64Type>();
/// assert_eq!(spend.values(), &[0.1, 0.1 + 0.2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn point_in_time(set: &FeatureSet, events: &[RecordBatch], queries: &[RecordBatch]) -> Result<RecordBatch> {
    let bound = events.iter().map(|batch| input::events(set, batch)).collect::<Result<_>>()?;
    let asked = queries.iter().map(|batch| input::queries(set, batch)).collect::<Result<_>>()?;
    door::point_in_time(set, bound, asked, same_entities(set, events, queries), |columns, asked, times| {
        finish(set, columns, queries, asked, times)
    })
}

/// Whether the queries have the events' own entity columns, so that they need not be looked up.
fn same_entities(set: &FeatureSet, events: &[RecordBatch], queries: &[RecordBatch]) -> bool {
    let same = |(events, queries): (&RecordBatch, &RecordBatch)| {
        set.entity_columns().iter().all(|column| {
            let both = events.column_by_name(column.name()).zip(queries.column_by_name(column.name()));
            both.is_some_and(|(ours, theirs)| ours.to_data().ptr_eq(&theirs.to_data()))
        })
    };
    events.len() == queries.len() && events.iter().zip(queries).all(same)
}
