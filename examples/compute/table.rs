//! A few vectors as a table that people can read.

use arrow_array::RecordBatch;
use skewless::{FeatureSet, Value};

use crate::cells;

/// How many vectors are shown after the first.
const QUARTERS: usize = 4;
/// The most characters of a value.
const WIDEST: usize = 36;

/// A table with a column for each of a few vectors: one with little in it, and four with much, spread over
/// the rows and of different entities.
pub(crate) fn render(set: &FeatureSet, vectors: &[RecordBatch]) -> String {
    let keys = set.entity_columns().len();
    let shown: Vec<Vec<Value>> = choose(vectors, keys).into_iter().map(|(table, row)| cells_of(table, row)).collect();
    let Some(table) = vectors.first() else { return String::new() };
    let mut lines: Vec<Vec<String>> = Vec::new();
    for (at, field) in table.schema().fields().iter().enumerate() {
        let texts = shown.iter().map(|vector| vector.get(at).unwrap_or(&Value::Null).to_string());
        if at == keys {
            // Date and time stand one above the other: a column is as wide as its longest line.
            let (dates, times): (Vec<_>, Vec<_>) =
                texts.map(|text| text.split_once('T').map_or((text.clone(), String::new()), own)).unzip();
            lines.push([field.name().clone()].into_iter().chain(dates).collect());
            lines.push([String::new()].into_iter().chain(times).collect());
            lines.push(Vec::new());
        } else {
            lines.push([field.name().clone()].into_iter().chain(texts.map(|text| short(&text))).collect());
        }
    }
    align(&lines)
}

fn own((date, time): (&str, &str)) -> (String, String) {
    (date.to_owned(), time.to_owned())
}

/// The beginning of what is too long.
fn short(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        return text.to_owned();
    }
    text.chars().take(WIDEST - 3).chain("...".chars()).collect()
}

/// One row.
fn cells_of(table: &RecordBatch, row: usize) -> Vec<Value> {
    table.columns().iter().map(|column| cells::cell(column, row)).collect()
}

/// Which rows to show.
fn choose(vectors: &[RecordBatch], keys: usize) -> Vec<(&RecordBatch, usize)> {
    let rows: Vec<_> = vectors.iter().flat_map(|table| (0..table.num_rows()).map(move |row| (table, row))).collect();
    let telling = |(table, row): &(&RecordBatch, usize)| {
        let features = table.columns().iter().skip(keys + 1);
        features.filter(|column| cells::is_telling(&cells::cell(column, *row))).count()
    };
    let scores: Vec<usize> = rows.iter().map(telling).collect();
    let scored: Vec<_> = rows.into_iter().zip(scores).collect();
    let entity = |(table, row): (&RecordBatch, usize)| -> Vec<Value> {
        table.columns().iter().take(keys).map(|column| cells::cell(column, row)).collect()
    };
    let mut shown: Vec<_> =
        scored.iter().min_by_key(|(_, score)| *score).map(|(place, _)| *place).into_iter().collect();
    for quarter in scored.chunks(scored.len().div_ceil(QUARTERS).max(1)) {
        let best = quarter.iter().map(|(_, score)| *score).max();
        let known: Vec<_> = shown.iter().map(|place| entity(*place)).collect();
        let fresh = quarter.iter().find(|(place, score)| Some(*score) == best && !known.contains(&entity(*place)));
        shown.extend(fresh.map(|(place, _)| *place));
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
