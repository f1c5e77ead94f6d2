//! The dataset that the study published, as a release.
//!
//! It is one pickle, in which an example (a layer of a network) is a row of arrays ([`engram_pickle::PublishedDataset`]). Here
//! the examples become runs again ([`examples`]), every run a file as a generator would have written it ([`run_files`]), and
//! the files a release, by the way of every other dataset. So whatever is asked of a release can be asked of the study's data.
//!
//! Nothing of the pickle is lost. What has no column in `trajectories` lies in a table of its own, [`further`].

mod error;
pub mod examples;
pub mod further;
mod import;
pub mod run_files;

pub use error::{Error, Result, hint};
pub use import::{EPOCHS_PER_CHECKPOINT, ImportSettings, Imported, import};
