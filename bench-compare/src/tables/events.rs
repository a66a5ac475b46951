//! A table of events, as every contestant gets it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

/// The columns, in their order; `row` numbers the rows and is no input of a feature.
const COLUMNS: [&str; 7] = ["row", "entity", "ts", "event_type", "item", "category", "amount"];

/// Events in one batch, in order of time.
pub struct Events(RecordBatch);

/// The columns of events that have been made.
pub struct Columns {
    pub entity: StringArray,
    pub ts: Vec<i64>,
    pub event_type: StringArray,
    pub item: StringArray,
    pub category: StringArray,
    pub amount: Float64Array,
}

impl Events {
    pub fn new(columns: Columns) -> Self {
        let row = Int64Array::from_iter_values(0..columns.ts.len() as i64);
        let arrays: [ArrayRef; 7] = [
            Arc::new(row),
            Arc::new(columns.entity),
            Arc::new(Int64Array::from(columns.ts)),
            Arc::new(columns.event_type),
            Arc::new(columns.item),
            Arc::new(columns.category),
            Arc::new(columns.amount),
        ];
        Self(RecordBatch::try_from_iter(COLUMNS.into_iter().zip(arrays)).expect("columns of one length"))
    }

    /// Reads a Parquet file with these columns, and brings it into order of time.
    pub fn read(path: &Path) -> Self {
        let batch = parquet(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let column = |name: &str| {
            batch.column_by_name(name).unwrap_or_else(|| panic!("{} has no column {name}", path.display()))
        };
        let text = |name: &str| column(name).as_string_opt::<i32>().unwrap_or_else(|| panic!("{name} must be text"));
        let ts = column("ts").as_primitive_opt::<Int64Type>().expect("ts must be int64, in microseconds");
        let amount = column("amount").as_primitive_opt::<Float64Type>().expect("amount must be float64");
        let mut order: Vec<usize> = (0..ts.len()).collect();
        order.sort_by_key(|row| ts.value(*row));
        let text = |name: &str| {
            let given = text(name);
            order.iter().map(|row| given.is_valid(*row).then(|| given.value(*row))).collect::<StringArray>()
        };
        Self::new(Columns {
            entity: text("entity"),
            ts: order.iter().map(|row| ts.value(*row)).collect(),
            event_type: text("event_type"),
            item: text("item"),
            category: text("category"),
            amount: order.iter().map(|row| amount.is_valid(*row).then(|| amount.value(*row))).collect(),
        })
    }

    pub fn write(&self, path: &Path) {
        write(path, std::slice::from_ref(&self.0));
    }

    pub fn rows(&self) -> usize {
        self.0.num_rows()
    }

    /// The bytes of the columns that features read, as Arrow holds them.
    pub fn bytes(&self) -> usize {
        let sizes = self.0.columns().iter().skip(1).map(|column| column.to_data().get_slice_memory_size());
        sizes.map(|size| size.expect("plain columns")).sum()
    }

    pub fn entity(&self) -> &StringArray {
        self.0.column(1).as_string()
    }

    pub fn ts(&self) -> &[i64] {
        self.0.column(2).as_primitive::<Int64Type>().values()
    }

    pub fn event_type(&self) -> &StringArray {
        self.0.column(3).as_string()
    }

    pub fn item(&self) -> &StringArray {
        self.0.column(4).as_string()
    }

    pub fn category(&self) -> &StringArray {
        self.0.column(5).as_string()
    }

    pub fn amount(&self) -> &Float64Array {
        self.0.column(6).as_primitive()
    }

    /// Just after the last event.
    pub fn after(&self) -> i64 {
        self.ts().iter().max().map_or(0, |last| last + 1)
    }

    /// What `click_7d` counts: clicks, or what is there most often if there are none.
    pub fn click(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.event_type().iter().flatten().for_each(|name| *counts.entry(name).or_default() += 1);
        let most = counts.iter().max_by_key(|(name, count)| (**name == "click", **count));
        most.map_or("click", |(name, _)| name).to_owned()
    }

    /// Each event's place when they are sorted by entity and time; events of one time stay in file order.
    pub fn sorted(&self) -> Vec<usize> {
        let (entity, ts) = (self.entity(), self.ts());
        let mut order: Vec<usize> = (0..self.rows()).collect();
        order.sort_by_key(|row| (entity.value(*row), ts[*row]));
        order
    }
}

/// The one batch that is in a Parquet file, text as plain Utf8.
pub fn parquet(path: &Path) -> Result<RecordBatch, String> {
    let file = File::open(path).map_err(|why| why.to_string())?;
    // What an Arrow writer noted about its own types is of no interest.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(|why| why.to_string())?;
    let rows = builder.metadata().file_metadata().num_rows() as usize;
    let mut reader = builder.with_batch_size(rows.max(1)).build().map_err(|why| why.to_string())?;
    reader.next().ok_or("it has no rows")?.map_err(|why| why.to_string())
}

/// Writes batches of one schema.
pub fn write(path: &Path, batches: &[RecordBatch]) {
    let file = File::create(path).expect("a file can be made");
    let level = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(level).build();
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), Some(properties)).expect("plain columns");
    batches.iter().for_each(|batch| writer.write(batch).expect("a file can be written"));
    writer.close().expect("a file can be written");
}
