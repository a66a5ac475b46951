//! A batch view: every entity's record up to a cut, in memory and in parts.

use hashbrown::HashTable;

use super::manifest::{Manifest, Part};
use super::{Lookup, record};
use crate::codec::{self, Reader};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::state::State;
use crate::stream::Entity;

/// An entity and its record.
pub(super) type Keyed = (Entity, Box<[u8]>);

const MAGIC: [u8; 4] = *b"SKVP";
const FORMAT: u8 = 1;

/// A batch view in memory: what a batch job publishes, or what a service without a store of its own loads.
///
/// A service with a store writes each of the [`records`](Self::records) under its entity and hands the bytes it
/// finds to [`Serving::vector`](super::Serving::vector).
#[derive(Clone)]
pub struct BatchView {
    pub(super) manifest: Manifest,
    /// In order.
    pub(super) records: Vec<Keyed>,
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

    /// The state that the view has of `entity`: for [`merge()`](super::merge()), where the real-time side is elsewhere.
    ///
    /// # Errors
    /// As [`State::decode`], for a view of another definition or a damaged record.
    pub fn state(&self, set: &FeatureSet, entity: &Entity) -> Result<Lookup<State>> {
        match self.lookup(entity) {
            Lookup::Found(bytes) => {
                let record = record::decode(set, &self.manifest.externals, entity, bytes, State::decode)?;
                Ok(record.state.into())
            }
            Lookup::NotFound => Ok(Lookup::NotFound),
            Lookup::Failed => Ok(Lookup::Failed),
        }
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
        let mut waiting: std::collections::BTreeMap<u32, &Part> =
            manifest.parts.iter().map(|part| (part.id, part)).collect();
        let mut found = 0;
        for (id, bytes) in parts {
            if waiting.remove(&id) != Some(&Part::of(id, bytes.as_ref())) {
                return Err(Error::corrupt(format!("part {id} is not the one of the manifest, or is there twice")));
            }
            found += 1;
            read_part(set, bytes.as_ref(), &mut records)?;
        }
        if found != manifest.parts.len() || records.len() as u64 != manifest.entities {
            let (parts, entities) = (manifest.parts.len(), manifest.entities);
            return Err(Error::corrupt(format!(
                "{found} parts with {} entities; the manifest has {parts} with {entities}",
                records.len()
            )));
        }
        records.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        if records.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::corrupt("an entity is in the view twice"));
        }
        Self::index(manifest.clone(), records)
    }

    pub(super) fn index(manifest: Manifest, records: Vec<Keyed>) -> Result<Self> {
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
pub(super) fn part_bytes(records: &[Keyed]) -> Vec<u8> {
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
    let mut from = Reader::headed(bytes, MAGIC, FORMAT)?;
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
