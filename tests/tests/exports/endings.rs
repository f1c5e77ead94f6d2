//! Exports that are stopped or killed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use engram_schemas::randomness;
use engram_tests::commands::engram;
use rand::RngExt;

use super::{dataset, export, names};

/// Rows that take some seconds in every format.
const MANY: &str = "SELECT value, value * 0.5 AS half, repeat('x', 50) AS text, value % 7 AS part FROM generate_series(1, 20000000)";

/// Whoever looks sees a whole export or none; what is left of one that was killed has a hidden name that tells what it is.
#[test]
fn an_export_that_is_killed_leaves_nothing_that_could_be_read() {
    let mut moments = randomness::generator("kill moments", 0, 0);
    for form in [
        &["a.parquet"] as &[&str],
        &["a.csv.zst"],
        &["a.sqlite"],
        &["a.npz"],
        &["parts", "--partition-by", "part"],
    ] {
        for _ in 0..2 {
            let folder = tempfile::tempdir().unwrap();
            let mut command = export(
                &folder.path().join(form[0]),
                &[&form[1..], &[MANY]].concat(),
            );
            let mut child = command.stderr(Stdio::null()).spawn().unwrap();
            thread::sleep(Duration::from_millis(moments.random_range(200..1200)));
            child.kill().unwrap();
            assert!(
                !child.wait().unwrap().success(),
                "{form:?} ended before it was killed"
            );
            let left = names(folder.path());
            let is_hidden = |name: &String| {
                name.starts_with(&format!(".{}.", form[0])) && name.ends_with(".partial")
            };
            assert!(left.iter().all(is_hidden), "{left:?}");
        }
    }
}

/// Ctrl-C takes away what was begun, and the code tells whoever ran the command that it may be run again.
#[cfg(unix)]
#[test]
fn an_export_that_is_stopped_leaves_nothing() {
    let of_sql = |to: &Path, arguments: &[&str]| {
        let mut command = engram(&["sql", "--at"]);
        command.arg(dataset()).arg("--output").arg(to);
        command.args(arguments);
        command
    };
    type Asking = dyn Fn(&Path, &[&str]) -> Command;
    let forms: [(&Asking, &[&str]); 4] = [
        (&export, &["a.parquet"]),
        (&export, &["a.sqlite"]),
        (&export, &["parts", "--partition-by", "part"]),
        (&of_sql, &["a.csv.gz"]),
    ];
    for (asking, form) in forms {
        let folder = tempfile::tempdir().unwrap();
        let mut command = asking(
            &folder.path().join(form[0]),
            &[&form[1..], &[MANY]].concat(),
        );
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        thread::sleep(Duration::from_millis(1500));
        let id = child.id().to_string();
        let signalled = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(signalled.success());
        let output = child.wait_with_output().unwrap();
        let said = super::stderr(&output);
        assert_eq!(output.status.code(), Some(75), "{said}");
        assert!(
            said.contains(
                "stopped before the export was complete; nothing of it is kept\nhint: the same command begins anew"
            ),
            "{said}"
        );
        assert!(names(folder.path()).is_empty(), "{form:?}");
    }
}
