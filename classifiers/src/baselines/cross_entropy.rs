//! Minimises the cross-entropy of a softmax over weighted sums of inputs: what logistic regression fits.
//!
//! Conjugate gradients, preconditioned by a bound of the Hessian that never changes: the inputs' Gram matrix, decomposed
//! once. So the inputs' scales and correlations do not slow the search down, as they do with L-BFGS. The line search is by
//! Newton's method and costs no product with the examples: along a line the outputs change linearly.
//!
//! # References
//! Boehning, "Multinomial logistic regression algorithm", Annals of the Institute of Statistical Mathematics 44, 1992: the
//! bound. Nocedal and Wright, "Numerical Optimization", 2nd edition, section 5.2: the directions (Polak and Ribiere's).

use rayon::prelude::*;

use crate::design::Design;
use crate::gram::dot;
use crate::line_search::distance_to_minimum;
use crate::linear_svm::softmax;

/// Ends the search when a step promises to lower the objective by no more than this share of it.
const TOLERANCE: f64 = 1e-10;

/// Most steps; a search that they end has found weights that are good enough to compare with.
const MAX_ITERATIONS: usize = 2000;

/// Share of its first value to which a line search brings the slope.
const LINE_TOLERANCE: f64 = 1e-3;

/// Rows that one task works on: fixed, so that sums are the same on any number of threads.
const ROWS_AT_ONCE: usize = 512;

/// The weights of every score, the intercept last, that minimise the cross-entropy of all examples plus `alpha / 2` times
/// the squared length of the weights (intercepts excepted). `classes` are the examples', of `n_classes`. Of two classes
/// there is one score, the second one's, and the first one's is zero; else every class has one.
pub(super) fn minimise(
    design: &Design,
    classes: &[usize],
    n_classes: usize,
    alpha: f64,
) -> Vec<Vec<f64>> {
    let n_scores = if n_classes == 2 { 1 } else { n_classes };
    let width = design.width();
    let objective = Objective {
        classes,
        n_classes,
        n_scores,
    };
    // The Hessian is at most this for two classes and at most twice this for more.
    let mut bound = design.gram();
    bound.scale(0.25);
    (0..width - 1).for_each(|input| bound.add_at(input, alpha));
    let bound = bound.decompose();

    let mut weights = vec![0.0; n_scores * width];
    let mut outputs = vec![0.0; design.n_rows() * n_scores];
    let mut direction = vec![0.0; weights.len()];
    let (mut last_gradient, mut last_product) = (vec![0.0; weights.len()], f64::INFINITY);
    for _ in 0..MAX_ITERATIONS {
        let (loss, residuals) = objective.loss_and_residuals(&outputs);
        let mut gradient = design.weighted_sum(&residuals);
        let decayed = without_intercepts(&weights, width);
        add_scaled(&mut gradient, alpha, &decayed);
        let mut downhill: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
        for of_score in downhill.chunks_exact_mut(width) {
            bound.solve(of_score);
        }
        let product = -dot(&downhill, &gradient);
        if product <= TOLERANCE * (loss + 0.5 * alpha * dot(&decayed, &decayed)) {
            break;
        }
        let kept = ((product + dot(&downhill, &last_gradient)) / last_product).max(0.0);
        for (direction, downhill) in direction.iter_mut().zip(&downhill) {
            *direction = downhill + kept * *direction;
        }
        if dot(&direction, &gradient) >= 0.0 {
            direction.copy_from_slice(&downhill);
        }
        (last_gradient, last_product) = (gradient, product);
        let rates = design.times(&direction);
        let decayed_rates = without_intercepts(&direction, width);
        let squares = (
            alpha * dot(&decayed, &decayed_rates),
            alpha * dot(&decayed_rates, &decayed_rates),
        );
        let length = objective.length_along(&outputs, &rates, squares);
        add_scaled(&mut weights, length, &direction);
        add_scaled(&mut outputs, length, &rates);
    }
    weights.chunks_exact(width).map(<[f64]>::to_vec).collect()
}

struct Objective<'a> {
    classes: &'a [usize],
    n_classes: usize,
    n_scores: usize,
}

impl Objective<'_> {
    /// Writes an example's class probabilities.
    fn probabilities(&self, outputs: &[f64], probabilities: &mut [f64]) {
        let (fixed, free) = probabilities.split_at_mut(self.n_classes - self.n_scores);
        fixed.fill(0.0);
        free.copy_from_slice(outputs);
        softmax(probabilities);
    }

    /// The cross-entropy, and its derivatives by the outputs: probabilities less what they should be.
    fn loss_and_residuals(&self, outputs: &[f64]) -> (f64, Vec<f64>) {
        let mut residuals = vec![0.0; outputs.len()];
        let losses: Vec<f64> = residuals
            .par_chunks_mut(self.n_scores * ROWS_AT_ONCE)
            .zip(outputs.par_chunks(self.n_scores * ROWS_AT_ONCE))
            .zip(self.classes.par_chunks(ROWS_AT_ONCE))
            .map(|((residuals, outputs), classes)| {
                let mut probabilities = vec![0.0; self.n_classes];
                let mut loss = 0.0;
                for ((residuals, outputs), &class) in residuals
                    .chunks_exact_mut(self.n_scores)
                    .zip(outputs.chunks_exact(self.n_scores))
                    .zip(classes)
                {
                    self.probabilities(outputs, &mut probabilities);
                    loss -= probabilities[class].max(f64::MIN_POSITIVE).ln();
                    probabilities[class] -= 1.0;
                    residuals.copy_from_slice(&probabilities[self.n_classes - self.n_scores..]);
                }
                loss
            })
            .collect();
        (losses.iter().sum(), residuals)
    }

    /// How far to go along a line on which the outputs change at `rates`, and half the squared length of the weights has
    /// these slope and curvature at its start.
    fn length_along(&self, outputs: &[f64], rates: &[f64], squares: (f64, f64)) -> f64 {
        distance_to_minimum(LINE_TOLERANCE, |length| {
            let (slope, curvature) = self.slope_and_curvature(outputs, rates, length);
            (
                slope + squares.0 + length * squares.1,
                curvature + squares.1,
            )
        })
    }

    fn slope_and_curvature(&self, outputs: &[f64], rates: &[f64], length: f64) -> (f64, f64) {
        let parts: Vec<(f64, f64)> = outputs
            .par_chunks(self.n_scores * ROWS_AT_ONCE)
            .zip(rates.par_chunks(self.n_scores * ROWS_AT_ONCE))
            .zip(self.classes.par_chunks(ROWS_AT_ONCE))
            .map(|((outputs, rates), classes)| {
                let mut probabilities = vec![0.0; self.n_classes];
                let mut there = vec![0.0; self.n_scores];
                let mut of_classes = vec![0.0; self.n_classes];
                let (mut slope, mut curvature) = (0.0, 0.0);
                for ((outputs, rates), &class) in outputs
                    .chunks_exact(self.n_scores)
                    .zip(rates.chunks_exact(self.n_scores))
                    .zip(classes)
                {
                    there.copy_from_slice(outputs);
                    add_scaled(&mut there, length, rates);
                    self.probabilities(&there, &mut probabilities);
                    of_classes[self.n_classes - self.n_scores..].copy_from_slice(rates);
                    let mean = dot(&probabilities, &of_classes);
                    slope += mean - of_classes[class];
                    for (probability, rate) in probabilities.iter().zip(&of_classes) {
                        curvature += probability * (rate - mean).powi(2);
                    }
                }
                (slope, curvature)
            })
            .collect();
        parts
            .iter()
            .fold((0.0, 0.0), |sums, part| (sums.0 + part.0, sums.1 + part.1))
    }
}

/// The weights with zeros for the intercepts.
fn without_intercepts(weights: &[f64], width: usize) -> Vec<f64> {
    let mut inputs = weights.to_vec();
    inputs
        .iter_mut()
        .skip(width - 1)
        .step_by(width)
        .for_each(|intercept| *intercept = 0.0);
    inputs
}

fn add_scaled(values: &mut [f64], factor: f64, others: &[f64]) {
    for (value, other) in values.iter_mut().zip(others) {
        *value += factor * other;
    }
}
