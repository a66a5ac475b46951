//! The door as methods of frames.

use std::borrow::Cow;

use polars::prelude::{DataFrame, Expr, LazyFrame, PolarsError};

use super::snapshot::Snapshot;
use super::{input, point_in_time, snapshot};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::time::Timestamp;

/// Features of a frame of events, as methods of [`DataFrame`] and [`LazyFrame`].
///
/// # Examples
/// ```
/// use polars::df;
/// use polars::prelude::{IntoLazy, col, lit};
/// use skewless::{Feature, FeatureSet, Timestamp, Window, batch::polars::FeatureFrame};
///
/// let set = FeatureSet::builder("s").entity("user").time("ts")
///     .feature("n", Feature::count().over(Window::lifetime())).build()?;
/// let events = df!("user" => ["ada", "ada", "bob"], "ts" => [0i64, 1, 2], "page" => ["a", "b", "c"])?;
/// let queries = df!("user" => ["ada"], "as_of" => [1i64])?;
/// assert_eq!(events.point_in_time(&set, &queries)?.column("n")?.i64()?.get(0), Some(1));
///
/// // `page` is not read: the plan is run for the columns that are needed.
/// let lazy = events.lazy().filter(col("ts").gt(lit(0)));
/// assert_eq!(lazy.snapshot(&set, Timestamp::from_micros(9)?)?.values().height(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait FeatureFrame: Collect {
    /// Answers queries over these events: [`point_in_time`](point_in_time()).
    ///
    /// # Errors
    /// As there; and what a lazy frame meets, as [`Definition`](crate::ErrorKind::Definition).
    fn point_in_time(&self, set: &FeatureSet, queries: &impl FeatureFrame) -> Result<DataFrame> {
        let events = self.pick(&input::events(set).collect::<Vec<_>>(), "events")?;
        let queries = queries.pick(&input::queries(set).collect::<Vec<_>>(), "queries")?;
        point_in_time(set, &events, &queries)
    }

    /// Gives every entity's values as of one time: [`snapshot`](snapshot()).
    ///
    /// # Errors
    /// As there; and what a lazy frame meets, as [`Definition`](crate::ErrorKind::Definition).
    fn snapshot(&self, set: &FeatureSet, as_of: Timestamp) -> Result<Snapshot> {
        snapshot(set, &*self.pick(&input::events(set).collect::<Vec<_>>(), "events")?, as_of)
    }
}

impl FeatureFrame for DataFrame {}
impl FeatureFrame for LazyFrame {}

/// What comes to a frame in the end.
pub trait Collect {
    /// At least these columns.
    #[doc(hidden)]
    fn pick(&self, names: &[&str], what: &'static str) -> Result<Cow<'_, DataFrame>>;
}

impl Collect for DataFrame {
    fn pick(&self, _: &[&str], _: &'static str) -> Result<Cow<'_, DataFrame>> {
        // Those that are too many cost nothing.
        Ok(Cow::Borrowed(self))
    }
}

impl Collect for LazyFrame {
    fn pick(&self, names: &[&str], what: &'static str) -> Result<Cow<'_, DataFrame>> {
        let refused = |why: PolarsError| Error::definition(what, format!("polars cannot collect them: {why}"));
        let mut plan = self.clone();
        let schema = plan.collect_schema().map_err(refused)?;
        if let Some(name) = names.iter().find(|name| !schema.contains(name)) {
            return Err(input::missing(name, what, schema.iter_names().map(|name| name.as_str())));
        }
        // Not `col`, to which some names are patterns.
        let columns: Vec<Expr> = names.iter().map(|name| Expr::Column((*name).into())).collect();
        plan.select(columns).collect().map(Cow::Owned).map_err(refused)
    }
}
