//! Every learning rule from outside: its step by hand, its state, its angles, and that it learns.

mod angles;
mod learning;
mod optimizer;
mod steps;

use engram_generator::examples::{Data, Examples, Workplace};
use engram_generator::learning_rules::{self, LearningRule};
use engram_generator::network::{Keep, LayerRecord, Mode, Network};
use engram_generator::objective::Objective;
use engram_plan::learning_rule::RuleTable;
use engram_plan::{Initialization, Observation, RunConfiguration, Schedule, TaskSettings};
use engram_schemas::{Architecture, LearningRule as Rule, Task};
use tch::{Device, Tensor};

/// A run of a small network with batch norm on the digits.
fn configuration(rule: Rule) -> RunConfiguration {
    RunConfiguration {
        task: TaskSettings::new(Task::Digits),
        architecture: Architecture::Knet4,
        initialization: Initialization::FanIn,
        learning_rule: RuleTable::default().settings(rule),
        learning_rate: if rule == Rule::Adam { 1e-3 } else { 0.05 },
        alignment_learning_rate: Some(0.05),
        weight_decay: 1e-3,
        batch_size: 64,
        model_seed: 3,
        dataset_seed: 1,
        epochs: 1,
        checkpoint_every: 1,
        observation: Observation::default(),
        schedule: Schedule::default(),
        gradient_clip_norm: None,
        lars: None,
    }
}

/// A network with its rule.
struct Pupil {
    network: Network,
    rule: Box<dyn LearningRule>,
    steps: usize,
}

impl Pupil {
    fn new(configuration: &RunConfiguration) -> Self {
        // Small networks are fastest so, and the tests run beside each other.
        tch::set_num_threads(1);
        let rule = learning_rules::new(configuration);
        let network = Network::new(configuration, rule.signal(), Device::Cpu).unwrap();
        Self {
            network,
            rule,
            steps: 0,
        }
    }

    /// The pass before a step.
    fn pass(&mut self, batch: &Examples) -> (Tensor, Vec<LayerRecord>) {
        self.rule.prepare(&mut self.network, self.steps);
        let mode = Mode::Train { step: self.steps };
        let (outputs, records) =
            self.network
                .forward(&batch.inputs, mode, self.rule.signal(), self.rule.keep());
        (loss(&outputs, batch), records)
    }

    fn learn(&mut self, batch: &Examples, factor: f64) {
        let (loss, records) = self.pass(batch);
        self.rule.step(&mut self.network, &loss, &records, factor);
        self.steps += 1;
    }

    /// What went through the layers in the pass that the next step learns from, whatever the rule keeps.
    fn records(&mut self, batch: &Examples) -> Vec<LayerRecord> {
        self.rule.prepare(&mut self.network, self.steps);
        let mode = Mode::Train { step: self.steps };
        let signal = engram_generator::network::Signal::Forward;
        self.network
            .forward(&batch.inputs, mode, signal, Keep::Records)
            .1
    }
}

fn loss(outputs: &Tensor, batch: &Examples) -> Tensor {
    Objective::Classify.loss(outputs, &batch.labels)
}

fn data(configuration: &RunConfiguration) -> Data {
    Data::open(configuration, &Workplace::new(Device::Cpu)).unwrap()
}

/// The first batches of the first epoch.
fn batches(n: usize) -> Vec<Examples> {
    let data = data(&configuration(Rule::Sgdm));
    let batches = data.train(1, 0).unwrap().take(n);
    batches.map(Result::unwrap).collect()
}

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a - b).abs().max().double_value(&[])
}

fn copies(tensors: Vec<&Tensor>) -> Vec<Tensor> {
    tensors
        .iter()
        .map(|tensor| tensor.detach().copy())
        .collect()
}
