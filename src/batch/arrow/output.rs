//! Writing answers as Arrow columns.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, ListBuilder};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, TimestampMicrosecondArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use super::AS_OF;
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::stream::Entity;
use crate::table::Answered;
use crate::time::Timestamp;
use crate::value::{Kind, Shape, Value, ValueRef};
use crate::vector::Vector;

/// The answers of a pass, feature by feature.
pub(super) struct Columns<'a> {
    set: &'a FeatureSet,
    rows: usize,
    answers: Vec<Option<Answered>>,
}

impl<'a> Columns<'a> {
    pub(super) fn new(set: &'a FeatureSet, rows: usize) -> Self {
        Self { set, rows, answers: set.names().iter().map(|_| None).collect() }
    }

    /// Takes the answers of feature `at`; `overflow` is a query whose answer has no place in a column.
    pub(super) fn put(&mut self, at: usize, answers: Answered, overflow: Option<usize>) -> Result<()> {
        if let Some(row) = overflow {
            let name = self.set.names().get(at).map_or("?", String::as_str);
            return Err(Error::overflow(name).context(format!("query {row}")));
        }
        if let Some(slot) = self.answers.get_mut(at) {
            *slot = Some(answers);
        }
        Ok(())
    }

    /// Computes the derived values.
    pub(super) fn derive(&mut self) -> Result<()> {
        let plan = self.set.plan();
        for (i, derived) in plan.derived.iter().enumerate() {
            let mut out = Answered::with_capacity(&derived.kind.into(), self.rows);
            let mut parts: Vec<Value> = Vec::with_capacity(derived.parts.len());
            for row in 0..self.rows {
                let part = |part: &usize| self.answers.get(*part)?.as_ref().map(|answers| answers.get(row));
                parts.clear();
                parts.extend(derived.parts.iter().map(|at| part(at).unwrap_or(Value::Null)));
                out.push(derived.op.output(derived.kind, &parts));
            }
            // Its parts did not overflow, so it cannot.
            self.put(plan.features.len() + i, out, None)?;
        }
        Ok(())
    }

    /// The result: the queries' entities and times, then the values.
    pub(super) fn finish(self, queries: &[RecordBatch], times: &[i64]) -> Result<RecordBatch> {
        let (mut fields, mut arrays) = entity_columns(self.set, queries)?;
        fields.push(Field::new(AS_OF, timestamp(), false));
        arrays.push(Arc::new(TimestampMicrosecondArray::from(times.to_vec()).with_timezone("UTC")));
        let values = self.set.names().iter().zip(self.set.shapes()).zip(self.answers).enumerate();
        for (at, ((name, shape), values)) in values {
            let values = answered(&shape, values.unwrap_or_else(|| missing(&shape, self.rows)))?;
            fields.push(Field::new(name, values.data_type().clone(), self.set.is_nullable(at)));
            arrays.push(values);
        }
        batch(fields, arrays)
    }
}

fn batch(fields: Vec<Field>, arrays: Vec<ArrayRef>) -> Result<RecordBatch> {
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(refused)
}

fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The entity columns of all query batches, one after another.
fn entity_columns(set: &FeatureSet, queries: &[RecordBatch]) -> Result<(Vec<Field>, Vec<ArrayRef>)> {
    let bound = queries.iter().map(|batch| super::Bound::queries(set, batch)).collect::<Result<Vec<_>>>()?;
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (at, column) in set.entity_columns().iter().enumerate() {
        let rows = bound.iter().flat_map(|batch| (0..batch.len()).map(move |row| batch.cell(at, row)));
        let values = rows
            .map(|cell| crate::stream::key_part(column, cell).map(ValueRef::to_value))
            .collect::<Result<Vec<_>>>()?;
        let kind = column.kind().or_else(|| bound.iter().find_map(|batch| batch.kind(at)));
        entity_column(column.name(), kind, &values, &mut fields, &mut arrays)?;
    }
    Ok((fields, arrays))
}

/// One entity column; undeclared ones take the kind of their values, which must be one.
fn entity_column(
    name: &str,
    kind: Option<Kind>,
    values: &[Value],
    fields: &mut Vec<Field>,
    arrays: &mut Vec<ArrayRef>,
) -> Result<()> {
    let kind = kind.or_else(|| values.first().and_then(Value::kind)).unwrap_or(Kind::Str);
    if let Some(other) = values.iter().find(|value| value.kind() != Some(kind)) {
        return Err(Error::column(name, kind, other.as_ref()).context("one batch has another type than the first"));
    }
    let values = array(kind, &values.iter().collect::<Vec<_>>());
    fields.push(Field::new(name, values.data_type().clone(), false));
    arrays.push(values);
    Ok(())
}

/// A column of nulls, for a value nothing was computed for.
fn missing(shape: &Shape, rows: usize) -> Answered {
    let mut out = Answered::with_capacity(shape, rows);
    (0..rows).for_each(|_| out.push(Value::Null));
    out
}

/// Answers as an Arrow array, without a copy where that can be.
fn answered(shape: &Shape, answers: Answered) -> Result<ArrayRef> {
    let nulls = |valid: Vec<bool>| Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0);
    Ok(match answers {
        Answered::F64(values, valid) => Arc::new(Float64Array::new(values.into(), nulls(valid))),
        Answered::I64(values, valid) => Arc::new(Int64Array::new(values.into(), nulls(valid))),
        Answered::Any(values) => shaped(shape, &values.iter().collect::<Vec<_>>())?,
    })
}

/// Answers of any shape as an Arrow array: a map is a list of `key` and `value`, so that a null key has a place
/// and readers without maps can read it.
fn shaped(shape: &Shape, values: &[&Value]) -> Result<ArrayRef> {
    let (item, lengths): (ArrayRef, Vec<Option<usize>>) = match shape {
        Shape::One(kind) => return Ok(array(*kind, values)),
        Shape::List(shape) => {
            let items: Vec<&Value> = values.iter().filter_map(|value| value.as_items()).flatten().collect();
            (shaped(shape, &items)?, values.iter().map(|value| value.as_items().map(<[Value]>::len)).collect())
        }
        Shape::Map(key, shape) => {
            let pairs = || values.iter().filter_map(|value| value.as_map()).flatten();
            let keys = array(*key, &pairs().map(|(key, _)| key).collect::<Vec<_>>());
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
fn array(kind: Kind, values: &[&Value]) -> ArrayRef {
    let time = |value: &&Value| if let Value::Time(at) = value { Some(at.as_micros()) } else { None };
    match kind {
        Kind::F64 => Arc::new(values.iter().map(|value| value.as_f64()).collect::<Float64Array>()),
        Kind::I64 => Arc::new(values.iter().map(|value| value.as_i64()).collect::<Int64Array>()),
        Kind::Str => Arc::new(values.iter().map(|value| value.as_str()).collect::<StringArray>()),
        Kind::Bool => {
            let bool = |value: &&Value| if let Value::Bool(x) = value { Some(*x) } else { None };
            Arc::new(values.iter().map(bool).collect::<BooleanArray>())
        }
        Kind::Time => Arc::new(values.iter().map(time).collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
        Kind::List => lists(values),
    }
}

fn lists(values: &[&Value]) -> ArrayRef {
    let mut builder = ListBuilder::new(Float64Builder::new());
    for value in values {
        if let Value::List(list) = value {
            builder.values().append_slice(list);
        }
        builder.append(matches!(value, Value::List(_)));
    }
    let lists: ListArray = builder.finish();
    Arc::new(lists)
}

/// Every entity's values and state as of one time.
///
/// Entities are in their own order, so the same events give the same tables, whatever order they came in.
#[derive(Clone, Debug)]
pub struct Snapshot {
    values: RecordBatch,
    states: RecordBatch,
    as_of: Timestamp,
    left_out: usize,
}

impl Snapshot {
    /// The entity columns, `as_of`, and one column a value; what [`point_in_time`](super::point_in_time)
    /// gives.
    pub fn values(&self) -> &RecordBatch {
        &self.values
    }

    /// The entity columns and `state_bytes`: the bytes of [`State::encode`](crate::State::encode), as Binary.
    pub fn states(&self) -> &RecordBatch {
        &self.states
    }

    /// The time it is of, and the frontier of its states.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// How many events were at or after `as_of` and so not taken.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

/// One entity's part of a snapshot.
pub(super) struct Viewed {
    pub(super) entity: Entity,
    pub(super) bytes: Vec<u8>,
    pub(super) vector: Vector,
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
        let part = |entity: &Entity| entity.parts().get(at).cloned().unwrap_or(Value::Null);
        let values: Vec<Value> = rows.clone().map(part).collect();
        entity_column(column.name(), column.kind(), &values, &mut fields, &mut arrays)?;
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
    fields.push(Field::new(AS_OF, timestamp(), false));
    arrays.push(Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")));
    for (at, (name, shape)) in set.names().iter().zip(set.shapes()).enumerate() {
        let mut answers = Answered::with_capacity(&shape, rows.len());
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

pub(super) fn snapshot_of(
    set: &FeatureSet,
    mut views: Vec<Viewed>,
    as_of: Timestamp,
    left_out: usize,
) -> Result<Snapshot> {
    views.sort_unstable_by(|a, b| a.entity.cmp(&b.entity));
    let (mut fields, mut arrays) = entities(set, views.iter().map(|view| &view.entity))?;
    let encoded: BinaryArray = views.iter().map(|view| Some(&view.bytes)).collect();
    let mut state_fields = fields.clone();
    state_fields.push(Field::new("state_bytes", DataType::Binary, false));
    let mut state_arrays = arrays.clone();
    state_arrays.push(Arc::new(encoded));
    values(set, views.iter().map(|view| (&view.entity, &view.vector)).collect(), &mut fields, &mut arrays)?;
    Ok(Snapshot { values: batch(fields, arrays)?, states: batch(state_fields, state_arrays)?, as_of, left_out })
}
