//! The same over Polars: tables are copied into frames, and the answers back, so that they can be compared.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use polars::prelude as pl;
use polars::prelude::{DataFrame, IntoColumn, IntoSeries, ListBuilderTrait, NewChunkedArray, Series};
use skewless::batch::{self, polars::point_in_time};
use skewless::{Column, FeatureSet};

use crate::fail::{Failure, Outcome};
use crate::progress::Progress;
use crate::run::{AS_OF, Run};

/// All queries at once, over frames.
pub(crate) fn polars(set: &FeatureSet, events: &[RecordBatch], queries: &[RecordBatch]) -> Outcome<Run> {
    let mut progress = Progress::new("polars", "queries", queries.iter().map(RecordBatch::num_rows).sum());
    progress.begin();
    let events = frame(events, set.columns().iter().map(Column::name))?;
    let asked = frame(queries, set.entity_columns().iter().map(Column::name).chain([AS_OF]))?;
    let table = table(set, &point_in_time(set, &events, &asked)?)?;
    Ok(Run::new("polars", set, crate::run::by_batch(&table, queries)))
}

fn refused(why: impl std::fmt::Display) -> Failure {
    Failure::input(format!("cannot be brought to Polars: {why}"))
}

/// Columns of tables as a frame, one chunk a table.
fn frame<'n>(tables: &[RecordBatch], names: impl Iterator<Item = &'n str>) -> Outcome<DataFrame> {
    let column = |name: &'n str| {
        let mut whole: Option<Series> = None;
        for table in tables {
            let array = table.column_by_name(name).ok_or_else(|| refused(format!("no column `{name}`")))?;
            let part = series(name, array.as_ref())?;
            match &mut whole {
                Some(whole) => whole.append(&part).map(|_| ()).map_err(refused)?,
                None => whole = Some(part),
            }
        }
        Ok(whole.unwrap_or_else(|| Series::new_null(name.into(), 0)).into_column())
    };
    let columns = names.map(column).collect::<Outcome<Vec<_>>>()?;
    DataFrame::new(tables.iter().map(RecordBatch::num_rows).sum(), columns).map_err(refused)
}

/// One column of one table.
fn series(name: &str, array: &dyn Array) -> Outcome<Series> {
    fn of<T, P>(name: &str, array: &dyn Array) -> pl::ChunkedArray<P>
    where
        T: ArrowPrimitiveType,
        P: pl::PolarsNumericType<Native = T::Native>,
        pl::ChunkedArray<P>: NewChunkedArray<P, T::Native>,
    {
        pl::ChunkedArray::<P>::from_iter_options(name.into(), array.as_primitive::<T>().iter())
    }
    let at = |counts: pl::Int64Chunked, unit| counts.into_datetime(unit, None).into_series();
    Ok(match array.data_type() {
        DataType::Int8 => of::<Int8Type, pl::Int8Type>(name, array).into_series(),
        DataType::Int16 => of::<Int16Type, pl::Int16Type>(name, array).into_series(),
        DataType::Int32 => of::<Int32Type, pl::Int32Type>(name, array).into_series(),
        DataType::Int64 => of::<Int64Type, pl::Int64Type>(name, array).into_series(),
        DataType::UInt8 => of::<UInt8Type, pl::UInt8Type>(name, array).into_series(),
        DataType::UInt16 => of::<UInt16Type, pl::UInt16Type>(name, array).into_series(),
        DataType::UInt32 => of::<UInt32Type, pl::UInt32Type>(name, array).into_series(),
        DataType::UInt64 => of::<UInt64Type, pl::UInt64Type>(name, array).into_series(),
        DataType::Float16 => {
            let values = array.as_primitive::<Float16Type>().iter().map(|x| x.map(f32::from));
            pl::Float32Chunked::from_iter_options(name.into(), values).into_series()
        }
        DataType::Float32 => of::<Float32Type, pl::Float32Type>(name, array).into_series(),
        DataType::Float64 => of::<Float64Type, pl::Float64Type>(name, array).into_series(),
        DataType::Boolean => {
            pl::BooleanChunked::from_iter_options(name.into(), array.as_boolean().iter()).into_series()
        }
        DataType::Timestamp(TimeUnit::Second, _) => {
            let seconds = of::<TimestampSecondType, pl::Int64Type>(name, array);
            let millis = seconds.iter().map(|x| x.map(|x| x.saturating_mul(1_000)));
            at(pl::Int64Chunked::from_iter_options(name.into(), millis), pl::TimeUnit::Milliseconds)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            at(of::<TimestampMillisecondType, pl::Int64Type>(name, array), pl::TimeUnit::Milliseconds)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            at(of::<TimestampMicrosecondType, pl::Int64Type>(name, array), pl::TimeUnit::Microseconds)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            at(of::<TimestampNanosecondType, pl::Int64Type>(name, array), pl::TimeUnit::Nanoseconds)
        }
        DataType::Date32 => of::<Date32Type, pl::Int32Type>(name, array).into_date().into_series(),
        DataType::Date64 => at(of::<Date64Type, pl::Int64Type>(name, array), pl::TimeUnit::Milliseconds),
        DataType::Null => Series::new_null(name.into(), array.len()),
        _ => return texts_or_lists(name, array),
    })
}

/// A column of text, of a dictionary of texts, or of lists of doubles.
fn texts_or_lists(name: &str, array: &dyn Array) -> Outcome<Series> {
    let other = || refused(format!("column `{name}` of type {}", array.data_type()));
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let texts = texts(dictionary.values().as_ref()).ok_or_else(other)?;
        // Arrow panics on the keys of a dictionary without values; all of its rows are null.
        let keys = if texts.is_empty() { vec![0; array.len()] } else { dictionary.normalized_keys() };
        let text = |(row, key): (usize, usize)| texts.get(key).copied().flatten().filter(|_| array.is_valid(row));
        let plain = pl::StringChunked::from_iter_options(name.into(), keys.into_iter().enumerate().map(text));
        let dtype = pl::DataType::from_categories(pl::Categories::global());
        return plain.into_series().cast(&dtype).map_err(refused);
    }
    if let Some(texts) = texts(array) {
        return Ok(pl::StringChunked::from_iter_options(name.into(), texts.into_iter()).into_series());
    }
    let mut lists =
        pl::ListPrimitiveChunkedBuilder::<pl::Float64Type>::new(name.into(), array.len(), 0, pl::DataType::Float64);
    for row in 0..array.len() {
        let items = if let Some(lists) = array.as_list_opt::<i32>() {
            lists.value(row)
        } else if let Some(lists) = array.as_list_opt::<i64>() {
            lists.value(row)
        } else {
            array.as_fixed_size_list_opt().ok_or_else(other)?.value(row)
        };
        let items = items.as_primitive_opt::<Float64Type>().ok_or_else(other)?;
        match array.is_valid(row) {
            true => lists.append_iter(items.iter().collect::<Vec<_>>().into_iter()),
            false => lists.append_null(),
        }
    }
    Ok(lists.finish().into_series())
}

/// A column of text of any width.
fn texts(array: &dyn Array) -> Option<Vec<Option<&str>>> {
    if let Some(texts) = array.as_string_opt::<i32>() {
        Some(texts.iter().collect())
    } else if let Some(texts) = array.as_string_opt::<i64>() {
        Some(texts.iter().collect())
    } else {
        array.as_string_view_opt().map(|texts| texts.iter().collect())
    }
}

/// Answers as the other ways give them.
fn table(set: &FeatureSet, answers: &DataFrame) -> Outcome<RecordBatch> {
    // What may be null is the definition's to say.
    let empty = batch::vectors(set, [])?.schema();
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for (column, field) in answers.columns().iter().zip(empty.fields()) {
        let values = array(column.as_materialized_series())?;
        fields.push(Field::new(column.name().as_str(), values.data_type().clone(), field.is_nullable()));
        arrays.push(values);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// One column of answers.
fn array(series: &Series) -> Outcome<ArrayRef> {
    Ok(match series.dtype() {
        pl::DataType::Int64 => Arc::new(series.i64().map_err(refused)?.iter().collect::<Int64Array>()),
        pl::DataType::Float64 => Arc::new(series.f64().map_err(refused)?.iter().collect::<Float64Array>()),
        pl::DataType::String => Arc::new(series.str().map_err(refused)?.iter().collect::<StringArray>()),
        pl::DataType::Boolean => Arc::new(series.bool().map_err(refused)?.iter().collect::<BooleanArray>()),
        pl::DataType::Datetime(pl::TimeUnit::Microseconds, Some(zone)) if *zone == pl::TimeZone::UTC => {
            let micros = series.datetime().map_err(refused)?.physical().iter();
            Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        pl::DataType::Struct(_) => {
            let parts = series.struct_().map_err(refused)?.fields_as_series();
            let parts = parts.iter().map(|part| {
                let values = array(part)?;
                Ok((Arc::new(Field::new(part.name().as_str(), values.data_type().clone(), true)), values))
            });
            Arc::new(StructArray::from(parts.collect::<Outcome<Vec<_>>>()?))
        }
        pl::DataType::List(_) => {
            let lists = series.list().map_err(refused)?.rechunk();
            let chunk = lists.downcast_as_array();
            let valid: Option<NullBuffer> = chunk.validity().map(|valid| valid.iter().collect());
            let (lengths, items) = (chunk.offsets().lengths(), array(&lists.get_inner())?);
            let field = Arc::new(Field::new("item", items.data_type().clone(), true));
            Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), items, valid)?)
        }
        other => return Err(refused(format!("an answer of type {other}"))),
    })
}
