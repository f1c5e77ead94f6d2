//! Asks a dataset of trajectories: SQL, feature matrices, classifiers.
//!
//! A question travels one way through this crate. [`dataset`] finds the files and checks that each is what it should be;
//! [`session`] registers them as tables and views and plans SQL; [`feature_matrix`] turns the rows of a query into what
//! classifiers read; [`results`] keeps the outcome as rows of a table, so that figures are queries again.
//!
//! Nothing here trains a network or knows how one is trained: that side meets this one in `engram-schemas` and in the
//! object store.

mod aggregates;
pub mod dataset;
pub mod diagnosis;
mod error;
pub mod experiments;
pub mod feature_matrix;
mod functions;
mod hinted;
pub mod identify;
mod nested_loops;
mod not_in;
mod over_all;
mod placeholders;
pub mod polars_bridge;
pub mod queries;
pub mod reference;
mod relations;
mod repeated_projections;
pub mod reshape;
pub mod results;
pub mod session;
mod shorthand;
pub mod sql_error;
pub mod statements;
mod views;

pub use dataset::Dataset;
pub use error::{Error, Excluded, Result, hint};
pub use feature_matrix::{Example, FeatureMatrix};
pub use hinted::Hinted;
pub use identify::{Identification, IdentifySettings, identify, identify_with_progress};
pub use results::{read_results, write_results};
pub use session::{Answer, Session};
pub use sql_error::SqlError;
