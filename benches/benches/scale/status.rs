//! What `engram status` costs of finished sweeps in a bucket: time, requests, bytes, memory.

use std::time::Duration;

use engram_benches::paper_sized;
use engram_plan::PlannedRun;
use engram_tests::emulators::Bucket;
use engram_tests::process::watched;
use engram_tests::python::repository;

/// Multiples of the study's size.
const SIZES: [usize; 4] = [1, 10, 50, 100];

/// Prints them. Every answer of the bucket takes `latency` longer than it would.
pub(crate) fn measure(latency: Duration) {
    println!(
        "  runs  seconds  of which the plan  lists  gets  MB listed  peak MB  of which the plan"
    );
    for times in SIZES {
        let folder = tempfile::tempdir().unwrap();
        let sweep = folder.path().join("sweep.toml");
        std::fs::write(&sweep, sweep_file(times)).unwrap();
        let runs = paper_sized::runs(times).unwrap();
        let bucket = Bucket::of_trained(runs.iter().map(PlannedRun::file), latency);
        let place = bucket.place();
        let sweep = sweep.to_str().unwrap();
        let mut status = place.engram(&["status", sweep, "--at", &place.url]);
        let (time, peak) = watched(&mut status);
        let (plan_time, plan_peak) = watched(&mut place.engram(&["plan", sweep]));
        let requests = bucket.requests();
        println!(
            "{:>6} {:>8.2} {:>18.2} {:>6} {:>5} {:>10.1} {:>8.0} {:>18.0}",
            runs.len(),
            time.as_secs_f64(),
            plan_time.as_secs_f64(),
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
