//! Releases of other versions of the tables' columns.
//!
//! `tests/releases/<version>` keeps a tiny release of every version that there was. When the version changes, publish one:
//! `ENGRAM_WRITE_REFERENCE=1 cargo test --workspace --test releases`.

use std::fs;
use std::path::Path;

use engram_schemas::{Manifest, SCHEMA_VERSION, file_hash};
use engram_tests::synthetic;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};

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

/// Writes the parts of a release again without a column, as if they had been written so.
fn without(release: &Path, column: &str) {
    let file = release.join("manifest.json");
    let mut manifest = Manifest::from_json(&fs::read(&file).unwrap()).unwrap();
    for part in manifest
        .tables
        .iter_mut()
        .flat_map(|table| &mut table.parts)
    {
        let path = release.join(&part.file.path);
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(fs::File::open(&path).unwrap()).unwrap();
        let batches = reader.build().unwrap().map(|batch| {
            let batch = batch.unwrap();
            let kept =
                (0..batch.num_columns()).filter(|&at| batch.schema().field(at).name() != column);
            batch.project(&kept.collect::<Vec<_>>()).unwrap()
        });
        let batches: Vec<_> = batches.collect();
        let rows = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
        synthetic::write_parquet(&path, &rows, "1.0").unwrap();
        let bytes = fs::read(&path).unwrap();
        part.file.size_bytes = bytes.len() as u64;
        part.file.sha256 = file_hash::hexadecimal(&Sha256::digest(&bytes));
        // Of its end nothing is kept elsewhere.
        (part.footer_offset, part.footer_bytes) = (0, 0);
    }
    manifest.schema_version = "1.0".to_owned();
    fs::write(&file, manifest.to_json()).unwrap();
}

/// Columns that came with a later minor version are NULL in what an earlier one wrote, in releases and in sweeps.
#[test]
fn columns_that_an_older_minor_version_lacks_are_null() {
    const COUNT: &str =
        "SELECT count(*), count(feedback_angle), count(weight_abs_mean) FROM trajectories";
    let folder = tempfile::tempdir().unwrap();
    let release = folder.path().join("release");
    copy(&kept().join(SCHEMA_VERSION), &release);
    without(&release, "feedback_angle");
    assert_eq!(rows(&release, COUNT).lines().last(), Some("16,0,16"));
    let (code, words) = verify(&release);
    assert_eq!(code, Some(0), "{words}");

    let runs = synthetic::sweep(1, &[0, 1]);
    let dataset = folder.path().join("sweep");
    runs[1].write(&dataset).unwrap();
    let all = runs[0].rows().unwrap();
    let older =
        (0..all.num_columns()).filter(|&at| all.schema().field(at).name() != "feedback_angle");
    let older = all.project(&older.collect::<Vec<_>>()).unwrap();
    synthetic::write_parquet(&runs[0].file(&dataset), &older, "1.0").unwrap();
    let with_null = format!("{COUNT} WHERE run_id = '{}'", runs[0].run_id());
    assert_eq!(rows(&dataset, &with_null).lines().last(), Some("8,0,8"));
    assert_eq!(
        rows(&dataset, "SELECT count(*) FROM trajectories")
            .lines()
            .last(),
        Some("16")
    );
}

/// A column that every version has is another matter: hashes cannot tell, for they are of what is there.
#[test]
fn a_release_that_lacks_a_statistic_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let release = folder.path().join("release");
    copy(&kept().join(SCHEMA_VERSION), &release);
    without(&release, "weight_abs_mean");
    let (code, words) = verify(&release);
    assert_eq!(code, Some(1), "{words}");
    assert!(
        words.contains("it has no column `weight_abs_mean`"),
        "{words}"
    );
}

fn copy(from: &Path, to: &Path) {
    for (name, content) in super::files(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}
