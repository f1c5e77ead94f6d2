//! Queries that nodes compute, which are processes of their own on addresses of this machine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admitting;
mod equal;
mod growing;
mod jobs;
mod losing;
mod stores;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread::JoinHandle;

use engram_tests::commands::engram;
use engram_tests::synthetic;
use tempfile::TempDir;

/// A dataset of trajectories and recordings.
fn dataset() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let runs = synthetic::sweep(2, &[0, 1, 2, 3, 4, 5, 6, 8, 10]);
    synthetic::write(folder.path(), &runs).unwrap();
    for run in &runs {
        run.write_recordings(folder.path()).unwrap();
    }
    folder
}

/// A node that runs, until this is dropped.
struct NodeProcess {
    process: Child,
    address: String,
    _output: BufReader<ChildStdout>,
    log: Option<JoinHandle<String>>,
}

impl NodeProcess {
    /// `engram node` for a dataset, on any port.
    fn of(dataset: &Path, arguments: &[&str]) -> Self {
        Self::start(node(dataset, arguments))
    }

    /// A node by a command of its own.
    fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut errors = process.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            let _ = errors.read_to_string(&mut log);
            log
        });
        let mut line = String::new();
        let address = loop {
            line.clear();
            let read = output.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended: {}", log.join().unwrap());
            if let Some(address) = line.trim().strip_prefix("node") {
                break address.trim().to_owned();
            }
        };
        Self {
            process,
            address,
            _output: output,
            log: Some(log),
        }
    }

    /// Sends it a signal by its name.
    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Ends it, and gives what it wrote to its log.
    fn ended(&mut self) -> String {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `engram node` for a dataset, on any port.
fn node(dataset: &Path, arguments: &[&str]) -> Command {
    let mut command = engram(&["node", "--listen", "127.0.0.1:0", "--threads", "2", "--at"]);
    command
        .arg(dataset)
        .args(arguments)
        .env_remove("ENGRAM_NODES_TOKEN")
        .env_remove("ENGRAM_LOG");
    command
}

/// A command that asks a dataset, on these nodes.
fn asking(arguments: &[&str], dataset: &Path, nodes: &[&NodeProcess]) -> Command {
    let addresses: Vec<&str> = nodes.iter().map(|node| node.address.as_str()).collect();
    let mut command = engram(arguments);
    command
        .args([OsStr::new("--at"), dataset.as_os_str()])
        .env_remove("ENGRAM_NODES")
        .env_remove("ENGRAM_NODES_TOKEN")
        .env("ENGRAM_LOG", "warn,engram_cluster=debug");
    if !nodes.is_empty() {
        command.args(["--nodes", &addresses.join(",")]);
    }
    command
}

/// What a command that has to succeed prints, and what it says beside it.
fn done(mut command: Command) -> (String, String) {
    let (is_done, text, said) = outcome(command.output().unwrap());
    assert!(is_done, "{command:?}: {said}");
    (text, said)
}

/// What a command that has to fail says.
fn failed(mut command: Command) -> String {
    let (is_done, _, said) = outcome(command.output().unwrap());
    assert!(!is_done, "{command:?}: {said}");
    said
}

/// Whether a command succeeded, what it printed, and what it said beside it.
fn outcome(output: Output) -> (bool, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}
