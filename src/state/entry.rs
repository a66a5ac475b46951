//! An event at the door: its columns brought to their kinds, its filters asked.

use std::hint::black_box;

use crate::definition::Plan;
use crate::error::{Error, Result};
use crate::record::{Column, Record};
use crate::time::{OUT_OF_RANGE, Timestamp};
use crate::value::{Kind, Text, Value, ValueRef};

/// An event brought into the shape of a definition.
pub(crate) struct Entry<'c, 'a> {
    pub(crate) time: Timestamp,
    pub(super) mask: u64,
    pub(super) cells: &'c [ValueRef<'a>],
}

/// Room for one event's values by column: on the stack for up to 8 columns.
pub(crate) enum Cells<'a> {
    Few([ValueRef<'a>; 8]),
    Many(Vec<ValueRef<'a>>),
}

impl<'a> Cells<'a> {
    #[inline]
    pub(crate) fn new(plan: &Plan) -> Self {
        match plan.columns.len() {
            0..=8 => Self::Few([ValueRef::Null; 8]),
            columns => Self::Many(vec![ValueRef::Null; columns]),
        }
    }
}

/// Brings a value to its column's kind; a column without one keeps only whether it is null.
#[inline]
pub(crate) fn read_cell<'a>(column: &Column, found: ValueRef<'a>) -> Result<ValueRef<'a>> {
    match column.kind() {
        None if found.is_null() => Ok(ValueRef::Null),
        None => Ok(ValueRef::Bool(true)),
        Some(Kind::List) => match (found.to_kind(Kind::List), column.length()) {
            (Ok(ValueRef::List(list)), Some(length)) if list.len() != length => {
                let message = format!("list of {length} numbers");
                Err(Error::column(column.name(), message, found))
            }
            (list, _) => list.map_err(|why| refused(column, Kind::List, found, why)),
        },
        Some(kind) => found.to_kind(kind).map_err(|why| refused(column, kind, found, why)),
    }
}

#[cold]
fn refused(column: &Column, kind: Kind, found: ValueRef<'_>, why: String) -> Error {
    match (kind, found) {
        // The kind would do; the moment it stands for does not.
        (Kind::Time, ValueRef::I64(_) | ValueRef::Str(_) | ValueRef::Other(OUT_OF_RANGE)) => {
            Error::time(format!("column `{}`: {why}", column.name()))
        }
        _ => Error::column(column.name(), kind, why),
    }
}

/// As [`read_cell`], straight into its place and word by word.
///
/// A record writes tag and payload apart; copying the enum whole would load both at once and wait for the two
/// stores, which is a seventh of an update. `black_box` keeps the compiler from making that copy.
#[inline(always)]
pub(crate) fn read_into<'a>(cell: &mut ValueRef<'a>, column: &Column, found: ValueRef<'a>) -> Result<()> {
    let is = |kind| column.kind() == Some(kind);
    match found {
        ValueRef::Null => *cell = ValueRef::Null,
        ValueRef::F64(x) if is(Kind::F64) && !x.is_nan() => *cell = ValueRef::F64(x + 0.0),
        ValueRef::Str(text) if is(Kind::Str) => *cell = ValueRef::Str(black_box(text)),
        ValueRef::I64(x) if is(Kind::I64) => *cell = ValueRef::I64(black_box(x)),
        ValueRef::I64(x) if is(Kind::Time) && Timestamp::clamped(x).as_micros() == x => {
            *cell = ValueRef::Time(Timestamp::clamped(x));
        }
        found => *cell = read_cell(column, found)?,
    }
    Ok(())
}

impl<'c, 'a> Entry<'c, 'a> {
    /// Reads a record's columns, brings them to their kinds, and asks every filter.
    #[inline]
    pub(crate) fn read<R: Record + ?Sized>(plan: &Plan, record: &'a R, room: &'c mut Cells<'a>) -> Result<Self> {
        let cells: &mut [ValueRef<'a>] = match room {
            Cells::Few(cells) => cells,
            Cells::Many(cells) => cells,
        };
        // An entity column is read only if a filter or an aggregate uses it as well.
        let from = if plan.reads_entity { 0 } else { plan.entities };
        let (columns, places) = (plan.columns.get(from..).unwrap_or(&[]), cells.get_mut(from..).unwrap_or(&mut []));
        for (column, cell) in columns.iter().zip(places) {
            read_into(cell, column, record.field(column))?;
        }
        let Some(ValueRef::Time(time)) = cells.get(plan.entities).copied() else {
            let name = plan.columns.get(plan.entities).map_or("time", Column::name);
            return Err(Error::missing(name, "missing or null; every event needs a time"));
        };
        let mask = plan.asked.ask(cells);
        Ok(Self { time, mask, cells })
    }

    /// Whether it passed the filter `bit`.
    #[cfg(feature = "testing")]
    pub(crate) fn passes(&self, bit: u64) -> bool {
        self.mask & bit != 0
    }

    /// Appends the values a row keeps: null where no filter that passed needs them.
    #[inline]
    pub(super) fn keep(&self, plan: &Plan, into: &mut Vec<Value>) {
        into.reserve(plan.kept.len());
        for (column, bits) in &plan.kept {
            let cell = if bits & self.mask != 0 { self.cells.get(*column) } else { None };
            match cell {
                None | Some(ValueRef::Null) => into.push(Value::Null),
                Some(ValueRef::F64(x)) => into.push(Value::F64(*x)),
                Some(ValueRef::I64(x)) => into.push(Value::I64(*x)),
                Some(ValueRef::Str(text)) => into.push(Value::Str(Text::new(text))),
                Some(other) => into.push(other.to_value()),
            }
        }
    }
}
