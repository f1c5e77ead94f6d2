//! Clocks that jump. No name and no byte of the data depends on a time; the logs' ages say only which runs are at work.

use std::fs::File;
use std::time::{Duration, SystemTime};

use engram_tests::commands::{SMALL_SWEEP, engram, generate};
use serde_json::Value;

use super::stderr;

#[test]
fn logs_of_wrong_clocks_hold_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    assert!(generate(SMALL_SWEEP, folder.path(), 2).status.success());
    let (sweep, dataset) = (
        folder.path().join("sweep.toml"),
        folder.path().join("dataset"),
    );
    let files = super::trajectories(&dataset);
    // Both runs are lost again, with logs of workers that seem to live in other years.
    let year = Duration::from_secs(365 * 24 * 3600);
    let times = [SystemTime::now() + year, SystemTime::now() - year];
    for (name, time) in files.keys().zip(times) {
        let id = name.trim_end_matches(".parquet");
        let trajectories = dataset.join("trajectories/task=digits/architecture=knet4");
        std::fs::remove_file(trajectories.join(name)).unwrap();
        let logs = dataset.join("logs");
        std::fs::rename(
            logs.join(format!("{id}.trained.json")),
            logs.join(format!("{id}.running.json")),
        )
        .unwrap();
        let log = File::options()
            .write(true)
            .open(logs.join(format!("{id}.running.json")));
        log.unwrap().set_modified(time).unwrap();
    }
    let status = || -> Value {
        let output = engram(&["status", "--format", "json"])
            .arg(&sweep)
            .arg("--at")
            .arg(&dataset)
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    // Nobody is at work, and nothing waits for those who seem to be.
    assert_eq!(
        (&status()["in_flight"], &status()["lost"]),
        (&0.into(), &2.into())
    );
    let output = generate(SMALL_SWEEP, folder.path(), 2);
    assert!(
        stderr(&output).contains("2 trained in"),
        "{}",
        stderr(&output)
    );
    assert_eq!(super::trajectories(&dataset), files);
    assert_eq!(
        (&status()["done"], &status()["lost"]),
        (&2.into(), &0.into())
    );
}
