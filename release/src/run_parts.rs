//! Writes the index of runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use bytes::Bytes;
use engram_schemas::run_parts::{column, file_schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Encoding;
use parquet::schema::types::ColumnPath;

use crate::{Error, Result, encoding};

/// Rows of a page: a reader of one run reads one, and a row in the index of pages for each.
const PAGE_ROWS: usize = 1_000;

/// Which parts have rows of which run.
#[derive(Clone, Debug, Default)]
pub struct RunParts(BTreeSet<(String, String)>);

impl RunParts {
    /// Adds a part and its runs.
    pub fn add(&mut self, part: &str, runs: &[String]) {
        self.0
            .extend(runs.iter().map(|run| (run.clone(), part.to_owned())));
    }

    /// The index as a Parquet file.
    ///
    /// # Errors
    /// [`Error::Encode`].
    pub fn encode(&self) -> Result<Bytes> {
        let failed = |source| Error::Encode {
            file: engram_schemas::run_parts::FILE.to_owned(),
            source,
        };
        let texts = |of: fn(&(String, String)) -> &String| {
            Arc::new(StringArray::from_iter_values(self.0.iter().map(of)))
        };
        let rows = RecordBatch::try_new(
            file_schema(),
            vec![texts(|(run, _)| run), texts(|(_, part)| part)],
        )?;
        // Sorted names share their beginnings with the ones before them.
        let run_id = ColumnPath::from(column::RUN_ID);
        let properties = encoding::common()
            .map_err(failed)?
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_write_batch_size(PAGE_ROWS)
            .set_column_dictionary_enabled(run_id.clone(), false)
            .set_column_encoding(run_id, Encoding::DELTA_BYTE_ARRAY)
            .build();
        let mut content = Vec::new();
        let write = || {
            let mut writer = ArrowWriter::try_new(&mut content, rows.schema(), Some(properties))?;
            writer.write(&rows)?;
            writer.close()
        };
        write().map_err(failed)?;
        Ok(content.into())
    }
}
