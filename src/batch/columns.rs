//! Columns brought to their kinds, and the filters asked.

use super::bound::Bound;
use super::chunk::{Chunk, Valid, Values};
use super::events::here;
use crate::Column;
use crate::definition::Plan;
use crate::error::Result;
use crate::expr::Predicate;
use crate::state::{read_cell, read_into};
use crate::table::{Deal, Dictionary, Source};
use crate::value::{Kind, List, ValueRef};

/// The columns of events, all batches one after another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns<'r, 'a> {
    pub(super) plan: &'r Plan,
    pub(super) bound: &'r [Bound<'a>],
    /// Which rows belong in; `None` for all.
    pub(super) kept: Option<&'r [bool]>,
    pub(super) times: &'r [i64],
    /// The time of the earliest query.
    pub(super) earliest: i64,
    /// Whether there are far fewer queries than events.
    pub(super) few: bool,
}

/// A kept column, in the order given.
#[derive(Debug)]
pub(super) enum Given<'a> {
    /// Doubles, which can stay where they are until they are dealt out.
    Doubles,
    Source(Source<'a>),
}

impl<'a> Columns<'_, 'a> {
    /// The chunks of a column, and how long they are.
    fn chunks(&self, at: usize) -> impl Iterator<Item = (&Chunk<'a>, usize)> {
        let filled = self.bound.iter().filter(|batch| batch.len() > 0);
        filled.filter_map(move |batch| Some((batch.columns.get(at)?, batch.len())))
    }

    /// A kept column brought to its kind.
    pub(super) fn given(&self, place: usize, at: usize) -> Result<Given<'a>> {
        let Some(column) = self.plan.columns.get(at) else { return Ok(Given::Doubles) };
        let split = |cells: Vec<Option<i64>>| {
            let valid = cells.iter().map(Option::is_some).collect();
            (cells.into_iter().map(Option::unwrap_or_default).collect(), valid)
        };
        Ok(Given::Source(match column.kind() {
            Some(Kind::F64) if self.are_doubles(at) => return Ok(Given::Doubles),
            Some(Kind::F64) => {
                let double = |cell: ValueRef<'a>| if let ValueRef::F64(x) = cell { x } else { f64::NAN };
                Source::F64(self.cells(at, column, double)?)
            }
            Some(Kind::I64) => {
                let whole = |cell: ValueRef<'a>| if let ValueRef::I64(x) = cell { Some(x) } else { None };
                let (values, valid) = split(self.cells(at, column, whole)?);
                Source::I64(values, valid)
            }
            Some(Kind::Time) => {
                let micros = |cell: ValueRef<'a>| if let ValueRef::Time(x) = cell { Some(x.as_micros()) } else { None };
                let (values, valid) = split(self.cells(at, column, micros)?);
                Source::Time(values, valid)
            }
            Some(Kind::Str) => self.texts(place, at, column)?,
            Some(Kind::Bool) => {
                let bool = |cell: ValueRef<'a>| if let ValueRef::Bool(x) = cell { Some(x) } else { None };
                Source::Bool(self.cells(at, column, bool)?)
            }
            Some(Kind::List) => {
                let list = |cell: ValueRef<'a>| if let ValueRef::List(x) = cell { Some(List::new(x)) } else { None };
                Source::List(self.cells(at, column, list)?)
            }
            None => Source::Present(self.cells(at, column, |cell| !cell.is_null())?),
        }))
    }

    /// The rows of a kept column dealt out.
    pub(super) fn dealt(&self, at: usize, given: Given<'a>, deal: &Deal) -> Source<'a> {
        match given {
            Given::Doubles => Source::F64(self.doubles(at, deal)),
            Given::Source(source) => source.dealt(deal),
        }
    }

    /// Whether a column is one of doubles in every batch.
    fn are_doubles(&self, at: usize) -> bool {
        self.chunks(at).all(|(chunk, _)| matches!(chunk.values, Values::F64(_)))
    }

    /// A column of doubles, straight from where it is.
    fn doubles(&self, at: usize, deal: &Deal) -> Vec<f64> {
        let mut out = vec![f64::NAN; deal.len()];
        let mut rest = &*deal.places;
        for (chunk, len) in self.chunks(at) {
            let (places, others) = rest.split_at(len.min(rest.len()));
            let Values::F64(values) = chunk.values else { continue };
            for (row, (place, value)) in places.iter().zip(values).enumerate() {
                if let Some(slot) = out.get_mut(*place as usize).filter(|_| !chunk.is_null(row)) {
                    // Makes a negative zero plain; a NaN stays the null it stands for.
                    *slot = value + 0.0;
                }
            }
            rest = others;
        }
        out
    }

    /// A column of text by code; what no query can see is not looked at.
    fn texts(&self, place: usize, at: usize, column: &Column) -> Result<Source<'a>> {
        let reach = self.plan.reach(place, self.earliest);
        let seen: Option<Vec<bool>> = (reach > self.times.iter().copied().min().unwrap_or(reach))
            .then(|| self.times.iter().map(|time| *time >= reach).collect());
        // Where a few are picked, nobody asks which of the others are the same.
        let listed = self.few && self.plan.is_only_picked(place);
        let (mut dictionary, mut list) = (Dictionary::default(), Vec::new());
        let mut codes = Vec::with_capacity(self.times.len());
        for (chunk, len) in self.chunks(at) {
            // Nothing converts to text, so anything else is an error, unless it is null.
            if chunk.kind().is_some_and(|kind| kind != Kind::Str) {
                self.cells(at, column, |_| ())?;
            }
            let seen = seen.as_ref().and_then(|seen| seen.get(codes.len()..codes.len() + len));
            if listed {
                chunk.list(len, seen, &mut list, &mut codes);
            } else {
                chunk.codes(len, seen, &mut dictionary, &mut codes);
            }
        }
        Ok(Source::Str(codes, if listed { list } else { dictionary.into_texts() }))
    }

    /// Every row's cell, brought to the column's kind; null for rows that are left out.
    fn cells<T>(&self, at: usize, column: &Column, make: impl Fn(ValueRef<'a>) -> T) -> Result<Vec<T>> {
        let mut out = Vec::with_capacity(self.bound.iter().map(Bound::len).sum());
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

    /// Refuses what cannot be brought to its kind, in the columns that `asked` picks.
    pub(super) fn check(&self, asked: impl Fn(usize) -> bool) -> Result<()> {
        for (at, column) in self.plan.columns.iter().enumerate().filter(|(at, _)| asked(*at)) {
            let read = at > self.plan.entities || at < self.plan.entities && self.plan.reads_entity;
            let is_plain = |chunk: &Chunk<'a>| chunk.kind().is_none_or(|kind| column.kind() == Some(kind));
            let plain = || self.chunks(at).all(|(chunk, _)| is_plain(chunk));
            if read && (column.kind() == Some(Kind::List) || !plain()) {
                self.cells(at, column, |_| ())?;
            }
        }
        Ok(())
    }

    /// Which filters each event passes, dealt out; nothing where the first is the only one, and for all of them.
    pub(super) fn masks(&self, deal: &Deal) -> Result<Vec<u64>> {
        // Columns that only filters read were not looked at yet.
        self.check(|at| self.plan.kept.iter().all(|(kept, _)| *kept != at))?;
        if matches!(&*self.plan.filters, [] | [Predicate::Always]) {
            return Ok(Vec::new());
        }
        let mut masks = vec![0u64; deal.len()];
        let mut rest = Vec::new();
        for (place, filter) in self.plan.filters.iter().enumerate() {
            let bit = 1 << place;
            match filter {
                Predicate::Always => masks.iter_mut().for_each(|mask| *mask |= bit),
                filter => match filter.text() {
                    Some((at, text, equal)) if self.is_text(at) => self.mark(at, (text, equal), bit, deal, &mut masks),
                    _ => rest.push((bit, filter)),
                },
            }
        }
        self.ask(&rest, deal, &mut masks)?;
        Ok(masks)
    }

    /// Whether a column of text is one in every batch.
    fn is_text(&self, at: usize) -> bool {
        self.plan.columns.get(at).and_then(Column::kind) == Some(Kind::Str)
            && self.chunks(at).all(|(chunk, _)| matches!(chunk.values, Values::Text(_)))
    }

    /// Sets the bit of a filter that asks whether a column of text is equal to one text, or is not.
    fn mark(&self, at: usize, text: (&str, bool), bit: u64, deal: &Deal, masks: &mut [u64]) {
        let mut rest = &*deal.places;
        for (chunk, len) in self.chunks(at) {
            let (places, others) = rest.split_at(len.min(rest.len()));
            if let Values::Text(texts) = chunk.values {
                texts.mark(Valid { bits: chunk.valid, kept: None }, text, bit, places, masks);
            }
            rest = others;
        }
    }

    /// Asks filters of any sort, event by event.
    fn ask(&self, filters: &[(u64, &Predicate)], deal: &Deal, masks: &mut [u64]) -> Result<()> {
        if filters.is_empty() {
            return Ok(());
        }
        let mut used = Vec::new();
        filters.iter().for_each(|(_, filter)| filter.places(&mut |at| used.push(at)));
        used.sort_unstable();
        used.dedup();
        let mut cells = vec![ValueRef::Null; self.plan.columns.len()];
        let numbered = self.bound.iter().enumerate();
        let rows = numbered.flat_map(|(at, batch)| (0..batch.len()).map(move |row| (at, batch, row)));
        for ((number, batch, row), place) in rows.zip(&deal.places) {
            let Some(mask) = masks.get_mut(*place as usize) else { continue };
            for at in &used {
                if let (Some(cell), Some(column)) = (cells.get_mut(*at), self.plan.columns.get(*at)) {
                    let read = read_into(cell, column, batch.cell(*at, row));
                    read.map_err(|why| why.context(here("events", number, row)))?;
                }
            }
            for (bit, filter) in filters {
                *mask |= if filter.passes(&cells) { *bit } else { 0 };
            }
        }
        Ok(())
    }
}
