//! What the features are: [`FeatureSet`], written in Rust or in JSON, and its fingerprint.

mod builder;
mod canonical;
mod compile;
mod constructors;
mod feature;
mod json;
mod kinds;
mod plan;
mod records;
mod tree;

use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, Serializer};

pub use self::builder::{Builder, Names};
pub use self::feature::Feature;
pub use self::plan::MAX_FILTERS;
pub(crate) use self::plan::{FeaturePlan, FoldPlan, Plan, Storage, WindowPlan};
use crate::computer::Accuracy;
use crate::error::{Error, Result};
use crate::features::apart;
use crate::hash::Fingerprint;
use crate::record::{Column, Schema};
use crate::value::Shape;
use crate::vector::Header;

/// Named features over one kind of entity: the one definition that every door runs.
///
/// Cheap to clone. Made by [`FeatureSet::builder`] or read from JSON; both give the same
/// [`fingerprint`](Self::fingerprint) for the same definition.
///
/// # Format
/// ```json
/// {"name": "shopper", "version": 1, "entity": "user_id", "time": "ts",
///  "columns": {"qty": "i64"},
///  "features": {
///    "clicks_7d": {"count": "*", "where": {"event_type": "click"}, "over": {"sliding": "7d", "hop": "1h"}},
///    "spend_30d": {"sum": "amount", "over": {"sliding": "30d"}, "default": 0.0}},
///  "derived": {"spend_per_click": {"ratio": ["spend_30d", "clicks_7d"]}}}
/// ```
/// A feature is one aggregate of the [catalogue](crate::features) with its parameters and options:
/// ```json
/// {"top_categories": {"approx_top_k": "category", "k": 5, "over": {"sliding": "30d"}},
///  "spend_by_shop":  {"sum": "amount", "by": "shop", "buckets": 50, "over": {"sliding": "7d"}},
///  "daily_spend":    {"sum": "amount", "over": {"tumbling": "1d"}, "series": {"steps": 7, "step": "1d"}},
///  "net_spend":      {"sum": "amount", "retract": {"op": "delete"}, "over": "lifetime"},
///  "conversion":     {"ratio": [{"event_type": "purchase"}, {"event_type": "click"}], "over": {"sliding": "1d"}}}
/// ```
/// `entity` is a column or a list of columns. `columns` gives a column's kind where its use does not tell it. Use
/// tells, in this order: a filter's literal its own kind (numbers are `f64`); an aggregate that takes one kind, such as
/// `any` or `vector_sum`, that kind; one of numbers or of anything ordered an `f64`; one of categories or of anything,
/// and `by`, a `string`; a tie break an `i64`; an entity column an `i64` if it is compared with a number, else a
/// `string`. An integer in an `f64` column is rounded to the nearest double, so declare ids beyond 2^53 as `i64`, and
/// declare timestamps. See
/// [`Window`](crate::Window), [`Filter`](crate::Filter) and [`Derived`](crate::Derived) for the rest.
///
/// # Errors
/// [`ErrorKind::Definition`](crate::ErrorKind::Definition), which says where and what is allowed: unknown
/// fields and aggregates, duplicate names, sizes that are no multiple of their hop, kinds that do not fit.
///
/// # Examples
/// ```
/// use skewless::{Feature, FeatureSet, Span, Window, col};
///
/// let built = FeatureSet::builder("shopper")
///     .entity("user_id")
///     .time("ts")
///     .feature("clicks_7d", Feature::count().filter(col("event_type").eq("click")).over(Window::sliding(Span::days(7))))
///     .build()?;
/// let read = FeatureSet::from_json(
///     r#"{"name": "shopper", "version": 1, "entity": "user_id", "time": "ts", "features": {
///         "clicks_7d": {"count": "*", "where": {"event_type": "click"}, "over": {"sliding": "7d", "hop": "1h"}}}}"#,
/// )?;
/// assert_eq!(built.fingerprint(), read.fingerprint());
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone)]
pub struct FeatureSet(Arc<Inner>);

struct Inner {
    json: String,
    fingerprint: Fingerprint,
    name: String,
    version: u32,
    header: Arc<Header>,
    plan: Plan,
}

impl FeatureSet {
    /// Starts a definition called `name`, version 1, with no features.
    pub fn builder(name: impl Into<String>) -> Builder {
        Builder::new(name.into())
    }

    /// Reads a definition.
    ///
    /// # Errors
    /// [`ErrorKind::Definition`](crate::ErrorKind::Definition) with the place and what is allowed there.
    pub fn from_json(text: &str) -> Result<Self> {
        Self::from_json_with(text, &Computers::new())
    }

    /// Reads a definition that may use your own computers by name.
    ///
    /// # Errors
    /// As [`FeatureSet::from_json`].
    pub fn from_json_with(text: &str, computers: &Computers) -> Result<Self> {
        json::read(text, computers)?.build()
    }

    fn assemble(json: String, ids: String, name: String, version: u32, names: Vec<String>, plan: Plan) -> Self {
        let fingerprint = Fingerprint::of(&format!("{json}{ids}"));
        let header = Arc::new(Header::new(names.into_iter().zip(plan.layouts())));
        Self(Arc::new(Inner { json, fingerprint, name, version, header, plan }))
    }

    /// The name of the set.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The version given by its author.
    pub fn version(&self) -> u32 {
        self.0.version
    }

    /// The identity of what this definition means.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }

    /// The definition in canonical JSON: everything that was left to a default is written out.
    pub fn to_json(&self) -> &str {
        &self.0.json
    }

    /// The names of the vector's values: features in the order written, then derived ones.
    pub fn names(&self) -> &[String] {
        self.0.header.names()
    }

    /// The names, and what their values look like, for vectors to share.
    pub(crate) fn shared_names(&self) -> &Arc<Header> {
        &self.0.header
    }

    /// The shape of each value, in the order of [`names`](Self::names).
    pub fn shapes(&self) -> impl Iterator<Item = Shape> + '_ {
        self.plan().shapes()
    }

    /// How far the feature called `name` may be from the truth; `None` if there is no such feature.
    ///
    /// Derived features are computed from answers as they are and have no accuracy of their own.
    pub fn accuracy(&self, name: &str) -> Option<Accuracy> {
        let place = self.names().iter().position(|known| known == name)?;
        self.plan().features.get(place).map(|feature| feature.accuracy)
    }

    /// Whether value `i` can be null. Counts and integer sums cannot, unless their default is null; a sum of
    /// doubles can, where infinities of both signs meet.
    pub fn is_nullable(&self, i: usize) -> bool {
        self.plan().is_nullable(i)
    }

    /// The columns an event is asked for: entity columns, then time, then the others by name.
    pub fn columns(&self) -> &[Column] {
        &self.plan().columns
    }

    /// The columns that make up the entity.
    pub fn entity_columns(&self) -> &[Column] {
        self.columns().get(..self.plan().entities).unwrap_or(&[])
    }

    /// The column of the event time.
    pub fn time_column(&self) -> &Column {
        &self.columns()[self.plan().entities]
    }

    #[inline]
    pub(crate) fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// Succeeds if events of type `R` have every column that this definition reads, each of a kind it takes.
    ///
    /// A record answers null for a column it does not have, so a renamed field is no error where events enter: ask this
    /// once, at the start. An integer will do for an `f64` or a `timestamp`, and a text for a `timestamp`; an `f64` for an
    /// `i64` will not, since only whole ones are let in. A record without entity columns passes if nothing reads them. Which
    /// of its columns the record calls its entity and its time is not compared.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) with all columns that are missing or of another kind, and
    /// the columns there are.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "derive")] {
    /// use skewless::{FeatureSet, Record};
    ///
    /// #[derive(Record)]
    /// struct Click {
    ///     #[record(entity)]
    ///     user_id: u64,
    ///     #[record(time)]
    ///     ts: i64,
    ///     price: f64,
    /// }
    ///
    /// let set = FeatureSet::from_json(r#"{"name": "shopper", "version": 1, "entity": "user_id", "time": "ts",
    ///     "features": {"spend": {"sum": "amount", "over": "lifetime"}}}"#)?;
    /// let why = set.check_record::<Click>().unwrap_err().to_string();
    /// assert!(why.contains("Click` has no column `amount`"), "{why}");
    /// # }
    /// # Ok::<(), skewless::Error>(())
    /// ```
    pub fn check_record<R: Schema + ?Sized>(&self) -> Result<()> {
        records::check(self, &[records::Known::of::<R>()])
            .map_err(|why| Error::mismatch(format!("events do not fit {} v{}: {why}", self.name(), self.version())))
    }

    /// Succeeds if `other` means the same, else says what differs.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch).
    pub fn check_same(&self, other: &Self) -> Result<()> {
        if Arc::ptr_eq(&self.0, &other.0) || self.fingerprint() == other.fingerprint() {
            return Ok(());
        }
        Err(Error::mismatch(format!(
            "definitions differ: {} is {} v{}, {} is {} v{}; {}",
            self.fingerprint(),
            self.name(),
            self.version(),
            other.fingerprint(),
            other.name(),
            other.version(),
            difference(self.to_json(), other.to_json()),
        )))
    }
}

/// The first place where two canonical definitions part, with some text around it.
fn difference(a: &str, b: &str) -> String {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let excerpt = |text: &str| {
        let from = same.saturating_sub(40);
        String::from_utf8_lossy(text.as_bytes().get(from..(same + 40).min(text.len())).unwrap_or(&[])).into_owned()
    };
    format!("first difference: `{}` against `{}`", excerpt(a), excerpt(b))
}

impl PartialEq for FeatureSet {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint() == other.fingerprint()
    }
}

impl Eq for FeatureSet {}

impl fmt::Debug for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FeatureSet({} v{}, {}, {} values)",
            self.name(),
            self.version(),
            self.fingerprint(),
            self.names().len()
        )
    }
}

impl Serialize for FeatureSet {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        tree::Tree::parse(self.to_json()).map_err(serde::ser::Error::custom)?.serialize(to)
    }
}

impl<'de> serde::Deserialize<'de> for FeatureSet {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let tree = tree::Tree::deserialize(from)?;
        json::read_tree(&tree, &Computers::new()).and_then(Builder::build).map_err(serde::de::Error::custom)
    }
}

/// Your own computers, by the name a JSON definition calls them.
///
/// # Examples
/// ```
/// use skewless::{Computers, Double, FeatureSet, features::Max};
///
/// let computers = Computers::new().with("highest", || Max::<Double>::new());
/// let set = FeatureSet::from_json_with(
///     r#"{"name": "s", "version": 1, "entity": "user", "time": "ts",
///         "features": {"top": {"highest": "price", "over": "lifetime"}}}"#,
///     &computers,
/// )?;
/// assert_eq!(set.names(), ["top"]);
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Computers(Vec<(String, Make)>);

/// Makes a computer, alone or once for every value of a column.
type Make = self::feature::Custom;

impl Computers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a computer called `name`; a built-in aggregate of that name is hidden by it.
    #[must_use]
    pub fn with<C: crate::FeatureComputer>(
        mut self,
        name: impl Into<String>,
        make: impl Fn() -> C + Send + Sync + 'static,
    ) -> Self {
        self.0.push((name.into(), Arc::new(move |by| apart(make(), by))));
        self
    }

    fn find(&self, name: &str) -> Option<Make> {
        let named = self.0.iter().rev().find(|(known, _)| known == name);
        // Canonical JSON calls a computer by its id.
        let found = named.or_else(|| self.0.iter().find(|(_, make)| make(None).id() == name));
        found.map(|(_, make)| Arc::clone(make))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl fmt::Debug for Computers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
