//! What docs/export.md tells people to type.

use std::path::{Path, PathBuf};
use std::process::Command;

use engram_tests::commands::{command, engram};
use engram_tests::{python, synthetic};

/// The blocks of a language in the guide.
fn blocks(guide: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let blocks = guide.split(opening.as_str()).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// The folder of the commands before all others.
fn path() -> String {
    let engram: PathBuf = command("engram");
    let folder: &Path = engram.parent().unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

#[test]
fn the_guide_is_true() {
    let guide = std::fs::read_to_string(python::repository().join("docs/export.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let epochs: Vec<i32> = (0..=20).collect();
    synthetic::write(
        &folder.path().join("data/digits"),
        &synthetic::sweep(1, &epochs),
    )
    .unwrap();
    let commands = blocks(&guide, "sh");
    assert!(commands.len() > 3);
    for block in commands {
        let output = Command::new("sh")
            .args(["-e", "-c", &block])
            .env("PATH", path())
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{block}: {}",
            super::stderr(&output)
        );
    }
    let mut script = "import os, sys\nos.chdir(sys.argv[1])\n".to_owned();
    script.extend(blocks(&guide, "python"));
    for block in blocks(&guide, "sql") {
        for statement in block.lines().filter(|line| line.starts_with("SELECT")) {
            script.push_str(&format!(
                "assert duckdb.sql(\"\"\"{statement}\"\"\").fetchall()\n"
            ));
        }
    }
    script.push_str("assert list(records) and arrays['trajectories'].shape[1:] == (45, 21)\n");
    let file = folder.path().join("guide.py");
    std::fs::write(&file, script).unwrap();
    python::answer(file.to_str().unwrap(), folder.path());
}

/// The examples of `--help` name options that there are.
#[test]
fn help_has_examples_of_every_kind() {
    let output = engram(&["export", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for wanted in [
        "Examples:",
        "--query",
        "--table runs",
        "--partition-by",
        "NULL, NaN and lists by format:",
    ] {
        assert!(help.contains(wanted), "{wanted}");
    }
}
