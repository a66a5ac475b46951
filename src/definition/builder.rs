//! The fluent form of a definition.

use std::fmt;
use std::sync::Arc;

use super::FeatureSet;
use super::compile::compile;
use crate::computer::{FeatureComputer, MAX_ARGS};
use crate::error::{Error, Result};
use crate::expr::{Derived, Filter, MAX_DEPTH};
use crate::features::{self, Aggregate, Reads};
use crate::fold::Fold;
use crate::record::MAX_ENTITY_COLUMNS;
use crate::value::{Kind, Value};
use crate::window::{Base, Window};

/// One feature: an aggregate of a column, over a window, of the events that pass a filter.
///
/// # Examples
/// ```
/// use skewless::{Feature, Span, Window, col};
///
/// let feature = Feature::sum("amount")
///     .filter(col("event_type").eq("purchase"))
///     .over(Window::sliding(Span::days(30)))
///     .default(0.0);
/// # let _ = feature;
/// ```
#[derive(Clone, Debug)]
pub struct Feature {
    pub(super) source: Source,
    pub(super) inputs: Vec<String>,
    pub(super) tie_break: Option<String>,
    pub(super) filter: Option<Filter>,
    pub(super) window: Option<Window>,
    pub(super) default: Option<Value>,
}

/// Where a feature's computer comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Builtin(&'static Aggregate),
    Custom(Arc<dyn Fold>),
}

macro_rules! aggregates {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        pub fn $name(column: impl Into<String>) -> Self {
            Self::builtin(stringify!($name), vec![column.into()])
        }
    )+};
}

impl Feature {
    pub(super) fn new(source: Source, inputs: Vec<String>) -> Self {
        Self { source, inputs, tie_break: None, filter: None, window: None, default: None }
    }

    fn builtin(name: &str, inputs: Vec<String>) -> Self {
        let aggregate = features::find(name).unwrap_or(features::AGGREGATES[0]);
        Self::new(Source::Builtin(aggregate), inputs)
    }

    /// The built-in aggregate called `name` (see [`features::names`]) of `column`, or of `*` for `count`.
    ///
    /// # Errors
    /// [`ErrorKind::Definition`](crate::ErrorKind::Definition) when there is none of that name.
    pub fn named(name: &str, column: impl Into<String>) -> Result<Self> {
        let aggregate = features::find(name).ok_or_else(|| {
            let all: Vec<_> = features::names().collect();
            Error::definition(name, format!("unknown aggregate; aggregates: {}", all.join(", ")))
        })?;
        Ok(Self::new(Source::Builtin(aggregate), vec![column.into()]))
    }

    /// How many events.
    pub fn count() -> Self {
        Self::builtin("count", vec!["*".into()])
    }

    /// How many events in which `column` is not null.
    pub fn count_of(column: impl Into<String>) -> Self {
        Self::builtin("count", vec![column.into()])
    }

    aggregates! {
        /// The exact sum of `column`, 0 when empty.
        sum;
        /// The exact mean of `column`.
        mean;
        /// The least value of `column`.
        min;
        /// The greatest value of `column`.
        max;
        /// The population variance of `column`.
        var_pop;
        /// The sample variance of `column`.
        var_samp;
        /// The population standard deviation of `column`.
        stddev_pop;
        /// The sample standard deviation of `column`.
        stddev_samp;
        /// The first value of `column` by event time.
        first;
        /// The last value of `column` by event time.
        last;
    }

    /// Your own computer over `columns`, as many as its input takes.
    pub fn custom(computer: impl FeatureComputer, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(Source::Custom(Arc::new(computer)), columns.into_iter().map(Into::into).collect())
    }

    /// Takes only the events that pass.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(match self.filter {
            Some(old) => old.and(filter),
            None => filter,
        });
        self
    }

    /// The window; every feature needs one.
    #[must_use]
    pub fn over(mut self, window: Window) -> Self {
        self.window = Some(window);
        self
    }

    /// For `first` and `last`: which of several events at the same time counts, before the value decides.
    #[must_use]
    pub fn tie_break(mut self, column: impl Into<String>) -> Self {
        self.tie_break = Some(column.into());
        self
    }

    /// The answer where there would be none: no input in the window, or a null result.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Whether this counts events rather than a column.
    pub(super) fn is_star(&self) -> bool {
        matches!(&self.source, Source::Builtin(a) if a.input == Reads::StarOrColumn)
            && self.inputs.first().is_some_and(|input| input == "*")
    }

    /// The columns read, tie break last.
    pub(super) fn args(&self) -> Vec<&str> {
        let inputs = if self.is_star() { &[][..] } else { &self.inputs };
        inputs.iter().chain(&self.tie_break).map(String::as_str).collect()
    }

    /// Checks what can be checked without knowing kinds.
    pub(super) fn check(&self, at: &str) -> Result<()> {
        let (needed, dated) = match &self.source {
            Source::Builtin(aggregate) => (1, matches!(aggregate.input, Reads::Dated(_))),
            Source::Custom(fold) => (fold.args().len(), fold.is_dated() && fold.args().len() < MAX_ARGS),
        };
        if self.inputs.len() != needed {
            return Err(Error::definition(at, format!("reads {} columns, expected {needed}", self.inputs.len())));
        }
        if needed > MAX_ARGS {
            return Err(Error::definition(at, format!("reads {needed} columns, at most {MAX_ARGS} are allowed")));
        }
        if self.tie_break.is_some() && !dated {
            return Err(Error::definition(at, "`tie_break` goes with `first`, `last` and dated computers only"));
        }
        Ok(())
    }
}

/// Collects a definition; [`build`](Self::build) checks it.
#[derive(Clone)]
pub struct Builder {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) entity: Vec<String>,
    pub(super) time: Option<String>,
    pub(super) columns: Vec<(String, Kind)>,
    pub(super) features: Vec<(String, Feature)>,
    pub(super) derived: Vec<(String, Derived)>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Builder({}, {} features)", self.name, self.features.len())
    }
}

/// One name or several; what [`Builder::entity`] takes.
pub trait Names {
    /// The names, in order.
    fn into_names(self) -> Vec<String>;
}

impl Names for &str {
    fn into_names(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl Names for Vec<String> {
    fn into_names(self) -> Vec<String> {
        self
    }
}

impl<const N: usize> Names for [&str; N] {
    fn into_names(self) -> Vec<String> {
        self.into_iter().map(str::to_owned).collect()
    }
}

impl Builder {
    pub(super) fn new(name: String) -> Self {
        let (entity, columns, features, derived) = Default::default();
        Self { name, version: 1, entity, time: None, columns, features, derived }
    }

    /// The version its author gives the definition; part of the fingerprint.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// The column, or the columns, that say whose event it is: `"user_id"`, or `["shop", "user"]`.
    #[must_use]
    pub fn entity(mut self, columns: impl Names) -> Self {
        self.entity = columns.into_names();
        self
    }

    /// The column of the event time.
    #[must_use]
    pub fn time(mut self, column: impl Into<String>) -> Self {
        self.time = Some(column.into());
        self
    }

    /// Declares a column's kind, where its use does not tell it or tells it wrong.
    ///
    /// Columns that no feature reads may be declared too; that means nothing and changes nothing.
    #[must_use]
    pub fn column(mut self, name: impl Into<String>, kind: Kind) -> Self {
        self.columns.push((name.into(), kind));
        self
    }

    /// Adds a feature.
    #[must_use]
    pub fn feature(mut self, name: impl Into<String>, feature: Feature) -> Self {
        self.features.push((name.into(), feature));
        self
    }

    /// Adds a feature computed from features written before it.
    #[must_use]
    pub fn derive(mut self, name: impl Into<String>, derived: Derived) -> Self {
        self.derived.push((name.into(), derived));
        self
    }

    /// Checks everything and makes the set.
    ///
    /// # Errors
    /// [`ErrorKind::Definition`](crate::ErrorKind::Definition) with the place of the first mistake and
    /// what is allowed there.
    pub fn build(mut self) -> Result<FeatureSet> {
        self.check_names()?;
        for (name, feature) in &mut self.features {
            let at = format!("features.{name}");
            feature.check(&at)?;
            let window = feature.window.take().ok_or_else(|| Error::definition(&at, "no window; call `over`"))?;
            let mut window = window.resolve(&format!("{at}.over"))?;
            let simple = |filter: Filter, part: &str| {
                let node = filter.0.simplify();
                node.check(MAX_DEPTH)
                    .map_err(|why| Error::definition(format!("{at}.{part}"), why))
                    .map(|()| Filter(node))
            };
            window.since = window.since.map(|filter| simple(filter, "over.since")).transpose()?;
            if let Base::Session { activity, .. } = &mut window.base {
                *activity = activity.take().map(|filter| simple(filter, "over.activity")).transpose()?;
            }
            feature.window = Some(window);
            feature.filter = feature.filter.take().map(|filter| simple(filter, "where")).transpose()?;
        }
        compile(self)
    }

    fn check_names(&self) -> Result<()> {
        let mut taken: Vec<&str> = vec!["as_of", "state_bytes"];
        let error = |at: &str, message: String| Err(Error::definition(at, message));
        if self.entity.is_empty() || self.entity.len() > MAX_ENTITY_COLUMNS {
            return error("entity", format!("{} columns; 1 to {MAX_ENTITY_COLUMNS} are allowed", self.entity.len()));
        }
        let Some(time) = &self.time else { return error("time", "no column for the event time".into()) };
        for column in self.entity.iter().chain([time]) {
            if taken.contains(&column.as_str()) || column.is_empty() {
                return error("entity", format!("`{column}` cannot be an entity or time column here: empty or taken"));
            }
            taken.push(column);
        }
        if self.features.is_empty() {
            return error("features", "none; at least one is needed".into());
        }
        let features = self.features.iter().map(|(name, _)| ("features", name));
        for (section, name) in features.chain(self.derived.iter().map(|(name, _)| ("derived", name))) {
            if name.is_empty() || taken.contains(&name.as_str()) {
                let why = if name.is_empty() { "an empty name" } else { "a name that is already taken" };
                return error(&format!("{section}.{name}"), why.into());
            }
            taken.push(name);
        }
        Ok(())
    }
}
