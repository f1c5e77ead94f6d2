use super::*;

const MINIMAL: &str = r#"
name = "test"
epochs = 20
checkpoint_every = 1
learning_rules = ["sgdm", "information_alignment"]
batch_sizes = [64, 128]
model_seeds = [0]
dataset_seeds = [0, 1]

[[networks]]
task = { name = "digits" }
architectures = ["knet4"]
learning_rates = { sgdm = 0.2, information_alignment = 0.1 }
"#;

fn sweep() -> SweepFile {
    SweepFile::parse(MINIMAL).unwrap()
}

fn repository_sweep(name: &str) -> SweepFile {
    SweepFile::read(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../sweeps")
            .join(name),
    )
    .unwrap()
}

#[test]
fn the_papers_plan_has_its_networks_and_examples() {
    let plan = repository_sweep("paper.toml").plan().unwrap();
    assert_eq!(plan.runs.len(), 1_056);
    assert_eq!(plan.n_examples().unwrap(), 20_736);
    assert!(
        plan.runs
            .iter()
            .all(|run| run.configuration.checkpoints().count() == 21)
    );
}

#[test]
fn the_demo_has_at_least_sixty_four_networks_of_every_knet_and_rule() {
    let plan = repository_sweep("digits-demo.toml").plan().unwrap();
    assert!(plan.runs.len() >= 64);
    for architecture in [
        Architecture::Knet4,
        Architecture::Knet4Lrn,
        Architecture::Knet5,
        Architecture::Knet5Lrn,
    ] {
        for rule in LearningRule::STUDIED {
            let has = |run: &PlannedRun| {
                run.configuration.architecture == architecture
                    && run.configuration.learning_rule.rule() == rule
            };
            assert!(plan.runs.iter().any(has), "{architecture} {rule}");
        }
    }
    assert!(
        plan.runs
            .iter()
            .all(|run| run.configuration.checkpoints().count() == 21)
    );
}

#[test]
fn the_grid_expands_in_the_files_order_with_scaled_rates() {
    let plan = sweep().plan().unwrap();
    let seen: Vec<_> = plan
        .runs
        .iter()
        .map(|run| {
            let c = &run.configuration;
            (
                c.learning_rule.rule(),
                c.batch_size,
                c.dataset_seed,
                c.learning_rate,
                c.alignment_learning_rate,
            )
        })
        .collect();
    use LearningRule::{InformationAlignment, Sgdm};
    assert_eq!(
        seen,
        [
            (Sgdm, 64, 0, 0.05, None),
            (Sgdm, 64, 1, 0.05, None),
            (Sgdm, 128, 0, 0.1, None),
            (Sgdm, 128, 1, 0.1, None),
            (InformationAlignment, 64, 0, 0.025, Some(0.025)),
            (InformationAlignment, 64, 1, 0.025, Some(0.025)),
            (InformationAlignment, 128, 0, 0.05, Some(0.05)),
            (InformationAlignment, 128, 1, 0.05, Some(0.05)),
        ]
    );
}

#[test]
fn a_runs_name_follows_from_its_configuration_alone() {
    let plan = sweep().plan().unwrap();
    let again = sweep().plan().unwrap();
    assert_eq!(plan, again);
    let mut configuration = plan.runs[0].configuration.clone();
    let stored: RunConfiguration = serde_json::from_str(&configuration.to_json()).unwrap();
    assert_eq!(stored.run_id(), plan.runs[0].run_id);
    configuration.weight_decay *= 2.0;
    assert_ne!(configuration.run_id(), plan.runs[0].run_id);
}

#[test]
fn unknown_names_say_where_and_what_was_meant() {
    let error = SweepFile::parse(&MINIMAL.replace("batch_sizes", "batch_size")).unwrap_err();
    assert!(
        error.contains("line 6, column 1") && error.ends_with("did you mean `batch_sizes`?"),
        "{error}"
    );
    let error = SweepFile::parse(&MINIMAL.replace("knet4", "knet_4")).unwrap_err();
    assert!(
        error.contains("line 12") && error.ends_with("did you mean `knet4`?"),
        "{error}"
    );
    let error = SweepFile::parse(&MINIMAL.replace("\"sgdm\",", "\"sgd\",")).unwrap_err();
    assert!(
        error.ends_with("unknown learning rule `sgd`; did you mean `sgdm`?"),
        "{error}"
    );
}

#[test]
fn settings_that_cannot_train_are_refused() {
    let refused = |change: fn(&mut SweepFile)| {
        let mut sweep = sweep();
        change(&mut sweep);
        sweep.plan().unwrap_err().to_string()
    };
    assert_eq!(
        refused(|sweep| sweep.batch_sizes = vec![64, 2000]),
        "batch size 2000 is above the 1438 training examples of task `digits`"
    );
    assert_eq!(
        refused(|sweep| sweep.checkpoint_every = 3),
        "`checkpoint_every = 3` cannot be used: it must divide the 20 epochs"
    );
    assert_eq!(
        refused(|sweep| sweep.learning_rules.push(LearningRule::Adam)),
        "no base learning rate of `knet4` for `adam` in the [[networks]] entry of task `digits`"
    );
    assert!(
        refused(|sweep| sweep.model_seeds = vec![1, 1])
            .starts_with("the sweep contains the same run twice")
    );
    assert!(refused(|sweep| sweep.batch_sizes = vec![]).contains("nothing to train"));
    assert!(refused(|sweep| sweep.rules.sgdm.momentum = 1.0).contains("must be in [0, 1)"));
    assert!(
        refused(|sweep| sweep.networks[0].learning_rates =
            [(LearningRule::Sgdm, BaseRate::Same(f64::NAN))].into())
        .contains("must be above 0")
    );
    assert!(refused(|sweep| sweep.name = "a/b".to_owned()).contains("use letters"));
}
