//! Records and definitions held against each other: which columns the one asks for and the other has.

use std::any::type_name;

use super::FeatureSet;
use super::builder::Builder;
use crate::error::{Error, Result};
use crate::record::{Column, Schema};
use crate::value::Kind;

/// The columns of one type of record.
#[derive(Clone, Copy)]
pub(super) struct Known {
    name: &'static str,
    entity: &'static [&'static str],
    time: &'static str,
    columns: &'static [(&'static str, Kind)],
}

impl Known {
    pub(super) fn of<R: Schema + ?Sized>() -> Self {
        Self { name: type_name::<R>(), entity: R::ENTITY, time: R::TIME, columns: R::COLUMNS }
    }

    fn kind(&self, column: &str) -> Option<Kind> {
        self.columns.iter().find(|(name, _)| *name == column).map(|(_, kind)| *kind)
    }

    fn describe(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        format!("`{}` has: {}", self.name, columns.join(", "))
    }
}

impl Builder {
    /// Takes over from the records what was not said: entity, time, and the kinds of columns.
    pub(super) fn settle_records(&mut self) -> Result<()> {
        let Some(first) = self.records.first().copied() else { return Ok(()) };
        for other in &self.records {
            let differ = |what: &str, a: String, b: String| {
                let message = format!("`{}` in `{}`, `{}` in `{}`; call `{what}`", a, first.name, b, other.name);
                Err(Error::definition(what, message))
            };
            if self.entity.is_empty() && other.entity != first.entity {
                return differ("entity", first.entity.join(", "), other.entity.join(", "));
            }
            if self.time.is_none() && other.time != first.time {
                return differ("time", first.time.into(), other.time.into());
            }
        }
        if self.entity.is_empty() {
            self.entity = first.entity.iter().map(ToString::to_string).collect();
        }
        let time = self.time.get_or_insert_with(|| first.time.to_owned()).clone();
        let said = self.columns.len();
        for record in &self.records {
            for (name, kind) in record.columns.iter().filter(|(name, _)| *name != time) {
                match self.columns.iter().position(|(known, _)| known == name) {
                    None => self.columns.push(((*name).to_owned(), *kind)),
                    // What is said outright goes before what records say.
                    Some(place) if place < said || self.columns[place].1 == *kind => {}
                    Some(place) => {
                        let known = self.columns[place].1;
                        let message = format!("{known} in one record, {kind} in `{}`; call `column`", record.name);
                        return Err(Error::definition(format!("columns.{name}"), message));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Succeeds if the records have the columns of `set`; else says which ones are missing or of another kind.
///
/// Entity and time must be in every record, since they may not be null; each of the others in one of them.
pub(super) fn check(set: &FeatureSet, records: &[Known]) -> std::result::Result<(), String> {
    let plan = set.plan();
    let mut faults = Vec::new();
    for column in &plan.columns {
        let is_entity = column.index() < plan.entities;
        let is_needed = is_entity || column.index() == plan.entities;
        let mut found = 0;
        for record in records {
            match record.kind(column.name()) {
                Some(kind) => {
                    found += 1;
                    faults.extend(misfit(column, is_entity, kind, record.name));
                }
                // Whose event it is, the host may know from elsewhere.
                None if is_entity && record.entity.is_empty() && !plan.reads_entity => found += 1,
                None if is_needed => {
                    found += 1;
                    faults.push(format!("`{}` has no column `{}`", record.name, column.name()));
                }
                None => {}
            }
        }
        if found == 0 {
            let names: Vec<String> = records.iter().map(|record| format!("`{}`", record.name)).collect();
            let what = if records.len() == 1 { "has no" } else { "have no" };
            faults.push(format!("{} {what} column `{}`", names.join(", "), column.name()));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    faults.extend(records.iter().map(Known::describe));
    Err(faults.join("; "))
}

/// What is wrong with a column that holds `found`.
fn misfit(column: &Column, is_entity: bool, found: Kind, record: &str) -> Option<String> {
    let expected = match column.kind() {
        None if is_entity && matches!(found, Kind::F64 | Kind::List) => "a string, i64, bool or timestamp".into(),
        None => return None,
        Some(kind) if takes(kind, found) => return None,
        Some(kind) => kind.to_string(),
    };
    Some(format!("column `{}` is {found} in `{record}`, expected {expected}", column.name()))
}

/// Whether every value of the one kind is let into a column of the other; times may turn out unreadable.
fn takes(column: Kind, found: Kind) -> bool {
    column == found || matches!((column, found), (Kind::F64, Kind::I64) | (Kind::Time, Kind::I64 | Kind::Str))
}
