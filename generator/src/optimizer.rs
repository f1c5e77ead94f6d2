//! Steps along gradients. The state is plain tensors in the parameters' order, so that it can be read and stored.

use std::collections::BTreeMap;

use tch::Tensor;

use crate::checkpoint::missing;
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

/// Something that changes parameters, given their gradients.
pub trait Optimizer: Send {
    /// Steps every parameter in place. `gradients` are in the order of `parameters`, which is the same in every call.
    fn step(&mut self, parameters: &[&Tensor], gradients: &[Tensor], learning_rate: f64);

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

impl Optimizer for MomentumDescent {
    fn step(&mut self, parameters: &[&Tensor], gradients: &[Tensor], learning_rate: f64) {
        tch::no_grad(|| {
            if self.velocities.is_empty() {
                self.velocities = gradients.iter().map(Tensor::zeros_like).collect();
            }
            for ((parameter, gradient), velocity) in
                parameters.iter().zip(gradients).zip(&mut self.velocities)
            {
                let _ = velocity.g_mul_scalar_(self.momentum).g_add_(gradient);
                let change = if self.nesterov {
                    gradient + &*velocity * self.momentum
                } else {
                    velocity.shallow_clone()
                };
                let _ = parameter.shallow_clone().g_sub_(&(change * learning_rate));
            }
        });
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
    fn step(&mut self, parameters: &[&Tensor], gradients: &[Tensor], learning_rate: f64) {
        tch::no_grad(|| {
            if self.means.is_empty() {
                self.means = gradients.iter().map(Tensor::zeros_like).collect();
                self.squares = gradients.iter().map(Tensor::zeros_like).collect();
            }
            self.steps += 1;
            let (beta1, beta2) = (self.settings.beta1, self.settings.beta2);
            let mean_correction = 1.0 - beta1.powi(self.steps);
            let square_correction = 1.0 - beta2.powi(self.steps);
            let state = self.means.iter_mut().zip(&mut self.squares);
            for ((parameter, gradient), (mean, square)) in
                parameters.iter().zip(gradients).zip(state)
            {
                let _ = mean
                    .g_mul_scalar_(beta1)
                    .g_add_(&(gradient * (1.0 - beta1)));
                let _ = square
                    .g_mul_scalar_(beta2)
                    .g_add_(&(gradient.square() * (1.0 - beta2)));
                let scale = (&*square / square_correction).sqrt() + self.settings.epsilon;
                let change = &*mean / scale * (learning_rate / mean_correction);
                let _ = parameter.shallow_clone().g_sub_(&change);
            }
        });
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

#[cfg(test)]
mod tests {
    use super::*;

    fn stepped(optimizer: &mut dyn Optimizer, gradients: &[f64]) -> f64 {
        let parameter = Tensor::from_slice(&[1.0f64]);
        for gradient in gradients {
            optimizer.step(&[&parameter], &[Tensor::from_slice(&[*gradient])], 0.1);
        }
        parameter.double_value(&[0])
    }

    #[test]
    fn momentum_adds_up() {
        // v: 1, then 0.9 + 2 = 2.9. w: 1 - 0.1, then 0.9 - 0.29.
        let w = stepped(&mut MomentumDescent::new(0.9, false), &[1.0, 2.0]);
        assert!((w - 0.61).abs() < 1e-12, "{w}");
        // Steps of 1 + 0.9 and 2 + 0.9 * 2.9.
        let w = stepped(&mut MomentumDescent::new(0.9, true), &[1.0, 2.0]);
        assert!((w - (1.0 - 0.19 - 0.461)).abs() < 1e-12, "{w}");
    }

    #[test]
    fn adam_steps_by_the_rate_at_first() {
        let mut adam = Adam::new(engram_plan::learning_rule::Adam::default());
        let w = stepped(&mut adam, &[3.0]);
        assert!((w - 0.9).abs() < 1e-8, "{w}");
        // Second step by hand: mean (0.9 * 0.3 + 0.1 * -1) / 0.19, square (0.999 * 0.009 + 0.001) / 0.001999.
        let mut adam = Adam::new(engram_plan::learning_rule::Adam::default());
        let w = stepped(&mut adam, &[3.0, -1.0]);
        let change = 0.1 * (0.17 / 0.19) / ((0.009991f64 / 0.001999).sqrt() + 1e-8);
        assert!((w - (0.9 - change)).abs() < 1e-8, "{w}");
    }
}
