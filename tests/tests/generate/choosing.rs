//! Which runs are trained, and what the trainer is told.

use std::path::Path;
use std::process::Output;

use engram_tests::commands::{SMALL_SWEEP, engram};

use super::{stderr, sweep_file};

/// `engram generate --dry-run` of the small sweep, in an environment.
fn dry_run(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    engram(&["generate", "--dry-run"])
        .arg(sweep_file(folder, SMALL_SWEEP))
        .arg("--to")
        .arg(folder.join("dataset"))
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn an_array_jobs_task_is_one_run_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let one = "; of the 1 chosen 0 networks are there, 1 are to be trained";
    for variable in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"] {
        let text = stderr(&dry_run(folder.path(), &[], &[(variable, "1")]));
        let said = format!(
            "only run 1 of the plan is trained, by {variable}=1 (--shard 1/1 trains all)\n"
        );
        assert!(text.starts_with(&said) && text.contains(one), "{text}");
    }
    let set = [("SLURM_ARRAY_TASK_ID", "0")];
    let text = stderr(&dry_run(folder.path(), &["--offset", "1"], &set));
    assert!(
        text.contains("only run 1 of the plan is trained, by SLURM_ARRAY_TASK_ID=0 and --offset 1"),
        "{text}"
    );
    // What is asked for on the command line counts more than the environment.
    let text = stderr(&dry_run(folder.path(), &["--shard", "1/1"], &set));
    assert!(
        text.contains("; 0 networks are there, 2 are to be trained"),
        "{text}"
    );
    assert!(!text.contains("SLURM"), "{text}");
    let text = stderr(&dry_run(folder.path(), &["--index", "1"], &set));
    assert!(text.contains(one) && !text.contains("SLURM"), "{text}");
}

#[test]
fn what_is_not_in_the_plan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str], wanted: &str| {
        let output = dry_run(folder.path(), arguments, &[]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(wanted), "{text}");
    };
    refused(
        &["--index", "2"],
        "error: there is no run 2: the plan of `small` has runs 0 to 1\nhint: ",
    );
    refused(
        &["--offset", "2"],
        "error: --offset has no index to add to\nhint: ",
    );
    refused(
        &["--run", "zz"],
        "error: no run of `small` begins with `zz`\nhint: `engram plan SWEEP`",
    );
    refused(&["--shard", "3/2"], "write I/N, from 1/N to N/N");
    refused(&["--shard", "1/2", "--index", "0"], "cannot be used with");
    refused(&["--data", "imagent=/x"], "did you mean `imagenet`?");
}

#[cfg(unix)]
#[test]
fn the_trainer_is_told_where_the_data_lie_and_what_to_keep() {
    let folder = tempfile::tempdir().unwrap();
    let trainer = super::fake_trainer(folder.path(), "finish");
    let sweep = SMALL_SWEEP.replace(
        "[[networks]]",
        "[data]\ncifar10 = \"below/cifar\"\nimagenet = \"/in/the/file\"\n\n[[networks]]",
    );
    let output = engram(&["generate", "--workers", "1", "--keep-networks"])
        .arg(sweep_file(folder.path(), &sweep))
        .args([
            "--to",
            "dataset",
            "--data",
            "imagenet=elsewhere",
            "--data",
            "wsn=/sound",
        ])
        .env("ENGRAM_TRAINER", trainer)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let arguments = std::fs::read_to_string(folder.path().join("arguments")).unwrap();
    let here = folder.path().display();
    for wanted in [
        format!("--data cifar10={here}/below/cifar"),
        format!("--data imagenet={here}/elsewhere"),
        "--data wsn=/sound".to_owned(),
        "--keep-networks".to_owned(),
    ] {
        assert!(
            arguments.contains(&wanted),
            "`{wanted}` is not in {arguments}"
        );
    }
    assert!(!arguments.contains("/in/the/file"), "{arguments}");
}
