//! Cuts sorted rows into the parts of a partition, at the borders of runs.
//!
//! Rows come in batches whose size depends on the machine. A part is put together from whole runs until it is large enough,
//! and encoded as one batch, so that equal rows make equal bytes.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, Int32Type, Schema, SchemaRef};
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};
use bytes::Bytes;
use engram_engine::dataset;
use engram_schemas::manifest::Bounds;
use engram_schemas::trajectories::column;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use serde_json::Value;

use crate::{Error, Result, encoding};

/// What a part holds before it is encoded, where there are so many rows: encoded, trajectories take a half of it and recordings
/// a quarter, so that parts are of about 200 and 100 MB.
pub const PART_BYTES: usize = 384 << 20;

/// The columns whose bounds the manifest has.
const BOUNDED: [&str; 4] = [
    column::LEARNING_RULE,
    column::RUN_ID,
    column::LAYER_INDEX,
    column::EPOCH,
];

/// A part, encoded.
#[derive(Clone, Debug)]
pub struct EncodedPart {
    /// The file.
    pub content: Bytes,
    /// Where its end begins: page index and footer.
    pub tail_offset: u64,
    /// Rows.
    pub n_rows: u64,
    /// The runs, in order.
    pub runs: Vec<String>,
    /// The least and the greatest value of the columns that name rows.
    pub bounds: BTreeMap<String, Bounds>,
}

/// Takes sorted rows and gives parts.
pub struct Cutter {
    schema: SchemaRef,
    part_bytes: usize,
    keys: Keys,
    /// Whole runs of the part, and the run that is not complete yet.
    part: Vec<RecordBatch>,
    held_bytes: usize,
    run: Vec<RecordBatch>,
    run_id: Option<String>,
    /// Rows that were there twice.
    n_repeated: u64,
}

impl Cutter {
    /// A cutter of rows with `schema`, of which `key` names a row.
    ///
    /// # Errors
    /// For a key that is no column.
    pub fn try_new(schema: SchemaRef, key: &[&str], part_bytes: usize) -> Result<Self> {
        Ok(Self {
            keys: Keys::try_new(&schema, key)?,
            schema,
            part_bytes,
            part: Vec::new(),
            held_bytes: 0,
            run: Vec::new(),
            run_id: None,
            n_repeated: 0,
        })
    }

    /// Takes the next rows, and gives a part when there are enough.
    ///
    /// # Errors
    /// [`Error::Contradiction`] for two rows of one key that differ, [`Error::Encode`].
    pub fn take(&mut self, batch: &RecordBatch) -> Result<Vec<EncodedPart>> {
        let batch = as_stored(batch, &self.schema)?;
        let batch = self.without_repeated(batch)?;
        let run_ids = batch
            .column_by_name(column::RUN_ID)
            .map(|column| column.as_string::<i32>().clone());
        let Some(run_ids) = run_ids else {
            return Ok(Vec::new());
        };
        let mut done = Vec::new();
        let mut start = 0;
        while start < batch.num_rows() {
            let run_id = run_ids.value(start);
            let same = (start..batch.num_rows()).take_while(|&row| run_ids.value(row) == run_id);
            let end = start + same.count();
            if self.run_id.as_deref() != Some(run_id) {
                done.extend(self.end_run()?);
                self.run_id = Some(run_id.to_owned());
            }
            self.run.push(batch.slice(start, end - start));
            start = end;
        }
        Ok(done)
    }

    /// Gives the last part, and how many rows were there twice.
    ///
    /// # Errors
    /// As [`Cutter::take`].
    pub fn finish(mut self) -> Result<(Vec<EncodedPart>, u64)> {
        let mut done: Vec<EncodedPart> = self.end_run()?.into_iter().collect();
        if !self.part.is_empty() {
            done.push(self.encode()?);
        }
        Ok((done, self.n_repeated))
    }

    /// Adds the complete run to the part, after giving the part away where both would be too much.
    fn end_run(&mut self) -> Result<Option<EncodedPart>> {
        if self.run.is_empty() {
            return Ok(None);
        }
        let run = concat_batches(&self.schema, &self.run)?;
        self.run.clear();
        let bytes = bytes_of(&run);
        let is_full = !self.part.is_empty() && self.held_bytes + bytes > self.part_bytes;
        let done = is_full.then(|| self.encode()).transpose()?;
        self.held_bytes += bytes;
        self.part.push(run);
        Ok(done)
    }

    fn encode(&mut self) -> Result<EncodedPart> {
        let rows = concat_batches(&self.schema, &self.part)?;
        self.part.clear();
        self.held_bytes = 0;
        encode(&rows).map_err(|source| Error::Encode {
            file: format!(
                "the part that ends with run {}",
                self.run_id.clone().unwrap_or_default()
            ),
            source,
        })
    }

    /// Leaves out rows that repeat the one before.
    fn without_repeated(&mut self, batch: RecordBatch) -> Result<RecordBatch> {
        let keys = self.keys.key_of(&batch)?;
        let wholes = self.keys.whole_of(&batch)?;
        let mut keep = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let (key, whole) = (keys.row(row), wholes.row(row));
            let (same_key, same_whole) = match (row, &self.keys.last) {
                (0, None) => (false, false),
                (0, Some((last_key, last_whole))) => {
                    (last_key.row() == key, last_whole.row() == whole)
                }
                _ => (keys.row(row - 1) == key, wholes.row(row - 1) == whole),
            };
            if same_key && !same_whole {
                let text = |name: &str| {
                    let column = batch.column_by_name(name);
                    column.map_or_else(String::new, |column| {
                        column.as_string::<i32>().value(row).to_owned()
                    })
                };
                let epoch = batch.column_by_name(column::EPOCH);
                return Err(Error::Contradiction {
                    run_id: text(column::RUN_ID),
                    layer: text(column::LAYER),
                    epoch: epoch.map_or(0, |epoch| epoch.as_primitive::<Int32Type>().value(row)),
                });
            }
            keep.push(!same_key);
        }
        if let Some(last) = batch.num_rows().checked_sub(1) {
            self.keys.last = Some((keys.row(last).owned(), wholes.row(last).owned()));
        }
        let n_repeated = keep.iter().filter(|keep| !**keep).count();
        self.n_repeated += n_repeated as u64;
        match n_repeated {
            0 => Ok(batch),
            _ => Ok(filter_record_batch(&batch, &BooleanArray::from(keep))?),
        }
    }
}

/// What rows are compared by.
struct Keys {
    places: Vec<usize>,
    key: RowConverter,
    whole: RowConverter,
    /// Key and whole of the last row.
    last: Option<(OwnedRow, OwnedRow)>,
}

impl Keys {
    fn try_new(schema: &Schema, key: &[&str]) -> Result<Self> {
        let places = key
            .iter()
            .map(|name| schema.index_of(name))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let of = |types: Vec<DataType>| {
            RowConverter::new(types.into_iter().map(SortField::new).collect())
        };
        let all = schema
            .fields()
            .iter()
            .map(|field| field.data_type().clone());
        let types = places
            .iter()
            .map(|&place| schema.field(place).data_type().clone());
        Ok(Self {
            key: of(types.collect())?,
            whole: of(all.collect())?,
            places,
            last: None,
        })
    }

    fn key_of(&self, batch: &RecordBatch) -> Result<Rows> {
        let columns: Vec<_> = self
            .places
            .iter()
            .map(|&place| batch.column(place).clone())
            .collect();
        Ok(self.key.convert_columns(&columns)?)
    }

    fn whole_of(&self, batch: &RecordBatch) -> Result<Rows> {
        Ok(self.whole.convert_columns(batch.columns())?)
    }
}

/// The rows with the columns of a file, of its types.
fn as_stored(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let index = batch.schema().index_of(field.name())?;
            cast(batch.column(index), field.data_type())
        })
        .collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

/// What rows take in memory, which does not depend on how they came.
fn bytes_of(rows: &RecordBatch) -> usize {
    let columns = rows.columns().iter();
    columns
        .map(|column| {
            let data = column.to_data();
            data.get_slice_memory_size()
                .unwrap_or_else(|_| column.get_array_memory_size())
        })
        .sum()
}

fn encode(rows: &RecordBatch) -> std::result::Result<EncodedPart, ParquetError> {
    let schema = rows.schema();
    let runs = rows.column_by_name(column::RUN_ID);
    let runs = runs.map(|runs| runs.as_string::<i32>().iter().flatten().map(str::to_owned));
    let mut runs: Vec<String> = runs.into_iter().flatten().collect();
    runs.dedup();
    let mut content = Vec::new();
    let mut writer = ArrowWriter::try_new(
        &mut content,
        schema.clone(),
        Some(encoding::properties(&schema, runs.len())?),
    )?;
    writer.write(rows)?;
    let metadata = writer.close()?;
    Ok(EncodedPart {
        tail_offset: dataset::tail_offset(&metadata, &content),
        content: content.into(),
        n_rows: rows.num_rows() as u64,
        runs,
        bounds: bounds(rows),
    })
}

fn bounds(rows: &RecordBatch) -> BTreeMap<String, Bounds> {
    let of = |name: &&str| -> Option<(String, Bounds)> {
        let column = rows.column_by_name(name)?;
        let bounds = match column.data_type() {
            DataType::Int32 => {
                let numbers = column.as_primitive::<Int32Type>();
                Bounds {
                    min: Value::from(arrow::compute::min(numbers)?),
                    max: Value::from(arrow::compute::max(numbers)?),
                }
            }
            _ => {
                let texts = column.as_string_opt::<i32>()?;
                Bounds {
                    min: Value::from(arrow::compute::min_string(texts)?),
                    max: Value::from(arrow::compute::max_string(texts)?),
                }
            }
        };
        Some(((*name).to_owned(), bounds))
    };
    BOUNDED.iter().filter_map(of).collect()
}
