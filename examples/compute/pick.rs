//! Rows of two tables, put together into one.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, BooleanArray, ListArray, PrimitiveArray, RecordBatch, StringArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType};

/// Which of the two tables, and which row of it; the row must exist.
pub(crate) type Pick = (usize, usize);

/// A table of the rows that `picks` names. The tables are results of the crate: of one schema, with columns of the
/// types that values have.
pub(crate) fn rows(tables: [&RecordBatch; 2], picks: &[Pick]) -> Result<RecordBatch, ArrowError> {
    let pairs = tables[0].columns().iter().zip(tables[1].columns());
    let columns = pairs.map(|(a, b)| column([a, b], picks)).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(tables[0].schema(), columns)
}

fn column(of: [&ArrayRef; 2], picks: &[Pick]) -> Result<ArrayRef, ArrowError> {
    match of[0].data_type() {
        DataType::Boolean => {
            let of = of.map(|array| array.as_boolean());
            Ok(Arc::new(found(picks, of, |array, row| array.value(row)).collect::<BooleanArray>()))
        }
        DataType::Utf8 => {
            let of = of.map(|array| array.as_string::<i32>());
            Ok(Arc::new(found(picks, of, |array, row| array.value(row)).collect::<StringArray>()))
        }
        DataType::Int64 => Ok(primitives::<Int64Type>(of, picks)),
        DataType::Float64 => Ok(primitives::<Float64Type>(of, picks)),
        DataType::Timestamp(..) => Ok(primitives::<TimestampMicrosecondType>(of, picks)),
        DataType::List(_) => lists(of.map(|array| array.as_list::<i32>()), picks),
        DataType::Struct(_) => structs(of.map(|array| array.as_struct()), picks),
        other => Err(ArrowError::NotYetImplemented(format!("picking rows of {other}"))),
    }
}

/// The picked values, none where they are null.
fn found<'a, A: Array, T: 'a>(
    picks: &'a [Pick],
    of: [&'a A; 2],
    value: impl Fn(&'a A, usize) -> T + 'a,
) -> impl Iterator<Item = Option<T>> + 'a {
    picks.iter().map(move |(table, row)| of.get(*table).filter(|array| array.is_valid(*row)).map(|of| value(of, *row)))
}

fn primitives<T: ArrowPrimitiveType>(of: [&ArrayRef; 2], picks: &[Pick]) -> ArrayRef {
    let arrays = of.map(|array| array.as_primitive::<T>());
    let picked: PrimitiveArray<T> = found(picks, arrays, |array, row| array.value(row)).collect();
    Arc::new(picked.with_data_type(of[0].data_type().clone()))
}

fn lists(of: [&ListArray; 2], picks: &[Pick]) -> Result<ArrayRef, ArrowError> {
    let DataType::List(field) = of[0].data_type() else { return Err(other_type()) };
    let (mut lengths, mut items) = (Vec::with_capacity(picks.len()), Vec::new());
    let bounds = found(picks, of, |array, row| (array.value_offsets()[row] as usize, array.value_length(row) as usize));
    for (bounds, (table, _)) in bounds.zip(picks) {
        let (start, length) = bounds.unwrap_or_default();
        lengths.push(length);
        items.extend((start..start + length).map(|item| (*table, item)));
    }
    let values = column(of.map(ListArray::values), &items)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(field.clone(), offsets, values, nulls(of, picks))?))
}

fn structs(of: [&StructArray; 2], picks: &[Pick]) -> Result<ArrayRef, ArrowError> {
    let DataType::Struct(fields) = of[0].data_type() else { return Err(other_type()) };
    let pairs = of[0].columns().iter().zip(of[1].columns());
    let columns = pairs.map(|(a, b)| column([a, b], picks)).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(StructArray::try_new(fields.clone(), columns, nulls(of, picks))?))
}

fn nulls<A: Array>(of: [&A; 2], picks: &[Pick]) -> Option<NullBuffer> {
    let valid: Vec<bool> = found(picks, of, |_, _| ()).map(|found| found.is_some()).collect();
    Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0)
}

fn other_type() -> ArrowError {
    ArrowError::SchemaError("two tables of different schemas".to_owned())
}

#[cfg(test)]
mod tests {
    use arrow_array::{Float64Array, Int64Array};
    use arrow_schema::Field;

    use super::*;

    /// The rows of one table that has a column of each nesting, all rows different.
    fn table(numbers: std::ops::Range<i64>) -> RecordBatch {
        let some = |n: &i64| n % 5 != 3;
        let each = |n: i64| Some(n).filter(some);
        let ints: ArrayRef = Arc::new(numbers.clone().map(each).collect::<Int64Array>());
        let doubles: ArrayRef =
            Arc::new(numbers.clone().map(|n| each(n).map(|n| -(n as f64))).collect::<Float64Array>());
        let texts: ArrayRef =
            Arc::new(numbers.clone().map(|n| each(n).map(|n| format!("t{n}"))).collect::<StringArray>());
        let bools: ArrayRef = Arc::new(numbers.clone().map(|n| each(n).map(|n| n % 2 == 0)).collect::<BooleanArray>());
        let items = numbers.clone().map(|n| each(n).map(|n| (0..n % 4).map(Some).collect::<Vec<_>>()));
        let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(items));
        let fields = [("key", &texts), ("value", &lists)];
        let fields: Vec<_> = fields.map(|(name, array)| Field::new(name, array.data_type().clone(), true)).into();
        let pairs = StructArray::new(fields.into(), vec![texts.clone(), lists.clone()], None);
        let lengths: Vec<usize> = (0..pairs.len()).map(|_| 1).collect();
        let field = Arc::new(Field::new("item", pairs.data_type().clone(), true));
        let maps: ArrayRef =
            Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(lengths), Arc::new(pairs), None));
        let all = [("i", ints), ("d", doubles), ("t", texts), ("b", bools), ("l", lists), ("m", maps)];
        RecordBatch::try_from_iter_with_nullable(all.map(|(name, array)| (name, array, true))).unwrap()
    }

    #[test]
    fn rows_of_two_halves_make_the_whole() {
        let whole = table(0..20);
        for (a, b) in [(table(0..7), table(7..20)), (whole.slice(0, 7), whole.slice(7, 13))] {
            let picks: Vec<Pick> = (0..20).map(|n| if n < 7 { (0, n) } else { (1, n - 7) }).collect();
            assert_eq!(rows([&a, &b], &picks).unwrap(), whole);
            let swapped: Vec<Pick> = (7..20).map(|n| (1, n - 7)).chain((0..7).map(|n| (0, n))).collect();
            let back = rows([&a, &b], &swapped).unwrap();
            assert_eq!((back.slice(13, 7), back.slice(0, 13)), (whole.slice(0, 7), whole.slice(7, 13)));
        }
    }
}
