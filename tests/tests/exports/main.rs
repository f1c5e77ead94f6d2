//! Exports, read back by the readers that people have, and seen by others while they are written.
//!
//! The readers need the Python environment that `make python` makes. Without it their tests say that they are skipped, unless
//! `ENGRAM_REQUIRE_PYTHON=1` asks them to fail, as in CI.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod arrays;
mod endings;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(unix)]
mod guide;
#[cfg(target_os = "linux")]
mod memory;
mod outputs;
mod partitions;
mod provenance;
mod readers;
mod refusals;
mod stores;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use engram_tests::commands::engram;
use engram_tests::python;
use serde_json::Value;

/// The dataset that all tests ask: a release that is kept, the quickest of all to open.
fn dataset() -> PathBuf {
    // A place has no `..` in it.
    python::repository()
        .canonicalize()
        .unwrap()
        .join("tests/releases/1.1")
}

/// `engram export` of the small dataset.
fn export(to: &Path, arguments: &[&str]) -> Command {
    let mut command = engram(&["export"]);
    command
        .arg("--at")
        .arg(dataset())
        .arg("--to")
        .arg(to)
        .args(arguments);
    command
}

/// Exports, and gives what the command says.
fn exported(to: &Path, arguments: &[&str]) -> String {
    let output = export(to, arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        stderr(&output)
    );
    stderr(&output)
}

/// What the command says when it refuses, which is the user's mistake.
fn refused(to: &Path, arguments: &[&str]) -> String {
    let output = export(to, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    stderr(&output)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The names in a folder, hidden ones too, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What the usual readers find in the exports of a folder.
fn read(folder: &Path) -> Option<Value> {
    let answer = python::answer("export_readers.py", folder)?;
    Some(serde_json::from_str(&answer).unwrap())
}

/// Whether two values are the same to a reader that may take 1 for 1.0.
fn same(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(found), Value::Number(expected)) => found.as_f64() == expected.as_f64(),
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found
                    .iter()
                    .zip(expected)
                    .all(|(found, expected)| same(found, expected))
        }
        _ => found == expected,
    }
}
