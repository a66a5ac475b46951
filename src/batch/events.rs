//! Events read and numbered.

use std::borrow::Cow;

use super::bound::{Bound, Row};
use super::columns::Columns;
use super::entities::Entities;
use crate::definition::FeatureSet;
use crate::error::Result;
use crate::table::{Grouping, check_rows};
use crate::time::Timestamp;

/// Events read and numbered by entity, in the order given.
#[derive(Debug)]
pub(super) struct Events<'a> {
    pub(super) entities: Entities<'a>,
    /// By event its entity, or [`LEFT_OUT`](crate::table::LEFT_OUT).
    pub(super) numbers: Vec<u32>,
    pub(super) times: Cow<'a, [i64]>,
    pub(super) bound: Vec<Bound<'a>>,
    kept: Option<Vec<bool>>,
    /// Events that do not belong in.
    pub(super) left_out: usize,
}

/// Which events belong in: by batch, row and time.
pub(super) type Keep<'k> = &'k dyn Fn(usize, usize, Timestamp) -> bool;

impl<'a> Events<'a> {
    /// Reads the events that `keep` says belong in; all without it.
    pub(super) fn read(set: &FeatureSet, bound: Vec<Bound<'a>>, keep: Option<Keep<'_>>) -> Result<Self> {
        let rows = bound.iter().map(Bound::len).sum();
        check_rows(rows, "events")?;
        Bound::check_keys(set, bound.iter())?;
        let times = times(&bound, "events")?;
        let kept = keep.map(|keep| kept(&bound, &times, keep));
        let left_out = kept.as_ref().map_or(0, |kept| kept.iter().filter(|kept| !**kept).count());
        let mut entities = Entities::new(set, &bound);
        let mut numbers = Vec::with_capacity(rows);
        for (at, batch) in bound.iter().enumerate() {
            let kept = kept.as_ref().and_then(|kept| kept.get(numbers.len()..numbers.len() + batch.len()));
            let read = entities.number(set, batch, kept, &mut numbers);
            read.map_err(|(row, why)| why.context(here("events", at, row)))?;
        }
        Ok(Self { entities, numbers, times, bound, kept, left_out })
    }

    /// Reads all columns and checks every value in them, without keeping any.
    pub(super) fn check(&self, set: &FeatureSet) -> Result<()> {
        self.columns(set, i64::MAX).check(|_| true)
    }

    /// The columns that a definition reads, for queries as of `earliest` or later.
    pub(super) fn columns<'e>(&'e self, set: &'e FeatureSet, earliest: i64) -> Columns<'e, 'a> {
        Columns { plan: set.plan(), bound: &self.bound, times: &self.times, kept: self.kept.as_deref(), earliest }
    }

    /// The events of each entity, in order of time.
    pub(super) fn grouping(&self) -> Grouping {
        Grouping::new(&self.numbers, &self.times, self.entities.len())
    }

    /// The rows of each entity, in order of time.
    pub(super) fn rows_by_entity<'g>(
        &'g self,
        grouping: &'g Grouping,
    ) -> impl Iterator<Item = impl Iterator<Item = Row<'g>>> {
        let starts: Vec<usize> = starts(self.bound.iter().map(Bound::len)).collect();
        (0..self.entities.len()).map(move |entity| {
            let starts = starts.clone();
            grouping.order[grouping.group(entity)].iter().filter_map(move |row| {
                let row = *row as usize;
                let batch = starts.partition_point(|start| *start <= row).checked_sub(1)?;
                Some(self.bound.get(batch)?.row(row - starts.get(batch)?))
            })
        })
    }
}

/// How many rows came before each batch.
pub(super) fn starts(lengths: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
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

fn kept(bound: &[Bound<'_>], times: &[i64], keep: Keep<'_>) -> Vec<bool> {
    let places = bound.iter().enumerate().flat_map(|(at, batch)| (0..batch.len()).map(move |row| (at, row)));
    places.zip(times).map(|((at, row), time)| keep(at, row, Timestamp::clamped(*time))).collect()
}
