//! Cells of result columns, for people to read.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_schema::{DataType, TimeUnit};
use skewless::{Text, Timestamp, Value};

/// The cell in `row`, which must exist; a list of keys with answers is a map again.
pub(crate) fn cell(column: &dyn Array, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Boolean => Value::Bool(column.as_boolean().value(row)),
        DataType::Int64 => Value::I64(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Value::F64(column.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => Value::Str(Text::new(column.as_string::<i32>().value(row))),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
            Timestamp::from_micros(micros).map_or(Value::I64(micros), Value::Time)
        }
        DataType::List(_) => list(column.as_list::<i32>().value(row).as_ref()),
        other => Value::Str(Text::new(&format!("a value of type {other}"))),
    }
}

/// The items of one list.
fn list(items: &dyn Array) -> Value {
    if let Some(pairs) = items.as_struct_opt()
        && let [keys, values] = pairs.columns()
    {
        return Value::Map((0..items.len()).map(|at| (cell(keys, at), cell(values, at))).collect());
    }
    Value::Items((0..items.len()).map(|at| cell(items, at)).collect())
}

/// Whether something is in a cell: neither null, nor zero, nor empty.
pub(crate) fn is_telling(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::I64(0) => false,
        Value::F64(x) => *x != 0.0,
        Value::Str(text) => !text.is_empty(),
        Value::Items(items) => items.iter().any(is_telling),
        Value::Map(pairs) => !pairs.is_empty(),
        _ => true,
    }
}

/// A cell in every detail: text in quotes, doubles with their bits.
pub(crate) fn exactly(value: &Value) -> String {
    match value {
        Value::F64(x) => format!("{x:?} (0x{:016x})", x.to_bits()),
        Value::Str(text) => format!("{:?}", &**text),
        Value::Items(items) => format!("[{}]", items.iter().map(exactly).collect::<Vec<_>>().join(", ")),
        Value::Map(pairs) => {
            let pair = |(key, value): &(Value, Value)| format!("{}: {}", exactly(key), exactly(value));
            format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
