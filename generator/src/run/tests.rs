use super::*;
use crate::testing::{feedback_alignment, run};
use crate::write::to_parquet;
use engram_plan::LearningRuleSettings;
use engram_plan::learning_rule::Momentum;
use engram_schemas::Architecture;
use tch::Device;

/// Leaves a run before every step, and keeps its state.
#[derive(Default)]
struct Restless {
    steps_left: usize,
    file: Option<Vec<u8>>,
}

impl Supervisor for Restless {
    fn wish(&mut self) -> Wish {
        self.steps_left = self.steps_left.saturating_sub(1);
        if self.steps_left == 0 {
            Wish::Leave
        } else {
            Wish::GoOn
        }
    }

    fn keep_checkpoint(&mut self, file: Vec<u8>) -> Result<()> {
        self.file = Some(file);
        Ok(())
    }
}

/// Panics after an epoch.
struct Panicking;

impl Supervisor for Panicking {
    fn epoch(&mut self, _: usize) {
        panic!("libtorch says no")
    }
}

fn workplace() -> Workplace {
    Workplace::new(Device::Cpu)
}

#[test]
fn equal_runs_are_equal_bytes_and_other_seeds_are_not() {
    tch::set_num_threads(1);
    let planned = run(
        Architecture::Knet4,
        LearningRuleSettings::Sgdm(Momentum::default()),
    );
    let bytes = |run: &PlannedRun| {
        to_parquet(&train(run, &workplace(), &mut Undisturbed, None).unwrap()).unwrap()
    };
    assert_eq!(bytes(&planned), bytes(&planned));
    let mut other = planned.configuration.clone();
    other.model_seed += 1;
    assert_ne!(bytes(&planned), bytes(&PlannedRun::new(other)));
}

#[test]
fn a_diverging_run_keeps_its_rows_up_to_there() {
    let mut configuration = run(
        Architecture::Knet4Lrn,
        LearningRuleSettings::Sgdm(Momentum::default()),
    )
    .configuration;
    configuration.learning_rate = 1e6;
    configuration.epochs = 3;
    let trajectory = train(
        &PlannedRun::new(configuration),
        &workplace(),
        &mut Undisturbed,
        None,
    )
    .unwrap();
    assert_eq!(trajectory.status, Status::Diverged);
    let batch = trajectory.to_batch().unwrap();
    assert_eq!(batch.num_rows(), 4 * trajectory.checkpoints().len());
    assert!((1..4).contains(&trajectory.checkpoints().len()));
}

#[test]
fn a_run_left_again_and_again_ends_in_the_same_bytes() {
    tch::set_num_threads(1);
    for settings in [
        feedback_alignment(),
        LearningRuleSettings::Adam(engram_plan::learning_rule::Adam::default()),
    ] {
        let mut configuration = run(Architecture::Knet4, settings).configuration;
        configuration.epochs = 2;
        configuration.observation.recorded_units = Some(5);
        configuration.observation.alignment_angles = true;
        let planned = PlannedRun::new(configuration);
        let whole = train(&planned, &workplace(), &mut Undisturbed, None).unwrap();
        let mut supervisor = Restless::default();
        let mut n_left = 0;
        let pieced = loop {
            supervisor.steps_left = 9;
            let checkpoint = supervisor.file.take();
            match train(
                &planned,
                &workplace(),
                &mut supervisor,
                checkpoint.as_deref(),
            ) {
                Err(Error::Stopped) => n_left += 1,
                other => break other.unwrap(),
            }
        };
        assert!(n_left >= 4, "left {n_left} times");
        assert_eq!(to_parquet(&whole).unwrap(), to_parquet(&pieced).unwrap());
        let recordings = |trajectory| crate::observe::recordings::to_parquet(trajectory).unwrap();
        assert!(recordings(&whole).is_some() && recordings(&whole) == recordings(&pieced));
    }
}

/// Feedback alignment turns the dense classifier's kernel toward its feedback, and its gradient is backpropagation's.
#[test]
fn alignment_angles_are_observed_when_asked_for() {
    let mut configuration = run(Architecture::Knet4, feedback_alignment()).configuration;
    configuration.observation.alignment_angles = true;
    let planned = PlannedRun::new(configuration);
    let trajectory = train(&planned, &workplace(), &mut Undisturbed, None).unwrap();
    let [(_, _, before), (_, _, after)] = trajectory.checkpoints() else {
        panic!("two checkpoints")
    };
    let (feedback, gradient) = after.angles[3];
    assert!(gradient.unwrap() < 1.0);
    assert!(feedback.unwrap() < before.angles[3].0.unwrap());
    assert!(before.angles[1].1.unwrap() > 30.0);
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let planned = run(Architecture::Knet4, feedback_alignment());
    let mut supervisor = Restless {
        steps_left: 3,
        file: None,
    };
    let left = train(&planned, &workplace(), &mut supervisor, None);
    assert!(matches!(left, Err(Error::Stopped)));
    let mut other = planned.configuration.clone();
    other.model_seed += 1;
    let file = supervisor.file.as_deref();
    let refused = train(
        &PlannedRun::new(other),
        &workplace(),
        &mut Undisturbed,
        file,
    );
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the checkpoint cannot be used: it is of another configuration"
    );
}

#[test]
fn a_panic_is_an_error() {
    let planned = run(Architecture::Knet4, feedback_alignment());
    let failed = train_on_thread(&planned, &workplace(), &mut Panicking, None);
    assert_eq!(
        failed.unwrap_err().to_string(),
        "training failed inside libtorch: libtorch says no"
    );
}
