//! Benchmarks beside named peers, and the data that several of them ask.

use mimalloc::MiMalloc;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

pub mod labelled_trajectories;
pub mod paper_sized;
