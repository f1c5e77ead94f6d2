//! What `engram status` costs of finished sweeps in a bucket: time, requests, bytes, memory.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use engram_benches::paper_sized;
use engram_benches::process::Process;
use engram_schemas::{RunState, layout};
use engram_tests::emulators::Bucket;
use engram_tests::python::repository;
use object_store::path::Path;

/// Multiples of the study's size.
const SIZES: [usize; 4] = [1, 10, 50, 100];

/// How often the memory of a process is looked at.
const GLANCE: Duration = Duration::from_millis(2);

/// Prints them.
pub(crate) fn measure() {
    println!(
        "  runs  seconds  of which the plan  lists  gets  MB listed  peak MB  of which the plan"
    );
    for times in SIZES {
        let folder = tempfile::tempdir().unwrap();
        let sweep = folder.path().join("sweep.toml");
        std::fs::write(&sweep, sweep_file(times)).unwrap();
        let runs = paper_sized::runs(times).unwrap();
        let root = Path::default();
        let files = runs.iter().map(|run| run.file().path(&root));
        let logs = runs
            .iter()
            .map(|run| layout::run_log(&root, &run.run_id, RunState::Trained));
        let names = files.chain(logs).map(|path| path.to_string());
        let bucket = Bucket::of_names(names);
        let place = bucket.place();
        let sweep = sweep.to_str().unwrap();
        let mut status = place.engram(&["status", sweep, "--at", &place.url]);
        let (seconds, peak) = watched(&mut status);
        let (plan_seconds, plan_peak) = watched(&mut place.engram(&["plan", sweep]));
        let requests = bucket.requests();
        println!(
            "{:>6} {seconds:>8.2} {plan_seconds:>18.2} {:>6} {:>5} {:>10.1} {:>8.0} {:>18.0}",
            runs.len(),
            requests.lists,
            requests.gets + requests.heads,
            requests.n_bytes as f64 / 1e6,
            peak as f64 / 1e6,
            plan_peak as f64 / 1e6
        );
    }
}

/// The study's sweep file with so many times the model seeds.
fn sweep_file(times: usize) -> String {
    let file = repository().join("sweeps/paper.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let (before, after) = text.split_once("model_seeds = [0, 1]\n").unwrap();
    let seeds: Vec<usize> = (0..2 * times).collect();
    format!("{before}model_seeds = {seeds:?}\n{after}")
}

/// Runs a command, and gives the seconds that it took and the most memory that it had.
fn watched(command: &mut Command) -> (f64, u64) {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let process = Process::of(child.id());
    let mut peak = 0;
    let status = loop {
        peak = peak.max(process.memory("VmHWM"));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        thread::sleep(GLANCE);
    };
    assert!(status.success());
    (began.elapsed().as_secs_f64(), peak)
}
