//! Disks that take no more, or nothing at all.

use std::process::Command;

use engram_tests::commands::command;

use super::{dataset, names, stderr};

#[test]
fn a_disk_that_fills_up_is_named_and_nothing_is_left() {
    let simple = "SELECT value, sin(value) AS u, value % 3 AS part FROM generate_series(1, 400000)";
    for form in [
        &["a.parquet"] as &[&str],
        &["a.csv"],
        &["a.csv.gz"],
        &["a.ndjson"],
        &["a.arrow"],
        &["a.avro"],
        &["a.sqlite"],
        &["parts", "--partition-by", "part"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join(form[0]);
        let output = Command::new("sh")
            .args(["-c", "ulimit -f 1024; exec \"$@\"", "sh"])
            .arg(command("engram"))
            .args(["export", "--threads", "1", "--at"])
            .arg(dataset())
            .arg("--to")
            .arg(&to)
            .args(&form[1..])
            .arg(simple)
            .output()
            .unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{form:?}: {said}");
        assert!(
            said.contains(&format!("error: cannot write {}", to.display())),
            "{form:?}: {said}"
        );
        if form[0] != "a.sqlite" {
            assert!(said.contains("File too large"), "{form:?}: {said}");
            assert!(
                said.contains("hint: raise the limit on the size of files"),
                "{form:?}: {said}"
            );
        }
        assert!(names(folder.path()).is_empty(), "{form:?}");
    }
}

/// Permissions do not bind root: what nobody may write to is where the system has only its own files.
#[test]
fn a_place_that_takes_nothing_is_named() {
    for (arguments, place) in [
        (&[] as &[&str], "/proc/self/fdinfo/a.csv"),
        (&["--partition-by", "part"], "/proc/self/fdinfo/parts"),
    ] {
        let arguments = [arguments, &["SELECT 1 AS n, 2 AS part"]].concat();
        let said = super::refused(place.as_ref(), &arguments);
        assert!(
            said.contains(&format!("error: cannot write {place}\n  cause: ")),
            "{said}"
        );
    }
}
