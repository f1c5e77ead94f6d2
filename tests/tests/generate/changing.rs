//! A sweep file that changes under the same name.

use std::path::Path;
use std::process::Output;

use engram_tests::commands::{SMALL_SWEEP, engram, generate};

use super::{files, stderr, sweep_file};

fn allow_change(sweep: &str, folder: &Path) -> Output {
    engram(&["generate", "--workers", "2", "--allow-change"])
        .arg(sweep_file(folder, sweep))
        .arg("--to")
        .arg(folder.join("dataset"))
        .output()
        .unwrap()
}

#[test]
fn changed_settings_are_refused_with_the_difference_and_a_growing_grid_is_not() {
    let folder = tempfile::tempdir().unwrap();
    assert!(generate(SMALL_SWEEP, folder.path(), 2).status.success());
    let before = files(&folder.path().join("dataset"));

    let changed = SMALL_SWEEP.replace("sgdm = 0.2", "sgdm = 0.1").replace(
        "[[networks]]",
        "[rules.feedback_alignment]\nmomentum = 0.5\n\n[[networks]]",
    );
    let output = generate(&changed, folder.path(), 2);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let url = format!("file://{}/dataset/", folder.path().display());
    let wanted = format!(
        "error: the settings of 2 networks of `small` are others than those that {url} was begun with\n  \
         learning_rate: 0.1 -> 0.05 (1 network)\n  learning_rule.momentum: 0.9 -> 0.5 (1 network)\nhint: "
    );
    assert!(text.contains(&wanted), "{text}");
    assert!(text.contains("--allow-change"), "{text}");
    assert_eq!(
        files(&folder.path().join("dataset")),
        before,
        "nothing was written"
    );

    // More of the grid changes no run.
    let grown = SMALL_SWEEP.replace("model_seeds = [0]", "model_seeds = [0, 1]");
    let output = generate(&grown, folder.path(), 2);
    let text = stderr(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("2 networks are there, 2 are to be trained"),
        "{text}"
    );

    // Less of it neither, and what goes is said.
    let output = generate(SMALL_SWEEP, folder.path(), 2);
    let text = stderr(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("2 networks of the plan that the dataset was begun with are no longer in the sweep; their files stay"),
        "{text}"
    );
    assert_eq!(files(&folder.path().join("dataset/trajectories")).len(), 4);

    // Asked for, a change is trained beside what is there, and is the plan from then on.
    let text = stderr(&allow_change(&changed, folder.path()));
    assert!(
        text.contains("0 networks are there, 2 are to be trained"),
        "{text}"
    );
    assert_eq!(files(&folder.path().join("dataset/trajectories")).len(), 6);
    assert!(generate(&changed, folder.path(), 2).status.success());
}

#[test]
fn a_damaged_plan_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("dataset/logs");
    std::fs::create_dir_all(&logs).unwrap();
    std::fs::write(logs.join("small.sweep.json"), "{").unwrap();
    let output = generate(SMALL_SWEEP, folder.path(), 1);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("error: cannot read the stored plan "),
        "{text}"
    );
    assert!(text.contains("small.sweep.json: "), "{text}");
}
