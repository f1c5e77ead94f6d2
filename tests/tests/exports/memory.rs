//! Memory that does not grow with the answer.

use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use super::export;

/// How much more a four times larger answer may take at its peak.
const TOLERANCE_BYTES: u64 = 40 << 20;

/// The most memory that the process had until it ended, as the system says shortly before.
fn peak_bytes(child: &mut Child) -> u64 {
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes =
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = kilobytes.map_or(peak, |kilobytes| peak.max(kilobytes << 10));
        thread::sleep(Duration::from_millis(5));
    }
    peak
}

/// Some 100 bytes a row.
fn peak_of(name: &str, n_rows: usize) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let sql = format!(
        "SELECT value, sin(value) AS wave, repeat('x', 80) AS text FROM generate_series(1, {n_rows})"
    );
    let mut command = export(&folder.path().join(name), &["--memory-limit", "64MB", &sql]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let peak = peak_bytes(&mut child);
    assert!(child.wait().unwrap().success());
    peak
}

#[test]
fn a_larger_answer_takes_no_more_memory() {
    for name in ["a.arrow", "a.npz", "a.csv"] {
        let (small, large) = (peak_of(name, 300_000), peak_of(name, 1_200_000));
        assert!(
            large < small + TOLERANCE_BYTES,
            "{name}: {small} and {large} bytes"
        );
    }
}
