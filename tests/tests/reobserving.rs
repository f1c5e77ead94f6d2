//! Kept networks observed again, and base learning rates searched.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Output;

use engram_tests::commands::{SMALL_SWEEP, engram};

fn succeed(arguments: &[&str]) -> Output {
    let output = engram(arguments).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {words}");
    output
}

fn ask(dataset: &Path, condition: &str) -> String {
    let sql = format!(
        "SELECT * EXCLUDE (run_id) FROM trajectories WHERE {condition} ORDER BY learning_rule, layer_index, epoch"
    );
    let at = dataset.to_str().unwrap();
    let output = succeed(&["sql", "--at", at, "--format", "csv", &sql]);
    String::from_utf8(output.stdout).unwrap()
}

/// What is seen later of kept networks is what training sees under the same conditions.
#[test]
fn kept_networks_are_observed_as_if_in_training() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, trained) = (folder.path().join("kept"), folder.path().join("trained"));
    let (plain, noisy) = (
        folder.path().join("plain.toml"),
        folder.path().join("noisy.toml"),
    );
    std::fs::write(&plain, SMALL_SWEEP).unwrap();
    let conditions = "unit_fractions = [0.3]\nnoise_stddevs = [0.5]\nseeds = [7]\n";
    let observation = format!("[observation]\n{conditions}\n[[networks]]");
    std::fs::write(&noisy, SMALL_SWEEP.replace("[[networks]]", &observation)).unwrap();
    let (plain, noisy) = (plain.to_str().unwrap(), noisy.to_str().unwrap());
    let (at, to) = (kept.to_str().unwrap(), trained.to_str().unwrap());
    succeed(&["generate", plain, "--to", at, "--keep-networks"]);
    let again = [
        "observe",
        plain,
        "--at",
        at,
        "--unit-fractions",
        "0.3",
        "--noise-stddevs",
        "0.5",
        "--seeds",
        "7",
    ];
    succeed(&again);
    succeed(&["generate", noisy, "--to", to]);
    let condition = "noise_stddev = 0.5";
    assert!(ask(&kept, condition) == ask(&trained, condition));
    assert_eq!(ask(&kept, condition).lines().count(), 1 + 2 * 4 * 2);
    assert_eq!(ask(&kept, "true").lines().count(), 1 + 2 * 2 * 4 * 2);
    let words = String::from_utf8(succeed(&again).stderr).unwrap();
    assert!(words.contains("0 networks to observe"), "{words}");
}

#[test]
fn networks_that_were_not_kept_cannot_be_observed_again() {
    let folder = tempfile::tempdir().unwrap();
    let (file, dataset) = (
        folder.path().join("sweep.toml"),
        folder.path().join("dataset"),
    );
    std::fs::write(&file, SMALL_SWEEP).unwrap();
    let (file, at) = (file.to_str().unwrap(), dataset.to_str().unwrap());
    succeed(&["generate", file, "--to", at]);
    let output = engram(&["observe", file, "--at", at, "--unit-fractions", "0.5"]);
    let output = { output }.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(
        words.contains("were not kept") && words.contains("--keep-networks"),
        "{words}"
    );
}

#[test]
fn the_better_rate_is_written_and_nothing_is_trained_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (sweep, runs, tuned) = (path("sweep.toml"), path("runs"), path("tuned.toml"));
    std::fs::write(&sweep, SMALL_SWEEP.replace("sgdm = 0.2", "sgdm = 0.0002")).unwrap();
    let arguments = [
        "tune",
        &sweep,
        "--at",
        &runs,
        "--epochs",
        "1",
        "--factors",
        "1,1000",
        "--write",
        &tuned,
    ];
    let first = succeed(&arguments);
    let text = String::from_utf8(first.stdout).unwrap();
    assert!(
        text.contains("<- best") && text.contains("widen --factors"),
        "{text}"
    );
    let written = std::fs::read_to_string(&tuned).unwrap();
    assert!(written.contains("sgdm = 0.2,"), "{written}");
    let again = String::from_utf8(succeed(&arguments).stderr).unwrap();
    assert!(
        again.contains("4 short runs, 0 are to be trained"),
        "{again}"
    );
}
