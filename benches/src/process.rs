//! What Linux says of a process.

use std::fs;
use std::path::{Path, PathBuf};

/// A process that runs.
#[derive(Clone, Debug)]
pub struct Process(PathBuf);

impl Process {
    /// A process by its number.
    pub fn of(id: u32) -> Self {
        Self(Path::new("/proc").join(id.to_string()))
    }

    /// A size of its `status` in bytes: `VmHWM`, the most memory that it has had, or `VmRSS`, what it has. 0 where there is none.
    pub fn memory(&self, name: &str) -> u64 {
        self.kernel_says("status", name) << 10
    }

    /// The bytes that it has read so far, from files and from the page cache.
    pub fn bytes_read(&self) -> u64 {
        self.kernel_says("io", "rchar")
    }

    /// The reads that it has made so far.
    pub fn reads(&self) -> u64 {
        self.kernel_says("io", "syscr")
    }

    fn kernel_says(&self, file: &str, name: &str) -> u64 {
        let text = fs::read_to_string(self.0.join(file)).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|rest| rest.strip_prefix(':')?.split_whitespace().next());
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

/// A size of this process, as [`Process::memory`].
pub fn resident(name: &str) -> u64 {
    Process("/proc/self".into()).memory(name)
}
