//! Writing answers as Polars columns.

use polars::prelude::{
    ArrayRef, ChunkTake, Column, DataFrame, DataType, Float64Chunked, IdxCa, IdxSize, Int64Chunked, IntoColumn,
    IntoSeries, NewChunkedArray, PlSmallStr, PolarsError, Series, StringChunked, TimeUnit, TimeZone,
};
use polars_arrow::array::{BinaryViewArray, BooleanArray, ListArray, PrimitiveArray, StructArray, Utf8ViewArray};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::datatypes::{ArrowDataType, Field, TimeUnit as ArrowUnit};
use polars_arrow::offset::{Offsets, OffsetsBuffer};

use super::super::answers::Answers;
use super::super::bound::{AS_OF, Bound};
use super::super::parallel::each;
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::stream::{Entity, key_part};
use crate::table::{Answered, NO_TEXT, Numbers};
use crate::value::{Kind, Shape, Value, ValueRef};

/// The result of a pass: the queries' entities and times, then the values.
pub(super) fn finish(
    set: &FeatureSet,
    answers: Answers<'_>,
    queries: &DataFrame,
    asked: &[Bound<'_>],
    times: &[i64],
) -> Result<DataFrame> {
    let mut columns = Vec::new();
    for (at, column) in set.entity_columns().iter().enumerate() {
        let kind = column.kind().or_else(|| asked.iter().find_map(|stretch| stretch.kind(at)));
        if let Some(shared) = shared(queries, column.name(), kind) {
            columns.push(shared);
            continue;
        }
        let rows = asked.iter().flat_map(|stretch| (0..stretch.len()).map(move |row| stretch.cell(at, row)));
        let values = rows.map(|cell| key_part(column, cell)).collect::<Result<Vec<_>>>()?;
        columns.push(entity_column(column.name(), kind, &values)?);
    }
    columns.push(time_column(times));
    value_columns(answers, &mut columns)?;
    frame(times.len(), columns)
}

/// The queries' own column, where it is what the result has anyway.
fn shared(queries: &DataFrame, name: &str, kind: Option<Kind>) -> Option<Column> {
    let column = queries.column(name).ok()?;
    let plain = match column.dtype() {
        DataType::String => Kind::Str,
        DataType::Int64 => Kind::I64,
        DataType::Boolean => Kind::Bool,
        _ => return None,
    };
    (kind == Some(plain) && column.null_count() == 0).then(|| column.clone())
}

fn time_column(times: &[i64]) -> Column {
    let times = Int64Chunked::from_slice(AS_OF.into(), times);
    times.into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)).into_column()
}

fn value_columns(answers: Answers<'_>, columns: &mut Vec<Column>) -> Result<()> {
    let values = each(answers.into_values(), |(name, shape, _, answers)| answered(name.into(), &shape, answers));
    for value in values {
        columns.push(value?.into_column());
    }
    Ok(())
}

fn frame(rows: usize, columns: Vec<Column>) -> Result<DataFrame> {
    DataFrame::new(rows, columns).map_err(refused)
}

fn refused(why: PolarsError) -> Error {
    Error::definition("result", format!("polars refuses it: {why}"))
}

/// One entity column; undeclared ones take the kind of their values, which must be one.
fn entity_column(name: &str, kind: Option<Kind>, values: &[ValueRef<'_>]) -> Result<Column> {
    let kind = kind.or_else(|| values.first().and_then(|value| value.kind())).unwrap_or(Kind::Str);
    if let Some(other) = values.iter().find(|value| value.kind() != Some(kind)) {
        return Err(Error::column(name, kind, *other).context("one row has another type than the first"));
    }
    Ok(series(name.into(), array(kind, values)?)?.into_column())
}

fn series(name: PlSmallStr, array: ArrayRef) -> Result<Series> {
    Series::try_from((name, array)).map_err(refused)
}

/// Answers as a Polars column, without a copy where that can be.
fn answered(name: PlSmallStr, shape: &Shape, answers: Answered<'_>) -> Result<Series> {
    Ok(match answers {
        Answered::F64(Numbers { values, valid }) => {
            Float64Chunked::from_vec_validity(name, values, nulls(valid)).into_series()
        }
        Answered::I64(Numbers { values, valid }) => {
            Int64Chunked::from_vec_validity(name, values, nulls(valid)).into_series()
        }
        Answered::Str(codes, texts) => strings(name, &codes, texts)?,
        Answered::Any(values) => series(name, shaped(shape, &values.iter().collect::<Vec<_>>())?)?,
    })
}

fn nulls(valid: Vec<bool>) -> Option<Bitmap> {
    (!valid.is_empty()).then(|| Bitmap::from_iter(valid)).filter(|valid| valid.unset_bits() > 0)
}

/// Texts by their codes: each text is stored once, where there are not many more than codes.
fn strings(name: PlSmallStr, codes: &[u32], texts: &[&str]) -> Result<Series> {
    if texts.len() > codes.len() {
        let texts = codes.iter().map(|code| texts.get(*code as usize).copied());
        return Ok(StringChunked::from_iter_options(name, texts).into_series());
    }
    let place = |code: &u32| (*code != NO_TEXT).then_some(*code as IdxSize);
    let places: IdxCa = codes.iter().map(place).collect();
    let texts = StringChunked::from_slice(name, texts);
    Ok(texts.take(&places).map_err(refused)?.into_series())
}

/// Answers of any shape as an array: a map is a list of `key` and `value`, so that a null key has a place.
fn shaped(shape: &Shape, values: &[&Value]) -> Result<ArrayRef> {
    let (items, lengths): (ArrayRef, Vec<Option<usize>>) = match shape {
        Shape::One(kind) => return array(*kind, &values.iter().map(|value| value.as_ref()).collect::<Vec<_>>()),
        Shape::List(shape) => {
            let items: Vec<&Value> = values.iter().filter_map(|value| value.as_items()).flatten().collect();
            (shaped(shape, &items)?, values.iter().map(|value| value.as_items().map(<[Value]>::len)).collect())
        }
        Shape::Map(key, shape) => {
            let pairs = || values.iter().filter_map(|value| value.as_map()).flatten();
            let keys = array(*key, &pairs().map(|(key, _)| key.as_ref()).collect::<Vec<_>>())?;
            let answers = shaped(shape, &pairs().map(|(_, value)| value).collect::<Vec<_>>())?;
            let field = |name: &str, array: &ArrayRef| Field::new(name.into(), array.dtype().clone(), true);
            let fields = ArrowDataType::Struct(vec![field("key", &keys), field("value", &answers)]);
            let (rows, parts) = (keys.len(), vec![keys, answers]);
            let pairs = StructArray::try_new(fields, rows, parts, None).map_err(refused)?;
            (Box::new(pairs), values.iter().map(|value| value.as_map().map(<[_]>::len)).collect())
        }
    };
    lists(items, &lengths)
}

/// Lists of so many of the items each; `None` for null.
fn lists(items: ArrayRef, lengths: &[Option<usize>]) -> Result<ArrayRef> {
    let offsets = Offsets::<i64>::try_from_lengths(lengths.iter().map(|length| length.unwrap_or(0)));
    let offsets = OffsetsBuffer::from(offsets.map_err(refused)?);
    let valid = nulls(lengths.iter().map(Option::is_some).collect());
    let dtype = ListArray::<i64>::default_datatype(items.dtype().clone());
    Ok(Box::new(ListArray::try_new(dtype, offsets, items, valid).map_err(refused)?))
}

/// Values of one kind as an array.
fn array(kind: Kind, values: &[ValueRef<'_>]) -> Result<ArrayRef> {
    fn pick<'v, T>(
        values: &'v [ValueRef<'v>],
        get: impl Fn(ValueRef<'v>) -> Option<T>,
    ) -> impl Iterator<Item = Option<T>> {
        values.iter().map(move |value| get(*value))
    }
    Ok(match kind {
        Kind::F64 => {
            let doubles = pick(values, |value| if let ValueRef::F64(x) = value { Some(x) } else { None });
            Box::new(doubles.collect::<PrimitiveArray<f64>>())
        }
        Kind::I64 => {
            let whole = pick(values, |value| if let ValueRef::I64(x) = value { Some(x) } else { None });
            Box::new(whole.collect::<PrimitiveArray<i64>>())
        }
        Kind::Str => {
            let texts = pick(values, |value| if let ValueRef::Str(text) = value { Some(text) } else { None });
            Box::new(Utf8ViewArray::from_slice(texts.collect::<Vec<_>>()))
        }
        Kind::Bool => {
            let bools = pick(values, |value| if let ValueRef::Bool(x) = value { Some(x) } else { None });
            Box::new(bools.collect::<BooleanArray>())
        }
        Kind::Time => {
            let micros = pick(values, |value| if let ValueRef::Time(at) = value { Some(at.as_micros()) } else { None });
            let dtype = ArrowDataType::Timestamp(ArrowUnit::Microsecond, Some("UTC".into()));
            Box::new(micros.collect::<PrimitiveArray<i64>>().to(dtype))
        }
        Kind::List => {
            let of = || pick(values, |value| if let ValueRef::List(items) = value { Some(items) } else { None });
            let items: Vec<f64> = of().flatten().flatten().copied().collect();
            let lengths: Vec<Option<usize>> = of().map(|items| items.map(<[f64]>::len)).collect();
            lists(Box::new(PrimitiveArray::from_vec(items)), &lengths)?
        }
    })
}

/// The entity columns of a snapshot.
fn entities(set: &FeatureSet, named: &[Entity]) -> Result<Vec<Column>> {
    let column = |(at, column): (usize, &crate::Column)| {
        let part = |entity: &Entity| entity.parts().get(at).cloned().unwrap_or(Value::Null);
        let values: Vec<Value> = named.iter().map(part).collect();
        entity_column(column.name(), column.kind(), &values.iter().map(Value::as_ref).collect::<Vec<_>>())
    };
    set.entity_columns().iter().enumerate().map(column).collect()
}

/// A snapshot's values: entities in the order given, all as of one time.
pub(super) fn snapshot_values(
    set: &FeatureSet,
    named: &[Entity],
    times: &[i64],
    answers: Answers<'_>,
) -> Result<DataFrame> {
    let mut columns = entities(set, named)?;
    columns.push(time_column(times));
    value_columns(answers, &mut columns)?;
    frame(named.len(), columns)
}

/// A snapshot's states: the same entities, and a column of bytes.
pub(super) fn snapshot_states(set: &FeatureSet, named: &[Entity], states: &[Vec<u8>]) -> Result<DataFrame> {
    let mut columns = entities(set, named)?;
    let bytes = BinaryViewArray::from_slice_values(states);
    columns.push(series("state_bytes".into(), Box::new(bytes))?.into_column());
    frame(named.len(), columns)
}
