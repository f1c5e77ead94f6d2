//! Steps along gradients. The state is plain tensors in the parameters' order, so that it can be read and stored.

use std::collections::BTreeMap;
use std::ops::Range;

use tch::Tensor;

use crate::checkpoint::missing;
use crate::native::{self, AdamStep, MomentumStep};
use crate::{Error, Result};

/// Gradient descent with momentum: v = m v + g, w = w - rate v; Nesterov's w = w - rate (g + m v).
///
/// # References
/// Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, in the form in
/// which the rate multiplies the velocity.
#[derive(Debug)]
pub struct MomentumDescent {
    momentum: f64,
    nesterov: bool,
    velocities: Vec<Tensor>,
}

impl MomentumDescent {
    /// An optimizer at rest.
    pub fn new(momentum: f64, nesterov: bool) -> Self {
        Self {
            momentum,
            nesterov,
            velocities: Vec::new(),
        }
    }
}

/// Adam with bias correction.
///
/// # References
/// Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, algorithm 1.
#[derive(Debug)]
pub struct Adam {
    settings: engram_plan::learning_rule::Adam,
    steps: i32,
    means: Vec<Tensor>,
    squares: Vec<Tensor>,
}

impl Adam {
    /// An optimizer at rest.
    pub fn new(settings: engram_plan::learning_rule::Adam) -> Self {
        Self {
            settings,
            steps: 0,
            means: Vec::new(),
            squares: Vec::new(),
        }
    }
}

/// An L2 penalty on some of the parameters: `coefficient` times the parameter is part of its gradient.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Penalty {
    /// The parameters that it is on are the first so many.
    pub n_parameters: usize,
    /// Its coefficient.
    pub coefficient: f64,
}

/// Something that changes parameters, given their gradients.
pub trait Optimizer: Send {
    /// Steps every parameter in place; the `gradients` stay as they are. They are in the order of `parameters`, which is
    /// the same in every call.
    fn step(
        &mut self,
        parameters: &[&Tensor],
        gradients: &[Tensor],
        learning_rate: f64,
        penalty: Penalty,
    );

    /// The state by name. It is empty before the first step.
    fn state(&self) -> Vec<(String, Tensor)>;

    /// Takes a state that [`Optimizer::state`] gave, so that the next step is the one that would have followed.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when a part of it lacks.
    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()>;
}

/// The tensors of a list by name and place.
fn named(name: &str, tensors: &[Tensor]) -> Vec<(String, Tensor)> {
    let tensors = tensors.iter().enumerate();
    tensors
        .map(|(place, tensor)| (format!("{name}.{place:04}"), tensor.shallow_clone()))
        .collect()
}

/// The list that [`named`] gave, from place 0 on.
fn listed(name: &str, state: &BTreeMap<String, Tensor>) -> Vec<Tensor> {
    let places = (0..).map(|place| state.get(&format!("{name}.{place:04}")));
    places
        .map_while(|tensor| tensor.map(Tensor::copy))
        .collect()
}

const VELOCITY: &str = "velocity";
const STEPS: &str = "steps";
const MEAN: &str = "mean";
const SQUARE: &str = "square";

/// The two ranges of `n` parameters, with and without the penalty, and its coefficient in each.
fn ranges(n: usize, penalty: Penalty) -> [(Range<usize>, f64); 2] {
    let n_penalised = penalty.n_parameters.min(n);
    [(0..n_penalised, penalty.coefficient), (n_penalised..n, 0.0)]
}

fn zeros_like(parameters: &[&Tensor]) -> Vec<Tensor> {
    parameters
        .iter()
        .map(|parameter| parameter.detach().zeros_like())
        .collect()
}

impl Optimizer for MomentumDescent {
    fn step(
        &mut self,
        parameters: &[&Tensor],
        gradients: &[Tensor],
        learning_rate: f64,
        penalty: Penalty,
    ) {
        if self.velocities.is_empty() {
            self.velocities = zeros_like(parameters);
        }
        for (range, weight_decay) in ranges(parameters.len(), penalty) {
            native::momentum_step(
                &parameters[range.clone()],
                &gradients[range.clone()],
                &self.velocities[range],
                MomentumStep {
                    weight_decay,
                    momentum: self.momentum,
                    learning_rate,
                    nesterov: self.nesterov,
                },
            );
        }
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        named(VELOCITY, &self.velocities)
    }

    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        self.velocities = listed(VELOCITY, state);
        Ok(())
    }
}

impl Optimizer for Adam {
    fn step(
        &mut self,
        parameters: &[&Tensor],
        gradients: &[Tensor],
        learning_rate: f64,
        penalty: Penalty,
    ) {
        if self.means.is_empty() {
            self.means = zeros_like(parameters);
            self.squares = zeros_like(parameters);
        }
        self.steps += 1;
        for (range, weight_decay) in ranges(parameters.len(), penalty) {
            native::adam_step(
                &parameters[range.clone()],
                &gradients[range.clone()],
                &self.means[range.clone()],
                &self.squares[range],
                &AdamStep {
                    step: self.steps,
                    weight_decay,
                    learning_rate,
                    beta1: self.settings.beta1,
                    beta2: self.settings.beta2,
                    epsilon: self.settings.epsilon,
                },
            );
        }
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = named(MEAN, &self.means);
        state.extend(named(SQUARE, &self.squares));
        state.push((STEPS.to_owned(), Tensor::from(i64::from(self.steps))));
        state
    }

    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        let steps = state.get(STEPS).ok_or_else(|| missing(STEPS))?;
        self.steps = i32::try_from(steps.int64_value(&[])).map_err(|_| Error::Checkpoint {
            reason: "its number of steps is out of range".to_owned(),
        })?;
        self.means = listed(MEAN, state);
        self.squares = listed(SQUARE, state);
        Ok(())
    }
}
