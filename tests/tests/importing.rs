//! The study's published dataset on its way in: pickles that Python makes, and what becomes of them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::Output;

use engram_tests::commands::engram;
use engram_tests::{python, synthetic};

/// Pickles in the form of the study's, made by Python; nothing without it.
fn pickles() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    python::answer_to(
        "published_dataset.py",
        &[OsStr::new("make"), folder.path().as_os_str()],
    )?;
    Some(folder)
}

fn import(file: &Path, to: &Path, further: &[&str]) -> Output {
    engram(&["import", "lr-identify"])
        .arg(file)
        .arg("--to")
        .arg(to)
        .args(further)
        .output()
        .unwrap()
}

fn messages(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn rows(at: &Path, sql: &str) -> String {
    let answer = engram(&["sql", "--format", "csv", sql, "--at"])
        .arg(at)
        .output()
        .unwrap();
    assert!(answer.status.success(), "{}", messages(&answer));
    String::from_utf8(answer.stdout).unwrap()
}

#[test]
fn every_value_arrives_by_every_protocol() {
    let Some(folder) = pickles() else { return };
    for protocol in 2..=5 {
        let file = folder.path().join(format!("protocol{protocol}.pkl"));
        let release = folder.path().join(format!("release{protocol}"));
        let imported = import(&file, &release, &[]);
        assert!(imported.status.success(), "{}", messages(&imported));
        let arguments = [
            OsStr::new("release"),
            folder.path().as_os_str(),
            release.as_os_str(),
        ];
        let answer = python::answer_to("published_dataset.py", &arguments).unwrap();
        assert_eq!(answer.trim(), r#"{"n_examples": 256}"#);
    }
    let release = folder.path().join("release2");
    let verified = engram(&["verify"]).arg(&release).output().unwrap();
    assert!(verified.status.success(), "{}", messages(&verified));
    let by_rule = "SELECT learning_rule, count(*) AS n FROM runs GROUP BY learning_rule ORDER BY 1";
    assert_eq!(
        rows(&release, by_rule),
        "learning_rule,n\nadam,8\nfeedback_alignment,8\ninformation_alignment,8\nsgdm,8\n"
    );
    // The statistic with the NaN is admissible in no example, that with the infinity neither.
    let features = "SELECT n_features, count(*) AS n FROM (SELECT cardinality(features) AS n_features FROM features()) GROUP BY 1";
    assert_eq!(
        rows(&release, features),
        format!("n_features,n\n{},256\n", 43 * 4)
    );
    // The command says what it understood.
    let file = folder.path().join("protocol2.pkl");
    let again = import(&file, &release, &[]);
    assert_eq!(
        messages(&again),
        "256 examples of 32 runs, 4 checkpoints, 45 statistics\n\
         the field `model` is the architecture\n\
         the field `layer_name` is the layer\n\
         not recognised, and kept in the table published_examples alone: the fields base_learning_rate\n\
         lr-identify 1.0.0 is there already, with the same content\n"
    );
    // Equal settings and another pickle are another release.
    let other = import(&folder.path().join("protocol3.pkl"), &release, &[]);
    assert_eq!(other.status.code(), Some(1));
    assert!(
        messages(&other).contains("is a release already"),
        "{}",
        messages(&other)
    );
}

#[test]
fn names_that_are_not_recognised_are_asked_for_one_by_one() {
    let Some(folder) = pickles() else { return };
    let file = folder.path().join("renamed.pkl");
    let release = folder.path().join("release");
    let mut given: Vec<&str> = Vec::new();
    for (problem, hint, answer) in [
        (
            "error: the dataset has no `meta.learning_rule`; it has lr_name, trainset, model, where, batch_size, model_seed, repeat, lr",
            "hint: say which it is: --field learning_rule=FIELD",
            &["--field", "learning_rule=lr_name"],
        ),
        (
            "error: no field of the dataset's `meta` is recognised as the task; it has lr_name, trainset, model, where, batch_size, model_seed, repeat, lr",
            "hint: say which it is: --field task=FIELD",
            &["--field", "task=trainset"],
        ),
        (
            "error: tasks of the dataset are not recognised: `small!!!` (256 examples)",
            "hint: say what each stands for: --name THEIRS=OURS, where OURS is one of imagenet, simclr, wsn, cifar10, digits, digits_simclr, image_folder",
            &["--name", "small!!!=cifar10"],
        ),
        (
            "error: no field of the dataset's `meta` is recognised as the layer; it has lr_name, trainset, model, where, batch_size, model_seed, repeat, lr",
            "hint: say which it is: --field layer=FIELD",
            &["--field", "layer=where"],
        ),
        (
            "error: 128 examples are of the same run and layer as another; the first: resnet10 on cifar10, sgdm, batch size 128, model seed 0, dataset seed 0, layer `conv1`",
            "hint: name the fields that tell such runs apart: --run-field FIELD; not used yet are repeat, lr",
            &["--run-field", "repeat"],
        ),
    ] {
        let refused = import(&file, &release, &given);
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(messages(&refused), format!("{problem}\n{hint}\n"));
        assert!(
            !release.exists(),
            "nothing is written before all is understood"
        );
        given.extend(answer);
    }
    let imported = import(&file, &release, &given);
    assert!(imported.status.success(), "{}", messages(&imported));
    let said = messages(&imported);
    for note in [
        "no field is the dataset_seed: it is 0 in every row\n",
        "not recognised, and kept in the table published_examples alone: the fields repeat, lr\n",
        "not recognised, and kept in the table published_examples alone: the statistics bias_mean\n",
        "the dataset does not have these statistics, which are NaN in every row: weight_raw_norm\n",
        "lr-identify 1.0.0: 32 runs at ",
    ] {
        assert!(said.contains(note), "{said}");
    }
    let kept = "SELECT count(DISTINCT meta['repeat']) AS repeats, min(cardinality(other_statistics['bias_mean'])) AS n \
                FROM published_examples";
    assert_eq!(rows(&release, kept), "repeats,n\n2,4\n");
    let wrong = import(&file, &release, &["--field", "colour=lr"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        messages(&wrong).contains("`colour` is none of learning_rule, task"),
        "{}",
        messages(&wrong)
    );
}

/// Whoever gives another file is told what it is, and not that it is damaged.
#[test]
fn a_file_that_is_no_pickle_is_called_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, wanted) in [
        ("a.h5", b"\x89HDF\r\n\x1a\n".as_slice(), "an HDF5 file"),
        ("a.parquet", b"PAR1\x15\x04", "a Parquet file"),
        ("a.csv", b"run_id,epoch\n1,2\n", "a text"),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let refused = import(&file, &folder.path().join("release"), &[]);
        assert_eq!(refused.status.code(), Some(1));
        let said = messages(&refused);
        assert!(
            said.contains(&format!("error: the file is {wanted} and not a pickle; ")),
            "{said}"
        );
        assert!(!folder.path().join("release").exists());
    }
}

#[test]
fn a_hostile_pickle_runs_nothing_and_leaves_nothing() {
    let Some(folder) = pickles() else { return };
    let release = folder.path().join("release");
    let refused = engram(&["import", "lr-identify", "hostile.pkl", "--to", "release"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = messages(&refused);
    assert!(said.contains("asks for `posix.system` at byte"), "{said}");
    assert!(!folder.path().join("owned").exists() && !release.exists());
    let missing = import(&folder.path().join("none.pkl"), &release, &[]);
    assert!(
        messages(&missing).contains("cannot read "),
        "{}",
        messages(&missing)
    );
}

fn export(at: &Path, to: &Path, sql: &str) -> Output {
    let mut command = engram(&["export", "--format", "lr-identify", sql, "--at"]);
    command.arg(at).arg("--to").arg(to).output().unwrap()
}

const ALL: &str = "SELECT * FROM trajectories";

#[test]
fn what_came_in_goes_out_as_the_arrays_that_analyses_read() {
    let Some(folder) = pickles() else { return };
    let release = folder.path().join("release");
    let imported = import(&folder.path().join("protocol4.pkl"), &release, &[]);
    assert!(imported.status.success(), "{}", messages(&imported));
    let file = folder.path().join("exported.pkl");
    let exported = export(&release, &file, ALL);
    assert!(exported.status.success(), "{}", messages(&exported));
    let arguments = [OsStr::new("export"), file.as_os_str(), release.as_os_str()];
    let answer = python::answer_to("published_dataset.py", &arguments).unwrap();
    assert_eq!(
        answer.trim(),
        r#"{"X": [256, 4, 45], "rules": ["sgdm", "adam", "feedback_alignment", "information_alignment"], "keys": ["X", "obs_keys", "X_cat", "Y", "meta", "classes", "epochs"]}"#
    );
    // And comes in again, as the same numbers.
    let back = folder.path().join("back");
    let imported = import(&file, &back, &[]);
    assert!(imported.status.success(), "{}", messages(&imported));
    let sums = "SELECT task, architecture, learning_rule, layer, layer_index, depth, batch_size, epoch, definition, \
                sum(weight_raw_mean) AS weights, sum(activity_change_abs_mean) AS changes \
                FROM trajectories GROUP BY ALL ORDER BY ALL";
    assert_eq!(rows(&release, sums), rows(&back, sums));
}

#[test]
fn rows_that_make_no_arrays_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut sweep = synthetic::sweep(1, &[0, 5, 10]);
    sweep[0].epochs.pop();
    synthetic::write(&folder.path().join("sweep"), &sweep).unwrap();
    let (at, to) = (folder.path().join("sweep"), folder.path().join("a.pkl"));
    for (sql, problem, hint) in [
        (
            ALL,
            "the column `epoch` cannot be written as lr-identify: examples were observed at different checkpoints, which one array does not hold",
            "ask for runs of one plan that were trained to the end, as in WHERE status = 'trained'",
        ),
        (
            "SELECT run_id, epoch FROM trajectories",
            "the column `learning_rule` cannot be written as lr-identify: the rows do not have it",
            "let the query be over whole rows, as in SELECT * FROM trajectories WHERE task = 'digits'",
        ),
    ] {
        let refused = export(&at, &to, sql);
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(
            messages(&refused),
            format!("error: {problem}\nhint: {hint}\n")
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    let whole = export(
        &at,
        &to,
        "SELECT * FROM trajectories WHERE architecture = 'knet5';",
    );
    assert!(whole.status.success(), "{}", messages(&whole));
}
