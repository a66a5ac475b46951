//! One feature as written: an aggregate, its columns, its parameters, its window.

use std::sync::Arc;

use crate::computer::{FeatureComputer, MAX_ARGS};
use crate::error::{Error, Result};
use crate::expr::Filter;
use crate::features::{self, Aggregate, Reads, apart};
use crate::fold::Fold;
use crate::time::Span;
use crate::value::{Kind, Value};
use crate::window::{Base, Window};

/// The most steps a series may have.
pub(crate) const MAX_STEPS: u32 = 1_000;
/// How many values of the `by` column are kept apart where a feature does not say.
pub(crate) const BUCKETS: i64 = 100;
/// The most values of the `by` column that can be kept apart.
pub(crate) const MAX_BUCKETS: i64 = 65_536;

/// One feature: an aggregate of a column, over a window, of the events that pass a filter.
///
/// There is one constructor an aggregate (see [`features`] for all of them, their parameters and what they
/// answer); [`named`](Self::named) takes any by its name.
///
/// # Examples
/// ```
/// use skewless::{Feature, Span, Window, col};
///
/// let spend = Feature::sum("amount")
///     .filter(col("event_type").eq("purchase"))
///     .over(Window::sliding(Span::days(30)))
///     .default(0.0);
/// let clicks_by_category = Feature::count().by("category", 50).over(Window::sliding(Span::days(7)));
/// let daily = Feature::sum("amount").over(Window::tumbling(Span::days(1))).series(7, Span::days(1));
/// # let _ = (spend, clicks_by_category, daily);
/// ```
#[derive(Clone, Debug)]
pub struct Feature {
    pub(super) source: Source,
    pub(super) inputs: Vec<String>,
    pub(super) conditions: Vec<Filter>,
    /// The parameters written; all of them, in the aggregate's order, once settled.
    pub(super) parameters: Vec<(String, Value)>,
    pub(super) by: Option<(String, i64)>,
    pub(super) tie_break: Option<String>,
    pub(super) filter: Option<Filter>,
    pub(super) retract: Option<Filter>,
    pub(super) window: Option<Window>,
    pub(super) series: Option<(u32, Span)>,
    pub(super) default: Option<Value>,
}

/// Where a feature's computer comes from.
#[derive(Clone)]
pub(crate) enum Source {
    Builtin(&'static Aggregate),
    Custom(Custom),
}

/// Makes a computer of the user's: alone, or once for every value of a column.
pub(crate) type Custom = Arc<dyn Fn(Option<(Kind, usize)>) -> Arc<dyn Fold> + Send + Sync>;

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Builtin(aggregate) => f.write_str(aggregate.name),
            Self::Custom(make) => f.write_str(&make(None).id()),
        }
    }
}

impl Feature {
    pub(super) fn new(source: Source, inputs: Vec<String>) -> Self {
        let (conditions, parameters) = Default::default();
        Self {
            source,
            inputs,
            conditions,
            parameters,
            by: None,
            tie_break: None,
            filter: None,
            retract: None,
            window: None,
            series: None,
            default: None,
        }
    }

    /// The built-in aggregate `name`, whose row must be there: a test goes through all constructors.
    pub(super) fn builtin<const N: usize>(name: &str, inputs: [String; N]) -> Self {
        let aggregate = features::find(name).unwrap_or(features::AGGREGATES[0]);
        Self::new(Source::Builtin(aggregate), inputs.into())
    }

    /// The built-in aggregate called `name` (see [`features::names`]) of these columns: `"amount"`,
    /// `["amount", "weight"]`, or `"*"` for all events.
    ///
    /// # Errors
    /// [`ErrorKind::Definition`](crate::ErrorKind::Definition) when there is none of that name.
    pub fn named(name: &str, columns: impl super::Names) -> Result<Self> {
        let aggregate = features::find(name).ok_or_else(|| {
            let all: Vec<_> = features::names().collect();
            Error::definition(name, format!("unknown aggregate; aggregates: {}", all.join(", ")))
        })?;
        Ok(Self::new(Source::Builtin(aggregate), columns.into_names()))
    }

    /// Your own computer over `columns`, as many as its input takes.
    pub fn custom(
        computer: impl FeatureComputer + Clone,
        columns: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let make = move |by| apart(computer.clone(), by);
        Self::new(Source::Custom(Arc::new(make)), columns.into_iter().map(Into::into).collect())
    }

    /// Sets a parameter of the aggregate, such as the `k` of `first_k`; the last one set counts.
    #[must_use]
    pub fn with(mut self, parameter: impl Into<String>, value: impl Into<Value>) -> Self {
        let parameter = parameter.into();
        self.parameters.retain(|(known, _)| *known != parameter);
        self.parameters.push((parameter, value.into()));
        self
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

    /// Lets the events that pass take their input back out instead of putting it in: a deletion, or the first
    /// half of a correction.
    ///
    /// A retraction carries the time and the values of the event it undoes, and may arrive before it; until then a
    /// count may be negative. Only
    /// aggregates whose card says that they are retractable take this; for others it is an error of the
    /// definition, and so it is together with [`by`](Self::by).
    #[must_use]
    pub fn retract(mut self, filter: Filter) -> Self {
        self.retract = Some(filter);
        self
    }

    /// Keeps the aggregate apart for each value of `column`; the answer is a map. See [`features::By`].
    ///
    /// No more than `buckets` values are kept apart, 1 to 65,536; all others are answered together, under a null key.
    /// A value without an input in the window is not in the map; the default stands for the whole map, not for keys.
    #[must_use]
    pub fn by(mut self, column: impl Into<String>, buckets: u32) -> Self {
        self.by = Some((column.into(), i64::from(buckets)));
        self
    }

    /// The window; every feature needs one.
    #[must_use]
    pub fn over(mut self, window: Window) -> Self {
        self.window = Some(window);
        self
    }

    /// Answers with a list: the window as it is now, and before it `steps - 1` windows that each start `step` earlier.
    ///
    /// The earliest comes first. Only the last window ends at `as_of`; the others are exactly as long as the window's
    /// size and end on an edge of the hop, so windows as long as the step follow each other without a gap or an
    /// overlap. The last one may be up to a hop longer, or, if it tumbles, still be filling. Takes sliding and tumbling
    /// windows; `step` is a multiple of the hop, or of a tumbling window's size. The default stands for each item.
    #[must_use]
    pub fn series(mut self, steps: u32, step: Span) -> Self {
        self.series = Some((steps, step));
        self
    }

    /// For aggregates that go by event time: which of several events at the same time counts, before the value
    /// decides.
    #[must_use]
    pub fn tie_break(mut self, column: impl Into<String>) -> Self {
        self.tie_break = Some(column.into());
        self
    }

    /// The answer where there would be none: no input in the window, or a null result. It also replaces the 0 of a
    /// count or a sum without inputs.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Whether this reads events rather than a column.
    fn is_star(&self) -> bool {
        matches!(&self.source, Source::Builtin(a) if a.reads == Reads::Events)
            && self.inputs.first().is_some_and(|input| input == "*")
    }

    /// The columns the aggregate itself reads.
    pub(super) fn columns(&self) -> &[String] {
        if self.is_star() { &[] } else { &self.inputs }
    }

    /// All columns read: the one it goes by first, the tie break last.
    pub(super) fn args(&self) -> Vec<&str> {
        let by = self.by.iter().map(|(column, _)| column);
        by.chain(self.columns()).chain(&self.tie_break).map(String::as_str).collect()
    }

    /// The computer, the kinds of all its columns being known.
    pub(super) fn computer(&self, kind: impl Fn(&str) -> Option<Kind>) -> std::result::Result<Arc<dyn Fold>, String> {
        let by = self
            .by
            .as_ref()
            .map(|(column, limit)| (kind(column).unwrap_or(Kind::Str), usize::try_from(*limit).unwrap_or(usize::MAX)));
        match &self.source {
            Source::Custom(make) => Ok(make(by)),
            Source::Builtin(aggregate) => {
                let kinds: Vec<Option<Kind>> = self.columns().iter().map(|column| kind(column)).collect();
                let find = |name: &'static str| self.parameters.iter().find(|(known, _)| known == name);
                let known = aggregate.parameters.iter().filter_map(|p| Some((p.name, find(p.name)?.1.clone())));
                let values: Vec<(&'static str, Value)> = known.collect();
                (aggregate.bind)(&features::Given { kinds: &kinds, values: &values, by })
            }
        }
    }

    /// The length that lists in its column must have, if it holds them to one.
    pub(super) fn length(&self) -> Option<(&str, usize)> {
        let (_, length) = self.parameters.iter().find(|(name, _)| name == "length")?;
        Some((self.columns().first()?, usize::try_from(length.as_i64()?).ok()?))
    }

    /// How many items the lists it answers with have, if its parameters say.
    pub(super) fn answers(&self) -> Option<usize> {
        let quantiles = self.parameters.iter().find(|(name, _)| name == "q");
        quantiles.and_then(|(_, q)| q.as_list()).map(<[f64]>::len).or(self.length().map(|(_, length)| length))
    }

    /// Checks what can be checked without knowing kinds, and writes out the parameters that were left to their
    /// defaults.
    pub(super) fn settle(&mut self, at: &str) -> Result<()> {
        let (needed, dated) = match &self.source {
            Source::Builtin(aggregate) => (aggregate.reads.width(), aggregate.dated),
            Source::Custom(make) => (make(None).args().len(), make(None).is_dated()),
        };
        let conditions = matches!(&self.source, Source::Builtin(a) if matches!(a.reads, Reads::Conditions(_)));
        let (found, what) =
            if conditions { (self.conditions.len(), "filters") } else { (self.inputs.len(), "columns") };
        if found != needed || (conditions && !self.inputs.is_empty()) {
            let found = if conditions && found == 0 { self.inputs.len() } else { found };
            return Err(Error::definition(at, format!("reads {found} columns, expected {needed} {what}")));
        }
        if self.args().contains(&"*") {
            return Err(Error::definition(at, "`*` stands for all events; expected a column"));
        }
        let all = needed + usize::from(self.by.is_some()) + usize::from(self.tie_break.is_some());
        if all > MAX_ARGS {
            return Err(Error::definition(at, format!("reads {all} columns, at most {MAX_ARGS} are allowed")));
        }
        if self.tie_break.is_some() && !dated {
            let dated: Vec<_> = features::AGGREGATES.iter().filter(|a| a.dated).map(|a| a.name).collect();
            return Err(Error::definition(
                at,
                format!("`tie_break` goes with {} and dated computers only", dated.join(", ")),
            ));
        }
        if let Some((_, buckets)) = &self.by
            && !(1..=MAX_BUCKETS).contains(buckets)
        {
            let message = format!("found {buckets}, expected a whole number from 1 to {MAX_BUCKETS}");
            return Err(Error::definition(format!("{at}.buckets"), message));
        }
        self.settle_parameters(at)
    }

    fn settle_parameters(&mut self, at: &str) -> Result<()> {
        let Source::Builtin(aggregate) = &self.source else {
            return match self.parameters.first() {
                Some((name, _)) => Err(Error::definition(format!("{at}.{name}"), "a custom computer takes none")),
                None => Ok(()),
            };
        };
        let names: Vec<_> = aggregate.parameters.iter().map(|p| p.name).collect();
        if let Some((name, _)) = self.parameters.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            let allowed = if names.is_empty() { "none".into() } else { names.join(", ") };
            return Err(Error::definition(
                at,
                format!("`{}` has no parameter `{name}`; it takes: {allowed}", aggregate.name),
            ));
        }
        let settled = aggregate.parameters.iter().map(|parameter| {
            let written = self.parameters.iter().find(|(name, _)| name == parameter.name).map(|(_, value)| value);
            let settled = parameter.settle(written);
            let value = settled.map_err(|why| Error::definition(format!("{at}.{}", parameter.name), why))?;
            Ok((parameter.name.to_owned(), value))
        });
        self.parameters = settled.collect::<Result<Vec<_>>>()?;
        Ok(())
    }

    /// Checks that the aggregate and a series go with the window.
    pub(super) fn check_window(&self, window: &Window, at: &str) -> Result<()> {
        let endless = matches!(window.base, Base::Lifetime) && window.since.is_none();
        if endless && matches!(&self.source, Source::Builtin(a) if a.bounded) {
            return Err(Error::definition(
                format!("{at}.over"),
                "a lifetime has no length; take a window with a start",
            ));
        }
        let Some((steps, step)) = self.series else { return Ok(()) };
        let error = |message: String| Err(Error::definition(format!("{at}.series"), message));
        if !(1..=MAX_STEPS).contains(&steps) {
            return error(format!("found {steps} steps, expected 1 to {MAX_STEPS}"));
        }
        let plain = matches!(window.base, Base::Sliding { .. } | Base::Tumbling { .. }) && window.since.is_none();
        if !plain {
            return error("goes with sliding and tumbling windows without `since` only".into());
        }
        let hop = Span::from_micros(window.base.tail().step)?;
        if step.is_zero() || !step.is_multiple_of(hop) {
            return error(format!("step {step} is not a whole number of the window's hops of {hop}"));
        }
        if step.as_micros().checked_mul(i64::from(steps)).is_none_or(|all| Span::from_micros(all).is_err()) {
            return error(format!("{steps} steps of {step} are longer than any span"));
        }
        Ok(())
    }
}
