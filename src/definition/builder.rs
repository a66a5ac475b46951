//! The fluent form of a definition.

use std::fmt;

use super::FeatureSet;
use super::compile::compile;
use super::feature::Feature;
use super::records::{self, Known};
use crate::error::{Error, Result};
use crate::expr::{Derived, Filter, MAX_DEPTH};
use crate::record::{MAX_ENTITY_COLUMNS, Schema};
use crate::value::Kind;
use crate::window::Base;

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
    pub(super) records: Vec<Known>,
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
        let (entity, columns, features, derived, records) = Default::default();
        Self { name, version: 1, entity, time: None, columns, features, derived, records }
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

    /// Declares entity, time and the kinds of columns as `R` has them, and holds the features to them: one that reads a
    /// column which `R` does not have is refused.
    ///
    /// What is said by [`entity`](Self::entity), [`time`](Self::time) and [`column`](Self::column) goes before it, in
    /// whichever order they are called. Of several records, for a log of events of several types, a column needs to be
    /// in one; only entity and time are in all. Kinds are part of the fingerprint: an integer field makes an `i64` column,
    /// where a definition in JSON that does not say so may take it for an `f64`.
    ///
    /// # Examples
    /// See [`Schema`].
    #[must_use]
    pub fn record<R: Schema + ?Sized>(mut self) -> Self {
        self.records.push(Known::of::<R>());
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
        self.settle_records()?;
        self.check_names()?;
        for (name, feature) in &mut self.features {
            let at = format!("features.{name}");
            feature.settle(&at)?;
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
            feature.check_window(&window, &at)?;
            feature.window = Some(window);
            feature.filter = feature.filter.take().map(|filter| simple(filter, "where")).transpose()?;
            feature.retract = feature.retract.take().map(|filter| simple(filter, "retract")).transpose()?;
            for condition in &mut feature.conditions {
                *condition = simple(condition.clone(), "ratio")?;
            }
        }
        let known = std::mem::take(&mut self.records);
        let set = compile(self)?;
        if !known.is_empty() {
            records::check(&set, &known).map_err(|why| Error::definition("record", why))?;
        }
        Ok(set)
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
