//! What the report is about, in numbers that whoever has the dataset counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The dataset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Summary {
    /// Where it lies.
    pub location: String,
    /// What the results were generated from: commands, a revision, a date.
    pub generated_from: String,
    /// Version of the program.
    pub code_version: String,
    /// Version of the tables' columns.
    pub schema_version: String,
    /// Networks.
    pub n_runs: u64,
    /// Examples: layers of networks.
    pub n_examples: u64,
    /// Networks by task.
    pub runs_by_task: BTreeMap<String, u64>,
    /// Networks by architecture.
    pub runs_by_architecture: BTreeMap<String, u64>,
    /// Networks by learning rule.
    pub runs_by_rule: BTreeMap<String, u64>,
    /// Networks by how they ended.
    pub runs_by_status: BTreeMap<String, u64>,
}
