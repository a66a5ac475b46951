//! Whether two tables are the same to the last bit.

use arrow_array::RecordBatch;

use crate::cells::Cells;
use crate::fail::{Failure, Outcome};
use crate::run::Run;

/// Compares every feature of every query; tells how many values that were.
///
/// The entity columns and `as_of` are compared as well, but not counted: they are the question.
pub(crate) fn same(batch: &Run, stream: &Run) -> Outcome<usize> {
    let (ours, theirs) = (&batch.vectors, &stream.vectors);
    if ours.schema() != theirs.schema() || ours.num_rows() != theirs.num_rows() {
        return Err(Failure::Differs(format!(
            "DIFFERENT tables\n  batch   {} rows of {}\n  stream  {} rows of {}",
            ours.num_rows(),
            ours.schema(),
            theirs.num_rows(),
            theirs.schema(),
        )));
    }
    let mut first: Option<(usize, usize)> = None;
    for at in 0..ours.num_columns() {
        let (a, b) = (cells(ours, at)?, cells(theirs, at)?);
        // Rows after a difference that is known already cannot be the first.
        let rows = first.map_or(ours.num_rows(), |(row, _)| row);
        if let Some(row) = (0..rows).find(|row| !a.at(*row).same(&b.at(*row))) {
            first = Some((row, at));
        }
    }
    match first {
        None => Ok(ours.num_rows() * (ours.num_columns() - batch.question)),
        Some((row, at)) => Err(Failure::Differs(explain(batch, stream, row, at)?)),
    }
}

/// One column of a table.
fn cells(table: &RecordBatch, at: usize) -> Outcome<Cells<'_>> {
    let refused = || Failure::input(format!("column {at} of the result is of a type that cannot be compared"));
    table.columns().get(at).and_then(Cells::new).ok_or_else(refused)
}

/// Everything it takes to look into a difference.
fn explain(batch: &Run, stream: &Run, row: usize, at: usize) -> Outcome<String> {
    let show = |run: &Run| -> Outcome<String> {
        let cell = cells(&run.vectors, at)?.at(row);
        Ok(format!("{cell} ({}), by {}", cell.bits(), run.definition))
    };
    let mut question = Vec::new();
    for key in 0..batch.question {
        question.push(cells(&batch.vectors, key)?.at(row).to_string());
    }
    let as_of = question.pop().unwrap_or_default();
    let schema = batch.vectors.schema();
    Ok(format!(
        "DIFFERENT at row {row}\n  entity   {}\n  as_of    {as_of}\n  feature  {}\n  batch    {}\n  stream   {}",
        question.join("/"),
        schema.fields().get(at).map_or("?", |field| field.name()),
        show(batch)?,
        show(stream)?,
    ))
}
