//! From a sweep to a release.

use std::fs;

use engram_schemas::Manifest;
use engram_tests::commands::engram;
use engram_tests::synthetic;

use super::{EPOCHS, ask, files, publish, rows, succeeded, sweep, text, verify};

const EVERYTHING: &str = "SELECT * FROM trajectories \
    ORDER BY architecture, learning_rule, run_id, layer_index, epoch, unit_fraction, noise_stddev";

#[test]
fn a_release_has_the_rows_of_its_sweep_and_always_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let runs = synthetic::sweep(2, &EPOCHS);
    sweep(folder.path(), &runs);
    let words = succeeded(&publish(folder.path(), "one", &["--threads", "1"]));
    assert!(words.contains("16 runs"), "{words}");
    succeeded(&publish(folder.path(), "two", &["--threads", "3"]));
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    assert!(files(&one) == files(&two), "equal sweeps make equal bytes");

    let sweep = folder.path().join("sweep");
    assert_eq!(rows(&sweep, EVERYTHING), rows(&one, EVERYTHING));
    for view in [
        "runs",
        "layers",
        "examples",
        "series",
        "recordings",
        "results",
    ] {
        let sql = format!("SELECT count(*) FROM {view}");
        assert_eq!(rows(&sweep, &sql), rows(&one, &sql), "{view}");
    }
    // The files themselves are sorted.
    let stored = "SELECT learning_rule, run_id, layer_index, epoch FROM trajectories WHERE architecture = 'knet4'";
    let sorted = format!("{stored} ORDER BY learning_rule, run_id, layer_index, epoch");
    assert_eq!(rows(&one, stored), rows(&one, &sorted));

    let (code, words) = verify(&one);
    assert_eq!(code, Some(0), "{words}");
    assert!(
        words.contains("nothing is wrong") && words.contains("16 runs, 16 of them planned"),
        "{words}"
    );

    let there = files(&one);
    for (path, content) in &there {
        let is_data = path.starts_with("trajectories/") || path.starts_with("recordings/");
        let is_parquet = is_data || path == "run_parts.parquet";
        assert_eq!(is_parquet, path.ends_with(".parquet"), "{path}");
        assert!(
            !text(content).contains("/home/me"),
            "{path} tells where data lay"
        );
    }
    for name in [
        "README.md",
        "LICENSE",
        "CITATION.cff",
        "croissant.json",
        "plans/pretended.sweep.json",
    ] {
        assert!(there.contains_key(name), "{name}");
    }
    assert!(!there.contains_key("publishing.json"));
    let manifest = Manifest::from_json(&there["manifest.json"]).unwrap();
    assert_eq!(
        (
            manifest.n_runs,
            manifest.n_planned,
            manifest.tables[0].parts.len()
        ),
        (16, 16, 2)
    );
}

#[test]
fn a_question_to_a_release_changes_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path(), &synthetic::sweep(4, &EPOCHS));
    succeeded(&publish(folder.path(), "release", &[]));
    let release = folder.path().join("release");
    let before = files(&release);
    let identify = |at: &str, more: &[&str]| {
        let mut command = engram(&["identify", "--trees", "20", "--splits", "2", "--at", at]);
        let output = command
            .args(more)
            .current_dir(folder.path())
            .output()
            .unwrap();
        succeeded(&output);
        text(&output.stdout)
    };
    let accuracy = |answer: &str| {
        let line = answer.lines().find(|line| line.contains("ccuracy"));
        line.map(str::to_owned)
    };
    let of_release = identify("release", &[]);
    assert_eq!(accuracy(&of_release), accuracy(&identify("sweep", &[])));
    assert!(files(&release) == before);
    let beside = folder.path().join("engram-results");
    assert_eq!(files(&beside).len(), 1, "{:?}", files(&beside).keys());
    identify("release", &["--results", "elsewhere"]);
    let elsewhere = files(&folder.path().join("elsewhere"));
    assert!(elsewhere.keys().all(|path| path.starts_with("results/")));
    let at = folder.path().join("elsewhere");
    let counted = ask(
        &release,
        &["--results", at.to_str().unwrap()],
        "SELECT count(*) FROM results",
    );
    assert_eq!(text(&counted.stdout).lines().last(), Some("2"));
}

#[test]
fn what_is_missing_is_named_and_may_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let runs = synthetic::sweep(1, &EPOCHS);
    sweep(folder.path(), &runs[1..]);
    let dataset = folder.path().join("sweep");
    synthetic::write_plan(&dataset, &runs).unwrap();
    let output = publish(folder.path(), "release", &[]);
    let words = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(
        words.contains("1 of the 8 planned runs are missing") && words.contains(&runs[0].run_id()),
        "{words}"
    );
    assert!(words.contains("--allow-partial"), "{words}");
    assert!(!folder.path().join("release").exists(), "nothing was begun");

    succeeded(&publish(folder.path(), "release", &["--allow-partial"]));
    let there = files(&folder.path().join("release"));
    let manifest = Manifest::from_json(&there["manifest.json"]).unwrap();
    assert_eq!(manifest.missing, [runs[0].run_id()]);
    assert!(text(&there["README.md"]).contains("**Incomplete**"));
    // What the release says of itself is no finding.
    assert_eq!(verify(&folder.path().join("release")).0, Some(0));

    fs::remove_dir_all(dataset.join("logs")).unwrap();
    let output = publish(folder.path(), "another", &[]);
    let words = text(&output.stderr);
    assert!(
        words.contains("has no plan") && words.contains("--allow-partial"),
        "{words}"
    );
}

#[test]
fn rows_that_were_there_twice_are_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let runs = synthetic::sweep(1, &EPOCHS);
    sweep(folder.path(), &runs);
    // A later observation under the condition of the first has the same rows.
    let dataset = folder.path().join("sweep");
    let file = runs[0].file(&dataset);
    let again = file.with_file_name(format!("{}-again.parquet", runs[0].run_id()));
    fs::copy(&file, &again).unwrap();
    let words = succeeded(&publish(folder.path(), "release", &[]));
    assert!(
        words.contains("rows that were there twice are there once"),
        "{words}"
    );
    let count = "SELECT count(*) FROM trajectories";
    let once = rows(&folder.path().join("release"), count);
    fs::remove_file(&again).unwrap();
    assert_eq!(once, rows(&dataset, count));

    // One that says something else under the same condition contradicts it.
    let mut other = runs[0].clone();
    other.replaced.push((0, 1, "weight_abs_mean", 7.0));
    let file = other.write(&folder.path().join("other")).unwrap();
    fs::copy(file, &again).unwrap();
    let output = publish(folder.path(), "contradiction", &[]);
    let words = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(
        words.contains("two different rows") && words.contains("epoch 1"),
        "{words}"
    );
    assert!(!folder.path().join("contradiction/manifest.json").exists());
}

#[test]
fn parts_hold_whole_runs_and_as_much_as_they_should() {
    let folder = tempfile::tempdir().unwrap();
    let runs = synthetic::sweep(3, &EPOCHS);
    sweep(folder.path(), &runs);
    let location = |name: &str| {
        let path = folder.path().join(name);
        engram_schemas::DatasetLocation::open(path.to_str().unwrap()).unwrap()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let manifest = runtime.block_on(async {
        let session = engram_engine::Session::open(&location("sweep"))
            .await
            .unwrap();
        let settings = engram_release::PublishSettings {
            part_bytes: 20_000,
            ..Default::default()
        };
        let to = location("release");
        let published = engram_release::publish(&session, &to, &settings, |_| ());
        published.await.unwrap().manifest
    });
    let trajectories = &manifest.tables[0];
    assert!(trajectories.parts.len() > 4, "{}", trajectories.parts.len());
    let n_runs: u64 = trajectories.parts.iter().map(|part| part.n_runs).sum();
    assert_eq!(n_runs, manifest.n_runs, "no run is in two parts");
    let release = folder.path().join("release");
    assert_eq!(
        rows(&folder.path().join("sweep"), EVERYTHING),
        rows(&release, EVERYTHING)
    );
    assert_eq!(verify(&release).0, Some(0));
}

#[test]
fn a_place_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path(), &synthetic::sweep(1, &EPOCHS));
    succeeded(&publish(folder.path(), "release", &[]));
    let before = files(&folder.path().join("release"));
    // The same again is no harm; another version is.
    let words = succeeded(&publish(folder.path(), "release", &[]));
    assert!(
        words.contains("is there already, with the same content"),
        "{words}"
    );
    let output = publish(folder.path(), "release", &["--name", "another"]);
    let words = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(
        words.contains("is a release already") && words.contains("never changed"),
        "{words}"
    );
    // A release is not published again.
    let output = engram(&["publish", "--version", "2.0.0", "--from"])
        .arg(folder.path().join("release"))
        .arg("--to")
        .arg(folder.path().join("again"))
        .output()
        .unwrap();
    assert!(text(&output.stderr).contains("is a release already"));
    assert!(files(&folder.path().join("release")) == before);

    // Files that are there already would be counted in by who reads the folders.
    let stranger = folder
        .path()
        .join("crowded/trajectories/task=digits/architecture=knet4/old.parquet");
    fs::create_dir_all(stranger.parent().unwrap()).unwrap();
    fs::write(&stranger, "old").unwrap();
    // The claim of a writer that died when it had hardly begun.
    fs::write(folder.path().join("crowded/publishing.json"), "").unwrap();
    let output = publish(folder.path(), "crowded", &[]);
    let words = text(&output.stderr);
    assert!(
        words.contains("do not belong to the release") && words.contains("old.parquet"),
        "{words}"
    );
    assert!(!folder.path().join("crowded/manifest.json").exists());
}

#[test]
fn versions_and_dates_are_checked_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for (version, date, wanted) in [
        ("1.0 final", "2026-01-31", "`1.0 final` is no version: "),
        ("../1", "2026-01-31", "`../1` is no version: "),
        (
            "1.0.0",
            "2026-02-30",
            "`2026-02-30` is no day of the calendar: ",
        ),
        (
            "1.0.0",
            "31.1.2026",
            "`31.1.2026` is no day of the calendar: ",
        ),
    ] {
        let output = engram(&["publish", "--from", "nowhere", "--to"])
            .arg(folder.path().join("release"))
            .args(["--version", version, "--date", date])
            .output()
            .unwrap();
        let words = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.contains(wanted), "{words}");
    }
    assert!(!folder.path().join("release").exists());
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path(), &synthetic::sweep(1, &EPOCHS));
    // Below a file there can be no folder, whoever asks.
    fs::write(folder.path().join("file"), "").unwrap();
    let output = publish(folder.path(), "file/release", &[]);
    let words = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(
        words.contains("cannot write to") && words.contains("file/release"),
        "{words}"
    );
}

#[test]
fn a_place_that_is_not_empty_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path(), &synthetic::sweep(1, &EPOCHS));
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("README.md"), "mine").unwrap();
    for to in ["taken", "sweep"] {
        let before = files(&folder.path().join(to));
        let refused = publish(folder.path(), to, &[]);
        let words = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{words}");
        assert!(words.contains("is not empty: it holds "), "{words}");
        assert!(words.contains("hint: publish at an empty place"), "{words}");
        assert!(
            files(&folder.path().join(to)) == before,
            "nothing is written"
        );
    }
}
