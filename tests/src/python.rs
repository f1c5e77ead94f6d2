//! Scripts of `scripts/` in the Python environment that `make python` makes.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's folder.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The interpreter of the environment; without it nothing, as [`answer`].
///
/// # Panics
/// When the environment is required and not there.
pub fn interpreter() -> Option<PathBuf> {
    let folder = env::var_os("ENGRAM_PYTHON_DIR").map_or_else(|| ".python".into(), PathBuf::from);
    let python = repository().join(folder).join("bin/python");
    if !python.is_file() {
        let reason = format!("there is no {}: run `make python`", python.display());
        assert!(env::var_os("ENGRAM_REQUIRE_PYTHON").is_none(), "{reason}");
        // Written to the stream itself: the test harness would swallow what a macro prints.
        let _ = writeln!(io::stderr(), "SKIPPED: {reason}");
        return None;
    }
    Some(python)
}

/// What a script prints for `argument`. Without the environment nothing, after saying that this is skipped;
/// `ENGRAM_REQUIRE_PYTHON=1` asks for a failure instead, as in CI.
///
/// # Panics
/// When the script fails, or the environment is required and not there.
pub fn answer(script: &str, argument: &Path) -> Option<String> {
    answer_to(script, &[argument.as_os_str()])
}

/// What a script prints for several arguments, as [`answer`].
///
/// # Panics
/// As [`answer`].
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
pub fn answer_to(script: &str, arguments: &[&OsStr]) -> Option<String> {
    let python = interpreter()?;
    let output = Command::new(python)
        .arg(repository().join("scripts").join(script))
        .args(arguments)
        .output()
        .expect("Python can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Some(String::from_utf8(output.stdout).expect("the answer is text"))
}
