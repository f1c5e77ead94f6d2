//! What tests of several modules start from: a small run, its network, a batch, distances.

use engram_plan::learning_rule::Momentum;
use engram_plan::{
    Initialization, LearningRuleSettings, Observation, PlannedRun, RunConfiguration, Schedule,
    TaskSettings,
};
use engram_schemas::{Architecture, Task};
use tch::{Device, Tensor};

use crate::examples::{Data, Examples, Workplace};
use crate::learning_rules::{self, LearningRule};
use crate::network::{Mode, Network};
use crate::objective::Objective;

pub(crate) fn run(architecture: Architecture, learning_rule: LearningRuleSettings) -> PlannedRun {
    PlannedRun::new(RunConfiguration {
        task: TaskSettings::new(Task::Digits),
        architecture,
        initialization: Initialization::FanIn,
        learning_rule,
        learning_rate: 0.05,
        alignment_learning_rate: Some(0.05),
        weight_decay: 1e-5,
        batch_size: 64,
        model_seed: 3,
        dataset_seed: 1,
        epochs: 1,
        checkpoint_every: 1,
        observation: Observation::default(),
        schedule: Schedule::default(),
        gradient_clip_norm: None,
        lars: None,
    })
}

pub(crate) fn feedback_alignment() -> LearningRuleSettings {
    LearningRuleSettings::FeedbackAlignment(Momentum::default())
}

/// A network with its rule and a batch to learn from.
pub(crate) fn prepare(run: &PlannedRun) -> (Network, Box<dyn LearningRule>, Examples) {
    let rule = learning_rules::new(&run.configuration);
    let network = Network::new(&run.configuration, rule.signal(), Device::Cpu).unwrap();
    (network, rule, examples(&run.configuration, 64))
}

pub(crate) fn learn(network: &mut Network, rule: &mut dyn LearningRule, batch: &Examples) {
    rule.prepare(network, 0);
    let (outputs, records) = network.forward(
        &batch.inputs,
        Mode::Train { step: 0 },
        rule.signal(),
        rule.keep(),
    );
    let loss = Objective::Classify.loss(&outputs, &batch.labels);
    rule.step(network, &loss, &records, 1.0);
}

pub(crate) fn difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

/// Largest change of a kernel or its difference to the other network's, over all parameters.
pub(crate) fn distance(a: &Network, b: &Network) -> f64 {
    a.parameters()
        .iter()
        .zip(b.parameters())
        .map(|(a, b)| difference(a, b))
        .fold(0.0, f64::max)
}

/// The first `n` validation examples of a run's task.
pub(crate) fn examples(configuration: &RunConfiguration, n: usize) -> Examples {
    let data = Data::open(configuration, &Workplace::new(Device::Cpu)).unwrap();
    data.validation(Some(n), n)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
}
