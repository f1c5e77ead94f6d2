//! The contract between those who write Engram's data and those who read it: names, columns, places, versions, and how
//! a random choice follows from a seed.
//!
//! `plan` and `generator` write by this contract, `engine` reads by it, and neither knows the other. Whatever both sides
//! must agree on is here and nowhere else; what only one side needs is not.
//!
//! * [`category`]: the closed sets of names (tasks, architectures, learning rules, depths, statuses).
//! * [`observable`]: the 45 observed statistics and their column names.
//! * [`trajectories`], [`recordings`] and [`results`]: the Arrow schemas of the tables.
//! * [`layout`]: which object holds what inside a dataset.
//! * [`file_hash`]: the hash that a run's file carries of itself.
//! * [`manifest`]: what a release says of itself, and [`run_parts`] which of its parts has a run.
//! * [`location`]: from a URL or a path to an object store.
//! * [`randomness`]: from (seed, purpose, identity) to a generator.

pub mod category;
mod error;
pub mod file_hash;
pub mod layout;
pub mod location;
pub mod manifest;
pub mod observable;
pub mod randomness;
pub mod recordings;
pub mod results;
pub mod run_parts;
pub mod trajectories;

pub use category::{Architecture, Definition, Depth, LearningRule, RunState, Status, Task};
pub use error::{Error, Result};
pub use layout::RunFile;
pub use location::{DatasetLocation, StoreFailure};
pub use manifest::Manifest;
pub use observable::Observable;

/// Version of the tables' columns, stored in every file: the major part changes when an older reader would misread.
pub const SCHEMA_VERSION: &str = "1.2";

/// Key of the schema version in a Parquet file's metadata.
pub const SCHEMA_VERSION_KEY: &str = "engram.schema_version";

/// Key of the resolved configuration (JSON) in a Parquet file's metadata.
pub const CONFIGURATION_KEY: &str = "engram.configuration";

/// Key of the version of the program that wrote a Parquet file.
pub const CODE_VERSION_KEY: &str = "engram.code_version";
