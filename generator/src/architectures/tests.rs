//! Every architecture's pass: sizes, parameters, and values against plain loops.

use std::collections::BTreeMap;

use engram_plan::learning_rule::Momentum;
use engram_plan::{
    Initialization, LearningRuleSettings, Observation, RunConfiguration, Schedule, TaskSettings,
};
use engram_schemas::{Task, randomness};
use rand_distr::{Distribution, StandardNormal};
use tch::{Device, Kind};

use super::*;
use crate::network::{Keep, Mode, Network, Signal};

mod learning;
mod passes;
mod reference;
mod values;

const TRAIN: Mode = Mode::Train { step: 0 };

/// A run on images of `side` pixels, in ten classes or, for a contrastive task, none.
fn configuration(architecture: Architecture, task: Task, side: usize) -> RunConfiguration {
    let mut task = TaskSettings::new(task);
    task.image_size = Some(side);
    if matches!(task.name, Task::Imagenet | Task::Wsn) {
        task.n_classes = Some(10);
    }
    RunConfiguration {
        task,
        architecture,
        initialization: Initialization::Published,
        learning_rule: LearningRuleSettings::Sgdm(Momentum::default()),
        learning_rate: 0.05,
        alignment_learning_rate: None,
        weight_decay: 0.0,
        batch_size: 4,
        model_seed: 5,
        dataset_seed: 0,
        epochs: 1,
        checkpoint_every: 1,
        observation: Observation::default(),
        schedule: Schedule::default(),
        gradient_clip_norm: None,
        lars: None,
    }
}

fn network(configuration: &RunConfiguration, signal: Signal) -> Network {
    // Tests run side by side.
    tch::set_num_threads(1);
    Network::new(configuration, signal, Device::Cpu).unwrap()
}

/// Standard normal numbers of the given shape.
fn draw(shape: &[i64], seed: u64) -> Tensor {
    let n: i64 = shape.iter().product();
    let values: Vec<f32> = StandardNormal
        .sample_iter(randomness::generator("test", seed, 0))
        .take(n as usize)
        .collect();
    Tensor::from_slice(&values).reshape(shape)
}

/// Images for a network of `configuration`.
fn images(configuration: &RunConfiguration, n: i64) -> Tensor {
    let [channels, height, width] = configuration.task.input_shape().map(|size| size as i64);
    draw(&[n, channels, height, width], 7)
}

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

/// A size that the architecture takes, as small as that is useful.
fn small(architecture: Architecture) -> usize {
    match architecture {
        Architecture::Alexnet | Architecture::AlexnetLrn => 67,
        _ => 8,
    }
}
