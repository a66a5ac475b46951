//! Whether two results are the same to the last bit.

use arrow_array::{Array, RecordBatch};

use crate::cells;
use crate::fail::{Failure, Outcome};
use crate::run::Run;

/// Compares every feature of every query; tells how many values that were.
///
/// The entity columns and `as_of` are compared as well, but not counted: they are the question.
pub(crate) fn same(one: &Run, other: &Run) -> Outcome<usize> {
    let mut start = 0;
    let mut compared = 0;
    for (ours, theirs) in one.vectors.iter().zip(&other.vectors) {
        if ours.schema() != theirs.schema() || ours.num_rows() != theirs.num_rows() {
            return Err(differs([one, other], [ours, theirs]));
        }
        let columns = ours.columns().iter().zip(theirs.columns()).enumerate();
        let first = columns.filter_map(|(at, (a, b))| Some((first_difference(a, b)?, at))).min();
        if let Some((row, at)) = first {
            return Err(explain([one, other], [ours, theirs], start, row, at));
        }
        start += ours.num_rows();
        compared += ours.num_rows() * (ours.num_columns() - one.question);
    }
    if one.rows() != other.rows() {
        let (ours, theirs) = (one.rows(), other.rows());
        return Err(Failure::Differs(format!(
            "DIFFERENT tables: {ours} rows by {}, {theirs} by {}",
            one.way, other.way
        )));
    }
    Ok(compared)
}

/// The first row in which two columns of one type differ, which Arrow tells by bits: 0 is not -0, a NaN is itself.
fn first_difference(a: &dyn Array, b: &dyn Array) -> Option<usize> {
    if a == b {
        return None;
    }
    // The rows before `same` agree, those before `other` do not.
    let (mut same, mut other) = (0, a.len());
    while other - same > 1 {
        let half = (other - same) / 2;
        let (a, b) = (a.slice(same, half), b.slice(same, half));
        if a.as_ref() == b.as_ref() { same += half } else { other = same + half }
    }
    Some(same)
}

/// Tables that cannot be compared.
fn differs(runs: [&Run; 2], tables: [&RecordBatch; 2]) -> Failure {
    let about =
        |run: &Run, table: &RecordBatch| format!("\n  {:<8} {} rows of {}", run.way, table.num_rows(), table.schema());
    Failure::Differs(format!("DIFFERENT tables{}{}", about(runs[0], tables[0]), about(runs[1], tables[1])))
}

/// Everything it takes to look into a difference; the tables start at row `start` of all.
fn explain(runs: [&Run; 2], tables: [&RecordBatch; 2], start: usize, row: usize, at: usize) -> Failure {
    let [one, other] = runs;
    let [ours, theirs] = tables;
    let show = |run: &Run, table: &RecordBatch| {
        let value = table.columns().get(at).map(|column| cells::exactly(&cells::cell(column, row)));
        format!("  {:<8} {}, by {}", run.way, value.unwrap_or_default(), run.definition)
    };
    let question = ours.columns().iter().take(one.question);
    let mut question: Vec<String> = question.map(|column| cells::cell(column, row).to_string()).collect();
    let as_of = question.pop().unwrap_or_default();
    Failure::Differs(format!(
        "DIFFERENT at row {}\n  entity   {}\n  as_of    {as_of}\n  feature  {}\n{}\n{}",
        start + row,
        question.join("/"),
        ours.schema().fields().get(at).map_or("?", |field| field.name()),
        show(one, ours),
        show(other, theirs),
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Float64Type;
    use arrow_array::{ArrayRef, Float64Array, ListArray, StructArray};
    use arrow_schema::{DataType, Field};

    use super::*;

    const OTHER_NAN: f64 = f64::from_bits(0x7ff8_0000_0000_0001);

    fn doubles(x: f64) -> ArrayRef {
        Arc::new(Float64Array::from(vec![Some(1.0), None, Some(x), Some(2.0)]))
    }

    fn lists(x: f64) -> ArrayRef {
        let rows = [Some(vec![Some(1.0), None]), None, Some(vec![None, Some(x)]), Some(vec![])];
        Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows))
    }

    fn structs(x: f64) -> ArrayRef {
        Arc::new(StructArray::from(vec![(Arc::new(Field::new("value", DataType::Float64, true)), doubles(x))]))
    }

    #[test]
    fn columns_are_compared_by_bits() {
        for make in [doubles, lists, structs] {
            for x in [0.0, -0.0, f64::NAN, OTHER_NAN, 0.1] {
                for y in [0.0, -0.0, f64::NAN, OTHER_NAN, 0.1] {
                    let expected = (x.to_bits() != y.to_bits()).then_some(2);
                    assert_eq!(first_difference(&make(x), &make(y)), expected, "{x} and {y}");
                }
            }
        }
    }
}
