//! Files that are not what was written: found, named, and left out when asked to.

use std::fs;
use std::path::{Path, PathBuf};

use engram_tests::commands::{SMALL_SWEEP, generate};
use engram_tests::synthetic;

use super::{EPOCHS, ask, publish, rows, succeeded, sweep, text, verify};

const COUNT: &str = "SELECT count(DISTINCT run_id) FROM trajectories";

/// The files of a table, sorted.
fn parts(dataset: &Path) -> Vec<PathBuf> {
    let files = super::files(dataset).into_keys();
    let names = files.filter(|name| name.starts_with("trajectories/"));
    names.map(|name| dataset.join(name)).collect()
}

/// Changes a bit of a number: nothing that a reader of Parquet stumbles over.
/// Flips a bit of the rows: the first bytes of a small file, whose footer is the larger part of it.
fn flip(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let place = bytes.len() / 8;
    bytes[place] ^= 1;
    fs::write(file, bytes).unwrap();
}

fn truncate(file: &Path) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() - 100]).unwrap();
}

/// What verifying says, and what is left when the damaged file is left out.
fn found(dataset: &Path, damaged: &Path, problem: &str, runs_left: &str) {
    let (code, words) = verify(dataset);
    assert_eq!(code, Some(1), "{words}");
    let name = damaged.file_name().unwrap().to_str().unwrap();
    assert!(words.contains(name) && words.contains(problem), "{words}");
    let output = ask(dataset, &["--skip-damaged"], COUNT);
    let words = succeeded(&output);
    assert!(
        words.contains("1 damaged files are left out") && words.contains(name),
        "{words}"
    );
    assert_eq!(
        text(&output.stdout).lines().last(),
        Some(runs_left),
        "{words}"
    );
}

#[test]
fn a_sweep_tells_which_of_its_files_are_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let output = generate(SMALL_SWEEP, folder.path(), 1);
    assert!(output.status.success());
    let dataset = folder.path().join("dataset");
    let (code, words) = verify(&dataset);
    assert_eq!(code, Some(0), "{words}");
    assert!(
        words.contains("2 files") && !words.contains("no hash"),
        "{words}"
    );
    let file = parts(&dataset)[0].clone();
    let whole = fs::read(&file).unwrap();

    flip(&file);
    found(
        &dataset,
        &file,
        "its bytes are not those that were written",
        "1",
    );
    // A sweep with a damaged run is not published.
    fs::rename(&dataset, folder.path().join("sweep")).unwrap();
    let output = publish(folder.path(), "release", &[]);
    let words = text(&output.stderr);
    assert!(words.contains("1 files are damaged"), "{words}");
    fs::rename(folder.path().join("sweep"), &dataset).unwrap();

    fs::write(&file, &whole).unwrap();
    truncate(&file);
    found(
        &dataset,
        &file,
        "its bytes are not those that were written",
        "1",
    );
    let refused = ask(&dataset, &[], COUNT);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stderr));

    fs::write(&file, &whole).unwrap();
    let stranger = file.with_file_name("notes.parquet");
    fs::write(&stranger, "no Parquet").unwrap();
    found(&dataset, &stranger, "cannot be read as Parquet", "2");
    fs::remove_file(&stranger).unwrap();

    // A run that is gone is missing from the plan.
    fs::remove_file(&file).unwrap();
    let (code, words) = verify(&dataset);
    assert_eq!(code, Some(1), "{words}");
    assert!(
        words.contains("it was planned, and is not there"),
        "{words}"
    );
}

#[test]
fn a_release_tells_which_of_its_files_are_damaged() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path(), &synthetic::sweep(2, &EPOCHS));
    succeeded(&publish(folder.path(), "release", &[]));
    let release = folder.path().join("release");
    let file = parts(&release)[0].clone();
    let whole = fs::read(&file).unwrap();
    // Where a page begins: in front of it lie four bytes that name the format.
    for damage in [flip, truncate] {
        damage(&file);
        let (code, words) = verify(&release);
        assert_eq!(code, Some(1), "{words}");
        assert!(words.contains("part-00000"), "{words}");
        let output = ask(&release, &["--skip-damaged"], COUNT);
        let words = succeeded(&output);
        assert!(words.contains("1 damaged files are left out"), "{words}");
        assert_eq!(text(&output.stdout).lines().last(), Some("8"));
        fs::write(&file, &whole).unwrap();
    }
    fs::remove_file(&file).unwrap();
    let (_, words) = verify(&release);
    assert!(words.contains("it is missing"), "{words}");
    fs::write(&file, &whole).unwrap();

    let stranger = file.with_file_name("part-00009-0123456789ab.parquet");
    fs::copy(&file, &stranger).unwrap();
    let (code, words) = verify(&release);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("the manifest does not name it"), "{words}");
    // It is in no answer all the same.
    assert_eq!(rows(&release, COUNT).lines().last(), Some("16"));
    fs::remove_file(&stranger).unwrap();

    for name in ["README.md", "footers.bin", "croissant.json"] {
        let file = release.join(name);
        let whole = fs::read(&file).unwrap();
        flip(&file);
        let (code, words) = verify(&release);
        assert_eq!(code, Some(1), "{words}");
        assert!(words.contains(name), "{words}");
        fs::write(&file, whole).unwrap();
    }
    assert_eq!(verify(&release).0, Some(0));

    // Without its manifest it is no release, and its parts are no runs.
    fs::remove_file(release.join("manifest.json")).unwrap();
    let output = ask(&release, &[], COUNT);
    assert!(
        text(&output.stderr).contains("the release was not finished"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_network_that_stood_still_and_one_in_two_places_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let runs = synthetic::sweep(1, &EPOCHS);
    sweep(folder.path(), &runs);
    let dataset = folder.path().join("sweep");
    let (code, words) = verify(&dataset);
    assert_eq!(code, Some(0), "{words}");

    // The weights of the last checkpoint are those of the one before.
    let mut still = runs[0].clone();
    for layer in 0..4 {
        for observable in engram_schemas::Observable::all() {
            let name: &'static str = Box::leak(observable.column().into_boxed_str());
            if name.starts_with("weight_") {
                still.replaced.push((layer, 1, name, 2.5));
                still.replaced.push((layer, 2, name, 2.5));
            }
        }
    }
    still.write(&dataset).unwrap();
    let (code, words) = verify(&dataset);
    assert_eq!(code, Some(1), "{words}");
    assert!(
        words.contains("every weight statistic of epoch 2"),
        "{words}"
    );
    runs[0].write(&dataset).unwrap();

    // The same run in another partition.
    let file = runs[0].file(&dataset);
    let other = Path::new(
        file.to_str()
            .unwrap()
            .replace("architecture=knet4", "architecture=knet5")
            .as_str(),
    )
    .to_owned();
    fs::copy(&file, &other).unwrap();
    let (code, words) = verify(&dataset);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("it lies in 2 partitions"), "{words}");
}
