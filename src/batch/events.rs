//! Events read and numbered.

use std::borrow::Cow;

use super::bound::{Bound, Row};
use super::columns::Columns;
use super::entities::Entities;
use crate::definition::FeatureSet;
use crate::error::Result;
use crate::table::{Grouping, check_rows};
use crate::time::Timestamp;

/// Events read, in the order given.
#[derive(Debug)]
pub(super) struct Events<'a> {
    pub(super) times: Cow<'a, [i64]>,
    pub(super) bound: Vec<Bound<'a>>,
    kept: Option<Vec<bool>>,
    /// Events that do not belong in.
    pub(super) left_out: usize,
}

impl<'a> Events<'a> {
    /// Reads the times of all events.
    pub(super) fn read(set: &FeatureSet, bound: Vec<Bound<'a>>) -> Result<Self> {
        check_rows(bound.iter().map(Bound::len).sum(), "events")?;
        Bound::check_keys(set, bound.iter())?;
        let times = times(&bound, "events")?;
        Ok(Self { times, bound, kept: None, left_out: 0 })
    }

    /// The events that `keep` says belong in, by number and time; the others are left out.
    pub(super) fn retain(&mut self, keep: impl Fn(usize, Timestamp) -> bool) {
        let kept = self.times.iter().enumerate().map(|(event, time)| keep(event, Timestamp::clamped(*time)));
        let kept: Vec<bool> = kept.collect();
        self.left_out = kept.iter().filter(|kept| !**kept).count();
        self.kept = (self.left_out > 0).then_some(kept);
    }

    /// The entities in order of first appearance, and by event the number of its entity, or
    /// [`LEFT_OUT`](crate::table::LEFT_OUT).
    pub(super) fn number(&self, set: &FeatureSet) -> Result<(Entities<'a>, Vec<u32>)> {
        let mut entities = Entities::new(set, &self.bound);
        let mut numbers = Vec::with_capacity(self.times.len());
        for (at, batch) in self.bound.iter().enumerate() {
            let kept = self.kept.as_ref().and_then(|kept| kept.get(numbers.len()..numbers.len() + batch.len()));
            let read = entities.number(set, batch, kept, &mut numbers);
            read.map_err(|(row, why)| why.context(here("events", at, row)))?;
        }
        Ok((entities, numbers))
    }

    /// Reads all columns and checks every value in them, without keeping any.
    pub(super) fn check(&self, set: &FeatureSet) -> Result<()> {
        self.columns(set, i64::MAX, 0).check(|_| true)
    }

    /// The columns that a definition reads, for so many queries as of `earliest` or later.
    pub(super) fn columns<'e>(&'e self, set: &'e FeatureSet, earliest: i64, queries: usize) -> Columns<'e, 'a> {
        let (times, kept) = (&*self.times, self.kept.as_deref());
        Columns { plan: set.plan(), bound: &self.bound, times, kept, earliest, few: queries <= times.len() / 4 }
    }

    /// The rows of each of so many entities, in order of time.
    pub(super) fn by_entity(&self, numbers: &[u32], entities: usize) -> ByEntity<'_, 'a> {
        let starts = starts(self.bound.iter().map(Bound::len)).collect();
        ByEntity { bound: &self.bound, starts, grouping: Grouping::new(numbers, &self.times, entities) }
    }
}

/// Events by entity, in order of time.
#[derive(Debug)]
pub(super) struct ByEntity<'e, 'a> {
    bound: &'e [Bound<'a>],
    /// How many rows came before each batch.
    starts: Vec<usize>,
    grouping: Grouping,
}

impl ByEntity<'_, '_> {
    /// The events of the entity of a number.
    pub(super) fn rows(&self, entity: usize) -> impl Iterator<Item = Row<'_>> {
        let order = self.grouping.order.get(self.grouping.group(entity)).unwrap_or(&[]);
        order.iter().filter_map(|row| {
            let row = *row as usize;
            let batch = self.starts.partition_point(|start| *start <= row).checked_sub(1)?;
            Some(self.bound.get(batch)?.row(row - self.starts.get(batch)?))
        })
    }
}

/// How many rows came before each batch.
fn starts(lengths: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
    lengths.scan(0, |sum, len| Some(std::mem::replace(sum, *sum + len)))
}

/// Where something went wrong.
pub(super) fn here(what: &str, batch: usize, row: usize) -> String {
    format!("{what}, batch {batch} row {row}")
}

/// The times of all batches in microseconds; one batch of microseconds is borrowed.
pub(super) fn times<'a>(bound: &[Bound<'a>], what: &str) -> Result<Cow<'a, [i64]>> {
    let in_range = |micros: &&'a [i64]| micros.iter().all(|at| Timestamp::clamped(*at).as_micros() == *at);
    if let [batch] = bound
        && let Some(micros) = batch.micros().filter(in_range)
    {
        return Ok(Cow::Borrowed(micros));
    }
    let mut all = Vec::with_capacity(bound.iter().map(Bound::len).sum());
    for (at, batch) in bound.iter().enumerate() {
        if let Some(micros) = batch.micros().filter(in_range) {
            all.extend_from_slice(micros);
            continue;
        }
        for row in 0..batch.len() {
            all.push(batch.time(row).map_err(|why| why.context(here(what, at, row)))?.as_micros());
        }
    }
    Ok(Cow::Owned(all))
}
