//! Releases of other versions of the tables' columns.
//!
//! `tests/releases/<version>` keeps a tiny release of every version that there was. When the version changes, publish one:
//! `ENGRAM_WRITE_REFERENCE=1 cargo test --workspace --test releases`.

use std::fs;
use std::path::Path;

use engram_schemas::{Manifest, SCHEMA_VERSION};
use engram_tests::synthetic;

use super::{ask, publish, rows, succeeded, sweep, text, verify};

fn kept() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("releases")
}

#[test]
fn releases_of_every_version_are_read() {
    let current = kept().join(SCHEMA_VERSION);
    if std::env::var_os("ENGRAM_WRITE_REFERENCE").is_some() && !current.exists() {
        let folder = tempfile::tempdir().unwrap();
        sweep(folder.path(), &synthetic::sweep(1, &[0, 1])[..2]);
        succeeded(&publish(folder.path(), "release", &["--name", "tiny"]));
        copy(&folder.path().join("release"), &current);
    }
    assert!(
        current.exists(),
        "there is no release of version {SCHEMA_VERSION} in {}",
        kept().display()
    );
    for entry in fs::read_dir(kept()).unwrap() {
        let release = entry.unwrap().path();
        let count =
            "SELECT count(*), count(DISTINCT run_id), max(weight_abs_mean) > 0 FROM trajectories";
        assert_eq!(
            rows(&release, count).lines().last(),
            Some("16,2,true"),
            "{}",
            release.display()
        );
        assert_eq!(
            rows(&release, "SELECT count(*) FROM examples")
                .lines()
                .last(),
            Some("8")
        );
        let (code, words) = verify(&release);
        assert_eq!(code, Some(0), "{words}");
    }
}

/// A newer minor version has more columns, which are not asked for; a newer major one is refused.
#[test]
fn other_versions_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let release = folder.path().join("release");
    copy(&kept().join(SCHEMA_VERSION), &release);
    let file = release.join("manifest.json");
    let manifest = Manifest::from_json(&fs::read(&file).unwrap()).unwrap();
    let write = |version: &str| {
        let manifest = Manifest {
            schema_version: version.to_owned(),
            ..manifest.clone()
        };
        fs::write(&file, manifest.to_json()).unwrap();
    };
    let major: u64 = SCHEMA_VERSION.split('.').next().unwrap().parse().unwrap();
    write(&format!("{major}.999"));
    assert_eq!(
        rows(&release, "SELECT count(*) FROM trajectories")
            .lines()
            .last(),
        Some("16")
    );
    write(&format!("{}.0", major + 1));
    let refused = ask(&release, &[], "SELECT 1");
    let words = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{words}");
    assert!(
        words.contains("has schema version") && words.contains("hint: use the engram"),
        "{words}"
    );

    // A manifest of another form.
    let text_of = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text_of.replace("engram-release/1", "engram-release/9"),
    )
    .unwrap();
    let words = text(&ask(&release, &[], "SELECT 1").stderr);
    assert!(
        words.contains("engram-release/9") && words.contains("newer version"),
        "{words}"
    );
    fs::write(&file, "{").unwrap();
    let words = text(&ask(&release, &[], "SELECT 1").stderr);
    assert!(words.contains("manifest.json cannot be used"), "{words}");
}

fn copy(from: &Path, to: &Path) {
    for (name, content) in super::files(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}
