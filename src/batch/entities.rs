//! Entities by number.

use hashbrown::HashTable;

use super::bound::Bound;
use super::chunk::{Valid, Values};
use crate::definition::FeatureSet;
use crate::error::Error;
use crate::hash::fold;
use crate::stream::{Entity, Key};
use crate::table::{Dictionary, LEFT_OUT, NO_TEXT};
use crate::value::{Kind, ValueRef};

/// A row that names no entity, and why.
pub(super) type Refused = (usize, Error);

/// Entities by number, in order of first appearance.
#[derive(Debug)]
pub(super) enum Entities<'a> {
    /// One column of text.
    Text(Dictionary<'a>),
    /// One column of integers.
    Whole(HashTable<(i64, u32)>),
    /// Any other columns.
    Any(HashTable<(Entity, u32)>),
}

impl<'a> Entities<'a> {
    /// None yet; the kinds of all batches decide how they are told apart.
    pub(super) fn new(set: &FeatureSet, bound: &[Bound<'a>]) -> Self {
        let all = |kind: Kind| {
            let declared = |kinds: Option<Kind>| kinds.is_none_or(|declared| declared == kind);
            matches!(set.entity_columns(), [column] if declared(column.kind()))
                && bound.iter().all(|batch| batch.len() == 0 || batch.kind(0) == Some(kind))
        };
        if all(Kind::Str) {
            Self::Text(Dictionary::default())
        } else if all(Kind::I64) {
            Self::Whole(HashTable::new())
        } else {
            Self::Any(HashTable::new())
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(texts) => texts.len(),
            Self::Whole(table) => table.len(),
            Self::Any(table) => table.len(),
        }
    }

    /// Appends the number of each row's entity, new ones for those not seen before; [`LEFT_OUT`] for a row that is
    /// not kept.
    pub(super) fn number(
        &mut self,
        set: &FeatureSet,
        batch: &Bound<'a>,
        kept: Option<&[bool]>,
        out: &mut Vec<u32>,
    ) -> std::result::Result<(), Refused> {
        let start = out.len();
        let keep = |row: usize| kept.is_none_or(|kept| kept.get(row) == Some(&true));
        match self {
            Self::Text(dictionary) => codes(batch, kept, dictionary, out),
            Self::Whole(table) => {
                let mut number = |x: i64| {
                    let next = table.len() as u32;
                    let hash = |x: i64| fold(x.cast_unsigned());
                    let found = table.entry(hash(x), |(known, _)| *known == x, |(known, _)| hash(*known));
                    found.or_insert((x, next)).get().1
                };
                out.extend((0..batch.len()).map(|row| match batch.cell(0, row) {
                    ValueRef::I64(x) if keep(row) => number(x),
                    _ => LEFT_OUT,
                }));
            }
            Self::Any(table) => {
                for row in 0..batch.len() {
                    if !keep(row) {
                        out.push(LEFT_OUT);
                        continue;
                    }
                    let event = batch.row(row);
                    let key = Key::read(set.entity_columns(), &event).map_err(|why| (row, why))?;
                    let next = table.len() as u32;
                    let found = table.entry(key.hash(), |(entity, _)| key.is(entity), |(entity, _)| entity.hash());
                    out.push(found.or_insert_with(|| (key.to_entity(), next)).get().1);
                }
            }
        }
        // A row that should have a number and has none cannot name an entity; its key says why.
        let numbers = out.get(start..).unwrap_or(&[]);
        match numbers.iter().enumerate().find(|(row, number)| **number == LEFT_OUT && keep(*row)) {
            Some((row, _)) => Err((row, refused(set, batch, row))),
            None => Ok(()),
        }
    }

    /// Appends the number of each row's entity, that of none for one that has no events.
    pub(super) fn find(
        &self,
        set: &FeatureSet,
        batch: &Bound<'_>,
        out: &mut Vec<u32>,
    ) -> std::result::Result<(), Refused> {
        let (start, none) = (out.len(), self.len() as u32);
        match (self, batch.columns.first().map(|column| (&column.values, column.valid))) {
            (Self::Text(dictionary), Some((Values::Text(texts), bits))) => {
                texts.find(batch.len(), Valid { bits, kept: None }, dictionary, out);
            }
            (Self::Whole(table), Some(_)) if batch.kind(0) == Some(Kind::I64) => {
                out.extend((0..batch.len()).map(|row| {
                    match batch.cell(0, row) {
                        ValueRef::I64(x) => table
                            .find(fold(x.cast_unsigned()), |(known, _)| *known == x)
                            .map_or(NO_TEXT, |(_, number)| *number),
                        _ => NO_TEXT,
                    }
                }));
            }
            _ => {
                for row in 0..batch.len() {
                    let query = batch.row(row);
                    let key = Key::read(set.entity_columns(), &query).map_err(|why| (row, why))?;
                    out.push(self.find_key(&key));
                }
            }
        }
        for (row, number) in out.iter_mut().skip(start).enumerate().filter(|(_, number)| **number == NO_TEXT) {
            let query = batch.row(row);
            Key::read(set.entity_columns(), &query).map_err(|why| (row, why))?;
            *number = none;
        }
        Ok(())
    }

    fn find_key(&self, key: &Key<'_>) -> u32 {
        let found = match (self, key.parts()) {
            (Self::Text(dictionary), [ValueRef::Str(text)]) => return dictionary.find(text),
            (Self::Whole(table), [ValueRef::I64(x)]) => {
                table.find(fold(x.cast_unsigned()), |(known, _)| known == x).map(|(_, number)| *number)
            }
            (Self::Any(table), _) => table.find(key.hash(), |(entity, _)| key.is(entity)).map(|(_, number)| *number),
            _ => None,
        };
        found.unwrap_or(NO_TEXT)
    }

    /// All of them in their own order, and the number of each.
    pub(super) fn sorted(self) -> (Vec<Entity>, Vec<u32>) {
        if let Self::Text(dictionary) = self {
            let texts = dictionary.into_texts();
            // Most are told apart by their first bytes, in one comparison of numbers.
            let begin = |text: &str| text.bytes().chain([0; 8]).take(8).fold(0, |sum, byte| sum << 8 | u64::from(byte));
            let mut begins: Vec<(u64, u32)> = texts.iter().zip(0..).map(|(text, at)| (begin(text), at)).collect();
            let text = |at: u32| texts.get(at as usize).map(|text| text.as_bytes());
            begins.sort_unstable_by(|(a, x), (b, y)| a.cmp(b).then_with(|| text(*x).cmp(&text(*y))));
            let order: Vec<u32> = begins.into_iter().map(|(_, at)| at).collect();
            return (order.iter().filter_map(|at| texts.get(*at as usize).copied()).map(Entity::from).collect(), order);
        }
        let mut named: Vec<(Entity, u32)> = self.by_number().into_iter().zip(0..).collect();
        named.sort_unstable();
        named.into_iter().unzip()
    }

    /// All of them, by number.
    pub(super) fn by_number(&self) -> Vec<Entity> {
        match self {
            Self::Text(texts) => texts.texts().iter().map(|text| Entity::from(*text)).collect(),
            Self::Whole(table) => {
                let mut all: Vec<_> = table.iter().copied().collect();
                all.sort_unstable_by_key(|(_, number)| *number);
                all.into_iter().map(|(x, _)| Entity::from(x)).collect()
            }
            Self::Any(table) => {
                let mut all: Vec<_> = table.iter().collect();
                all.sort_unstable_by_key(|(_, number)| *number);
                all.into_iter().map(|(entity, _)| entity.clone()).collect()
            }
        }
    }
}

/// Appends codes of a column of text.
fn codes<'a>(batch: &Bound<'a>, kept: Option<&[bool]>, dictionary: &mut Dictionary<'a>, out: &mut Vec<u32>) {
    if let Some(column) = batch.columns.first() {
        column.codes(batch.len(), kept, dictionary, out);
    }
}

/// Why a row names no entity.
fn refused(set: &FeatureSet, batch: &Bound<'_>, row: usize) -> Error {
    let event = batch.row(row);
    match Key::read(set.entity_columns(), &event) {
        Err(why) => why,
        Ok(_) => Error::missing("entity", "not read"),
    }
}
