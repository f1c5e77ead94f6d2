//! What Linux says of this process.

use std::fs;

/// A size of `/proc/self/status` in bytes: `VmHWM`, the most memory that it has had, or `VmRSS`, what it has. 0 where there is none.
pub fn resident(name: &str) -> u64 {
    kernel_says("status", name) << 10
}

/// The bytes that it has read so far, from files and from the page cache.
pub fn bytes_read() -> u64 {
    kernel_says("io", "rchar")
}

/// The reads that it has made so far.
pub fn reads() -> u64 {
    kernel_says("io", "syscr")
}

fn kernel_says(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.strip_prefix(':')?.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
