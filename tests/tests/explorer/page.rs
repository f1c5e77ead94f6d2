//! The explorer in a headless Chromium.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

use engram_tests::commands::engram;
use engram_tests::python::repository;

use crate::serving::{Serving, TOKEN, dataset};

/// Uses the page of a server as tests/browser/explorer.mjs does. Without the browser nothing, after saying that this is
/// skipped; `ENGRAM_REQUIRE_BROWSER=1` asks for a failure instead, as in CI. Pictures go to `ENGRAM_SCREENSHOTS`, if that is set.
fn explore(server: &Serving, token: Option<&str>) {
    let home = env::var_os("ENGRAM_BROWSER_DIR").map_or_else(|| ".browser".into(), PathBuf::from);
    let home = repository().join(home);
    if !home.join("chromium/chromium").is_file() {
        let reason = format!("there is no {}: run `make browser`", home.display());
        assert!(env::var_os("ENGRAM_REQUIRE_BROWSER").is_none(), "{reason}");
        // Written to the stream itself: the test harness would swallow what a macro prints.
        let _ = writeln!(io::stderr(), "SKIPPED: {reason}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pictures = env::var_os("ENGRAM_SCREENSHOTS").map(PathBuf::from);
    let output = Command::new("node")
        .arg(repository().join("tests/browser/explorer.mjs"))
        .arg(format!("http://{}", server.address()))
        .arg(pictures.as_deref().unwrap_or(folder.path()))
        .args(token)
        .env("ENGRAM_BROWSER_DIR", &home)
        .output()
        .unwrap();
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problems}");
}

/// Results of a few experiments, so that there are figures.
fn reproduce(dataset: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["reproduce", "figure_2c", "--quick", "--splits", "2", "--at"];
    let output = engram(&arguments)
        .arg(dataset)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn readers_use_it() {
    let data = dataset();
    reproduce(data.path());
    let server = Serving::start(data.path(), &[]);
    explore(&server, None);
}

#[test]
fn readers_show_a_token() {
    let data = dataset();
    let server = Serving::start_with(data.path(), &[], Some(TOKEN));
    explore(&server, Some(TOKEN));
}
