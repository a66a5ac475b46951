//! Every entity as of one time, whatever the tables are made of.

use super::answers::Answers;
use super::bound::Bound;
use super::door::{Log, given};
use super::events::Events;
use super::parallel::each;
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
    /// By event the number of its entity.
    numbers: Vec<u32>,
    /// The entities in their own order, and the number of each.
    entities: Vec<Entity>,
    order: Vec<u32>,
}

impl<'a> Views<'a> {
    pub(super) fn read(set: &'a FeatureSet, bound: Vec<Bound<'a>>, as_of: Timestamp) -> Result<Self> {
        let mut events = Events::read(set, bound)?;
        events.retain(|_, time| time < as_of);
        let (entities, numbers) = events.number(set)?;
        let (entities, order) = entities.sorted();
        Ok(Self { set, as_of, events, numbers, entities, order })
    }

    /// Every entity's values, in the order of the entities.
    pub(super) fn values<T>(&self, finish: impl FnOnce(&[Entity], &[i64], Answers<'_>) -> Result<T>) -> Result<T> {
        let times = vec![self.as_of.as_micros(); self.entities.len()];
        let columns = self.events.columns(self.set, self.as_of.as_micros(), times.len());
        let log = Log { set: self.set, columns, numbers: &self.numbers, entities: self.entities.len() };
        let queries = Some((&*self.order, &*times));
        log.answer(given(&columns)?, queries, |answers| finish(&self.entities, &times, answers))
    }

    /// Every entity's encoded state, in the order of the entities.
    pub(super) fn states(&self) -> Result<Vec<Vec<u8>>> {
        self.events.check(self.set)?;
        let events = self.events.by_entity(&self.numbers, self.entities.len());
        let state = |number: &u32| {
            let mut state = State::new(self.set);
            for row in events.rows(*number as usize) {
                // Everything was checked just before.
                let _ = state.update(&row)?;
            }
            state.advance(self.as_of);
            state.evict();
            // Nothing but bytes outlives its entity's turn.
            Ok(state.encode())
        };
        each(self.order.iter(), state).into_iter().collect()
    }

    pub(super) fn entities(&self) -> &[Entity] {
        &self.entities
    }

    pub(super) fn left_out(&self) -> usize {
        self.events.left_out
    }
}
