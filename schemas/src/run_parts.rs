//! The index of a release: which parts have rows of a run. Names of runs are hashes, of which the bounds of a part say little, and a
//! release has many parts.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

/// The index's name below the root of a release.
pub const FILE: &str = "run_parts.parquet";

/// Names of columns.
pub mod column {
    /// The run.
    pub const RUN_ID: &str = "run_id";
    /// The path of the part, below the root of the release.
    pub const PART: &str = "part";
}

/// A row for each part of each run, sorted by run and part.
pub fn file_schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![text(column::RUN_ID), text(column::PART)]))
}
