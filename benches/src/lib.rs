//! Benchmarks beside named peers, and the data that several of them ask.

use mimalloc::MiMalloc;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

pub mod labelled_trajectories;
pub mod paper_sized;

/// Has memory come in small pages, as a command that gives one answer has it. Not for a process that starts peers, which would inherit it.
pub fn prefer_small_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
