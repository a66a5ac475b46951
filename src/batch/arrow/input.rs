//! Arrow columns of any supported type, read where they are.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, LargeStringArray, RecordBatch, StringArray, StringViewArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::{DataType, TimeUnit};

use super::super::bound::{Bound, Rows};
use super::super::chunk::{Bounds, Chunk, Lists, Texts, Values};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::table::{Bits, NO_TEXT};

/// A batch of events.
pub(super) fn events<'a>(set: &FeatureSet, batch: &'a RecordBatch) -> Result<Bound<'a>> {
    Bound::events(set, batch.num_rows(), |name| find(batch, name, "events"))
}

/// A batch of queries.
pub(super) fn queries<'a>(set: &FeatureSet, batch: &'a RecordBatch) -> Result<Bound<'a>> {
    Bound::queries(set, batch.num_rows(), |name| find(batch, name, "queries"))
}

/// Some columns of a batch.
pub(super) fn columns<'a, 'n>(
    batch: &'a RecordBatch,
    names: impl Iterator<Item = &'n str>,
    what: &'static str,
) -> Result<Bound<'a>> {
    Bound::of(names, batch.num_rows(), |name| find(batch, name, what))
}

fn find<'a>(batch: &'a RecordBatch, name: &str, what: &'static str) -> Result<Chunk<'a>> {
    let array = batch.column_by_name(name).ok_or_else(|| {
        let schema = batch.schema();
        let there: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        Error::missing(name, format!("missing from the {what}; there are: {}", there.join(", ")))
    })?;
    chunk(array.as_ref()).ok_or_else(|| {
        Error::column(
            name,
            "a bool, number, string, timestamp, date or list of Float64",
            format!("Arrow type {}", array.data_type()),
        )
    })
}

/// A column, or `None` for a type that is not read.
fn chunk(array: &dyn Array) -> Option<Chunk<'_>> {
    let values = match array.data_type() {
        DataType::Int8 => Values::I8(slice::<Int8Type>(array)),
        DataType::Int16 => Values::I16(slice::<Int16Type>(array)),
        DataType::Int32 => Values::I32(slice::<Int32Type>(array)),
        DataType::Int64 => Values::I64(slice::<Int64Type>(array)),
        DataType::UInt8 => Values::U8(slice::<UInt8Type>(array)),
        DataType::UInt16 => Values::U16(slice::<UInt16Type>(array)),
        DataType::UInt32 => Values::U32(slice::<UInt32Type>(array)),
        DataType::UInt64 => Values::U64(slice::<UInt64Type>(array)),
        DataType::Float16 => {
            let values = slice::<Float16Type>(array).iter().map(|x| f32::from(*x)).collect();
            Values::F32(Cow::Owned(values))
        }
        DataType::Float32 => Values::F32(Cow::Borrowed(slice::<Float32Type>(array))),
        DataType::Float64 => Values::F64(slice::<Float64Type>(array)),
        DataType::Boolean => Values::Bool(bits(array.as_boolean().values())),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => text(array),
        DataType::Timestamp(TimeUnit::Second, _) => Values::Time(slice::<TimestampSecondType>(array), 1),
        DataType::Timestamp(TimeUnit::Millisecond, _) => Values::Time(slice::<TimestampMillisecondType>(array), 1_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Values::Time(slice::<TimestampMicrosecondType>(array), 1_000_000)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Values::Time(slice::<TimestampNanosecondType>(array), 1_000_000_000)
        }
        DataType::Date32 => Values::Days(slice::<Date32Type>(array)),
        DataType::Date64 => Values::Time(slice::<Date64Type>(array), 1_000),
        DataType::Dictionary(_, _) => dictionary(array)?,
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(_, _) => list(array),
        DataType::Null => Values::Null,
        _ => return None,
    };
    let valid = array.nulls().filter(|nulls| nulls.null_count() > 0).map(|nulls| bits(nulls.inner()));
    Some(Chunk { values, valid })
}

fn slice<T: ArrowPrimitiveType>(array: &dyn Array) -> &[T::Native] {
    array.as_primitive::<T>().values()
}

fn bits(buffer: &BooleanBuffer) -> Bits<'_> {
    Bits::new(buffer.values(), buffer.offset())
}

fn text(array: &dyn Array) -> Values<'_> {
    if let Some(texts) = array.as_string_opt::<i32>() {
        Values::Text(texts)
    } else if let Some(texts) = array.as_string_opt::<i64>() {
        Values::Text(texts)
    } else {
        Values::Text(array.as_string_view())
    }
}

macro_rules! texts {
    ($($array:ty),+) => {$(
        impl Texts for $array {
            #[inline]
            fn text(&self, row: usize) -> &str {
                self.value(row)
            }
        }
    )+};
}

texts!(StringArray, LargeStringArray, StringViewArray);

fn dictionary(array: &dyn Array) -> Option<Values<'_>> {
    let dictionary = array.as_any_dictionary();
    if dictionary.values().is_empty() {
        // Arrow panics on the keys of a dictionary without values; all of its rows are null.
        return Some(Values::Null);
    }
    let keys = dictionary.normalized_keys().into_iter().enumerate();
    let place = |(row, key): (usize, usize)| if dictionary.is_null(row) { NO_TEXT } else { key as u32 };
    Some(Values::Coded(keys.map(place).collect(), Box::new(chunk(dictionary.values().as_ref())?)))
}

fn list(array: &dyn Array) -> Values<'_> {
    let (items, bounds) = if let Some(lists) = array.as_list_opt::<i32>() {
        (lists.values(), Bounds::I32(lists.value_offsets()))
    } else if let Some(lists) = array.as_list_opt::<i64>() {
        (lists.values(), Bounds::I64(lists.value_offsets()))
    } else {
        let lists = array.as_fixed_size_list();
        (lists.values(), Bounds::Every(lists.value_length() as usize))
    };
    let valid = items.nulls().filter(|nulls| nulls.null_count() > 0).map(|nulls| bits(nulls.inner()));
    let items = items.as_primitive_opt::<Float64Type>().map(|items| items.values().as_ref());
    Values::List(Lists { items, valid, bounds })
}

/// Finds the definition's columns in a batch of events.
///
/// # Errors
/// [`ErrorKind::Missing`](crate::ErrorKind::Missing) names a column that is not there,
/// [`ErrorKind::Type`](crate::ErrorKind::Type) one of a type this crate does not read.
pub fn rows<'a>(set: &FeatureSet, batch: &'a RecordBatch) -> Result<Rows<'a>> {
    events(set, batch).map(Rows)
}
