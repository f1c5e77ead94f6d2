use engram_plan::SweepFile;

use super::*;

fn plan() -> Plan {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../sweeps/paper.toml");
    SweepFile::read(&path).unwrap().plan().unwrap()
}

fn names(chosen: &Chosen) -> Vec<&str> {
    chosen.runs.iter().map(|run| run.run_id.as_str()).collect()
}

fn nothing(_: &str) -> Option<String> {
    None
}

#[test]
fn shares_are_disjoint_cover_the_plan_and_hold_every_kind() {
    let plan = plan();
    let mut all = Vec::new();
    for number in 1..=7 {
        let shard = format!("{number}/7").parse().unwrap();
        let selection = Selection {
            shard: Some(shard),
            ..Default::default()
        };
        let chosen = selection.choose(&plan, nothing).unwrap();
        assert!((150..=151).contains(&chosen.runs.len()));
        let kinds: std::collections::BTreeSet<_> = chosen
            .runs
            .iter()
            .map(|run| (run.configuration.task.name, run.configuration.architecture))
            .collect();
        assert_eq!(kinds.len(), 22);
        all.extend(chosen.runs.into_iter().map(|run| run.run_id));
    }
    let mut planned: Vec<_> = plan.runs.iter().map(|run| run.run_id.clone()).collect();
    all.sort();
    planned.sort();
    assert_eq!(all, planned);
    for text in ["0/3", "4/3", "1", "a/b", "1/0", ""] {
        assert!(text.parse::<Shard>().is_err(), "{text}");
    }
}

#[test]
fn an_array_jobs_number_is_taken_and_said() {
    let plan = plan();
    let slurm = |name: &str| (name == "SLURM_ARRAY_TASK_ID").then(|| "7".to_owned());
    let chosen = Selection::default().choose(&plan, slurm).unwrap();
    assert_eq!(names(&chosen), [&plan.runs[7].run_id]);
    assert_eq!(
        chosen.notice.as_deref(),
        Some(
            "only run 7 of the plan is trained, by SLURM_ARRAY_TASK_ID=7 (--shard 1/1 trains all)"
        )
    );
    let kubernetes = |name: &str| (name == "JOB_COMPLETION_INDEX").then(|| "55".to_owned());
    let offset = Selection {
        offset: Some(1000),
        ..Default::default()
    };
    let chosen = offset.choose(&plan, kubernetes).unwrap();
    assert_eq!(names(&chosen), [&plan.runs[1055].run_id]);
    assert!(
        chosen.notice.unwrap().contains(
            "run 1055 of the plan is trained, by JOB_COMPLETION_INDEX=55 and --offset 1000"
        )
    );

    // What the user says counts more, and needs no notice.
    let given = Selection {
        index: Some(3),
        ..Default::default()
    };
    let chosen = given.choose(&plan, slurm).unwrap();
    assert_eq!(
        (names(&chosen), chosen.notice.clone()),
        (vec![plan.runs[3].run_id.as_str()], None)
    );
    let all = Selection {
        shard: Some("1/1".parse().unwrap()),
        ..Default::default()
    };
    assert_eq!(all.choose(&plan, slurm).unwrap().runs.len(), 1056);
    assert_eq!(
        Selection::default()
            .choose(&plan, nothing)
            .unwrap()
            .runs
            .len(),
        1056
    );
}

#[test]
fn places_beyond_the_plan_and_numbers_that_are_none_are_refused() {
    let plan = plan();
    let text = |selection: Selection, value: Option<&str>| {
        let variable = |name: &str| {
            (name == "SLURM_ARRAY_TASK_ID")
                .then(|| value.map(str::to_owned))
                .flatten()
        };
        selection.choose(&plan, variable).err().unwrap().to_string()
    };
    let beyond = Selection {
        index: Some(56),
        offset: Some(1000),
        ..Default::default()
    };
    assert_eq!(
        text(beyond, None),
        "there is no run 1056: the plan of `paper` has runs 0 to 1055"
    );
    assert_eq!(
        text(Selection::default(), Some("x")),
        "SLURM_ARRAY_TASK_ID is `x`, which is no place in the plan"
    );
    let offset = Selection {
        offset: Some(1),
        ..Default::default()
    };
    assert_eq!(text(offset, None), "--offset has no index to add to");
}

#[test]
fn a_name_may_be_shortened_while_it_is_unique() {
    let plan = plan();
    let by_name = |names: &[&str]| Selection {
        run: names.iter().map(|&name| name.to_owned()).collect(),
        ..Default::default()
    };
    let id = &plan.runs[500].run_id;
    let chosen = by_name(&[&id[..10], &id.to_uppercase()])
        .choose(&plan, nothing)
        .unwrap();
    assert_eq!(names(&chosen), [id]);
    let ambiguous = by_name(&[""])
        .choose(&plan, nothing)
        .err()
        .unwrap()
        .to_string();
    assert!(
        ambiguous.starts_with("`` begins the names of 1056 runs:\n  "),
        "{ambiguous}"
    );
    assert_eq!(ambiguous.lines().count(), 4);
    let unknown = by_name(&["zz"])
        .choose(&plan, nothing)
        .err()
        .unwrap()
        .to_string();
    assert_eq!(unknown, "no run of `paper` begins with `zz`");
}
