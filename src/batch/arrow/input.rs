//! Reading Arrow columns of any supported type, cell by cell.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, BooleanArray, FixedSizeListArray, LargeListArray, LargeStringArray, ListArray, PrimitiveArray, RecordBatch,
    StringArray, StringViewArray,
};
use arrow_schema::{DataType, TimeUnit};

use super::AS_OF;
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::record::{Column, Record};
use crate::state::{OUT_OF_RANGE, read_cell};
use crate::time::Timestamp;
use crate::value::{Kind, ValueRef};

/// One Arrow column, its type found out once.
#[derive(Clone, Debug)]
enum Typed<'a> {
    I8(&'a PrimitiveArray<Int8Type>),
    I16(&'a PrimitiveArray<Int16Type>),
    I32(&'a PrimitiveArray<Int32Type>),
    I64(&'a PrimitiveArray<Int64Type>),
    U8(&'a PrimitiveArray<UInt8Type>),
    U16(&'a PrimitiveArray<UInt16Type>),
    U32(&'a PrimitiveArray<UInt32Type>),
    U64(&'a PrimitiveArray<UInt64Type>),
    F16(&'a PrimitiveArray<Float16Type>),
    F32(&'a PrimitiveArray<Float32Type>),
    F64(&'a PrimitiveArray<Float64Type>),
    Bool(&'a BooleanArray),
    Utf8(&'a StringArray),
    LargeUtf8(&'a LargeStringArray),
    Utf8View(&'a StringViewArray),
    /// Counts of a unit with so many a second.
    Second(&'a PrimitiveArray<TimestampSecondType>),
    Milli(&'a PrimitiveArray<TimestampMillisecondType>),
    Micro(&'a PrimitiveArray<TimestampMicrosecondType>),
    Nano(&'a PrimitiveArray<TimestampNanosecondType>),
    Date32(&'a PrimitiveArray<Date32Type>),
    Date64(&'a PrimitiveArray<Date64Type>),
    /// Keys into values, which are of any type above.
    Dictionary(Vec<Option<u32>>, Box<Typed<'a>>),
    List(&'a ListArray),
    LargeList(&'a LargeListArray),
    FixedList(&'a FixedSizeListArray),
    Null,
    Other(&'a DataType),
}

impl<'a> Typed<'a> {
    fn new(array: &'a dyn Array) -> Self {
        match array.data_type() {
            DataType::Int8 => Self::I8(array.as_primitive()),
            DataType::Int16 => Self::I16(array.as_primitive()),
            DataType::Int32 => Self::I32(array.as_primitive()),
            DataType::Int64 => Self::I64(array.as_primitive()),
            DataType::UInt8 => Self::U8(array.as_primitive()),
            DataType::UInt16 => Self::U16(array.as_primitive()),
            DataType::UInt32 => Self::U32(array.as_primitive()),
            DataType::UInt64 => Self::U64(array.as_primitive()),
            DataType::Float16 => Self::F16(array.as_primitive()),
            DataType::Float32 => Self::F32(array.as_primitive()),
            DataType::Float64 => Self::F64(array.as_primitive()),
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Utf8 => Self::Utf8(array.as_string()),
            DataType::LargeUtf8 => Self::LargeUtf8(array.as_string()),
            DataType::Utf8View => Self::Utf8View(array.as_string_view()),
            DataType::Timestamp(TimeUnit::Second, _) => Self::Second(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Millisecond, _) => Self::Milli(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Self::Micro(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => Self::Nano(array.as_primitive()),
            DataType::Date32 => Self::Date32(array.as_primitive()),
            DataType::Date64 => Self::Date64(array.as_primitive()),
            DataType::Dictionary(_, _) => {
                let dictionary = array.as_any_dictionary();
                if dictionary.values().is_empty() {
                    // Arrow panics on the keys of a dictionary without values; all of its rows are null.
                    return Self::Null;
                }
                let valid = |row: usize| !dictionary.is_null(row);
                let keys = dictionary.normalized_keys().into_iter().enumerate();
                let keys = keys.map(|(row, key)| valid(row).then_some(key as u32)).collect();
                Self::Dictionary(keys, Box::new(Self::new(dictionary.values().as_ref())))
            }
            DataType::List(_) => Self::List(array.as_list()),
            DataType::LargeList(_) => Self::LargeList(array.as_list()),
            DataType::FixedSizeList(_, _) => Self::FixedList(array.as_fixed_size_list()),
            DataType::Null => Self::Null,
            other => Self::Other(other),
        }
    }

    /// The kind of what is in there; `None` for nulls and what has no kind.
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::I8(_) | Self::I16(_) | Self::I32(_) | Self::I64(_) => Some(Kind::I64),
            Self::U8(_) | Self::U16(_) | Self::U32(_) | Self::U64(_) => Some(Kind::I64),
            Self::F16(_) | Self::F32(_) | Self::F64(_) => Some(Kind::F64),
            Self::Bool(_) => Some(Kind::Bool),
            Self::Utf8(_) | Self::LargeUtf8(_) | Self::Utf8View(_) => Some(Kind::Str),
            Self::Second(_) | Self::Milli(_) | Self::Micro(_) | Self::Nano(_) => Some(Kind::Time),
            Self::Date32(_) | Self::Date64(_) => Some(Kind::Time),
            Self::Dictionary(_, values) => values.kind(),
            Self::List(_) | Self::LargeList(_) | Self::FixedList(_) => Some(Kind::List),
            Self::Null | Self::Other(_) => None,
        }
    }

    /// The cell at `row`; what has no kind here comes back as [`ValueRef::Other`].
    #[inline]
    fn cell(&self, row: usize) -> ValueRef<'a> {
        macro_rules! cell {
            ($array:expr, $make:expr) => {
                if $array.is_null(row) { ValueRef::Null } else { $make($array.value(row)) }
            };
        }
        let time = |count: i64, per_second: i64| {
            Timestamp::from_units(count, per_second).map_or(ValueRef::Other(OUT_OF_RANGE), ValueRef::Time)
        };
        match self {
            Self::F64(a) => cell!(a, ValueRef::F64),
            Self::I64(a) => cell!(a, ValueRef::I64),
            Self::Utf8(a) => cell!(a, ValueRef::Str),
            Self::LargeUtf8(a) => cell!(a, ValueRef::Str),
            Self::Utf8View(a) => cell!(a, ValueRef::Str),
            Self::Bool(a) => cell!(a, ValueRef::Bool),
            Self::Micro(a) => cell!(a, |x| time(x, 1_000_000)),
            Self::Dictionary(keys, values) => match keys.get(row) {
                Some(Some(key)) => values.cell(*key as usize),
                _ => ValueRef::Null,
            },
            Self::I8(a) => cell!(a, |x| ValueRef::I64(i64::from(x))),
            Self::I16(a) => cell!(a, |x| ValueRef::I64(i64::from(x))),
            Self::I32(a) => cell!(a, |x| ValueRef::I64(i64::from(x))),
            Self::U8(a) => cell!(a, |x| ValueRef::I64(i64::from(x))),
            Self::U16(a) => cell!(a, |x| ValueRef::I64(i64::from(x))),
            Self::U32(a) => cell!(a, |x| ValueRef::I64(i64::from(x))),
            Self::U64(a) => {
                cell!(a, |x| i64::try_from(x).map_or(ValueRef::Other("an unsigned integer beyond i64"), ValueRef::I64))
            }
            Self::F16(a) => cell!(a, |x| ValueRef::F64(f64::from(x))),
            Self::F32(a) => cell!(a, |x| ValueRef::F64(f64::from(x))),
            Self::Second(a) => cell!(a, |x| time(x, 1)),
            Self::Milli(a) => cell!(a, |x| time(x, 1_000)),
            Self::Nano(a) => cell!(a, |x| time(x, 1_000_000_000)),
            Self::Date32(a) => cell!(a, |x| time(i64::from(x) * 86_400, 1)),
            Self::Date64(a) => cell!(a, |x| time(x, 1_000)),
            Self::List(a) => list(a.values(), a.is_null(row), a.value_offsets().get(row..row + 2), |x| *x as usize),
            Self::LargeList(a) => {
                list(a.values(), a.is_null(row), a.value_offsets().get(row..row + 2), |x| *x as usize)
            }
            Self::FixedList(a) => {
                let width = a.value_length() as usize;
                list(a.values(), a.is_null(row), Some(&[row * width, (row + 1) * width]), |x| *x)
            }
            Self::Null => ValueRef::Null,
            Self::Other(_) => ValueRef::Other("a value of a type this crate does not read"),
        }
    }
}

fn no_nulls(numbers: &PrimitiveArray<Float64Type>, from: usize, to: usize) -> bool {
    numbers.null_count() == 0 || (from..to).all(|at| numbers.is_valid(at))
}

fn list<'a, T>(values: &'a dyn Array, null: bool, bounds: Option<&[T]>, at: impl Fn(&T) -> usize) -> ValueRef<'a> {
    let numbers = values.as_primitive_opt::<Float64Type>();
    match (null, numbers, bounds) {
        (true, _, _) => ValueRef::Null,
        (_, Some(numbers), Some([from, to])) if no_nulls(numbers, at(from), at(to)) => {
            numbers.values().get(at(from)..at(to)).map_or(ValueRef::Null, ValueRef::List)
        }
        (_, Some(_), _) => ValueRef::Other("a list with nulls in it"),
        (_, None, _) => ValueRef::Other("a list of something other than Float64"),
    }
}

/// A batch's columns in the order of the definition's.
#[derive(Clone, Debug)]
pub(super) struct Bound<'a> {
    columns: Vec<Typed<'a>>,
    time: usize,
    time_column: Column,
    rows: usize,
}

impl<'a> Bound<'a> {
    /// Finds the definition's columns in a batch of events.
    pub(super) fn new(set: &FeatureSet, batch: &'a RecordBatch) -> Result<Self> {
        let find = |column: &Column| find(batch, column.name(), "events");
        let columns = set.columns().iter().map(find).collect::<Result<_>>()?;
        let time_column = set.time_column().clone();
        Ok(Self { columns, time: time_column.index(), time_column, rows: batch.num_rows() })
    }

    /// Finds the entity columns and `as_of` in a batch of queries.
    pub(super) fn queries(set: &FeatureSet, batch: &'a RecordBatch) -> Result<Self> {
        let entities = set.entity_columns().iter().map(|column| find(batch, column.name(), "queries"));
        let columns: Vec<_> = entities.chain([find(batch, AS_OF, "queries")]).collect::<Result<_>>()?;
        let time = columns.len() - 1;
        let time_column = Column::new(AS_OF, set.time_column().kind(), time);
        Ok(Self { columns, time, time_column, rows: batch.num_rows() })
    }

    /// Finds columns by name; none of them is a time.
    pub(super) fn of<'n>(
        batch: &'a RecordBatch,
        names: impl Iterator<Item = &'n str>,
        what: &'static str,
    ) -> Result<Self> {
        let columns: Vec<_> = names.map(|name| find(batch, name, what)).collect::<Result<_>>()?;
        let time_column = Column::new(AS_OF, None, columns.len());
        Ok(Self { time: columns.len(), columns, time_column, rows: batch.num_rows() })
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// The kind of what column `at` holds.
    pub(super) fn kind(&self, at: usize) -> Option<Kind> {
        self.columns.get(at).and_then(Typed::kind)
    }

    /// Makes sure that entity columns of no declared kind hold the same kind in all batches: 5 is not "5",
    /// and a batch of the one would never find an entity of the other.
    pub(super) fn check_keys(set: &FeatureSet, batches: &[&Self]) -> Result<()> {
        for (at, column) in set.entity_columns().iter().enumerate().filter(|(_, column)| column.kind().is_none()) {
            let mut kinds =
                batches.iter().filter(|batch| batch.rows > 0).filter_map(|batch| batch.columns.get(at)?.kind());
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

fn find<'a>(batch: &'a RecordBatch, name: &str, what: &'static str) -> Result<Typed<'a>> {
    let array = batch.column_by_name(name).ok_or_else(|| {
        let schema = batch.schema();
        let there: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        Error::missing(name, format!("missing from the {what}; there are: {}", there.join(", ")))
    })?;
    match Typed::new(array.as_ref()) {
        Typed::Other(found) => Err(Error::column(
            name,
            "a bool, number, string, timestamp, date or list of Float64",
            format!("Arrow type {found}"),
        )),
        typed => Ok(typed),
    }
}

/// The events of one batch, to be fed to a [`Stream`](crate::Stream) one by one.
#[derive(Clone, Debug)]
pub struct Rows<'a>(Bound<'a>);

/// One event of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    columns: &'a [Typed<'a>],
    row: usize,
}

/// Finds the definition's columns in a batch of events.
///
/// # Errors
/// [`ErrorKind::Missing`](crate::ErrorKind::Missing) names a column that is not there,
/// [`ErrorKind::Type`](crate::ErrorKind::Type) one of a type this crate does not read.
pub fn rows<'a>(set: &FeatureSet, events: &'a RecordBatch) -> Result<Rows<'a>> {
    Bound::new(set, events).map(Rows)
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
        self.columns.get(column.index()).map_or(ValueRef::Null, |typed| typed.cell(self.row))
    }
}
