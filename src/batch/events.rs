//! Events read, checked and numbered.

use std::borrow::Cow;

use super::bound::{Bound, Row};
use super::chunk::{Chunk, Valid, Values};
use super::entities::Entities;
use crate::Column;
use crate::definition::{FeatureSet, Plan};
use crate::error::Result;
use crate::expr::Predicate;
use crate::state::{read_cell, read_into};
use crate::table::{self, Dictionary, Grouping, LEFT_OUT, Source, check_rows};
use crate::time::Timestamp;
use crate::value::{Kind, List, ValueRef};

/// Events read, checked and numbered, in the order given.
#[derive(Debug)]
pub(super) struct Events<'a> {
    pub(super) entities: Entities<'a>,
    /// By event its entity, or [`LEFT_OUT`].
    pub(super) numbers: Vec<u32>,
    pub(super) times: Cow<'a, [i64]>,
    /// Which filters each event passes; empty where that is the first and only one, for all of them.
    pub(super) masks: Vec<u64>,
    /// The kept columns, by place.
    pub(super) columns: Vec<Source<'a>>,
    pub(super) bound: Vec<Bound<'a>>,
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
        let plan = set.plan();
        let reader = Reader { plan, bound: &bound, kept: kept.as_deref(), rows };
        let columns = plan.kept.iter().map(|(at, _)| reader.source(*at)).collect::<Result<Vec<_>>>()?;
        reader.check_unkept()?;
        let masks = reader.masks()?;
        Ok(Self { entities, numbers, times, masks, columns, bound, left_out })
    }

    /// The events of each entity, in order of time.
    pub(super) fn grouping(&self) -> Grouping {
        Grouping::new(&self.numbers, &self.times, self.entities.len())
    }

    /// The events of each entity that is asked for, in order of time; none of the others.
    pub(super) fn grouping_of(&self, asked: &[u32]) -> Grouping {
        let mut wanted = vec![false; self.entities.len() + 1];
        asked.iter().for_each(|number| wanted[*number as usize] = true);
        wanted.pop();
        if wanted.iter().all(|wanted| *wanted) {
            return self.grouping();
        }
        let number = |number: &u32| if wanted.get(*number as usize) == Some(&true) { *number } else { LEFT_OUT };
        Grouping::new(&self.numbers.iter().map(number).collect::<Vec<_>>(), &self.times, self.entities.len())
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

/// Reads columns, all batches one after another.
struct Reader<'r, 'a> {
    plan: &'r Plan,
    bound: &'r [Bound<'a>],
    kept: Option<&'r [bool]>,
    rows: usize,
}

impl<'a> Reader<'_, 'a> {
    /// The chunks of a column.
    fn chunks(&self, at: usize) -> impl Iterator<Item = (&Chunk<'a>, usize)> {
        self.bound
            .iter()
            .filter(|batch| batch.len() > 0)
            .filter_map(move |batch| Some((batch.columns.get(at)?, batch.len())))
    }

    /// A kept column brought to its kind: borrowed where it is one batch of numbers of that kind.
    fn source(&self, at: usize) -> Result<Source<'a>> {
        let Some(column) = self.plan.columns.get(at) else { return Ok(Source::Bool(Vec::new())) };
        let one = || {
            let mut chunks = self.chunks(at);
            chunks.next().filter(|_| chunks.next().is_none()).map(|(chunk, _)| chunk)
        };
        match column.kind() {
            Some(Kind::F64) => {
                if let Some(Chunk { values: Values::F64(values), valid }) = one() {
                    return Ok(Source::F64(Cow::Borrowed(values), valid.map_or(table::Valid::All, table::Valid::Bits)));
                }
                let double = |cell: ValueRef<'a>| if let ValueRef::F64(x) = cell { x } else { f64::NAN };
                Ok(Source::F64(Cow::Owned(self.cells(at, column, double)?), table::Valid::All))
            }
            Some(Kind::I64) => {
                if let Some(Chunk { values: Values::I64(values), valid }) = one() {
                    return Ok(Source::I64(Cow::Borrowed(values), valid.map_or(table::Valid::All, table::Valid::Bits)));
                }
                let cells = self.cells(at, column, |cell| if let ValueRef::I64(x) = cell { Some(x) } else { None })?;
                let valid = table::Valid::Flags(cells.iter().map(Option::is_some).collect());
                Ok(Source::I64(cells.into_iter().map(Option::unwrap_or_default).collect(), valid))
            }
            Some(Kind::Time) => {
                let micros = |cell: ValueRef<'a>| if let ValueRef::Time(x) = cell { Some(x.as_micros()) } else { None };
                let cells = self.cells(at, column, micros)?;
                let valid = table::Valid::Flags(cells.iter().map(Option::is_some).collect());
                Ok(Source::Time(cells.into_iter().map(Option::unwrap_or_default).collect(), valid))
            }
            Some(Kind::Str) => self.texts(at, column),
            Some(Kind::Bool) => {
                let bool = |cell: ValueRef<'a>| if let ValueRef::Bool(x) = cell { Some(x) } else { None };
                Ok(Source::Bool(self.cells(at, column, bool)?))
            }
            Some(Kind::List) => {
                let list = |cell: ValueRef<'a>| if let ValueRef::List(x) = cell { Some(List::new(x)) } else { None };
                Ok(Source::List(self.cells(at, column, list)?))
            }
            None => Ok(Source::Present(table::Valid::Flags(self.cells(at, column, |cell| !cell.is_null())?))),
        }
    }

    /// A column of text by code.
    fn texts(&self, at: usize, column: &Column) -> Result<Source<'a>> {
        let mut dictionary = Dictionary::default();
        let mut codes = Vec::with_capacity(self.rows);
        for (chunk, len) in self.chunks(at) {
            // Nothing converts to text, so anything else is an error, unless it is null.
            if chunk.kind().is_some_and(|kind| kind != Kind::Str) {
                self.cells(at, column, |_| ())?;
            }
            chunk.codes(len, None, &mut dictionary, &mut codes);
        }
        Ok(Source::Str(codes, dictionary.into_texts()))
    }

    /// Every row's cell, brought to the column's kind; null for rows that are left out.
    fn cells<T>(&self, at: usize, column: &Column, make: impl Fn(ValueRef<'a>) -> T) -> Result<Vec<T>> {
        let mut out = Vec::with_capacity(self.rows);
        for (number, batch) in self.bound.iter().enumerate() {
            for row in 0..batch.len() {
                let wanted = self.kept.is_none_or(|kept| kept.get(out.len()) == Some(&true));
                let cell = if wanted { batch.cell(at, row) } else { ValueRef::Null };
                let cell = read_cell(column, cell).map_err(|why| why.context(here("events", number, row)))?;
                out.push(make(cell));
            }
        }
        Ok(out)
    }

    /// Refuses what cannot be brought to its kind in columns that only filters read.
    fn check_unkept(&self) -> Result<()> {
        for (at, column) in self.plan.columns.iter().enumerate() {
            let read = at > self.plan.entities || at < self.plan.entities && self.plan.reads_entity;
            let kept = self.plan.kept.iter().any(|(kept, _)| *kept == at);
            let plain =
                || self.chunks(at).all(|(chunk, _)| chunk.kind().is_none_or(|kind| column.kind() == Some(kind)));
            let sized = column.length().is_some();
            if read && !kept && (sized || !plain()) {
                self.cells(at, column, |_| ())?;
            }
        }
        Ok(())
    }

    /// Which filters each event passes.
    fn masks(&self) -> Result<Vec<u64>> {
        if matches!(&*self.plan.filters, [] | [Predicate::Always]) {
            return Ok(Vec::new());
        }
        let mut masks = vec![0u64; self.rows];
        let mut rest = Vec::new();
        for (place, filter) in self.plan.filters.iter().enumerate() {
            let bit = 1 << place;
            match filter {
                Predicate::Always => masks.iter_mut().for_each(|mask| *mask |= bit),
                filter => match filter.text() {
                    Some((at, text, equal)) if self.is_text(at) => self.mark(at, text, equal, bit, &mut masks),
                    _ => rest.push((bit, filter)),
                },
            }
        }
        self.ask(&rest, &mut masks)?;
        Ok(masks)
    }

    /// Whether a column of text is one in every batch.
    fn is_text(&self, at: usize) -> bool {
        self.plan.columns.get(at).and_then(Column::kind) == Some(Kind::Str)
            && self.chunks(at).all(|(chunk, _)| matches!(chunk.values, Values::Text(_)))
    }

    /// Sets the bit of a filter that compares a column of text with one text.
    fn mark(&self, at: usize, text: &str, equal: bool, bit: u64, masks: &mut [u64]) {
        let mut rest = masks;
        for (chunk, len) in self.chunks(at) {
            let Some((these, others)) = rest.split_at_mut_checked(len) else { return };
            if let Values::Text(texts) = &chunk.values {
                texts.mark(Valid { bits: chunk.valid, kept: None }, text, equal, bit, these);
            }
            rest = others;
        }
    }

    /// Asks filters of any sort, event by event.
    fn ask(&self, filters: &[(u64, &Predicate)], masks: &mut [u64]) -> Result<()> {
        if filters.is_empty() {
            return Ok(());
        }
        let mut used = vec![false; self.plan.columns.len()];
        filters.iter().for_each(|(_, filter)| {
            filter.places(&mut |at| {
                if let Some(used) = used.get_mut(at) {
                    *used = true;
                }
            });
        });
        let mut cells = vec![ValueRef::Null; self.plan.columns.len()];
        let places =
            self.bound.iter().enumerate().flat_map(|(at, batch)| (0..batch.len()).map(move |row| (at, batch, row)));
        for (given, ((number, batch, row), mask)) in places.zip(masks).enumerate() {
            if self.kept.is_some_and(|kept| kept.get(given) != Some(&true)) {
                continue;
            }
            for (at, (cell, column)) in cells.iter_mut().zip(&self.plan.columns).enumerate().filter(|(at, _)| used[*at])
            {
                read_into(cell, column, batch.cell(at, row)).map_err(|why| why.context(here("events", number, row)))?;
            }
            for (bit, filter) in filters {
                *mask |= if filter.passes(&cells) { *bit } else { 0 };
            }
        }
        Ok(())
    }
}
