//! Newton's method for the squared hinge loss of one class against the others.
//!
//! The objective is convex and piecewise quadratic: on the examples that violate their margin (the active ones) it is a
//! quadratic function, elsewhere zero but for the regularisation. A Newton step solves the quadratic of the present
//! piece; a line search along it is exact. The step lands on the minimum as soon as the active examples are the right
//! ones, so the number of steps is finite and small, whatever C, where coordinate descent needs more passes the larger C
//! is; the module `piece` solves it. Separable classes and a large C are the hard case, in which the active examples dwindle
//! to a few; there the search follows C upwards.
//!
//! Everything is `f64`: at C = 5e6 the regularisation is 1e-7 beside sums of the order of the number of examples,
//! a ratio that `f32` cannot hold.
//!
//! # References
//! Mangasarian, "A finite Newton method for classification", Optimization Methods and Software 17, 2002. Keerthi and
//! DeCoste, "A modified finite Newton method for fast solution of large scale linear SVMs", JMLR 6, 2005: here with a
//! direct solution of the step in place of conjugate gradients, which ill-conditioned features would slow down.

use super::design::Design;
use super::line_search::distance_to_minimum;
use super::piece::{Piece, Products};
use crate::gram::dot;

/// Where C is to rise by more than this, searches for C between are put in: without them, separable classes take many
/// times as many steps.
const C_RISE: f64 = 30.0;

/// Tolerance of the searches between.
const TOLERANCE_BETWEEN: f64 = 1e-3;

/// Share of its first value to which a line search brings the slope.
const LINE_TOLERANCE: f64 = 1e-13;

/// The search for one class's weights; it goes on from where it stands when C changes.
pub(super) struct Newton<'a> {
    design: &'a Design,
    /// 1 for the class's examples, -1 for the others.
    signs: Vec<f64>,
    weights: Vec<f64>,
    /// Inner products of the examples with the weights.
    outputs: Vec<f64>,
    piece: Piece<'a>,
    /// The largest C that a search has been for.
    c: f64,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) n_iterations: usize,
    pub(super) has_converged: bool,
}

impl<'a> Newton<'a> {
    /// Starts at zero weights, where every example is active; `products` are the design's.
    pub(super) fn new(design: &'a Design, products: &'a Products, signs: Vec<f64>) -> Self {
        Self {
            design,
            weights: vec![0.0; design.width()],
            outputs: vec![0.0; design.n_rows()],
            piece: Piece::new(design, products),
            c: 1.0 / C_RISE,
            signs,
        }
    }

    /// The weights, the intercept last.
    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Minimises half the squared length of the weights plus `c` times the sum of the squared hinge losses, from the
    /// present weights, which are best those of a smaller C. The last step is the first that promises to lower the
    /// objective by at most `tolerance` of it.
    pub(super) fn minimise(&mut self, c: f64, tolerance: f64, max_iterations: usize) -> Ending {
        let mut n_iterations = 0;
        while self.c * C_RISE < c {
            self.c *= C_RISE;
            let tolerance = tolerance.max(TOLERANCE_BETWEEN);
            n_iterations += self
                .descend(self.c, tolerance, max_iterations - n_iterations)
                .n_iterations;
        }
        self.c = self.c.max(c);
        let ending = self.descend(c, tolerance, max_iterations - n_iterations);
        Ending {
            n_iterations: n_iterations + ending.n_iterations,
            ..ending
        }
    }

    /// The search for one C.
    ///
    /// What a step promises is half its product with the gradient. Unlike the gradient's norm that weighs every direction
    /// by its curvature, so that it means the same at every C and for features of any scale.
    fn descend(&mut self, c: f64, tolerance: f64, max_iterations: usize) -> Ending {
        // The objective over 2 C: its regularisation is this times half the squared length.
        let ridge = 0.5 / c;
        for iteration in 1..=max_iterations {
            let gradient = self.gradient(ridge);
            let step = self.piece.step(
                self.design,
                &self.signs,
                &self.active(),
                (&self.weights, &gradient),
                ridge,
            );
            let is_last = -0.5 * dot(&gradient, &step) <= tolerance * self.objective(ridge);
            let rates = self.design.times(&step);
            let length = self.line_search(ridge, &step, &rates);
            add_scaled(&mut self.weights, length, &step);
            add_scaled(&mut self.outputs, length, &rates);
            if is_last {
                return Ending {
                    n_iterations: iteration,
                    has_converged: true,
                };
            }
        }
        Ending {
            n_iterations: max_iterations,
            has_converged: false,
        }
    }

    /// The objective over 2 C.
    fn objective(&self, ridge: f64) -> f64 {
        let losses: f64 = self
            .signs
            .iter()
            .zip(&self.outputs)
            .map(|(sign, output)| (1.0 - sign * output).max(0.0).powi(2))
            .sum();
        0.5 * (ridge * dot(&self.weights, &self.weights) + losses)
    }

    /// The objective's gradient over 2 C.
    fn gradient(&self, ridge: f64) -> Vec<f64> {
        let pulls: Vec<f64> = self
            .signs
            .iter()
            .zip(&self.outputs)
            .map(|(sign, output)| sign * (1.0 - sign * output).max(0.0))
            .collect();
        let mut gradient = self.design.weighted_sum(&pulls);
        for (slope, weight) in gradient.iter_mut().zip(&self.weights) {
            *slope = ridge * weight - *slope;
        }
        gradient
    }

    /// Which examples violate their margin now.
    fn active(&self) -> Vec<bool> {
        let examples = self.signs.iter().zip(&self.outputs);
        examples.map(|(sign, output)| sign * output < 1.0).collect()
    }

    /// How far to go along `step`, whose inner products with the examples are `rates`: to where the slope, which is piecewise
    /// linear and rises, is zero.
    fn line_search(&self, ridge: f64, step: &[f64], rates: &[f64]) -> f64 {
        let (along, squared) = (dot(&self.weights, step), dot(step, step));
        let slope_and_curvature = |length: f64| {
            let (mut slope, mut curvature) = (ridge * (along + length * squared), ridge * squared);
            for ((sign, output), rate) in self.signs.iter().zip(&self.outputs).zip(rates) {
                let violation = 1.0 - sign * (output + length * rate);
                if violation > 0.0 {
                    slope -= violation * sign * rate;
                    curvature += rate * rate;
                }
            }
            (slope, curvature)
        };
        distance_to_minimum(LINE_TOLERANCE, slope_and_curvature)
    }
}

fn add_scaled(values: &mut [f64], factor: f64, others: &[f64]) {
    for (value, other) in values.iter_mut().zip(others) {
        *value += factor * other;
    }
}
