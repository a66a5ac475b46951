//! The stream's answers, put together in the order of the queries.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, ListBuilder};
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray, RecordBatch, StringArray};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, NullBuffer};
use arrow_schema::{Field, Schema};
use skewless::{Entity, FeatureSet, Kind, Value, Vector};

use crate::fail::{Failure, Outcome};
use crate::run::AS_OF;

/// One result column that is filled in any order.
struct Slots {
    values: Values,
    known: BooleanBufferBuilder,
}

/// The values of a column; what is not known is zero or empty.
enum Values {
    Bool(BooleanBufferBuilder),
    I64(Vec<i64>),
    F64(Vec<f64>),
    Time(Vec<i64>),
    Str(Vec<Value>),
    List(Vec<Value>),
}

/// A table with a row for every query.
pub(crate) struct Answers<'a> {
    set: &'a FeatureSet,
    /// The entity columns; their kinds are known once the first answer is there.
    entities: Vec<Slots>,
    times: Vec<i64>,
    features: Vec<Slots>,
}

impl<'a> Answers<'a> {
    /// Room for `rows` answers.
    pub(crate) fn new(set: &'a FeatureSet, rows: usize) -> Self {
        let features = set.kinds().map(|kind| Slots::new(kind, rows)).collect();
        Self { set, entities: Vec::new(), times: vec![0; rows], features }
    }

    /// Takes the answer to query `row`.
    pub(crate) fn put(&mut self, row: usize, entity: &Entity, vector: &Vector) -> Outcome<()> {
        if self.entities.is_empty() {
            let kinds = entity.parts().iter().map(|part| part.kind().unwrap_or(Kind::Str));
            self.entities = kinds.map(|kind| Slots::new(kind, self.times.len())).collect();
        }
        if let Some(slot) = self.times.get_mut(row) {
            *slot = vector.as_of().as_micros();
        }
        for (slots, part) in self.entities.iter_mut().zip(entity.parts()) {
            slots.put(row, part).map_err(|why| Failure::input(format!("query {row}: {why}")))?;
        }
        for (slots, (name, value)) in self.features.iter_mut().zip(vector.iter()) {
            if matches!(value, Value::Overflow) {
                vector.value(name).map_err(|why| why.context(format!("query {row}")))?;
            }
            slots.put(row, value).map_err(|why| Failure::input(format!("query {row}: feature `{name}`: {why}")))?;
        }
        Ok(())
    }

    /// The table.
    pub(crate) fn finish(mut self) -> Outcome<RecordBatch> {
        if self.entities.is_empty() {
            let kinds = self.set.entity_columns().iter().map(|column| column.kind().unwrap_or(Kind::Str));
            self.entities = kinds.map(|kind| Slots::new(kind, 0)).collect();
        }
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (column, slots) in self.set.entity_columns().iter().zip(self.entities) {
            let array = slots.finish();
            fields.push(Field::new(column.name(), array.data_type().clone(), false));
            arrays.push(array);
        }
        let times = PrimitiveArray::<TimestampMicrosecondType>::from(self.times).with_timezone("UTC");
        fields.push(Field::new(AS_OF, times.data_type().clone(), false));
        arrays.push(Arc::new(times));
        for (at, (name, slots)) in self.set.names().iter().zip(self.features).enumerate() {
            let array = slots.finish();
            fields.push(Field::new(name, array.data_type().clone(), self.set.is_nullable(at)));
            arrays.push(array);
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
    }
}

impl Slots {
    fn new(kind: Kind, rows: usize) -> Self {
        let values = match kind {
            Kind::Bool => Values::Bool(unset(rows)),
            Kind::I64 => Values::I64(vec![0; rows]),
            Kind::F64 => Values::F64(vec![0.0; rows]),
            Kind::Time => Values::Time(vec![0; rows]),
            Kind::List => Values::List(vec![Value::Null; rows]),
            _ => Values::Str(vec![Value::Null; rows]),
        };
        Self { values, known: unset(rows) }
    }

    fn put(&mut self, row: usize, value: &Value) -> Result<(), String> {
        match (&mut self.values, value) {
            (_, Value::Null) => return Ok(()),
            (Values::Bool(slots), Value::Bool(x)) => slots.set_bit(row, *x),
            (Values::I64(slots), Value::I64(x)) => set(slots, row, *x),
            (Values::F64(slots), Value::F64(x)) => set(slots, row, *x),
            (Values::Time(slots), Value::Time(x)) => set(slots, row, x.as_micros()),
            (Values::Str(slots), Value::Str(_)) | (Values::List(slots), Value::List(_)) => {
                set(slots, row, value.clone())
            }
            (_, other) => return Err(format!("{} does not fit its column", other.as_ref())),
        }
        self.known.set_bit(row, true);
        Ok(())
    }

    fn finish(mut self) -> ArrayRef {
        let known = self.known.finish();
        match self.values {
            Values::Bool(mut slots) => Arc::new(BooleanArray::new(slots.finish(), nulls(known))),
            Values::I64(slots) => Arc::new(numbers::<Int64Type>(slots, known)),
            Values::F64(slots) => Arc::new(numbers::<Float64Type>(slots, known)),
            Values::Time(slots) => Arc::new(numbers::<TimestampMicrosecondType>(slots, known).with_timezone("UTC")),
            Values::Str(slots) => Arc::new(slots.iter().map(Value::as_str).collect::<StringArray>()),
            Values::List(slots) => lists(&slots),
        }
    }
}

/// Bits that are all false.
fn unset(rows: usize) -> BooleanBufferBuilder {
    let mut bits = BooleanBufferBuilder::new(rows);
    bits.append_n(rows, false);
    bits
}

/// The slot of a row, if there is one.
fn set<T>(slots: &mut [T], row: usize, value: T) {
    if let Some(slot) = slots.get_mut(row) {
        *slot = value;
    }
}

/// Which rows are null; nothing if none is.
fn nulls(known: BooleanBuffer) -> Option<NullBuffer> {
    Some(NullBuffer::new(known)).filter(|nulls| nulls.null_count() > 0)
}

/// Numbers as they lie, without a copy.
fn numbers<T: ArrowPrimitiveType>(slots: Vec<T::Native>, known: BooleanBuffer) -> PrimitiveArray<T> {
    PrimitiveArray::new(slots.into(), nulls(known))
}

/// Lists of doubles.
fn lists(slots: &[Value]) -> ArrayRef {
    let mut builder = ListBuilder::new(Float64Builder::new());
    for value in slots {
        if let Value::List(list) = value {
            builder.values().append_slice(list);
        }
        builder.append(matches!(value, Value::List(_)));
    }
    Arc::new(builder.finish())
}
