//! Polars frames at the batch door: the only module that names Polars. No Arrow crate stands in between.
//!
//! [`point_in_time()`] and [`snapshot()`] are those of [`batch`](super), for a [`DataFrame`]; [`FeatureFrame`] has both as
//! methods, for a [`LazyFrame`](polars::prelude::LazyFrame) too, of which only the columns that are needed are collected.
//!
//! Values are read from a column's chunks where they are, however those of different columns are cut. An error names a row
//! by its batch, which is a stretch of rows in which no column has a cut, and its place in there.

mod frame;
mod input;
mod output;
mod snapshot;

use std::sync::Arc;

use polars::prelude::DataFrame;

pub use self::frame::FeatureFrame;
use self::input::Pieces;
pub use self::snapshot::{Snapshot, snapshot};
use super::bound::Row;
use super::door;
use crate::definition::FeatureSet;
use crate::error::Result;

/// Answers every query with the values of all features as of its own time: a training set.
///
/// `events` and `queries` may come in any chunking and row order. Events need the definition's columns, in
/// any of the types below; queries need the entity columns and `as_of`. An event at exactly `as_of` is not
/// in its own answer, so asking for the events themselves leaks nothing.
///
/// | kind | Polars types |
/// | --- | --- |
/// | time | Datetime of any unit and zone, Date, integers (microseconds), RFC 3339 text |
/// | f64, i64 | Int8 to Int64, UInt8 to UInt64, Float32, Float64; a double must be whole to be an `i64` |
/// | string | String, Categorical, Enum |
/// | bool, list | Boolean; List and Array of Float64 |
///
/// The result has the entity columns, `as_of` in microseconds UTC, and one column a value, in query order:
/// Int64, Float64, String, Boolean, Datetime or List; a map is a List of Struct with `key` and `value`. Entity columns of
/// Int64, String and Boolean are the queries' own.
///
/// # Errors
/// [`Missing`](crate::ErrorKind::Missing) and [`Type`](crate::ErrorKind::Type) name the column and the row;
/// [`Overflow`](crate::ErrorKind::Overflow) names the feature whose integer sum left `i64`. Nothing is
/// skipped silently: one bad row refuses the pass.
///
/// # Examples
/// ```
/// use polars::df;
/// use skewless::{Feature, FeatureSet, Span, Window, batch::polars::point_in_time};
///
/// let set = FeatureSet::builder("shopper")
///     .entity("user")
///     .time("ts")
///     .feature("spend_1h", Feature::sum("amount").over(Window::sliding(Span::hours(1))))
///     .build()?;
/// let events = df!("user" => ["ada", "ada"], "ts" => [0i64, 1_000_000], "amount" => [0.1, 0.2])?;
/// let queries = df!("user" => ["ada", "ada"], "as_of" => [1_000_000i64, 2_000_000])?;
/// let answers = point_in_time(&set, &events, &queries)?;
/// let spend = answers.column("spend_1h")?.f64()?.cont_slice()?;
/// assert_eq!(spend, [0.1, 0.1 + 0.2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn point_in_time(set: &FeatureSet, events: &DataFrame, queries: &DataFrame) -> Result<DataFrame> {
    let (ours, theirs) = (Pieces::events(set, events)?, Pieces::queries(set, queries)?);
    let (bound, asked) = (ours.bind_events(set)?, theirs.bind_queries(set)?);
    door::point_in_time(set, bound, asked, same_entities(set, events, queries), |answers, asked, times| {
        output::finish(set, answers, queries, asked, times)
    })
}

/// Whether the queries have the events' own entity columns, so that they need not be looked up.
fn same_entities(set: &FeatureSet, events: &DataFrame, queries: &DataFrame) -> bool {
    let own = |frame: &DataFrame, name: &str| Some(frame.column(name).ok()?.as_materialized_series().0.clone());
    set.entity_columns().iter().map(crate::Column::name).all(|name| {
        let both = own(events, name).zip(own(queries, name));
        both.is_some_and(|(ours, theirs)| Arc::ptr_eq(&ours, &theirs))
    })
}

/// Gives the events of a frame one by one, in its order, to feed a [`Stream`](crate::Stream).
///
/// # Errors
/// [`ErrorKind::Missing`](crate::ErrorKind::Missing) names a column that is not there,
/// [`ErrorKind::Type`](crate::ErrorKind::Type) one of a type this crate does not read; and the first error of `take`, after
/// which no event is given.
///
/// # Examples
/// ```
/// use polars::df;
/// use skewless::{Feature, FeatureSet, Stream, Window, batch::polars::for_each_event};
///
/// let set = FeatureSet::builder("s").entity("user").time("ts")
///     .feature("n", Feature::count().over(Window::lifetime())).build()?;
/// let events = df!("user" => ["ada", "bob", "ada"], "ts" => [0i64, 1, 2])?;
/// let mut stream = Stream::new(&set);
/// for_each_event(&set, &events, |event| stream.update(&event).map(|_| ()))?;
/// assert_eq!(stream.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn for_each_event(set: &FeatureSet, events: &DataFrame, mut take: impl FnMut(Row<'_>) -> Result<()>) -> Result<()> {
    let pieces = Pieces::events(set, events)?;
    let bound = pieces.bind_events(set)?;
    bound.iter().try_for_each(|stretch| (0..stretch.len()).try_for_each(|row| take(stretch.row(row))))
}
