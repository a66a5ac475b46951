//! Writing answers as Arrow columns.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, ListBuilder};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, TimestampMicrosecondArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use super::super::answers::Answers;
use super::super::bound::{AS_OF, Bound};
use super::super::parallel::each;
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::stream::{Entity, key_part};
use crate::table::{Answered, Numbers};
use crate::value::{Kind, Shape, Value, ValueRef};
use crate::vector::Vector;

/// The result of a pass: the queries' entities and times, then the values.
pub(super) fn finish(
    set: &FeatureSet,
    columns: Answers<'_>,
    queries: &[RecordBatch],
    asked: &[Bound<'_>],
    times: &[i64],
) -> Result<RecordBatch> {
    let (mut fields, mut arrays) = entity_columns(set, queries, asked)?;
    time_column(times, &mut fields, &mut arrays);
    value_columns(columns, &mut fields, &mut arrays)?;
    batch(fields, arrays)
}

fn time_column(times: &[i64], fields: &mut Vec<Field>, arrays: &mut Vec<ArrayRef>) {
    fields.push(Field::new(AS_OF, timestamp(), false));
    arrays.push(Arc::new(TimestampMicrosecondArray::from(times.to_vec()).with_timezone("UTC")));
}

fn value_columns(columns: Answers<'_>, fields: &mut Vec<Field>, arrays: &mut Vec<ArrayRef>) -> Result<()> {
    let values = each(columns.into_values(), |(name, shape, nullable, answers)| {
        let values = answered(&shape, answers)?;
        Ok((Field::new(name, values.data_type().clone(), nullable), values))
    });
    for value in values {
        let (field, array) = value?;
        fields.push(field);
        arrays.push(array);
    }
    Ok(())
}

fn batch(fields: Vec<Field>, arrays: Vec<ArrayRef>) -> Result<RecordBatch> {
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(refused)
}

fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The entity columns of all query batches, one after another; those of one batch are shared where they can be.
fn entity_columns(
    set: &FeatureSet,
    queries: &[RecordBatch],
    asked: &[Bound<'_>],
) -> Result<(Vec<Field>, Vec<ArrayRef>)> {
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (at, column) in set.entity_columns().iter().enumerate() {
        let rows = || asked.iter().flat_map(|batch| (0..batch.len()).map(move |row| batch.cell(at, row)));
        let kind = column.kind().or_else(|| asked.iter().find_map(|batch| batch.kind(at)));
        let shared = match (queries, kind) {
            ([batch], Some(Kind::Str)) => batch.column_by_name(column.name()).filter(|array| is_plain(array)),
            _ => None,
        };
        if let Some(array) = shared {
            fields.push(Field::new(column.name(), array.data_type().clone(), false));
            arrays.push(array.clone());
            continue;
        }
        rows().try_for_each(|cell| key_part(column, cell).map(drop))?;
        let values = rows().filter_map(|cell| key_part(column, cell).ok());
        entity_column(column.name(), kind, values, &mut fields, &mut arrays)?;
    }
    Ok((fields, arrays))
}

/// Whether a column of text is what the result has anyway.
fn is_plain(array: &ArrayRef) -> bool {
    *array.data_type() == DataType::Utf8 && array.null_count() == 0
}

/// One entity column; undeclared ones take the kind of their values, which must be one.
fn entity_column<'v>(
    name: &str,
    kind: Option<Kind>,
    values: impl Iterator<Item = ValueRef<'v>> + Clone,
    fields: &mut Vec<Field>,
    arrays: &mut Vec<ArrayRef>,
) -> Result<()> {
    let kind = kind.or_else(|| values.clone().next().and_then(ValueRef::kind)).unwrap_or(Kind::Str);
    if let Some(other) = values.clone().find(|value| value.kind() != Some(kind)) {
        return Err(Error::column(name, kind, other).context("one batch has another type than the first"));
    }
    let values = array(kind, values)?;
    fields.push(Field::new(name, values.data_type().clone(), false));
    arrays.push(values);
    Ok(())
}

/// Answers as an Arrow array, without a copy where that can be.
fn answered(shape: &Shape, answers: Answered<'_>) -> Result<ArrayRef> {
    Ok(match answers {
        Answered::F64(Numbers { values, valid }) => Arc::new(Float64Array::new(values.into(), nulls(valid))),
        Answered::I64(Numbers { values, valid }) => Arc::new(Int64Array::new(values.into(), nulls(valid))),
        Answered::Str(codes, texts) => Arc::new(strings(codes.iter().map(|code| texts.get(*code as usize).copied()))?),
        Answered::Any(values) => shaped(shape, &values.iter().collect::<Vec<_>>())?,
    })
}

fn nulls(valid: Vec<bool>) -> Option<NullBuffer> {
    (!valid.is_empty()).then(|| NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0)
}

/// Texts as one array; looked at twice, so that it grows only once.
fn strings<'t>(texts: impl Iterator<Item = Option<&'t str>> + Clone) -> Result<StringArray> {
    let (mut bytes, mut rows, mut missing) = (0, 0, false);
    for text in texts.clone() {
        bytes += text.map_or(0, str::len);
        rows += 1;
        missing |= text.is_none();
    }
    if bytes > i32::MAX as usize {
        return Err(Error::definition("result", "more than 2^31 - 1 bytes in one column; ask fewer queries at once"));
    }
    let (mut values, mut offsets) = (Vec::with_capacity(bytes), Vec::with_capacity(rows + 1));
    offsets.push(0i32);
    for text in texts.clone() {
        values.extend_from_slice(text.unwrap_or("").as_bytes());
        offsets.push(values.len() as i32);
    }
    let valid = if missing { texts.map(|text| text.is_some()).collect() } else { Vec::new() };
    StringArray::try_new(OffsetBuffer::new(offsets.into()), values.into(), nulls(valid)).map_err(refused)
}

/// Answers of any shape as an Arrow array: a map is a list of `key` and `value`, so that a null key has a place
/// and readers without maps can read it.
fn shaped(shape: &Shape, values: &[&Value]) -> Result<ArrayRef> {
    let (item, lengths): (ArrayRef, Vec<Option<usize>>) = match shape {
        Shape::One(kind) => return array(*kind, values.iter().map(|value| value.as_ref())),
        Shape::List(shape) => {
            let items: Vec<&Value> = values.iter().filter_map(|value| value.as_items()).flatten().collect();
            (shaped(shape, &items)?, values.iter().map(|value| value.as_items().map(<[Value]>::len)).collect())
        }
        Shape::Map(key, shape) => {
            let pairs = || values.iter().filter_map(|value| value.as_map()).flatten();
            let keys = array(*key, pairs().map(|(key, _)| key.as_ref()))?;
            let answers = shaped(shape, &pairs().map(|(_, value)| value).collect::<Vec<_>>())?;
            let fields = vec![
                Arc::new(Field::new("key", keys.data_type().clone(), true)),
                Arc::new(Field::new("value", answers.data_type().clone(), true)),
            ];
            let pairs = StructArray::try_new(fields.into(), vec![keys, answers], None).map_err(refused)?;
            (Arc::new(pairs), values.iter().map(|value| value.as_map().map(<[_]>::len)).collect())
        }
    };
    let valid: Vec<bool> = lengths.iter().map(Option::is_some).collect();
    let lengths: Vec<usize> = lengths.into_iter().map(Option::unwrap_or_default).collect();
    if lengths.iter().sum::<usize>() > i32::MAX as usize {
        return Err(Error::definition("result", "more than 2^31 - 1 items in one column; ask fewer queries at once"));
    }
    let nulls = Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0);
    let field = Arc::new(Field::new("item", item.data_type().clone(), true));
    let list = ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), item, nulls).map_err(refused)?;
    Ok(Arc::new(list))
}

fn refused(why: arrow_schema::ArrowError) -> Error {
    Error::definition("result", format!("arrow refuses it: {why}"))
}

/// Values of one kind as an Arrow array.
fn array<'v>(kind: Kind, values: impl Iterator<Item = ValueRef<'v>> + Clone) -> Result<ArrayRef> {
    /// What `make` finds in each value.
    fn of<'v, A: FromIterator<Option<T>>, T>(
        values: impl Iterator<Item = ValueRef<'v>>,
        make: impl Fn(ValueRef<'v>) -> Option<T>,
    ) -> A {
        values.map(make).collect()
    }
    Ok(match kind {
        Kind::F64 => {
            Arc::new(of::<Float64Array, _>(values, |value| if let ValueRef::F64(x) = value { Some(x) } else { None }))
        }
        Kind::I64 => {
            Arc::new(of::<Int64Array, _>(values, |value| if let ValueRef::I64(x) = value { Some(x) } else { None }))
        }
        Kind::Str => Arc::new(strings(values.map(|value| if let ValueRef::Str(x) = value { Some(x) } else { None }))?),
        Kind::Bool => {
            Arc::new(of::<BooleanArray, _>(values, |value| if let ValueRef::Bool(x) = value { Some(x) } else { None }))
        }
        Kind::Time => {
            let time = |value| if let ValueRef::Time(x) = value { Some(x.as_micros()) } else { None };
            Arc::new(of::<TimestampMicrosecondArray, _>(values, time).with_timezone("UTC"))
        }
        Kind::List => lists(values),
    })
}

fn lists<'v>(values: impl Iterator<Item = ValueRef<'v>>) -> ArrayRef {
    let mut builder = ListBuilder::new(Float64Builder::new());
    for value in values {
        if let ValueRef::List(list) = value {
            builder.values().append_slice(list);
        }
        builder.append(matches!(value, ValueRef::List(_)));
    }
    let lists: ListArray = builder.finish();
    Arc::new(lists)
}

/// Vectors as a table, in the order given: what [`point_in_time`](super::point_in_time) gives for the same questions.
///
/// # Errors
/// [`Overflow`](crate::ErrorKind::Overflow) names the feature whose integer is outside `i64`;
/// [`Type`](crate::ErrorKind::Type) where the entities are not of one kind.
///
/// # Examples
/// ```
/// use skewless::{Entity, Feature, FeatureSet, Stream, Timestamp, Window, batch};
///
/// let set = FeatureSet::builder("s").entity("user").time("ts")
///     .feature("words", Feature::histogram("word").over(Window::lifetime())).build()?;
/// let mut stream = Stream::new(&set);
/// stream.update(&serde_json::json!({"user": "ada", "ts": 0, "word": "hello"}))?;
/// let ada = Entity::from("ada");
/// let vector = stream.vector(&ada, Timestamp::from_micros(1)?)?;
/// let table = batch::vectors(&set, [(&ada, &vector)])?;
/// assert_eq!(table.num_rows(), 1);
/// # Ok::<(), skewless::Error>(())
/// ```
pub fn vectors<'v>(set: &FeatureSet, rows: impl IntoIterator<Item = (&'v Entity, &'v Vector)>) -> Result<RecordBatch> {
    let rows: Vec<_> = rows.into_iter().collect();
    let (mut fields, mut arrays) = entities(set, rows.iter().map(|(entity, _)| *entity))?;
    values(set, rows, &mut fields, &mut arrays)?;
    batch(fields, arrays)
}

/// The entity columns.
fn entities<'v>(
    set: &FeatureSet,
    rows: impl Iterator<Item = &'v Entity> + Clone,
) -> Result<(Vec<Field>, Vec<ArrayRef>)> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for (at, column) in set.entity_columns().iter().enumerate() {
        let values = rows.clone().map(|entity| entity.parts().get(at).map_or(ValueRef::Null, Value::as_ref));
        entity_column(column.name(), column.kind(), values, &mut fields, &mut arrays)?;
    }
    Ok((fields, arrays))
}

/// The times and the values.
fn values(
    set: &FeatureSet,
    rows: Vec<(&Entity, &Vector)>,
    fields: &mut Vec<Field>,
    arrays: &mut Vec<ArrayRef>,
) -> Result<()> {
    let times: Vec<i64> = rows.iter().map(|(_, vector)| vector.as_of().as_micros()).collect();
    time_column(&times, fields, arrays);
    for (at, (name, shape)) in set.names().iter().zip(set.shapes()).enumerate() {
        let mut answers = Answered::with_capacity(&shape, rows.len(), None);
        for (entity, vector) in &rows {
            let value = vector.values().get(at).cloned().unwrap_or(Value::Null);
            if value.overflows() {
                return Err(Error::overflow(name).context(format!("entity {entity} as of {}", vector.as_of())));
            }
            answers.push(value);
        }
        let values = answered(&shape, answers)?;
        fields.push(Field::new(name, values.data_type().clone(), set.is_nullable(at)));
        arrays.push(values);
    }
    Ok(())
}

/// A snapshot's values: entities in the order given, all as of one time.
pub(super) fn snapshot_values(
    set: &FeatureSet,
    named: &[Entity],
    times: &[i64],
    columns: Answers<'_>,
) -> Result<RecordBatch> {
    let (mut fields, mut arrays) = entities(set, named.iter())?;
    time_column(times, &mut fields, &mut arrays);
    value_columns(columns, &mut fields, &mut arrays)?;
    batch(fields, arrays)
}

/// A snapshot's states: the same entities, and a column of bytes.
pub(super) fn snapshot_states(set: &FeatureSet, named: &[Entity], states: &[Vec<u8>]) -> Result<RecordBatch> {
    let (mut fields, mut arrays) = entities(set, named.iter())?;
    fields.push(Field::new("state_bytes", DataType::Binary, false));
    arrays.push(Arc::new(BinaryArray::from_iter_values(states)));
    batch(fields, arrays)
}
