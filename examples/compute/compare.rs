//! Whether two tables are the same to the last bit.

use arrow_array::RecordBatch;
use skewless::FeatureSet;

use crate::cells::{Cell, Cells};
use crate::fail::{Failure, Outcome};

/// Compares every feature of every query; tells how many values that were.
///
/// The entity columns and `as_of` are compared as well, but not counted: they are the question.
pub(crate) fn same(batch: &RecordBatch, stream: &RecordBatch, set: &FeatureSet) -> Outcome<usize> {
    if batch.schema() != stream.schema() || batch.num_rows() != stream.num_rows() {
        return Err(Failure::Differs(format!(
            "DIFFERENT tables\n  batch   {} rows of {}\n  stream  {} rows of {}",
            batch.num_rows(),
            batch.schema(),
            stream.num_rows(),
            stream.schema(),
        )));
    }
    let mut first: Option<(usize, usize)> = None;
    for at in 0..batch.num_columns() {
        let (ours, theirs) = (cells(batch, at)?, cells(stream, at)?);
        // Rows after a difference that is known already cannot be the first.
        let rows = first.map_or(batch.num_rows(), |(row, _)| row);
        if let Some(row) = (0..rows).find(|row| !ours.at(*row).same(&theirs.at(*row))) {
            first = Some((row, at));
        }
    }
    match first {
        None => Ok(batch.num_rows() * set.names().len()),
        Some((row, at)) => Err(Failure::Differs(explain(batch, stream, set, row, at)?)),
    }
}

/// One column of a table.
fn cells(table: &RecordBatch, at: usize) -> Outcome<Cells<'_>> {
    let refused = || Failure::input(format!("column {at} of the result is of a type that cannot be compared"));
    table.columns().get(at).and_then(Cells::new).ok_or_else(refused)
}

/// Everything it takes to look into a difference.
fn explain(batch: &RecordBatch, stream: &RecordBatch, set: &FeatureSet, row: usize, at: usize) -> Outcome<String> {
    let keys = set.entity_columns().len();
    let mut question = Vec::new();
    for key in 0..=keys {
        question.push(cells(batch, key)?.at(row).to_string());
    }
    let as_of = question.pop().unwrap_or_default();
    let schema = batch.schema();
    let show = |cell: Cell<'_>| format!("{cell} ({})", cell.bits());
    let (ours, theirs) = (cells(batch, at)?.at(row), cells(stream, at)?.at(row));
    Ok(format!(
        "DIFFERENT at row {row}\n  entity   {}\n  as_of    {as_of}\n  feature  {}\n  batch    {}\n  stream   {}\n  \
         definition of batch   {} v{}, fingerprint {}\n  definition of stream  {} v{}, fingerprint {}",
        question.join("/"),
        schema.fields().get(at).map_or("?", |field| field.name()),
        show(ours),
        show(theirs),
        set.name(),
        set.version(),
        set.fingerprint(),
        set.name(),
        set.version(),
        set.fingerprint(),
    ))
}
