//! Polars columns of any supported type, read where they are.

use std::collections::BTreeSet;

use polars::prelude::{ArrayRef, CategoricalMapping, DataFrame, DataType, Series, TimeUnit};
use polars_arrow::array::{Array, BooleanArray, FixedSizeListArray, ListArray, PrimitiveArray, Utf8ViewArray};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::types::NativeType;

use super::super::bound::{AS_OF, Bound};
use super::super::chunk::{Bounds, Chunk, Lists, Texts, Values};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::record::Column;
use crate::table::{Bits, NO_TEXT};

/// Columns of a frame, all of them cut at the same rows. Their values are shared with the frame.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    columns: Vec<Piece>,
    /// The rows between two cuts; there is one stretch at least.
    lengths: Vec<usize>,
}

/// One column.
#[derive(Clone, Debug)]
struct Piece {
    name: String,
    dtype: DataType,
    /// One array a stretch.
    arrays: Vec<ArrayRef>,
}

impl Pieces {
    /// The columns of events.
    pub(super) fn events(set: &FeatureSet, frame: &DataFrame) -> Result<Self> {
        Self::new(frame, events(set), "events")
    }

    /// The columns of queries.
    pub(super) fn queries(set: &FeatureSet, frame: &DataFrame) -> Result<Self> {
        Self::new(frame, queries(set), "queries")
    }

    fn new<'n>(frame: &DataFrame, names: impl Iterator<Item = &'n str>, what: &'static str) -> Result<Self> {
        let find = |name: &'n str| {
            let missing = |_| missing(name, what, frame.get_column_names_owned().iter().map(|name| name.as_str()));
            Ok((name, frame.column(name).map_err(missing)?.as_materialized_series()))
        };
        let found: Vec<(&str, &Series)> = names.map(find).collect::<Result<_>>()?;
        let ends: BTreeSet<usize> = found.iter().flat_map(|(_, series)| ends(series.chunks())).collect();
        let from = std::iter::once(0).chain(ends.iter().copied());
        let mut lengths: Vec<usize> = ends.iter().zip(from).map(|(to, from)| to - from).collect();
        if lengths.is_empty() {
            lengths.push(0);
        }
        let piece = |(name, series): (&str, &Series)| Piece {
            name: name.to_owned(),
            dtype: series.dtype().clone(),
            arrays: cut(series.chunks(), &lengths),
        };
        Ok(Self { columns: found.into_iter().map(piece).collect(), lengths })
    }

    /// The events of each stretch.
    pub(super) fn bind_events(&self, set: &FeatureSet) -> Result<Vec<Bound<'_>>> {
        self.bind(|rows, at| Bound::events(set, rows, |name| self.find(name, at)))
    }

    /// The queries of each stretch.
    pub(super) fn bind_queries(&self, set: &FeatureSet) -> Result<Vec<Bound<'_>>> {
        self.bind(|rows, at| Bound::queries(set, rows, |name| self.find(name, at)))
    }

    fn bind<'a>(&'a self, bound: impl Fn(usize, usize) -> Result<Bound<'a>>) -> Result<Vec<Bound<'a>>> {
        self.lengths.iter().enumerate().map(|(at, rows)| bound(*rows, at)).collect()
    }

    fn find(&self, name: &str, at: usize) -> Result<Chunk<'_>> {
        let piece = self.columns.iter().find(|piece| piece.name == name);
        let found = piece.and_then(|piece| Some((piece, piece.arrays.get(at)?)));
        let (piece, array) = found.ok_or_else(|| Error::missing(name, "not read"))?;
        chunk(&piece.dtype, array.as_ref()).ok_or_else(|| {
            let found = format!("Polars type {}", piece.dtype);
            Error::column(name, "a bool, number, string, categorical, datetime, date or list of Float64", found)
        })
    }
}

/// The columns that events need.
pub(super) fn events(set: &FeatureSet) -> impl Iterator<Item = &str> {
    set.columns().iter().map(Column::name)
}

/// The columns that queries need.
pub(super) fn queries(set: &FeatureSet) -> impl Iterator<Item = &str> {
    set.entity_columns().iter().map(Column::name).chain([AS_OF])
}

/// A column that is not there.
pub(super) fn missing<'n>(name: &str, what: &str, there: impl Iterator<Item = &'n str>) -> Error {
    let there: Vec<&str> = there.collect();
    Error::missing(name, format!("missing from the {what}; there are: {}", there.join(", ")))
}

/// The row after each chunk that has any.
fn ends(chunks: &[ArrayRef]) -> impl Iterator<Item = usize> {
    let filled = chunks.iter().filter(|chunk| !chunk.is_empty());
    filled.scan(0, |sum, chunk| {
        *sum += chunk.len();
        Some(*sum)
    })
}

/// A column's chunks cut into stretches of these lengths, none of which reaches over the end of a chunk.
fn cut(chunks: &[ArrayRef], lengths: &[usize]) -> Vec<ArrayRef> {
    let mut filled = chunks.iter().filter(|chunk| !chunk.is_empty());
    let mut now = filled.next().or(chunks.first());
    let (mut out, mut from) = (Vec::with_capacity(lengths.len()), 0);
    for length in lengths {
        let Some(chunk) = now else { break };
        let whole = from == 0 && *length == chunk.len();
        out.push(if whole { chunk.clone() } else { chunk.sliced(from, *length) });
        from += length;
        if from == chunk.len() {
            (now, from) = (filled.next(), 0);
        }
    }
    out
}

/// A column, or `None` for a type that is not read.
fn chunk<'a>(dtype: &'a DataType, array: &'a dyn Array) -> Option<Chunk<'a>> {
    let values = match dtype {
        DataType::Int8 => Values::I8(slice(array)?),
        DataType::Int16 => Values::I16(slice(array)?),
        DataType::Int32 => Values::I32(slice(array)?),
        DataType::Int64 => Values::I64(slice(array)?),
        DataType::UInt8 => Values::U8(slice(array)?),
        DataType::UInt16 => Values::U16(slice(array)?),
        DataType::UInt32 => Values::U32(slice(array)?),
        DataType::UInt64 => Values::U64(slice(array)?),
        DataType::Float32 => Values::F32(slice(array)?.into()),
        DataType::Float64 => Values::F64(slice(array)?),
        DataType::Boolean => Values::Bool(bits(down::<BooleanArray>(array)?.values())),
        DataType::String => Values::Text(down::<Utf8ViewArray>(array)?),
        DataType::Categorical(_, texts) | DataType::Enum(_, texts) => coded(array, texts)?,
        DataType::Datetime(TimeUnit::Milliseconds, _) => Values::Time(slice(array)?, 1_000),
        DataType::Datetime(TimeUnit::Microseconds, _) => Values::Time(slice(array)?, 1_000_000),
        DataType::Datetime(TimeUnit::Nanoseconds, _) => Values::Time(slice(array)?, 1_000_000_000),
        DataType::Date => Values::Days(slice(array)?),
        DataType::List(_) => {
            let lists = down::<ListArray<i64>>(array)?;
            list(lists.values().as_ref(), Bounds::I64(lists.offsets().as_slice()))
        }
        DataType::Array(_, width) => list(down::<FixedSizeListArray>(array)?.values().as_ref(), Bounds::Every(*width)),
        DataType::Null => Values::Null,
        _ => return None,
    };
    Some(Chunk { values, valid: valid(array) })
}

fn down<T: 'static>(array: &dyn Array) -> Option<&T> {
    array.as_any().downcast_ref()
}

fn slice<T: NativeType>(array: &dyn Array) -> Option<&[T]> {
    down::<PrimitiveArray<T>>(array).map(|array| array.values().as_slice())
}

fn bits(bitmap: &Bitmap) -> Bits<'_> {
    let (bytes, offset, _) = bitmap.as_slice();
    Bits::new(bytes, offset)
}

fn valid(array: &dyn Array) -> Option<Bits<'_>> {
    array.validity().filter(|valid| valid.unset_bits() > 0).map(bits)
}

/// Categories by their numbers, which are as wide as there are many.
fn coded<'a>(array: &'a dyn Array, texts: &'a CategoricalMapping) -> Option<Values<'a>> {
    fn places<T: NativeType + Into<u32>>(array: &dyn Array) -> Option<Vec<u32>> {
        let place = |number: Option<&T>| number.map_or(NO_TEXT, |number| (*number).into());
        Some(down::<PrimitiveArray<T>>(array)?.iter().map(place).collect())
    }
    let places = places::<u32>(array).or_else(|| places::<u16>(array)).or_else(|| places::<u8>(array))?;
    Some(Values::Coded(places, Box::new(Chunk { values: Values::Text(texts), valid: None })))
}

fn list<'a>(items: &'a dyn Array, bounds: Bounds<'a>) -> Values<'a> {
    Values::List(Lists { items: slice(items), valid: valid(items), bounds })
}

impl Texts for Utf8ViewArray {
    #[inline]
    fn text(&self, row: usize) -> &str {
        self.value(row)
    }
}

impl Texts for CategoricalMapping {
    #[inline]
    fn text(&self, row: usize) -> &str {
        u32::try_from(row).ok().and_then(|number| self.cat_to_str(number)).unwrap_or("")
    }
}
