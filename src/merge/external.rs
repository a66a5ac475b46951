//! Values that are no fold of events, such as an embedding or a score: [`External`].

use serde::{Deserialize, Serialize};

use super::served::{Age, Provenance, Reason, Source, Status};
use super::{Lookup, Missing};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::time::{Span, Timestamp};
use crate::value::{Kind, Value, ValueRef};

/// Which side an external value is taken from where both have a fresh one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Override {
    /// Real-time wins while fresh, then batch.
    #[default]
    RealtimeWins,
    /// Batch wins while fresh, then real-time: for values that a batch job corrects.
    BatchWins,
    /// The later of the two; real-time at the same time. A speed layer that died does not shadow a newer batch.
    Freshest,
}

/// A value that is not folded from events: a model or another system makes it, and batch view or real-time
/// side only carry it.
///
/// # Units
/// Every value has the time it is of. It is fresh at `as_of` if that time is not after `as_of` and at most the
/// [`ttl`](Self::ttl) before it. No clock is asked, so a replay expires what serving expired. Real-time values come
/// by [`Serving::put`](super::Serving::put), not through the stream: a stream that is behind or stale says nothing of them.
///
/// # Examples
/// ```
/// use skewless::{External, Kind, Span, merge::Override};
///
/// let embedding = External::new("embedding", Kind::List).ttl(Span::days(2));
/// let risk = External::new("risk", Kind::F64).policy(Override::Freshest).ttl(Span::hours(1)).default(0.5);
/// # let _ = (embedding, risk);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct External {
    name: String,
    kind: Kind,
    policy: Override,
    ttl: Option<Span>,
    default: Value,
}

/// A value and the time it is of.
pub(super) type Dated = (Value, Timestamp);

impl External {
    /// A value called `name`; real-time wins, it never expires, and its default is null.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind, policy: Override::default(), ttl: None, default: Value::Null }
    }

    /// Which side wins.
    #[must_use]
    pub fn policy(mut self, policy: Override) -> Self {
        self.policy = policy;
        self
    }

    /// How old a value may be and still be served; one of exactly this age is.
    #[must_use]
    pub fn ttl(mut self, ttl: Span) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// What is served where neither side has a fresh value.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = value.into();
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it holds.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Brings a value to this external's kind; `None` for null, which is no value.
    pub(super) fn admit(&self, value: ValueRef<'_>) -> Result<Option<Value>> {
        let value = value.to_kind(self.kind).map_err(|found| Error::column(&self.name, self.kind, found))?;
        Ok((!value.is_null()).then(|| value.to_value()))
    }

    /// Whether a stored value is one that [`admit`](Self::admit) gives.
    pub(super) fn accepts(&self, value: &Value) -> bool {
        value.kind() == Some(self.kind)
    }

    /// What of a side is fresh.
    fn fresh<'v>(&self, side: Lookup<(&'v Value, Timestamp)>, as_of: Timestamp) -> Option<(&'v Value, Timestamp)> {
        side.found().filter(|(_, at)| self.is_fresh(*at, as_of))
    }

    /// Whether a side had a value that is too old.
    fn expired(&self, side: Lookup<(&Value, Timestamp)>, as_of: Timestamp) -> bool {
        side.found().is_some_and(|(_, at)| at <= as_of && !self.is_fresh(at, as_of))
    }

    /// Whether a value of this time is served at `as_of`.
    fn is_fresh(&self, at: Timestamp, as_of: Timestamp) -> bool {
        at <= as_of && self.ttl.is_none_or(|ttl| as_of.since(at) <= ttl)
    }

    /// Whether values of this grow too old.
    pub(super) fn expires(&self) -> bool {
        self.ttl.is_some()
    }

    /// Whether a value of this time is too old at `frontier` and ever after.
    pub(super) fn is_gone(&self, at: Timestamp, frontier: Timestamp) -> bool {
        self.ttl.is_some_and(|ttl| frontier.since(at) > ttl)
    }

    /// The value served at `as_of`, and where it came from.
    ///
    /// # Examples
    /// ```
    /// use skewless::merge::{Reason, Source, Status};
    /// use skewless::{External, Kind, Lookup, Span, Timestamp, Value};
    ///
    /// let risk = External::new("risk", Kind::F64).ttl(Span::hours(1)).default(0.5);
    /// let (noon, one): (Timestamp, Timestamp) = ("2026-11-23T12:00:00Z".parse()?, "2026-11-23T13:00:00Z".parse()?);
    /// let value = Value::from(0.9);
    ///
    /// let (served, provenance) = risk.resolve(Lookup::NotFound, Lookup::Found((&value, noon)), one);
    /// assert_eq!((served.as_f64(), provenance.source), (Some(0.9), Source::Realtime));
    ///
    /// let late = one.saturating_add(Span::micros(1));
    /// let (served, provenance) = risk.resolve(Lookup::NotFound, Lookup::Found((&value, noon)), late);
    /// assert_eq!((served.as_f64(), provenance.status), (Some(0.5), Status::Degraded(Reason::Expired)));
    /// # Ok::<(), skewless::Error>(())
    /// ```
    pub fn resolve(
        &self,
        batch: Lookup<(&Value, Timestamp)>,
        realtime: Lookup<(&Value, Timestamp)>,
        as_of: Timestamp,
    ) -> (Value, Provenance) {
        let (from_batch, from_realtime) = (self.fresh(batch, as_of), self.fresh(realtime, as_of));
        let realtime_first = match self.policy {
            Override::RealtimeWins => true,
            Override::BatchWins => false,
            Override::Freshest => from_realtime.map(|(_, at)| at) >= from_batch.map(|(_, at)| at),
        };
        let source = match (from_batch, from_realtime) {
            (None, None) => Source::Default,
            (Some(_), None) => Source::Batch,
            (None, Some(_)) => Source::Realtime,
            _ if realtime_first => Source::Realtime,
            _ => Source::Batch,
        };
        let value = match source {
            Source::Batch => from_batch.map(|(value, _)| value),
            Source::Realtime => from_realtime.map(|(value, _)| value),
            _ => None,
        };
        // A side that is down matters where it could have been asked before the one that answered.
        let batch_asked =
            source == Source::Default || source == Source::Realtime && self.policy != Override::RealtimeWins;
        let realtime_asked = source == Source::Default || source == Source::Batch && self.policy != Override::BatchWins;
        let later = |side: Lookup<(&Value, Timestamp)>| side.found().is_some_and(|(_, at)| at > as_of);
        let status = match (batch.missing(), realtime.missing()) {
            (Some(Missing::Failed), _) if batch_asked => Status::Degraded(Reason::BatchFailed),
            (_, Some(Missing::Failed)) if realtime_asked => Status::Degraded(Reason::RealtimeFailed),
            // The latest value is kept; what it replaced may have been there at `as_of`.
            _ if batch_asked && later(batch) || realtime_asked && later(realtime) => Status::Degraded(Reason::NotKept),
            _ if value.is_none() && (self.expired(batch, as_of) || self.expired(realtime, as_of)) => {
                Status::Degraded(Reason::Expired)
            }
            _ => Status::Complete,
        };
        let at = |side: Lookup<(&Value, Timestamp)>| side.found().map(|(_, at)| as_of.since(at));
        let age = Age { batch: at(batch), realtime: at(realtime) };
        (value.unwrap_or(&self.default).clone(), Provenance { source, status, age })
    }
}

/// All externals of a service, checked against the definition they are served beside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Externals(Vec<External>);

impl Externals {
    /// Externals to be served beside the features of `set`, in this order, behind them.
    ///
    /// # Errors
    /// [`ErrorKind::Definition`](crate::ErrorKind::Definition) for a name that is taken, or a default of another kind.
    pub fn new(set: &FeatureSet, all: impl IntoIterator<Item = External>) -> Result<Self> {
        let mut externals = Vec::new();
        for mut external in all {
            let at = || format!("externals.{}", external.name);
            let taken = |other: &External| other.name == external.name;
            if external.name.is_empty() || set.names().contains(&external.name) || externals.iter().any(taken) {
                return Err(Error::definition(at(), "the name is empty or taken by another value of the vector"));
            }
            let default = external.default.as_ref().to_kind(external.kind);
            let default = default.map_err(|found| {
                Error::definition(format!("{}.default", at()), format!("found {found}, expected {}", external.kind))
            })?;
            external.default = default.to_value();
            externals.push(external);
        }
        Ok(Self(externals))
    }

    /// Which one is called `name`.
    pub(super) fn position(&self, name: &str) -> Result<usize> {
        self.0.iter().position(|external| external.name == name).ok_or_else(|| {
            let names: Vec<_> = self.iter().map(External::name).collect();
            Error::definition(name, format!("no such external; there are {}", names.join(", ")))
        })
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &External> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, place: usize) -> Option<&External> {
        self.0.get(place)
    }
}

/// Keeps the later of two values, the greater at the same time, whichever came first.
pub(super) fn keep_later(slot: &mut Option<Dated>, (value, at): Dated) {
    let later = |(known, since): &Dated| (at, &value) > (*since, known);
    if slot.as_ref().is_none_or(later) {
        *slot = Some((value, at));
    }
}
