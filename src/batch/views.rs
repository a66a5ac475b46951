//! Every entity as of one time, whatever the tables are made of.

use super::answers::Answers;
use super::bound::Bound;
use super::door::answer;
use super::events::Events;
use crate::definition::FeatureSet;
use crate::error::Result;
use crate::state::State;
use crate::stream::Entity;
use crate::time::Timestamp;

/// The events before a time, by entity.
#[derive(Debug)]
pub(super) struct Views<'a> {
    set: &'a FeatureSet,
    as_of: Timestamp,
    events: Events<'a>,
    /// The entities in their own order, and the number of each.
    entities: Vec<Entity>,
    numbers: Vec<u32>,
}

impl<'a> Views<'a> {
    pub(super) fn read(set: &'a FeatureSet, bound: Vec<Bound<'a>>, as_of: Timestamp) -> Result<Self> {
        let events = Events::read(set, bound, Some(&|_, _, time| time < as_of))?;
        let mut named: Vec<(Entity, u32)> = events.entities.by_number().into_iter().zip(0..).collect();
        named.sort_unstable();
        let (entities, numbers) = named.into_iter().unzip();
        Ok(Self { set, as_of, events, entities, numbers })
    }

    /// Every entity's values, in the order of the entities.
    pub(super) fn values<T>(&self, finish: impl FnOnce(&[Entity], &[i64], Answers<'_>) -> Result<T>) -> Result<T> {
        let times = vec![self.as_of.as_micros(); self.entities.len()];
        let queries = Some((&*self.numbers, &*times));
        answer(self.set, &self.events, queries, |answers| finish(&self.entities, &times, answers))
    }

    /// Every entity's encoded state, in the order of the entities.
    pub(super) fn states(&self) -> Result<Vec<Vec<u8>>> {
        let mut states = vec![Vec::new(); self.entities.len()];
        let mut encoded = Vec::with_capacity(states.len());
        self.events.check(self.set)?;
        let order = self.events.grouping();
        for rows in self.events.rows_by_entity(&order) {
            let mut state = State::new(self.set);
            for row in rows {
                // Everything was checked while the columns were read.
                let _ = state.update(&row)?;
            }
            state.advance(self.as_of);
            state.evict();
            // Nothing but bytes outlives its entity's turn.
            encoded.push(state.encode());
        }
        for (state, number) in states.iter_mut().zip(&self.numbers) {
            if let Some(bytes) = encoded.get_mut(*number as usize) {
                *state = std::mem::take(bytes);
            }
        }
        Ok(states)
    }

    pub(super) fn entities(&self) -> &[Entity] {
        &self.entities
    }

    pub(super) fn left_out(&self) -> usize {
        self.events.left_out
    }
}
