//! Benchmarks beside named peers, and the data that several of them ask.

pub mod labelled_trajectories;
pub mod paper_sized;
pub mod process;
