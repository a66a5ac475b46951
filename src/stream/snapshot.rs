//! A stream as bytes, and back.

use std::cmp::Ordering;

use super::generation::Generation;
use super::policy::Clock;
use super::received::Received;
use super::{Counters, Entity, Stream};
use crate::codec::{self, Reader};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::hash::Fingerprint;
use crate::log::Cut;
use crate::state::State;
use crate::time::Timestamp;

const MAGIC: [u8; 4] = *b"SKST";
const FORMAT: u8 = 2;

impl Stream {
    /// Everything in the stream as bytes: entities in order, so equal streams are equal bytes.
    ///
    /// # Format
    /// `SKST`, a format byte, a checksum of the rest, then the fingerprint, the policy, the counters, what was received
    /// of the log, the cuts, and after each cut the entities with their states as [`State::encode`] writes them.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut body = Vec::new();
        codec::put(&mut body, &(self.set.fingerprint().as_u64(), &self.clock, &self.counters));
        codec::put(&mut body, &(&self.received, &self.served, self.seen_until, self.begun, self.unplaced));
        codec::put_u64(&mut body, self.generations.len() as u64);
        for generation in &self.generations {
            self.put(generation, &mut body);
        }
        codec::seal(MAGIC, FORMAT, &body)
    }

    fn put(&self, generation: &Generation, body: &mut Vec<u8>) {
        let mut entities: Vec<_> = generation.states.iter().collect();
        entities.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        codec::put(body, &generation.from);
        codec::put_u64(body, entities.len() as u64);
        for (entity, state) in entities {
            let mut state = std::borrow::Cow::Borrowed(state);
            if let Some(frontier) = self.frontier().filter(|frontier| state.frontier() < Some(*frontier)) {
                state.to_mut().advance(frontier);
            }
            let bytes = state.encode();
            codec::put(body, entity);
            codec::put_u64(body, bytes.len() as u64);
            body.extend_from_slice(&bytes);
        }
    }

    /// Reads what [`snapshot`](Self::snapshot) wrote; the stream then goes on as the old one would have.
    ///
    /// # Errors
    /// As [`State::decode`], for the whole and for each state in it.
    pub fn restore(set: &FeatureSet, bytes: &[u8]) -> Result<Self> {
        let mut from = Reader::sealed(bytes, MAGIC, FORMAT)?;
        let (fingerprint, clock, counters): (u64, Clock, Counters) = from.take("fingerprint, policy and counters")?;
        if fingerprint != set.fingerprint().as_u64() {
            let found = Fingerprint::from_u64(fingerprint);
            let (name, version, expected) = (set.name(), set.version(), set.fingerprint());
            return Err(Error::mismatch(format!(
                "a stream of definition {found}, not of {name} v{version} ({expected})"
            )));
        }
        let (received, served): (Received, Option<Cut>) = from.take("positions")?;
        let (seen_until, begun, unplaced): (Option<Timestamp>, Option<Timestamp>, bool) = from.take("times")?;
        if !received.is_canonical() {
            return Err(Error::not_canonical("offsets that no log can have delivered"));
        }
        let mut generations: Vec<Generation> = Vec::new();
        for _ in 0..from.count(2, "generations")? {
            let next = take(set, clock.frontier(), &mut from)?;
            if generations.last().is_some_and(|last| last.from.partial_cmp(&next.from) != Some(Ordering::Less)) {
                return Err(Error::not_canonical("a cut does not come after the one before it"));
            }
            generations.push(next);
        }
        if generations.is_empty() {
            return Err(Error::corrupt("a stream without a generation"));
        }
        let stream = Self {
            set: set.clone(),
            generations,
            clock,
            counters,
            received,
            served,
            seen_until,
            begun,
            unplaced,
            changes: 0,
        };
        from.finish()?;
        // One check for every way of not being canonical: the stream must give these very bytes.
        if stream.snapshot() != bytes {
            return Err(Error::not_canonical("the stream they describe is written differently"));
        }
        Ok(stream)
    }
}

/// Reads one generation.
fn take(set: &FeatureSet, frontier: Option<Timestamp>, from: &mut Reader<'_>) -> Result<Generation> {
    let mut generation = Generation::new(from.take("cut")?);
    let mut before: Option<Entity> = None;
    for _ in 0..from.count(2, "entities")? {
        let entity: Entity = from.take("entity")?;
        if before.as_ref().is_some_and(|before| *before >= entity) {
            return Err(Error::not_canonical(format!("entity {entity} does not come after the one before it")));
        }
        entity.check(set.entity_columns()).map_err(|why| Error::corrupt(why.to_string()))?;
        let len = from.count(1, "state")?;
        let state =
            State::decode(set, from.bytes(len, "state")?).map_err(|why| why.context(format!("entity {entity}")))?;
        if state.frontier() > frontier {
            return Err(Error::not_canonical(format!("the state of {entity} is not one this stream can have")));
        }
        before = Some(entity.clone());
        generation.put(&entity, state);
    }
    Ok(generation)
}
