//! Parquet files in and out.

use std::fs::File;
use std::path::Path;

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::fail::{Failure, Outcome};
use crate::progress::Progress;

/// Rows read at once.
const BATCH: usize = 65_536;

/// Reads the `wanted` columns of a file and no others.
pub(crate) fn read<'a>(path: &Path, wanted: impl Iterator<Item = &'a str>) -> Outcome<Vec<RecordBatch>> {
    let file = File::open(path).map_err(|why| Failure::file(path, "cannot be opened", why))?;
    let unreadable = |why: &dyn std::fmt::Display| Failure::file(path, "cannot be read as Parquet", why);
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|why| unreadable(&why))?;
    let schema = builder.schema().clone();
    let mut places = Vec::new();
    for name in wanted {
        let place = schema.index_of(name).map_err(|_| {
            let there: Vec<_> = schema.fields().iter().map(|field| format!("`{}`", field.name())).collect();
            Failure::file(path, &format!("column `{name}` is missing"), format!("there are {}", there.join(", ")))
        })?;
        places.push(place);
    }
    let total = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mut progress = Progress::new("reading", "rows", total);
    let mask = ProjectionMask::roots(builder.parquet_schema(), places);
    let reader = builder.with_projection(mask).with_batch_size(BATCH).build().map_err(|why| unreadable(&why))?;
    let mut batches = Vec::new();
    let mut rows = 0;
    for batch in reader {
        let batch = batch.map_err(|why| unreadable(&why))?;
        rows += batch.num_rows();
        progress.at(rows);
        batches.push(batch);
    }
    Ok(batches)
}

/// Writes tables of one schema, of which there is at least one.
pub(crate) fn write(path: &Path, tables: &[RecordBatch]) -> Outcome<()> {
    let Some(first) = tables.first() else { return Ok(()) };
    let file = File::create(path).map_err(|why| Failure::file(path, "cannot be written", why))?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let written = ArrowWriter::try_new(file, first.schema(), Some(properties)).and_then(|mut writer| {
        tables.iter().try_for_each(|table| writer.write(table))?;
        writer.close()
    });
    written.map(|_| ()).map_err(|why| Failure::file(path, "cannot be written", why))
}
