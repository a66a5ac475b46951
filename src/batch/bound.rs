//! A batch's columns in the order of the definition's, whichever door it came through.

use super::chunk::Chunk;
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::record::{Column, Record};
use crate::state::read_cell;
use crate::time::Timestamp;
use crate::value::{Kind, ValueRef};

/// The column of a query that says as of when.
pub(super) const AS_OF: &str = "as_of";

/// A batch's columns in the order of the definition's.
#[derive(Clone, Debug)]
pub(super) struct Bound<'a> {
    pub(super) columns: Vec<Chunk<'a>>,
    time: usize,
    time_column: Column,
    rows: usize,
}

impl<'a> Bound<'a> {
    /// Finds the definition's columns in a batch of events.
    pub(super) fn events(set: &FeatureSet, rows: usize, find: impl Fn(&str) -> Result<Chunk<'a>>) -> Result<Self> {
        let columns = set.columns().iter().map(|column| find(column.name())).collect::<Result<_>>()?;
        let time_column = set.time_column().clone();
        Ok(Self { columns, time: time_column.index(), time_column, rows })
    }

    /// Finds the entity columns and `as_of` in a batch of queries.
    pub(super) fn queries(set: &FeatureSet, rows: usize, find: impl Fn(&str) -> Result<Chunk<'a>>) -> Result<Self> {
        let names = set.entity_columns().iter().map(Column::name).chain([AS_OF]);
        let columns: Vec<_> = names.map(find).collect::<Result<_>>()?;
        let time = columns.len() - 1;
        let time_column = Column::new(AS_OF, set.time_column().kind(), time);
        Ok(Self { columns, time, time_column, rows })
    }

    /// Finds columns by name; none of them is a time.
    #[cfg(feature = "arrow")]
    pub(super) fn of<'n>(
        names: impl Iterator<Item = &'n str>,
        rows: usize,
        find: impl Fn(&str) -> Result<Chunk<'a>>,
    ) -> Result<Self> {
        let columns: Vec<_> = names.map(find).collect::<Result<_>>()?;
        let time_column = Column::new(AS_OF, None, columns.len());
        Ok(Self { time: columns.len(), columns, time_column, rows })
    }

    /// How many rows.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// The kind of what column `at` holds.
    pub(super) fn kind(&self, at: usize) -> Option<Kind> {
        self.columns.get(at).and_then(Chunk::kind)
    }

    /// Makes sure that entity columns of no declared kind hold the same kind in all batches: 5 is not "5",
    /// and a batch of the one would never find an entity of the other.
    pub(super) fn check_keys<'b>(set: &FeatureSet, batches: impl Iterator<Item = &'b Self> + Clone) -> Result<()>
    where
        'a: 'b,
    {
        for (at, column) in set.entity_columns().iter().enumerate().filter(|(_, column)| column.kind().is_none()) {
            let mut kinds = batches.clone().filter(|batch| batch.rows > 0).filter_map(|batch| batch.kind(at));
            let Some(first) = kinds.next() else { continue };
            if let Some(other) = kinds.find(|kind| *kind != first) {
                let both = format!("{first} in one batch and {other} in another");
                return Err(Error::column(column.name(), "one kind for events and queries alike", both));
            }
        }
        Ok(())
    }

    /// The cell of column `at` in `row`, as it is.
    #[inline]
    pub(super) fn cell(&self, at: usize, row: usize) -> ValueRef<'a> {
        self.columns.get(at).map_or(ValueRef::Null, |column| column.cell(row))
    }

    /// The times of all rows, where they are microseconds already and none of them is null.
    pub(super) fn micros(&self) -> Option<&'a [i64]> {
        use super::chunk::Values;
        let column = self.columns.get(self.time)?;
        match column.values {
            Values::Time(micros, 1_000_000) | Values::I64(micros) if column.valid.is_none() => micros.get(..self.rows),
            _ => None,
        }
    }

    /// The event time or the `as_of` of `row`.
    #[inline]
    pub(super) fn time(&self, row: usize) -> Result<Timestamp> {
        match read_cell(&self.time_column, self.cell(self.time, row))? {
            ValueRef::Time(time) => Ok(time),
            _ => Err(Error::missing(self.time_column.name(), "null")),
        }
    }

    pub(super) fn row(&self, row: usize) -> Row<'_> {
        Row { columns: &self.columns, row }
    }
}

/// The events of one batch, to be fed to a [`Stream`](crate::Stream) one by one.
#[derive(Clone, Debug)]
pub struct Rows<'a>(pub(super) Bound<'a>);

/// One event of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    columns: &'a [Chunk<'a>],
    row: usize,
}

impl Rows<'_> {
    /// How many events.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.len() == 0
    }

    /// Event `row`, counted from 0.
    pub fn row(&self, row: usize) -> Row<'_> {
        self.0.row(row)
    }

    /// The event time of `row`.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`](crate::ErrorKind::Missing) where it is null, and
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) where it is no time.
    pub fn time(&self, row: usize) -> Result<Timestamp> {
        self.0.time(row)
    }
}

impl Record for Row<'_> {
    #[inline]
    fn field(&self, column: &Column) -> ValueRef<'_> {
        self.columns.get(column.index()).map_or(ValueRef::Null, |chunk| chunk.cell(self.row))
    }
}
