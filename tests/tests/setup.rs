//! Set-up and documentation: what a user meets before the first command.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use engram_schemas::{Observable, recordings, results, trajectories};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn set_up(libtorch: &Path) -> (bool, String) {
    let output = Command::new(repository().join("scripts/setup-libtorch.sh"))
        .env("LIBTORCH", libtorch)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn a_libtorch_of_the_users_own_is_taken_or_refused_by_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let header = folder.path().join("include/torch/headeronly/version.h");
    let (accepted, text) = set_up(folder.path());
    assert!(
        !accepted && text.contains("holds no libtorch") && text.contains("hint: "),
        "{text}"
    );

    std::fs::create_dir_all(header.parent().unwrap()).unwrap();
    let version = |minor: u32| {
        format!(
            "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR {minor}\n#define TORCH_VERSION_PATCH 0\n"
        )
    };
    std::fs::write(&header, version(1)).unwrap();
    let (accepted, text) = set_up(folder.path());
    assert!(
        !accepted
            && text.contains("is libtorch 2.1.0, and Engram is built against libtorch 2.13.0"),
        "{text}"
    );

    std::fs::write(&header, version(13)).unwrap();
    let (accepted, text) = set_up(folder.path());
    assert!(accepted && text.contains("using LIBTORCH="), "{text}");
}

#[test]
fn the_tables_are_documented_column_by_column() {
    let text = std::fs::read_to_string(repository().join("docs/tables.md")).unwrap();
    let observed: Vec<String> = Observable::all().map(Observable::column).collect();
    let schemas = [
        trajectories::file_schema(),
        recordings::file_schema(),
        results::file_schema(),
    ];
    let columns = schemas
        .iter()
        .flat_map(|schema| schema.fields())
        .map(|field| field.name().clone());
    for name in columns.filter(|name| !observed.contains(name)) {
        assert!(
            text.contains(&format!("`{name}`")),
            "docs/tables.md does not have `{name}`"
        );
    }
    for observable in Observable::all() {
        for part in [
            observable.measure.as_str(),
            observable.function.as_str(),
            observable.statistic.as_str(),
        ] {
            assert!(
                text.contains(&format!("`{part}`")),
                "docs/tables.md does not have `{part}`"
            );
        }
    }
}

#[test]
fn every_make_target_is_explained() {
    let output = Command::new("make")
        .arg("help")
        .current_dir(repository())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for target in ["demo", "test", "check", "bench", "setup", "build"] {
        assert!(text.contains(&format!("make {target} ")), "{text}");
    }
}

/// Two versions of one of these would not exchange a batch, and double the build.
#[test]
fn the_data_stack_has_one_version_of_each() {
    let lock = std::fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    for package in [
        "arrow",
        "arrow-array",
        "parquet",
        "object_store",
        "datafusion",
        "polars-core",
        "tch",
    ] {
        let n_versions = lock
            .lines()
            .filter(|line| *line == format!("name = \"{package}\""))
            .count();
        assert_eq!(n_versions, 1, "{package}");
    }
}
