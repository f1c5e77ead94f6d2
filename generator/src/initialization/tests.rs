//! Moments and bounds of what is drawn against the published distributions.

use engram_plan::learning_rule::Momentum;
use engram_plan::{LearningRuleSettings, Observation, Schedule, TaskSettings};
use engram_schemas::Task;
use tch::Kind;

use super::*;

fn configuration(
    architecture: Architecture,
    initialization: Initialization,
    task: Task,
) -> RunConfiguration {
    RunConfiguration {
        task: TaskSettings {
            image_size: Some(67),
            ..TaskSettings::new(task)
        },
        architecture,
        initialization,
        learning_rule: LearningRuleSettings::Sgdm(Momentum::default()),
        learning_rate: 0.1,
        alignment_learning_rate: None,
        weight_decay: 0.0,
        batch_size: 4,
        model_seed: 1,
        dataset_seed: 1,
        epochs: 1,
        checkpoint_every: 1,
        observation: Observation::default(),
        schedule: Schedule::default(),
        gradient_clip_norm: None,
        lars: None,
    }
}

/// Mean, standard deviation and largest size of the first `n` entries that are drawn for a layer, with its number of
/// entries.
fn moments(configuration: &RunConfiguration, name: &str) -> (f64, f64, f64, f64) {
    let specs = configuration.layers().unwrap();
    let index = specs.iter().position(|spec| spec.name == name).unwrap();
    let kernel = kernel(configuration, &specs[index], index, "forward kernel");
    let kernel = kernel.to_kind(Kind::Double);
    let of = |tensor: Tensor| tensor.double_value(&[]);
    let n = specs[index].n_weights() as f64;
    (
        of(kernel.mean(Kind::Double)),
        of(kernel.std(false)),
        of(kernel.abs().max()),
        n,
    )
}

/// Share of a normal distribution's standard deviation that is left when it is cut at two of them, by its formula:
/// 1 - 4 phi(2) / (2 Phi(2) - 1), the root of which it is.
fn kept_by_the_cut() -> f64 {
    let density = (-2.0f64).exp() / (2.0 * std::f64::consts::PI).sqrt();
    // 2 Phi(2) - 1, the probability within two standard deviations.
    let inside = 0.954_499_736_103_642;
    (1.0f64 - 4.0 * density / inside).sqrt()
}

/// The standard deviation within five of its own standard errors, the mean likewise, nothing beyond `bound`.
fn assert_drawn(configuration: &RunConfiguration, name: &str, stddev: f64, bound: f64) {
    let (mean, found, largest, n) = moments(configuration, name);
    let what = format!("{} {name}", configuration.architecture);
    assert!(mean.abs() < 5.0 * stddev / n.sqrt(), "{what}: mean {mean}");
    let error = (found / stddev - 1.0).abs();
    assert!(
        error < 5.0 / (2.0 * n).sqrt(),
        "{what}: standard deviation {found}, not {stddev}"
    );
    assert!(largest <= bound, "{what}: {largest} is beyond {bound}");
    // The edge of a bounded distribution is reached in so many draws.
    assert!(
        bound.is_infinite() || largest > 0.95 * bound,
        "{what}: {largest} of {bound}"
    );
}

#[test]
fn published_kernels_have_their_distributions() {
    use Architecture::{AlexnetLrn, Knet5, Resnet18, Resnet34v2};
    let published =
        |architecture| configuration(architecture, Initialization::Published, Task::Imagenet);
    let kept = kept_by_the_cut();
    assert!((kept - TRUNCATED_STDDEV).abs() < 1e-9);
    let alexnet = published(AlexnetLrn);
    for (name, fans) in [("conv1", (3 + 96) * 121), ("conv4", (384 + 384) * 16)] {
        let limit = (6.0 / f64::from(fans)).sqrt();
        assert_drawn(&alexnet, name, limit / 3f64.sqrt(), limit);
    }
    assert_drawn(&alexnet, "fc6", 0.01 * kept, 0.02);
    let resnet = published(Resnet18);
    for (name, fan_in) in [
        ("conv1", 147.0f64),
        ("group2_block1_projection", 64.0),
        ("group2_block1_conv1", 576.0),
    ] {
        let stddev = fan_in.powf(-0.5);
        assert_drawn(&resnet, name, stddev, 2.0 * stddev / kept);
    }
    assert_drawn(&resnet, "fc", 0.01, f64::INFINITY);
    assert_drawn(
        &published(Resnet34v2),
        "group3_block6_conv1",
        2304f64.powf(-0.5),
        2.0 * 2304f64.powf(-0.5) / kept,
    );
    let knet = published(Knet5);
    assert_drawn(&knet, "conv1", 1e-4, f64::INFINITY);
    assert_drawn(&knet, "conv2", 1e-2, f64::INFINITY);
    let contrastive = configuration(Resnet18, Initialization::Published, Task::Simclr);
    for name in ["head1", "head2"] {
        assert_drawn(&contrastive, name, 1e-2, f64::INFINITY);
    }
}

#[test]
fn fan_in_kernels_are_normal_for_every_architecture() {
    for &architecture in Architecture::ALL {
        let configuration = configuration(architecture, Initialization::FanIn, Task::Imagenet);
        let spec = &configuration.layers().unwrap()[1];
        let stddev = (2.0 / spec.kernel.fan_in() as f64).sqrt();
        assert_drawn(&configuration, &spec.name, stddev, f64::INFINITY);
    }
}

#[test]
fn the_biases_of_alexnets_hidden_dense_layers_start_at_a_tenth() {
    let biases = |initialization| {
        let configuration = configuration(Architecture::Alexnet, initialization, Task::Imagenet);
        let specs = configuration.layers().unwrap();
        specs
            .iter()
            .map(|spec| bias(&configuration, spec))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        biases(Initialization::Published),
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.1, 0.0]
    );
    assert_eq!(biases(Initialization::FanIn), [0.0; 8]);
}

#[test]
fn forward_and_feedback_kernels_are_independent_draws() {
    let configuration = configuration(
        Architecture::Resnet18,
        Initialization::Published,
        Task::Imagenet,
    );
    let specs = configuration.layers().unwrap();
    let draw = |purpose| {
        kernel(&configuration, &specs[2], 2, purpose)
            .to_kind(Kind::Double)
            .view([-1])
    };
    let (forward, feedback) = (draw("forward kernel"), draw("feedback kernel"));
    assert_eq!(forward, draw("forward kernel"));
    let cosine = forward.dot(&feedback) / (forward.norm() * feedback.norm());
    // The cosine of independent directions has a standard deviation of 1 / sqrt(n).
    let n = specs[2].n_weights() as f64;
    assert!(cosine.double_value(&[]).abs() < 5.0 / n.sqrt());
}
