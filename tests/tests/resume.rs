//! Runs that are killed and taken up again end in the bytes of an undisturbed run.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use engram_plan::protocol::{Event, Job, event_from_line, to_line};
use engram_plan::{PlannedRun, SweepFile};
use engram_schemas::{RunState, layout, randomness};
use engram_tests::commands::command;
use object_store::path::Path as ObjectPath;
use rand::RngExt;

/// Two rules with state of every kind: momentum, fixed feedback, Adam for feedback that is learned.
const SWEEP: &str = r#"
name = "resume"
epochs = 8
checkpoint_every = 4
learning_rules = ["feedback_alignment", "information_alignment"]
batch_sizes = [64]
model_seeds = [5]
dataset_seeds = [0]

[rules.information_alignment]
alignment_optimizer = "adam"
alignment_learning_rate = 0.004

[[networks]]
task = { name = "digits" }
architectures = ["knet4"]
initialization = "fan_in"
schedule = { warmup_epochs = 1, decay = { kind = "cosine" } }
learning_rates = { feedback_alignment = 0.2, information_alignment = 0.2 }
"#;

/// How often a run is killed before it may end.
const KILLS: usize = 12;

fn runs(folder: &Path) -> Vec<PlannedRun> {
    let file = folder.join("sweep.toml");
    std::fs::write(&file, SWEEP).unwrap();
    SweepFile::read(&file).unwrap().plan().unwrap().runs
}

/// A trainer that stores a checkpoint at every step, with one job.
fn trainer(dataset: &Path, run: &PlannedRun, checkpoint_seconds: &str) -> Child {
    let mut child = Command::new(command("engram-trainer"))
        .arg("train")
        .arg("--to")
        .arg(dataset)
        .args(["--checkpoint-seconds", checkpoint_seconds])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let job = to_line(&Job::Train { run: run.clone() }).unwrap();
    let input = child.stdin.as_mut().unwrap();
    input.write_all(job.as_bytes()).unwrap();
    input.flush().unwrap();
    child
}

/// Waits until the job is done.
fn finish(mut child: Child) {
    let output = BufReader::new(child.stdout.take().unwrap());
    let last = output
        .lines()
        .map(|line| event_from_line(&line.unwrap()).unwrap())
        .find(|event| matches!(event, Event::Finished { .. } | Event::Failed { .. }));
    assert!(matches!(last, Some(Event::Finished { .. })), "{last:?}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

fn path(dataset: &Path, object: &ObjectPath) -> PathBuf {
    dataset.join(object.as_ref())
}

fn bytes(dataset: &Path, run: &PlannedRun) -> Vec<u8> {
    std::fs::read(path(dataset, &run.file().path(&ObjectPath::default()))).unwrap()
}

fn checkpoint(dataset: &Path, run: &PlannedRun) -> PathBuf {
    path(
        dataset,
        &layout::checkpoint(&ObjectPath::default(), &run.run_id),
    )
}

#[test]
fn a_run_killed_many_times_ends_in_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (calm, rough) = (folder.path().join("calm"), folder.path().join("rough"));
    std::fs::create_dir_all(&calm).unwrap();
    std::fs::create_dir_all(&rough).unwrap();
    let mut moments = randomness::generator("kill moments", 0, 0);
    for run in runs(folder.path()) {
        finish(trainer(&calm, &run, "300"));
        let mut taken_up = 0;
        for _ in 0..KILLS {
            taken_up += usize::from(checkpoint(&rough, &run).exists());
            let mut child = trainer(&rough, &run, "0");
            // From when it is ready, so that no attempt is over before it began, and none comes to the run's end.
            let mut ready = String::new();
            let output = child.stdout.as_mut().unwrap();
            BufReader::new(output).read_line(&mut ready).unwrap();
            std::thread::sleep(Duration::from_millis(moments.random_range(0..250)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(
            taken_up > KILLS / 3,
            "only {taken_up} attempts found a checkpoint"
        );
        finish(trainer(&rough, &run, "0"));
        assert!(
            bytes(&calm, &run) == bytes(&rough, &run),
            "{}",
            run.configuration.describe()
        );
        assert!(
            !checkpoint(&rough, &run).exists(),
            "what is complete needs no checkpoint"
        );
        let log = |state| {
            path(
                &rough,
                &layout::run_log(&ObjectPath::default(), &run.run_id, state),
            )
        };
        assert!(log(RunState::Trained).exists() && !log(RunState::Running).exists());
    }
}

#[test]
fn the_end_of_its_input_makes_a_trainer_keep_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("dataset");
    std::fs::create_dir_all(&dataset).unwrap();
    let run = runs(folder.path()).remove(0);
    let mut child = trainer(&dataset, &run, "300");
    let mut events = BufReader::new(child.stdout.take().unwrap()).lines();
    let started = events.find(|line| {
        let event = event_from_line(line.as_ref().unwrap()).unwrap();
        matches!(event, Event::Epoch { epoch: 1, .. })
    });
    assert!(started.is_some());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(checkpoint(&dataset, &run).exists());
    let running = layout::run_log(&ObjectPath::default(), &run.run_id, RunState::Running);
    assert!(!path(&dataset, &running).exists());
}

#[test]
fn a_checkpoint_that_cannot_be_used_is_left_and_the_run_starts_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (calm, rough) = (folder.path().join("calm"), folder.path().join("rough"));
    let run = runs(folder.path()).remove(0);
    std::fs::create_dir_all(rough.join("checkpoints")).unwrap();
    std::fs::create_dir_all(&calm).unwrap();
    std::fs::write(checkpoint(&rough, &run), b"no checkpoint").unwrap();
    finish(trainer(&rough, &run, "300"));
    finish(trainer(&calm, &run, "300"));
    assert!(bytes(&calm, &run) == bytes(&rough, &run));
}
