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

/// Rows read at once.
const BATCH: usize = 65_536;

/// Reads the `wanted` columns of a file and no others.
pub(crate) fn read<'a>(path: &Path, wanted: impl Iterator<Item = &'a str>) -> Outcome<Vec<RecordBatch>> {
    let file = File::open(path).map_err(|why| Failure::file("cannot open", path, why))?;
    let unreadable = |why: &dyn std::fmt::Display| Failure::file("cannot read as Parquet", path, why);
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|why| unreadable(&why))?;
    let schema = builder.schema().clone();
    let mut places = Vec::new();
    for name in wanted {
        let place = schema.index_of(name).map_err(|_| {
            let there: Vec<_> = schema.fields().iter().map(|field| format!("`{}`", field.name())).collect();
            Failure::file("columns of", path, format!("`{name}` is missing; there are {}", there.join(", ")))
        })?;
        places.push(place);
    }
    let mask = ProjectionMask::roots(builder.parquet_schema(), places);
    let reader = builder.with_projection(mask).with_batch_size(BATCH).build().map_err(|why| unreadable(&why))?;
    reader.collect::<Result<_, _>>().map_err(|why| unreadable(&why))
}

/// Writes one table.
pub(crate) fn write(path: &Path, table: &RecordBatch) -> Outcome<()> {
    let file = File::create(path).map_err(|why| Failure::file("cannot create", path, why))?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let written = ArrowWriter::try_new(file, table.schema(), Some(properties)).and_then(|mut writer| {
        writer.write(table)?;
        writer.close()
    });
    written.map(|_| ()).map_err(|why| Failure::file("cannot write", path, why))
}
