//! Making a batch view: [`ViewBuilder`].

use hashbrown::HashTable;

use super::external::{Dated, External, Externals, keep_later};
use super::manifest::{ExternalCount, Manifest, Part};
use super::record;
use super::view::{BatchView, Keyed, part_bytes};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::hash::tag;
use crate::log::Cut;
use crate::state::State;
use crate::stream::Entity;
use crate::time::Timestamp;
use crate::value::ValueRef;

/// What a batch job gathers for a view: states and external values by entity.
///
/// `batch::view` fills one from Arrow tables; without Arrow, feed what the cut covers to a
/// [`Stream`](crate::Stream) and [`put`](Self::put) its states.
///
/// # Examples
/// ```
/// use skewless::{Entity, Feature, FeatureSet, Kind, External, Externals, State, Timestamp, ViewBuilder, Window};
///
/// let set = FeatureSet::builder("s").entity("user").time("ts")
///     .feature("n", Feature::count().over(Window::lifetime())).build()?;
/// let externals = Externals::new(&set, [External::new("score", Kind::F64)])?;
/// let midnight: Timestamp = "2026-11-23T00:00:00Z".parse()?;
///
/// let mut builder = ViewBuilder::new(&set, "2026-11-23", midnight, midnight).externals(&externals);
/// let mut state = State::new(&set);
/// state.update(&serde_json::json!({"user": "ada", "ts": "2026-11-22T10:00:00Z"}))?;
/// builder.put(Entity::from("ada"), &state, 1)?;
/// builder.external(Entity::from("ada"), "score", 0.5f64, midnight)?;
/// let view = builder.build()?;
/// assert_eq!((view.manifest().entities, view.manifest().events), (1, 1));
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Debug)]
pub struct ViewBuilder {
    set: FeatureSet,
    fields: Externals,
    manifest: Manifest,
    parts: u32,
    log_columns: (String, String),
    /// The latest frontier of the states taken.
    reached: Option<Timestamp>,
    entries: HashTable<Entry>,
}

/// One entity on its way into a view.
#[derive(Debug)]
struct Entry {
    entity: Entity,
    state: Vec<u8>,
    externals: Vec<Option<Dated>>,
}

impl ViewBuilder {
    /// A view called `view`, of the events that `cut` covers. Its states' frontier is an event-time cut itself.
    pub fn new(set: &FeatureSet, view: impl Into<String>, cut: impl Into<Cut>, made_at: Timestamp) -> Self {
        let cut = cut.into();
        let frontier = if let Cut::EventTime(at) = cut { Some(at) } else { None };
        let manifest = Manifest {
            view: view.into(),
            parent: None,
            cut,
            fingerprint: set.fingerprint(),
            entities: 0,
            events: 0,
            latest: None,
            frontier,
            externals: Vec::new(),
            parts: Vec::new(),
            made_at,
        };
        let log_columns = ("partition".into(), "offset".into());
        let (fields, entries) = (Externals::default(), HashTable::new());
        Self { set: set.clone(), fields, manifest, parts: 1, log_columns, reached: None, entries }
    }

    /// Names the view that this one follows.
    #[must_use]
    pub fn parent(mut self, view: impl Into<String>) -> Self {
        self.manifest.parent = Some(view.into());
        self
    }

    /// Moves all states' frontier to `frontier`, so that they are small; they answer exactly at and after it. Where
    /// the cut is positions and none is given, states keep all events whole and answer at any time.
    #[must_use]
    pub fn frontier(mut self, frontier: Timestamp) -> Self {
        self.manifest.frontier = Some(frontier);
        for entry in &mut self.entries {
            // What is put later is moved as it comes.
            if let Ok(mut state) = State::decode(&self.set, &entry.state) {
                state.advance(frontier);
                entry.state = state.encode();
            }
        }
        self
    }

    /// The external values that entities may have; any that were taken under other ones are let go of.
    #[must_use]
    pub fn externals(mut self, fields: &Externals) -> Self {
        self.fields = fields.clone();
        let none = |field: &External| ExternalCount { name: field.name().to_owned(), kind: field.kind(), entities: 0 };
        self.manifest.externals = fields.iter().map(none).collect();
        self.entries.iter_mut().for_each(|entry| entry.externals = vec![None; fields.len()]);
        self
    }

    /// In how many parts the view is written; 1 if this is not said.
    #[must_use]
    pub fn parts(mut self, parts: u32) -> Self {
        self.parts = parts.max(1);
        self
    }

    /// The columns that say where in the log an event is, where the cut is positions and the events are a table:
    /// `partition` and `offset` if this is not said.
    #[must_use]
    pub fn log_columns(mut self, partition: impl Into<String>, offset: impl Into<String>) -> Self {
        self.log_columns = (partition.into(), offset.into());
        self
    }

    /// The definition.
    pub fn set(&self) -> &FeatureSet {
        &self.set
    }

    /// The external values that entities may have.
    pub fn fields(&self) -> &Externals {
        &self.fields
    }

    /// Which events belong in.
    pub fn cut(&self) -> &Cut {
        &self.manifest.cut
    }

    #[cfg(feature = "arrow")]
    pub(crate) fn columns_of_log(&self) -> (&str, &str) {
        (&self.log_columns.0, &self.log_columns.1)
    }

    #[cfg(feature = "arrow")]
    pub(crate) fn made_at(&self) -> Timestamp {
        self.manifest.made_at
    }

    /// Takes the state that an entity's `events` made; a second one is merged with the first.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) for a state of another definition,
    /// [`ErrorKind::Coverage`](crate::ErrorKind::Coverage) for one with events after an event-time cut,
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) or [`ErrorKind::Missing`](crate::ErrorKind::Missing) for an
    /// entity that the definition's entity columns cannot hold.
    pub fn put(&mut self, entity: Entity, state: &State, events: u64) -> Result<()> {
        self.set.check_same(state.set())?;
        entity.check(self.set.entity_columns())?;
        let mut latest = state.known_until();
        if let Cut::EventTime(at) = self.manifest.cut {
            // Whole events tell when they were; of aged ones the frontier alone tells that they were before it.
            let beyond = state.latest_whole().filter(|whole| *whole >= at);
            if let Some(beyond) = beyond.or(latest.filter(|until| *until > at)) {
                return Err(Error::coverage(format!(
                    "the state of {entity} has, or may have, events up to {beyond}, after the cut at {at}"
                )));
            }
            latest = latest.min(Some(at));
        }
        self.manifest.latest = self.manifest.latest.max(latest);
        self.reached = self.reached.max(state.frontier());
        self.manifest.events = self.manifest.events.saturating_add(events);
        let (set, frontier) = (self.set.clone(), self.manifest.frontier);
        let entry = self.entry(entity);
        let mut state = std::borrow::Cow::Borrowed(state);
        if !entry.state.is_empty() {
            state.to_mut().merge(&State::decode(&set, &entry.state)?)?;
        }
        if let Some(frontier) = frontier.filter(|frontier| state.frontier() < Some(*frontier)) {
            state.to_mut().advance(frontier);
        }
        entry.state = state.encode();
        Ok(())
    }

    /// Takes an external value of the time `at`; of several the latest is kept, and null is none.
    ///
    /// # Errors
    /// [`ErrorKind::Definition`](crate::ErrorKind::Definition) for a name that no external has,
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) for a value of another kind, and as [`put`](Self::put) for the entity.
    pub fn external<'v>(
        &mut self,
        entity: Entity,
        name: &str,
        value: impl Into<ValueRef<'v>>,
        at: Timestamp,
    ) -> Result<()> {
        entity.check(self.set.entity_columns())?;
        let place = self.fields.position(name)?;
        let Some(field) = self.fields.get(place) else { return Ok(()) };
        let Some(value) = field.admit(value.into())? else { return Ok(()) };
        let entry = self.entry(entity);
        if let Some(slot) = entry.externals.get_mut(place) {
            let fresh = slot.is_none();
            keep_later(slot, (value, at));
            if let Some(count) = self.manifest.externals.get_mut(place).filter(|_| fresh) {
                count.entities += 1;
            }
        }
        Ok(())
    }

    fn entry(&mut self, entity: Entity) -> &mut Entry {
        let (hash, externals) = (entity.hash(), self.fields.len());
        let found = self.entries.entry(hash, |known| known.entity == entity, |known| known.entity.hash());
        let fresh = || Entry { entity: entity.clone(), state: Vec::new(), externals: vec![None; externals] };
        found.or_insert_with(fresh).into_mut()
    }

    /// Closes the view: entities in order, so the same content gives the same parts and checksums.
    ///
    /// # Errors
    /// [`ErrorKind::Definition`](crate::ErrorKind::Definition) for more than 2^32 entities.
    pub fn build(self) -> Result<BatchView> {
        let tag = tag(&self.manifest.view);
        let frontier = self.manifest.frontier.max(self.reached);
        let mut entries: Vec<Entry> = self.entries.into_iter().collect();
        entries.sort_unstable_by(|a, b| a.entity.cmp(&b.entity));
        let records: Vec<Keyed> = entries
            .into_iter()
            .map(|entry| {
                let bytes = record::encode(tag, &entry.entity, &entry.state, &entry.externals);
                (entry.entity, bytes.into())
            })
            .collect();
        let mut view = BatchView::index(self.manifest, records)?;
        view.manifest.entities = view.records.len() as u64;
        view.manifest.frontier = frontier;
        let parts = u64::from(self.parts).min(view.manifest.entities.max(1));
        let each = view.records.len().div_ceil(parts as usize).max(1);
        let chunks = view.records.chunks(each);
        let chunks: Vec<&[Keyed]> = if view.records.is_empty() { vec![&[]] } else { chunks.collect() };
        let listed: Vec<Part> = chunks.iter().zip(0..).map(|(chunk, id)| Part::of(id, &part_bytes(chunk))).collect();
        view.manifest.parts = listed;
        Ok(view)
    }
}
