//! A batch view: every entity's state and external values up to a cut.

use hashbrown::HashTable;

use super::external::{Dated, External, Externals};
use super::manifest::{ExternalCount, Manifest, Part};
use super::{Lookup, record};
use crate::codec::{self, Reader};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::hash::tag;
use crate::log::Cut;
use crate::state::State;
use crate::stream::Entity;
use crate::time::Timestamp;
use crate::value::ValueRef;

/// An entity and its record.
type Keyed = (Entity, Box<[u8]>);

const MAGIC: [u8; 4] = *b"SKVP";
const FORMAT: u8 = 1;

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
        Self { set: set.clone(), fields, manifest, parts: 1, log_columns, entries }
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
            if let Some(beyond) = state.latest_whole().filter(|latest| *latest >= at) {
                return Err(Error::coverage(format!(
                    "entity {entity} has an event at {beyond}, after the cut at {at}"
                )));
            }
            latest = latest.min(Some(at));
        }
        self.manifest.latest = self.manifest.latest.max(latest);
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
        let parts = u64::from(self.parts).min(view.manifest.entities.max(1));
        let each = view.records.len().div_ceil(parts as usize).max(1);
        let chunks = view.records.chunks(each);
        let chunks: Vec<&[Keyed]> = if view.records.is_empty() { vec![&[]] } else { chunks.collect() };
        let listed: Vec<Part> = chunks.iter().zip(0..).map(|(chunk, id)| Part::of(id, &part_bytes(chunk))).collect();
        view.manifest.parts = listed;
        Ok(view)
    }
}

/// Keeps the later of two values, the greater at the same time, whichever came first.
pub(super) fn keep_later(slot: &mut Option<Dated>, (value, at): Dated) {
    let later = |(known, since): &Dated| (at, &value) > (*since, known);
    if slot.as_ref().is_none_or(later) {
        *slot = Some((value, at));
    }
}

/// A batch view in memory: what a batch job publishes, or what a service without a store of its own loads.
///
/// A service with a store writes each of the [`records`](Self::records) under its entity and hands the bytes it
/// finds to [`Serving::vector`](super::Serving::vector).
#[derive(Clone)]
pub struct BatchView {
    manifest: Manifest,
    /// In order.
    records: Vec<Keyed>,
    places: HashTable<u32>,
}

impl BatchView {
    /// What the view says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What the view has of `entity`.
    pub fn lookup(&self, entity: &Entity) -> Lookup<&[u8]> {
        let at = |place: &u32| self.records.get(*place as usize);
        let found = self.places.find(entity.hash(), |place| at(place).is_some_and(|(known, _)| known == entity));
        found.and_then(at).map_or(Lookup::NotFound, |(_, bytes)| Lookup::Found(bytes))
    }

    /// All entities, in order, with their records.
    pub fn records(&self) -> impl Iterator<Item = (&Entity, &[u8])> {
        self.records.iter().map(|(entity, bytes)| (entity, &**bytes))
    }

    /// The parts as they are written, in order: put each where it can be found by its number, then write the manifest.
    pub fn parts(&self) -> impl Iterator<Item = (u32, Vec<u8>)> + '_ {
        let mut rest = &self.records[..];
        self.manifest.parts.iter().map(move |part| {
            let (chunk, after) = rest.split_at((part.entities as usize).min(rest.len()));
            rest = after;
            (part.id, part_bytes(chunk))
        })
    }

    /// Loads a view from its parts, which may come in any order. Says of the parts only that they are those of
    /// the manifest, byte for byte; whether the view should be served is for the [`Gate`](super::Gate) to say.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) for a view of another definition,
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when parts are missing, are there twice or differ from what the
    /// manifest says.
    pub fn open<B: AsRef<[u8]>>(
        set: &FeatureSet,
        manifest: &Manifest,
        parts: impl IntoIterator<Item = (u32, B)>,
    ) -> Result<Self> {
        if manifest.fingerprint != set.fingerprint() {
            let (found, name, expected) = (manifest.fingerprint, set.name(), set.fingerprint());
            return Err(Error::mismatch(format!("a view of definition {found}, not of {name} ({expected})")));
        }
        let mut records = Vec::new();
        let mut found: Vec<Part> = Vec::new();
        for (id, bytes) in parts {
            let part = Part::of(id, bytes.as_ref());
            if !manifest.parts.contains(&part) || found.contains(&part) {
                return Err(Error::corrupt(format!("part {id} is not the one of the manifest, or is there twice")));
            }
            found.push(part);
            read_part(set, bytes.as_ref(), &mut records)?;
        }
        if found.len() != manifest.parts.len() || records.len() as u64 != manifest.entities {
            let (parts, entities) = (manifest.parts.len(), manifest.entities);
            return Err(Error::corrupt(format!(
                "{} parts with {} entities; the manifest has {parts} with {entities}",
                found.len(),
                records.len()
            )));
        }
        records.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        if records.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::corrupt("an entity is in the view twice"));
        }
        Self::index(manifest.clone(), records)
    }

    fn index(manifest: Manifest, records: Vec<Keyed>) -> Result<Self> {
        let mut places = HashTable::with_capacity(records.len());
        for (place, (entity, _)) in records.iter().enumerate() {
            let place = u32::try_from(place).map_err(|_| Error::definition("view", "more than 2^32 entities"))?;
            let hash = |place: &u32| records.get(*place as usize).map_or(0, |(entity, _)| entity.hash());
            places.insert_unique(entity.hash(), place, hash);
        }
        Ok(Self { manifest, records, places })
    }
}

impl std::fmt::Debug for BatchView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchView").field("manifest", &self.manifest).finish_non_exhaustive()
    }
}

/// A part: `SKVP`, a format byte, a count, then entities with their records.
fn part_bytes(records: &[Keyed]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(FORMAT);
    codec::put_u64(&mut out, records.len() as u64);
    for (entity, bytes) in records {
        codec::put(&mut out, entity);
        codec::put_u64(&mut out, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }
    out
}

/// Checks the head of a part and gives the rest, with the count of entities.
fn open_part(bytes: &[u8]) -> Result<(Reader<'_>, usize)> {
    let mut from = Reader::new(bytes);
    let magic = from.bytes(4, "magic").map_err(|_| Error::magic(bytes, MAGIC))?;
    if magic != MAGIC {
        return Err(Error::magic(magic, MAGIC));
    }
    let format = from.bytes(1, "format")?;
    if format != [FORMAT] {
        return Err(Error::format(format.first().copied().unwrap_or(0), FORMAT));
    }
    let count = from.count(2, "entities")?;
    Ok((from, count))
}

/// How many entities a part says it has.
pub(super) fn entities_in(bytes: &[u8]) -> Option<u64> {
    open_part(bytes).ok().map(|(_, count)| count as u64)
}

fn read_part(set: &FeatureSet, bytes: &[u8], into: &mut Vec<Keyed>) -> Result<()> {
    let (mut from, count) = open_part(bytes)?;
    for _ in 0..count {
        let entity: Entity = from.take("entity")?;
        entity.check(set.entity_columns()).map_err(|why| Error::corrupt(why.to_string()))?;
        let len = from.count(1, "record")?;
        into.push((entity, from.bytes(len, "record")?.into()));
    }
    from.finish()
}
