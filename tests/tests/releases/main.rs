//! Releases, as who publishes, reads and checks them sees them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod damage;
mod publishing;
mod readers;
mod requests;
mod stopping;
mod versions;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use engram_tests::commands::engram;
use engram_tests::synthetic::{self, Run};

const EPOCHS: [i32; 3] = [0, 1, 2];

/// A sweep of pretended runs with its plan, in `folder/sweep`.
fn sweep(folder: &Path, runs: &[Run]) {
    let dataset = folder.join("sweep");
    synthetic::write(&dataset, runs).unwrap();
    synthetic::write_plan(&dataset, runs).unwrap();
}

fn publish(folder: &Path, to: &str, more: &[&str]) -> Output {
    engram(&["publish", "--version", "1.0.0", "--from"])
        .arg(folder.join("sweep"))
        .arg("--to")
        .arg(folder.join(to))
        .args(more)
        .output()
        .unwrap()
}

fn verify(dataset: &Path) -> (Option<i32>, String) {
    let output = engram(&["verify"]).arg(dataset).output().unwrap();
    let words = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (output.status.code(), words)
}

fn ask(dataset: &Path, more: &[&str], sql: &str) -> Output {
    engram(&["sql", "--format", "csv", "--at"])
        .arg(dataset)
        .args(more)
        .arg(sql)
        .output()
        .unwrap()
}

fn rows(dataset: &Path, sql: &str) -> String {
    let output = ask(dataset, &[], sql);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn succeeded(output: &Output) -> String {
    let words = text(&output.stderr);
    assert!(output.status.success(), "{words}");
    words
}

/// Every file below a folder, by its path there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}
