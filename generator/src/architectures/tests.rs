use super::*;
use crate::examples::Examples;
use crate::network::{Keep, Mode, Network, Signal};
use crate::testing::{distance, feedback_alignment, learn, run};
use engram_plan::learning_rule::Momentum;
use engram_plan::{LearningRuleSettings, RunConfiguration, TaskSettings};
use engram_schemas::Task;
use tch::{Device, Kind};

fn sgdm() -> LearningRuleSettings {
    LearningRuleSettings::Sgdm(Momentum::default())
}

/// A run of `architecture` on random images of `side` pixels in five classes.
fn configuration(
    architecture: Architecture,
    side: usize,
    settings: LearningRuleSettings,
) -> RunConfiguration {
    let mut configuration = run(architecture, settings).configuration;
    configuration.task = TaskSettings {
        n_classes: Some(5),
        image_size: Some(side),
        ..TaskSettings::new(Task::ImageFolder)
    };
    configuration
}

fn batch(side: usize, n: i64) -> Examples {
    let size = n * 3 * (side * side) as i64;
    let waves = (Tensor::arange(size, (Kind::Float, Device::Cpu)) * 0.7).sin();
    Examples {
        inputs: waves.view([n, 3, side as i64, side as i64]),
        labels: Tensor::arange(n, (Kind::Int64, Device::Cpu)).remainder(5),
    }
}

/// Smallest sizes that the architectures take, and odd ones.
const SIZES: [(Architecture, &[usize]); 10] = [
    (Architecture::Knet4, &[8, 9]),
    (Architecture::Knet4Lrn, &[8]),
    (Architecture::Knet5, &[8]),
    (Architecture::Knet5Lrn, &[15]),
    (Architecture::Alexnet, &[67]),
    (Architecture::AlexnetLrn, &[67]),
    (Architecture::Resnet18, &[8, 33]),
    (Architecture::Resnet18v2, &[8, 33]),
    (Architecture::Resnet34, &[32]),
    (Architecture::Resnet34v2, &[32]),
];

#[test]
fn every_layer_has_the_units_that_the_plan_says() {
    for (architecture, sides) in SIZES {
        for &side in sides {
            for task in [Task::ImageFolder, Task::DigitsSimclr] {
                let mut configuration = configuration(architecture, side, sgdm());
                if task == Task::DigitsSimclr {
                    configuration.task = TaskSettings {
                        image_size: Some(side),
                        ..TaskSettings::new(task)
                    };
                }
                let network = Network::new(&configuration, Signal::Forward, Device::Cpu).unwrap();
                let inputs = batch(side, 2).inputs;
                let mode = Mode::Train { step: 0 };
                let (outputs, records) =
                    network.forward(&inputs, mode, Signal::Forward, Keep::Records);
                assert_eq!(records.len(), network.layers.len(), "{architecture}");
                for (layer, record) in network.layers.iter().zip(&records) {
                    let n_units = record.output.numel() / 2;
                    assert_eq!(
                        n_units, layer.spec.n_units,
                        "{architecture} {}",
                        layer.spec.name
                    );
                }
                let n_outputs = if task == Task::DigitsSimclr { 128 } else { 5 };
                assert_eq!(outputs.size(), [2, n_outputs]);
            }
        }
    }
}

/// Kernels, biases and the two parameters of every normalised channel.
#[test]
fn parameters_are_counted_as_published() {
    let count = |architecture| {
        let mut configuration = run(architecture, sgdm()).configuration;
        configuration.task = TaskSettings::new(Task::Imagenet);
        let network = Network::new(&configuration, Signal::Forward, Device::Cpu).unwrap();
        let parameters = network.parameters();
        parameters
            .iter()
            .map(|parameter| parameter.numel())
            .sum::<usize>()
    };
    assert_eq!(count(Architecture::Resnet18), 11_693_736);
    // In a pre-activation network a block's first normalisation has the channels that it reads, the stem and the
    // projections have none, and one of 512 channels ends the backbone.
    let post = [64, 64, 128, 256, 512].iter().sum::<usize>();
    let pre: usize = [(64, 64), (64, 128), (128, 256), (256, 512)]
        .iter()
        .map(|(read, own)| read + own + 2 * own)
        .sum::<usize>()
        + 512;
    let in_blocks: usize = [64, 128, 256, 512].iter().map(|own| 4 * own).sum();
    let expected = 11_693_736 - 2 * (post + in_blocks) + 2 * pre;
    assert_eq!(count(Architecture::Resnet18v2), expected);
    // AlexNet's convolutions and dense layers with their biases, from the shapes.
    let convolutions = [
        (3, 96, 11),
        (96, 256, 5),
        (256, 384, 3),
        (384, 384, 4),
        (384, 256, 3),
    ];
    let convolutions: usize = convolutions
        .iter()
        .map(|(inputs, outputs, size)| inputs * outputs * size * size + outputs)
        .sum();
    let dense = [(256 * 5 * 5, 4096), (4096, 4096), (4096, 1000)];
    let dense: usize = dense
        .iter()
        .map(|(inputs, outputs)| inputs * outputs + outputs)
        .sum();
    assert_eq!(count(Architecture::AlexnetLrn), convolutions + dense);
}

#[test]
fn with_b_equal_to_w_residual_networks_and_alexnet_follow_backpropagation() {
    for (architecture, side) in [
        (Architecture::Resnet18, 16),
        (Architecture::Resnet18v2, 16),
        (Architecture::Alexnet, 67),
    ] {
        let batch = batch(side, 4);
        let both = [feedback_alignment(), sgdm()].map(|settings| {
            let configuration = configuration(architecture, side, settings);
            let mut rule = crate::learning_rules::new(&configuration);
            let mut network = Network::new(&configuration, rule.signal(), Device::Cpu).unwrap();
            for layer in &mut network.layers {
                layer.feedback = layer
                    .feedback
                    .as_ref()
                    .map(|_| layer.kernel.detach().copy());
            }
            learn(&mut network, rule.as_mut(), &batch);
            network
        });
        let apart = distance(&both[0], &both[1]);
        assert!(apart < 1e-5, "{architecture}: {apart}");
    }
}

#[test]
fn large_architectures_learn_a_small_batch() {
    for (architecture, side, rate) in [
        (Architecture::Resnet18, 32, 0.05),
        (Architecture::Resnet18v2, 32, 0.05),
        (Architecture::AlexnetLrn, 67, 0.0001),
    ] {
        for settings in [sgdm(), feedback_alignment()] {
            let mut configuration = configuration(architecture, side, settings.clone());
            configuration.learning_rate = rate;
            let mut rule = crate::learning_rules::new(&configuration);
            let mut network = Network::new(&configuration, rule.signal(), Device::Cpu).unwrap();
            let batch = batch(side, 10);
            let mut losses = Vec::new();
            for step in 0..20 {
                let mode = Mode::Train { step };
                let (outputs, records) =
                    network.forward(&batch.inputs, mode, rule.signal(), rule.keep());
                let loss = outputs.cross_entropy_for_logits(&batch.labels);
                rule.step(&mut network, &loss, &records, 1.0);
                losses.push(match architecture {
                    // Without its dropout, which makes single losses uneven; it has no normalisation by batch.
                    Architecture::AlexnetLrn => {
                        let (mode, signal) = (Mode::Evaluate, Signal::Forward);
                        let (outputs, _) =
                            network.forward(&batch.inputs, mode, signal, Keep::Nothing);
                        let loss = outputs.cross_entropy_for_logits(&batch.labels);
                        loss.double_value(&[])
                    }
                    _ => loss.double_value(&[]),
                });
            }
            let rule = settings.rule();
            assert!(
                losses[19] < 0.8 * losses[0],
                "{architecture} {rule}: {losses:?}"
            );
        }
    }
}

/// A pass in evaluation does not depend on what else is in the batch, and drops nothing out.
#[test]
fn evaluation_looks_at_each_example_alone() {
    let configuration = configuration(Architecture::Alexnet, 67, sgdm());
    let network = Network::new(&configuration, Signal::Forward, Device::Cpu).unwrap();
    let inputs = batch(67, 3).inputs;
    let pass = |inputs: &Tensor| {
        network
            .forward(inputs, Mode::Evaluate, Signal::Forward, Keep::Nothing)
            .0
    };
    let (all, one) = (pass(&inputs), pass(&inputs.narrow(0, 1, 1)));
    assert!((all.narrow(0, 1, 1) - one).abs().max().double_value(&[]) < 1e-5);
}
