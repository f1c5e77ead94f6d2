//! That every rule learns, and goes on from a stored state as if nothing had happened.

use std::collections::BTreeMap;

use engram_generator::examples::Data;
use engram_generator::network::{Keep, Mode};
use engram_generator::objective::Objective;
use engram_plan::learning_rule::AlignmentOptimizer;
use engram_plan::{LearningRuleSettings as Settings, RunConfiguration};
use engram_schemas::LearningRule as Rule;
use tch::Tensor;

use crate::{Pupil, batches, configuration, data};

/// As the sweep `digits-rules` has it: feedback kernels follow their losses by Adam.
fn tuned(rule: Rule) -> RunConfiguration {
    let mut configuration = configuration(rule);
    configuration.weight_decay = 1e-5;
    let optimizer = match &mut configuration.learning_rule {
        Settings::InformationAlignment(settings) => &mut settings.alignment_optimizer,
        Settings::WeightMirror(settings) => &mut settings.alignment_optimizer,
        Settings::SymmetricAlignment(settings) => &mut settings.alignment_optimizer,
        Settings::ActivationAlignment(settings) => &mut settings.alignment_optimizer,
        _ => return configuration,
    };
    *optimizer = AlignmentOptimizer::Adam;
    configuration.alignment_learning_rate = Some(1e-3);
    configuration
}

/// Share of the validation examples that are told right.
fn accuracy(pupil: &Pupil, data: &Data) -> f64 {
    let (mut right, mut n) = (0, 0);
    for batch in data.validation(None, 256).unwrap() {
        let batch = batch.unwrap();
        let signal = pupil.rule.signal();
        let (outputs, _) =
            pupil
                .network
                .forward(&batch.inputs, Mode::Evaluate, signal, Keep::Nothing);
        right += Objective::Classify
            .n_correct(&outputs, &batch.labels)
            .unwrap();
        n += batch.len();
    }
    right as f64 / n as f64
}

#[test]
fn every_rule_learns() {
    for &rule in Rule::ALL {
        let configuration = tuned(rule);
        let data = data(&configuration);
        let mut pupil = Pupil::new(&configuration);
        for epoch in 1..=4 {
            for batch in data.train(epoch, 0).unwrap() {
                pupil.learn(&batch.unwrap(), 1.0);
            }
        }
        let accuracy = accuracy(&pupil, &data);
        println!("{rule}: {accuracy:.4}");
        assert!(accuracy > 0.8, "{rule}: {accuracy}");
    }
}

#[test]
fn a_restored_rule_goes_on_bit_for_bit() {
    let batches = batches(4);
    for &rule in Rule::ALL {
        let configuration = configuration(rule);
        let mut first = Pupil::new(&configuration);
        for batch in &batches[..2] {
            first.learn(batch, 0.5);
        }
        let copied = |state: Vec<(String, Tensor)>| -> BTreeMap<String, Tensor> {
            let state = state.into_iter();
            state
                .map(|(name, tensor)| (name, tensor.detach().copy()))
                .collect()
        };
        let mut second = Pupil::new(&configuration);
        second.steps = first.steps;
        second
            .network
            .restore(&copied(first.network.state()))
            .unwrap();
        second.rule.restore(&copied(first.rule.state())).unwrap();
        for batch in &batches[2..] {
            first.learn(batch, 1.0);
            second.learn(batch, 1.0);
        }
        let (first, second) = (
            (first.network.state(), first.rule.state()),
            (second.network.state(), second.rule.state()),
        );
        for (a, b) in [(first.0, second.0), (first.1, second.1)] {
            assert_eq!(a.len(), b.len());
            for ((name, a), (_, b)) in a.iter().zip(&b) {
                assert_eq!(a, b, "{rule}: {name}");
            }
        }
    }
}
