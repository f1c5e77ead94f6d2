//! What Linux says of a process.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// How often the memory of a process is looked at.
const GLANCE: Duration = Duration::from_millis(2);

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

/// Runs a command, and gives the time that it took and the most memory that it had, in bytes.
///
/// # Panics
/// When the command cannot be started, and when it fails.
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
pub fn watched(command: &mut Command) -> (Duration, u64) {
    let began = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .spawn()
        .expect("the command can be started");
    let process = Process::of(child.id());
    let mut peak = 0;
    let status = loop {
        peak = peak.max(process.memory("VmHWM"));
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status;
        }
        thread::sleep(GLANCE);
    };
    assert!(status.success(), "{command:?} ended with {status}");
    (began.elapsed(), peak)
}
