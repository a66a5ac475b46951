//! A few vectors as a table that people can read.

use arrow_array::RecordBatch;
use skewless::FeatureSet;

use crate::cells::Cells;

/// How many vectors are shown after the first.
const QUARTERS: usize = 4;

/// A table with a column for each of a few vectors: one with little in it, and four with much, spread over
/// the rows and of different entities.
pub(crate) fn render(set: &FeatureSet, vectors: &RecordBatch) -> String {
    let columns: Vec<Cells<'_>> = vectors.columns().iter().filter_map(Cells::new).collect();
    let keys = set.entity_columns().len();
    let shown = choose(&columns, keys, vectors.num_rows());
    let mut lines: Vec<Vec<String>> = Vec::new();
    for (at, (column, field)) in columns.iter().zip(vectors.schema().fields()).enumerate() {
        let texts = shown.iter().map(|row| column.at(*row).to_string());
        if at == keys {
            // Date and time stand one above the other: a column is as wide as its longest line.
            let (dates, times): (Vec<_>, Vec<_>) =
                texts.map(|text| text.split_once('T').map_or((text.clone(), String::new()), own)).unzip();
            lines.push([field.name().clone()].into_iter().chain(dates).collect());
            lines.push([String::new()].into_iter().chain(times).collect());
            lines.push(Vec::new());
        } else {
            lines.push([field.name().clone()].into_iter().chain(texts).collect());
        }
    }
    align(&lines)
}

fn own((date, time): (&str, &str)) -> (String, String) {
    (date.to_owned(), time.to_owned())
}

/// Which rows to show.
fn choose(columns: &[Cells<'_>], keys: usize, rows: usize) -> Vec<usize> {
    let features = columns.get(keys + 1..).unwrap_or(&[]);
    let score = |row: &usize| features.iter().filter(|column| column.at(*row).is_telling()).count();
    let entity =
        |row: usize| -> Vec<String> { columns.iter().take(keys).map(|column| column.at(row).to_string()).collect() };
    let mut shown: Vec<usize> = (0..rows).min_by_key(score).into_iter().collect();
    for quarter in 0..QUARTERS {
        let (from, until) = (rows * quarter / QUARTERS, rows * (quarter + 1) / QUARTERS);
        let best = (from..until).map(|row| score(&row)).max().unwrap_or(0);
        let known: Vec<_> = shown.iter().map(|row| entity(*row)).collect();
        let fresh = (from..until).find(|row| score(row) == best && !known.contains(&entity(*row)));
        shown.extend(fresh);
    }
    shown
}

/// Names to the left, values to the right.
fn align(lines: &[Vec<String>]) -> String {
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |at: usize| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut out = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
            0 => format!("{cell:<width$}"),
            _ => format!("  {cell:>width$}"),
        });
        let text: String = cells.collect();
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}
