//! What serving answers: the vector, and for each value where it came from and whether it is whole.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::error::Error;
use crate::time::Span;
use crate::value::Value;
use crate::vector::Vector;

/// Which sides can have had a part in a value.
///
/// A side has none if it has nothing of the entity, or nothing as late or as early as the value's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The batch view alone.
    Batch,
    /// The real-time side alone.
    Realtime,
    /// Both.
    Both,
    /// Neither: the value of no events, or the default.
    Default,
}

impl Source {
    pub(super) fn of(batch: bool, realtime: bool) -> Self {
        match (batch, realtime) {
            (true, true) => Self::Both,
            (true, false) => Self::Batch,
            (false, true) => Self::Realtime,
            (false, false) => Self::Default,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        let has =
            |source: Self| (matches!(source, Self::Batch | Self::Both), matches!(source, Self::Realtime | Self::Both));
        let ((a, b), (c, d)) = (has(self), has(other));
        Self::of(a || c, b || d)
    }
}

/// Why a value may not be what the whole log would give.
///
/// In order of weight: a value that is degraded for several reasons carries the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No view was accepted yet, and the real-time side does not go back to the beginning.
    NoView,
    /// The batch side could not be asked.
    BatchFailed,
    /// The batch side answered with bytes that are no record of this entity; see [`Served::problem`].
    BatchCorrupt,
    /// The batch side answered with a record of a view that is not in service.
    OtherView,
    /// The real-time side could not be asked.
    RealtimeFailed,
    /// Part of the log is in neither side.
    CoverageGap,
    /// The real-time side has not yet come as far as the view: nothing is missing up to the cut, nothing is newer.
    RealtimeBehind,
    /// The latest event of the real-time side is further back than is allowed.
    RealtimeStale,
    /// An external value was replaced by one of after `as_of`, or let go of: what was there then is not kept.
    NotKept,
    /// Every value there was is older than its TTL.
    Expired,
}

/// Whether a value is what the whole log would give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is, bit for bit.
    Complete,
    /// It may not be: some of its events may be missing from it.
    Degraded(Reason),
}

impl Status {
    /// The heavier of the two.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Degraded(a), Self::Degraded(b)) => Self::Degraded(a.min(b)),
            (Self::Complete, other) => other,
            (degraded, Self::Complete) => degraded,
        }
    }
}

/// How old each side of a value is at `as_of`; `None` where a side has nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Age {
    /// Since the batch view's cut; for an external, since the time the view's value is of.
    pub batch: Option<Span>,
    /// Since the real-time side's latest event of any entity; for an external, since the time its value is of.
    pub realtime: Option<Span>,
}

/// Where a value came from, and whether it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Provenance {
    /// Which sides had a part in it.
    pub source: Source,
    /// Whether it is what the whole log would give.
    pub status: Status,
    /// How old the sides are.
    pub age: Age,
}

impl Provenance {
    /// Whether the value is what the whole log would give.
    pub fn is_complete(&self) -> bool {
        self.status == Status::Complete
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.source {
            Source::Batch => "batch",
            Source::Realtime => "real-time",
            Source::Both => "batch + real-time",
            Source::Default => "default",
        };
        f.write_str(source)?;
        match self.status {
            Status::Complete => Ok(()),
            Status::Degraded(reason) => write!(f, ", {reason}"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoView => "no view yet",
            Self::BatchFailed => "batch side failed",
            Self::BatchCorrupt => "batch record corrupt",
            Self::OtherView => "record of another view",
            Self::RealtimeFailed => "real-time side failed",
            Self::CoverageGap => "coverage gap",
            Self::RealtimeBehind => "real-time side behind the cut",
            Self::RealtimeStale => "real-time side stale",
            Self::NotKept => "no longer kept",
            Self::Expired => "expired",
        })
    }
}

/// Whether an entity was ever seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// It had an event before `as_of`.
    Yes,
    /// Both sides were asked and neither knows of one.
    No,
    /// No event is known, but a side could not be asked.
    Unknown,
}

/// An entity's values at one time, merged of both sides.
///
/// Serialises as an object of the values and of where each came from.
#[derive(Clone, Debug)]
pub struct Served {
    pub(super) vector: Vector,
    pub(super) provenance: Vec<Provenance>,
    pub(super) view: Option<std::sync::Arc<str>>,
    pub(super) seen: Seen,
    pub(super) problem: Option<Error>,
}

impl Served {
    /// The values: features, derived ones, then externals.
    pub fn vector(&self) -> &Vector {
        &self.vector
    }

    /// The values alone.
    pub fn into_vector(self) -> Vector {
        self.vector
    }

    /// The value called `name`; `None` if there is none of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.vector.get(name)
    }

    /// Where the value called `name` came from.
    pub fn provenance(&self, name: &str) -> Option<&Provenance> {
        self.iter().find(|(known, ..)| *known == name).map(|(_, _, provenance)| provenance)
    }

    /// Names, values and where they came from, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value, &Provenance)> {
        self.vector.iter().zip(&self.provenance).map(|((name, value), provenance)| (name, value, provenance))
    }

    /// Whether every value is what the whole log would give.
    pub fn is_complete(&self) -> bool {
        self.provenance.iter().all(Provenance::is_complete)
    }

    /// The values that may not be, and why.
    pub fn degraded(&self) -> impl Iterator<Item = (&str, Reason)> {
        self.iter().filter_map(|(name, _, provenance)| match provenance.status {
            Status::Complete => None,
            Status::Degraded(reason) => Some((name, reason)),
        })
    }

    /// The batch view that had a part in it: the current one, or one gone back to.
    pub fn view(&self) -> Option<&str> {
        self.view.as_deref()
    }

    /// Whether the entity was ever seen.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// What was wrong with the batch side's bytes, if something was.
    pub fn problem(&self) -> Option<&Error> {
        self.problem.as_ref()
    }
}

impl Serialize for Served {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut out = to.serialize_struct("Served", 5)?;
        out.serialize_field("as_of", &self.vector.as_of())?;
        out.serialize_field("view", &self.view())?;
        out.serialize_field("seen", &self.seen)?;
        out.serialize_field("values", &self.vector)?;
        out.serialize_field("provenance", &Named(self))?;
        out.end()
    }
}

/// Provenance by name.
struct Named<'a>(&'a Served);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, _, provenance)| (name, provenance)))
    }
}
