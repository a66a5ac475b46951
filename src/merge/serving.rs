//! The serving layer: the views in service, the stream beside them, and an answer for every question.

use std::sync::Arc;

use hashbrown::HashTable;

use super::external::{Dated, Externals, keep_later};
use super::gate::Gate;
use super::manifest::Manifest;
use super::publish::Publication;
use crate::definition::FeatureSet;
use crate::error::Result;
use crate::log::Cut;
use crate::state::Outcome;
use crate::stream::{Behind, Coverage, Entity, Gap, Stream};
use crate::time::{Span, Timestamp};
use crate::value::ValueRef;
use crate::vector::{Dense, Header, Layout, Nulls};

/// How many views are kept to go back to, counting the one in service.
const RETAIN: usize = 2;

/// The serving layer: answers for an entity now, with batch truth up to the cut and everything since.
///
/// Holds the [manifests](Manifest) of the view in service and of those before it, and the [`Stream`] of what came
/// after them. The records of the views are in a store of the host's, or in a [`BatchView`](super::BatchView); the
/// host looks an entity up and hands over what it found. Every record names its view, so one of the view before is
/// merged with what came after *that* view: falling back leaves no gap, and a store that is being overwritten mixes
/// nothing up.
///
/// One side missing degrades, it never fails a request: each value says whether it is whole
/// ([`Status`](super::Status)) and where it came from.
///
/// # Examples
/// ```
/// use skewless::merge::{Decision, Part};
/// use skewless::{Entity, Feature, FeatureSet, Serving, Stream, Timestamp, ViewBuilder, Window};
/// use serde_json::json;
///
/// let set = FeatureSet::builder("s").entity("user").time("ts")
///     .feature("clicks", Feature::count().over(Window::lifetime())).build()?;
/// let (ada, midnight): (_, Timestamp) = (Entity::from("ada"), "2026-11-23T00:00:00Z".parse()?);
/// let yesterday = json!({"user": "ada", "ts": "2026-11-22T23:00:00Z"});
/// let today = json!({"user": "ada", "ts": "2026-11-23T01:00:00Z"});
///
/// // The speed layer, told of the cut that the batch job will make at midnight.
/// let mut serving = Serving::new(Stream::new(&set));
/// serving.announce(midnight)?;
/// serving.update(&yesterday)?;
/// serving.update(&today)?;
///
/// // The batch job: everything before midnight.
/// let mut job = Stream::new(&set);
/// job.update(&yesterday)?;
/// let mut builder = ViewBuilder::new(&set, "2026-11-23", midnight, midnight);
/// for (entity, state) in job.iter() {
///     builder.put(entity.clone(), &state, 1)?;
/// }
/// let view = builder.build()?;
///
/// // It lands; the two together have every event once.
/// let found: Vec<Part> = view.parts().map(|(id, bytes)| Part::of(id, &bytes)).collect();
/// assert_eq!(serving.offer(view.manifest(), &found, midnight).decision, Decision::Accept);
/// let served = serving.vector(&ada, "2026-11-23T02:00:00Z".parse()?, view.lookup(&ada))?;
/// assert_eq!(served.get("clicks").and_then(|v| v.as_i64()), Some(2));
/// assert!(served.is_complete());
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone)]
pub struct Serving {
    pub(super) stream: Stream,
    pub(super) fields: Externals,
    pub(super) names: Arc<Header>,
    pub(super) gate: Gate,
    pub(super) retain: usize,
    pub(super) stale_after: Option<Span>,
    pub(super) withhold: bool,
    /// The stream's count of changes when the views were last looked at.
    pub(super) changes: u64,
    /// Oldest first; the last is in service.
    pub(super) views: Vec<Retained>,
    pub(super) quarantined: Vec<Manifest>,
    pub(super) publications: Vec<Publication>,
    /// Real-time external values.
    pub(super) externals: HashTable<(Entity, Box<[Option<Dated>]>)>,
}

/// A view that can be served, and what the stream has beside it.
#[derive(Clone, Debug)]
pub(super) struct Retained {
    pub(super) manifest: Manifest,
    pub(super) tag: u64,
    pub(super) name: Arc<str>,
    /// The stream's first generation after its cut.
    pub(super) after: Option<usize>,
    pub(super) gaps: Vec<Gap>,
    /// Partitions that the stream has yet to read up to the cut.
    pub(super) behind: Vec<Behind>,
    /// For each external that is served, its place in the view's records.
    pub(super) places: Vec<Option<usize>>,
}

impl Serving {
    /// A serving layer with no view yet, over `stream`.
    pub fn new(stream: Stream) -> Self {
        let gate = Gate::new(stream.set());
        Self {
            names: stream.set().shared_names().clone(),
            stream,
            fields: Externals::default(),
            gate,
            retain: RETAIN,
            stale_after: None,
            withhold: false,
            changes: 0,
            views: Vec::new(),
            quarantined: Vec::new(),
            publications: Vec::new(),
            externals: HashTable::new(),
        }
    }

    /// The external values to be served behind the features.
    #[must_use]
    pub fn externals(mut self, fields: &Externals) -> Self {
        let externals = fields.iter().map(|field| (field.name().to_owned(), Layout::of(field.kind())));
        self.names = Arc::new(self.set().shared_names().and(externals));
        self.fields = fields.clone();
        self.externals.clear();
        self.refresh();
        self
    }

    /// The gate that views must pass.
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// How many views are kept to go back to, with the one in service: 2 if this is not said, at least 1. The stream
    /// keeps what came after the oldest of them.
    #[must_use]
    pub fn retain(mut self, views: usize) -> Self {
        self.retain = views.max(1);
        self
    }

    /// How long before `as_of` the stream's latest event may be before values that need it are
    /// [`RealtimeStale`](super::Reason::RealtimeStale); without this they never are. A batch view may be of any age: what
    /// came after it is in the stream.
    #[must_use]
    pub fn stale_after(mut self, age: Span) -> Self {
        self.stale_after = Some(age);
        self
    }

    /// Makes features that are not whole null instead of serving what there is of them.
    #[must_use]
    pub fn withhold_incomplete(mut self, withhold: bool) -> Self {
        self.withhold = withhold;
        self
    }

    /// The definition.
    pub fn set(&self) -> &FeatureSet {
        self.stream.set()
    }

    /// The names of the values: those of the definition, then the externals.
    pub fn names(&self) -> &[String] {
        self.names.names()
    }

    /// Which of these values, externals among them, a model reads as numbers; see [`FeatureSet::dense`].
    ///
    /// An external list has no fixed length, so it is not one of them.
    ///
    /// # Errors
    /// As [`FeatureSet::dense`].
    pub fn dense<N: AsRef<str>>(&self, names: &[N], nulls: Nulls) -> Result<Dense> {
        Dense::new(&self.names, names, nulls)
    }

    /// The real-time side.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The manifest of the view in service.
    pub fn view(&self) -> Option<&Manifest> {
        self.views.last().map(|view| &view.manifest)
    }

    /// The views that can be served, oldest first; the last is in service.
    pub fn views(&self) -> impl Iterator<Item = &Manifest> {
        self.views.iter().map(|view| &view.manifest)
    }

    /// The views that wait for someone to [approve](Self::approve) them.
    pub fn quarantined(&self) -> &[Manifest] {
        &self.quarantined
    }

    /// Which view came into service when: one more for each, all in a snapshot.
    pub fn publications(&self) -> &[Publication] {
        &self.publications
    }

    /// What the stream can add to the view in service, if there is one.
    pub fn coverage(&self) -> Option<Coverage> {
        self.view().map(|view| self.stream.coverage(&view.cut))
    }

    /// As [`Stream::update`].
    ///
    /// # Errors
    /// As [`Stream::update`].
    pub fn update<R: crate::Record + ?Sized>(&mut self, event: &R) -> Result<Outcome> {
        let outcome = self.stream.update(event);
        self.follow();
        outcome
    }

    /// As [`Stream::update_at`].
    ///
    /// # Errors
    /// As [`Stream::update_at`].
    pub fn update_at<R: crate::Record + ?Sized>(&mut self, partition: u32, offset: u64, event: &R) -> Result<Outcome> {
        let outcome = self.stream.update_at(partition, offset, event);
        self.follow();
        for view in self.views.iter_mut().filter(|view| !view.behind.is_empty()) {
            view.behind.retain(|behind| behind.partition != partition || self.stream.next_of(partition) < behind.cut);
        }
        outcome
    }

    /// Looks again at what the stream has beside each view, if that may have changed.
    #[inline]
    fn follow(&mut self) {
        if self.changes != self.stream.changes() {
            self.refresh();
        }
    }

    /// As [`Stream::advance`].
    pub fn advance(&mut self, frontier: Timestamp) {
        self.stream.advance(frontier);
    }

    /// As [`Stream::announce`]: to be called when the batch job's cut is known, before the stream is there.
    ///
    /// # Errors
    /// As [`Stream::announce`].
    pub fn announce(&mut self, cut: impl Into<Cut>) -> Result<()> {
        self.stream.announce(cut)?;
        self.refresh();
        Ok(())
    }

    /// Takes a real-time external value of the time `at`; the latest is kept, whatever order they come in.
    ///
    /// # Errors
    /// [`ErrorKind::Definition`](crate::ErrorKind::Definition) for a name that no external has,
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) for a value of another kind; null is none and changes nothing.
    pub fn put<'v>(
        &mut self,
        entity: &Entity,
        name: &str,
        value: impl Into<ValueRef<'v>>,
        at: Timestamp,
    ) -> Result<()> {
        entity.check(self.set().entity_columns())?;
        let place = self.fields.position(name)?;
        let Some(field) = self.fields.get(place) else { return Ok(()) };
        let Some(value) = field.admit(value.into())? else { return Ok(()) };
        let found = self.externals.entry(entity.hash(), |(known, _)| known == entity, |(known, _)| known.hash());
        let fresh = || (entity.clone(), vec![None; self.fields.len()].into());
        if let Some(slot) = found.or_insert_with(fresh).into_mut().1.get_mut(place) {
            keep_later(slot, (value, at));
        }
        Ok(())
    }

    /// As [`Stream::evict`]; external values that are older than their TTL at the frontier go too.
    pub fn evict(&mut self) -> usize {
        if let Some(frontier) = self.stream.frontier() {
            let fields = &self.fields;
            self.externals.retain(|(_, values)| {
                for (field, slot) in fields.iter().zip(values.iter_mut()) {
                    slot.take_if(|(_, at)| field.is_gone(*at, frontier));
                }
                values.iter().any(Option::is_some)
            });
        }
        self.stream.evict()
    }
}

impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serving")
            .field("views", &self.views().map(|view| &view.view).collect::<Vec<_>>())
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}
