use engram_plan::{Plan, SweepFile};

use super::*;

fn plan() -> Plan {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../sweeps/digits-demo.toml");
    SweepFile::read(&path).unwrap().plan().unwrap()
}

/// Where a run stands that has logs of such ages, in seconds, and a file or not.
fn standing(has_file: bool, logs: &[(RunState, u64)]) -> Standing {
    let run = &plan().runs[0];
    let root = Path::from("d");
    let now = SystemTime::now();
    let logs = logs
        .iter()
        .map(|&(state, age)| (state, now - Duration::from_secs(age)))
        .collect();
    let listing = Listing {
        files: has_file
            .then(|| digest(&run.file().path(&root)))
            .into_iter()
            .collect(),
        root,
        logs: HashMap::from([(run.run_id.clone(), logs)]),
    };
    listing.standing(run, now)
}

#[test]
fn a_file_decides_and_its_log_says_whether_it_diverged() {
    assert_eq!(standing(true, &[]), Standing::Done);
    assert_eq!(standing(true, &[(RunState::Trained, 5)]), Standing::Done);
    assert_eq!(
        standing(true, &[(RunState::Diverged, 5)]),
        Standing::Diverged
    );
    // Left over from an earlier attempt, or from a second worker on the same run.
    let leftover = [(RunState::Failed, 900), (RunState::Running, 5)];
    assert_eq!(standing(true, &leftover), Standing::Done);
}

#[test]
fn without_a_file_the_logs_age_decides() {
    assert_eq!(standing(false, &[]), Standing::Missing);
    assert_eq!(
        standing(false, &[(RunState::Running, 119)]),
        Standing::InFlight
    );
    assert_eq!(standing(false, &[(RunState::Running, 121)]), Standing::Lost);
    assert_eq!(standing(false, &[(RunState::Failed, 5)]), Standing::Failed);
    // Tried again after a failure: at work, or lost since.
    let again = [(RunState::Failed, 900), (RunState::Running, 5)];
    assert_eq!(standing(false, &again), Standing::InFlight);
    let lost = [(RunState::Failed, 900), (RunState::Running, 600)];
    assert_eq!(standing(false, &lost), Standing::Lost);
    let failed = [(RunState::Running, 900), (RunState::Failed, 600)];
    assert_eq!(standing(false, &failed), Standing::Failed);
    // A log that says trained, whose file somebody removed.
    assert_eq!(
        standing(false, &[(RunState::Trained, 5)]),
        Standing::Missing
    );
}

#[test]
fn a_log_of_the_future_is_young_as_far_as_clocks_may_be_apart() {
    let run = &plan().runs[0];
    let now = SystemTime::now();
    for (ahead, wanted) in [(600, Standing::InFlight), (3600, Standing::Lost)] {
        let later = now + Duration::from_secs(ahead);
        let listing = Listing {
            files: HashSet::new(),
            root: Path::from("d"),
            logs: HashMap::from([(run.run_id.clone(), vec![(RunState::Running, later)])]),
        };
        assert_eq!(listing.standing(run, now), wanted);
    }
}
