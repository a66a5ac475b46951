//! Batch over real-time: a view up to a cut, a stream for what comes after it, and the merge that serves both.
//!
//! A [`Cut`](crate::Cut) divides the events of a log. A batch job folds those before it into a [`BatchView`], whose
//! [`Manifest`] says what it is; a [`Gate`] decides whether it may be served. A [`Stream`](crate::Stream) that was
//! told of the cut keeps what comes after it apart. [`Serving`] holds both and answers: merged states, each event
//! once, the bits of a fold over the whole log; [`External`] values by their override rule; and for every value
//! where it came from and whether it is whole. [`merge()`] is the same for hosts that keep both sides in stores.
//!
//! # Laws
//! For every log, every cut that the stream was told of in time, and every time that can be asked for:
//! what is served is the vector of one fold over all events that either side was given. A view that is older,
//! that lands twice, that lands before the stream has come as far, or that is gone back to, changes no value.

mod answer;
mod builder;
mod context;
mod external;
mod gate;
mod manifest;
mod publish;
mod record;
mod served;
mod serving;
mod snapshot;
mod view;

use std::borrow::Cow;

pub use self::builder::ViewBuilder;
use self::context::{Context, fold};
pub use self::external::{External, Externals, Override};
pub use self::gate::{Decision, Finding, Gate, Verdict};
pub use self::manifest::{ExternalCount, Manifest, Part};
pub use self::publish::Publication;
pub use self::served::{Age, Provenance, Reason, Seen, Served, Source, Status};
pub use self::serving::Serving;
pub use self::view::BatchView;
use crate::definition::FeatureSet;
use crate::error::Result;
use crate::state::State;
use crate::time::Timestamp;

/// What asking a store came to.
///
/// Not found and failed are different answers: the one says that there is nothing, the other says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lookup<T> {
    /// It is there.
    Found(T),
    /// The store answered: it has nothing.
    NotFound,
    /// The store did not answer: a timeout, an error, a breaker that is open.
    Failed,
}

/// Why there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    NotFound,
    Failed,
}

impl<T> Lookup<T> {
    /// The same, borrowed.
    pub fn as_ref(&self) -> Lookup<&T> {
        match self {
            Self::Found(found) => Lookup::Found(found),
            Self::NotFound => Lookup::NotFound,
            Self::Failed => Lookup::Failed,
        }
    }

    /// What was found.
    pub fn found(self) -> Option<T> {
        if let Self::Found(found) = self { Some(found) } else { None }
    }

    /// The same of what `f` makes of it.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Found(found) => Lookup::Found(f(found)),
            Self::NotFound => Lookup::NotFound,
            Self::Failed => Lookup::Failed,
        }
    }

    fn missing(&self) -> Option<Missing> {
        match self {
            Self::Found(_) => None,
            Self::NotFound => Some(Missing::NotFound),
            Self::Failed => Some(Missing::Failed),
        }
    }
}

impl<T> From<Option<T>> for Lookup<T> {
    /// Nothing is not found, never failed.
    fn from(found: Option<T>) -> Self {
        found.map_or(Self::NotFound, Self::Found)
    }
}

/// An entity's values at `as_of`, from the state of a batch view and the real-time state of what `view`'s cut does not
/// cover: for hosts that keep both in stores of their own.
///
/// The caller answers for the cut: that no event is in both states and that nothing is in neither. Without a `view`
/// nothing is known of the batch side's age, and a value is taken to need it.
///
/// # Errors
/// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) for states of another definition than `set`, and as
/// [`State::vector`]. A side that failed is no error: the values that need it say so.
///
/// # Examples
/// ```
/// use skewless::merge::{Reason, Status, merge};
/// use skewless::{Feature, FeatureSet, Lookup, State, Timestamp, Window};
/// use serde_json::json;
///
/// let set = FeatureSet::builder("s").entity("user").time("ts")
///     .feature("spend", Feature::sum("amount").over(Window::lifetime())).build()?;
/// let (mut batch, mut realtime) = (State::new(&set), State::new(&set));
/// batch.update(&json!({"ts": 1_000_000, "amount": 0.1}))?;
/// realtime.update(&json!({"ts": 2_000_000, "amount": 0.2}))?;
///
/// let now = Timestamp::from_micros(3_000_000)?;
/// let served = merge(&set, None, Lookup::Found(&batch), Lookup::Found(&realtime), now)?;
/// assert_eq!(served.get("spend").and_then(|v| v.as_f64()), Some(0.1 + 0.2));
/// assert!(served.is_complete());
///
/// let served = merge(&set, None, Lookup::Failed, Lookup::Found(&realtime), now)?;
/// assert_eq!(served.provenance("spend").unwrap().status, Status::Degraded(Reason::BatchFailed));
/// # Ok::<(), skewless::Error>(())
/// ```
pub fn merge(
    set: &FeatureSet,
    view: Option<&Manifest>,
    batch: Lookup<&State>,
    realtime: Lookup<&State>,
    as_of: Timestamp,
) -> Result<Served> {
    for state in [batch, realtime].into_iter().filter_map(Lookup::found) {
        set.check_same(state.set())?;
    }
    let mut context = Context::new(set, view, as_of);
    context.batch_failed = (batch == Lookup::Failed).then_some(Reason::BatchFailed);
    context.realtime_failed = (realtime == Lookup::Failed).then_some(Reason::RealtimeFailed);
    let latest = realtime.found().and_then(State::known_until);
    context.realtime_age = latest.map(|latest| as_of.since(latest));
    let mut served = fold(&context, batch.found().map(Cow::Borrowed), realtime.found().map(Cow::Borrowed))?;
    served.view = view.filter(|_| batch.found().is_some()).map(|view| view.view.as_str().into());
    Ok(served)
}
