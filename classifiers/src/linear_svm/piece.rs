//! The minimum of one quadratic piece of the objective, by features or by examples.
//!
//! On the active examples X with signs s the objective over 2 C is `ridge |w|^2 / 2 + |s - X w|^2 / 2`. Its minimum solves
//! `(ridge + X'X) w = X's`, a system of as many equations as there are weights, or equally
//! `w = X'a with (ridge + XX') a = s`, of as many as there are active examples. Where examples are few the second is the
//! smaller, and the fewer are active the smaller; the products of all examples are computed once for all classes and
//! every C. Of the first the matrix is kept from step to step, in which few examples become active or cease to be, and
//! updated by those.
//!
//! # References
//! Chapelle, "Training a support vector machine in the primal", Neural Computation 19, 2007.

use super::design::Design;
use crate::gram::Gram;

/// Products that the searches of all classes start from.
pub(super) enum Products {
    /// Of the weights' columns, summed over all examples.
    OfFeatures(Gram),
    /// Of every example with every other.
    OfExamples(Gram),
}

impl Products {
    /// Those of the examples where these are fewer than twice the weights: the active ones among them soon are fewer still.
    pub(super) fn new(design: &Design) -> Self {
        match design.n_rows() < 2 * design.width() {
            true => Self::OfExamples(design.products()),
            false => Self::OfFeatures(design.gram()),
        }
    }
}

/// Finds minima of pieces of one class's objective.
pub(super) enum Piece<'a> {
    ByFeatures {
        /// Which examples the Gram matrix sums up.
        active: Vec<bool>,
        gram: Gram,
    },
    ByExamples {
        products: &'a Gram,
    },
}

impl<'a> Piece<'a> {
    pub(super) fn new(design: &Design, products: &'a Products) -> Self {
        match products {
            Products::OfFeatures(gram) => Self::ByFeatures {
                active: vec![true; design.n_rows()],
                gram: gram.clone(),
            },
            Products::OfExamples(products) => Self::ByExamples { products },
        }
    }

    /// The step from `weights`, where the objective has the `gradient`, to the minimum of the piece on which the examples
    /// of which `is_active` are.
    pub(super) fn step(
        &mut self,
        design: &Design,
        signs: &[f64],
        is_active: &[bool],
        (weights, gradient): (&[f64], &[f64]),
        ridge: f64,
    ) -> Vec<f64> {
        match self {
            Self::ByFeatures { active, gram } => {
                update(gram, active, is_active, design);
                let mut step: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
                solve(gram.clone(), ridge, &mut step);
                step
            }
            Self::ByExamples { products } => {
                let active: Vec<usize> = (0..signs.len()).filter(|&row| is_active[row]).collect();
                let mut of_active: Vec<f64> = active.iter().map(|&row| signs[row]).collect();
                solve(products.of(&active), ridge, &mut of_active);
                let mut factors = vec![0.0; signs.len()];
                for (&row, factor) in active.iter().zip(of_active) {
                    factors[row] = factor;
                }
                let mut step = design.weighted_sum(&factors);
                for (step, weight) in step.iter_mut().zip(weights) {
                    *step -= weight;
                }
                step
            }
        }
    }
}

/// Makes a Gram matrix that sums up the examples of which `active` are that of those of which `is_active` are.
fn update(gram: &mut Gram, active: &mut [bool], is_active: &[bool], design: &Design) {
    let examples = 0..active.len();
    let (mut entering, mut leaving) = (Vec::new(), Vec::new());
    for example in examples.clone() {
        match (active[example], is_active[example]) {
            (false, true) => entering.push(example),
            (true, false) => leaving.push(example),
            _ => {}
        }
    }
    let n_active = is_active.iter().filter(|&&is_active| is_active).count();
    if entering.len() + leaving.len() > n_active {
        entering = examples.filter(|&example| is_active[example]).collect();
        leaving.clear();
        *gram = Gram::zeros(design.width());
    }
    active.copy_from_slice(is_active);
    design.add_to(gram, &entering, 1.0);
    design.add_to(gram, &leaving, -1.0);
}

/// Solves `(matrix + ridge) x = values` in place. Where rounding forces the decomposition to raise the diagonal, that
/// shortens the step in directions without much curvature and leaves it one of descent.
fn solve(mut matrix: Gram, ridge: f64, values: &mut [f64]) {
    matrix.add_to_diagonal(ridge);
    matrix.decompose().solve(values);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scaler;
    use crate::linear_svm::newton::Newton;
    use crate::reference::{Small, relative_difference};

    /// Of weights, relative to the largest.
    const TOLERANCE: f64 = 1e-6;

    fn path(design: &Design, products: &Products, signs: &[f64], cs: &[f64]) -> Vec<Vec<f64>> {
        let mut search = Newton::new(design, products, signs.to_vec());
        let weights = cs.iter().map(|&c| {
            assert!(search.minimise(c, 1e-10, 1000).has_converged, "C = {c}");
            search.weights().to_vec()
        });
        weights.collect()
    }

    #[test]
    fn both_ways_lead_to_the_same_weights_and_to_scikit_learns() {
        for small in Small::all() {
            let examples = small.examples();
            let scaled = Scaler::fit(&examples).scale(examples.features());
            let design = Design::new(&scaled, examples.n_features());
            let width = design.width();
            for class in 0..3 {
                let sign = |&label: &u32| if label == class { 1.0 } else { -1.0 };
                let signs: Vec<f64> = small.labels.iter().map(sign).collect();
                for products in [
                    Products::OfFeatures(design.gram()),
                    Products::OfExamples(design.products()),
                ] {
                    let path = path(&design, &products, &signs, &small.cs);
                    for (ours, theirs) in path.iter().zip(&small.svm_weights) {
                        let theirs = &theirs[class as usize * width..][..width];
                        assert!(relative_difference(ours, theirs) < TOLERANCE);
                    }
                }
            }
        }
    }

    #[test]
    fn fewer_examples_than_features_take_the_smaller_system_to_the_same_weights() {
        // Two of the examples are equal, so that their products have no inverse.
        let (n_rows, n_inputs) = (24, 40);
        let mut inputs: Vec<f64> = (0..n_rows * n_inputs)
            .map(|i| (i as f64 * 0.83).sin() * (1.0 + (i % 7) as f64))
            .collect();
        inputs.copy_within(0..n_inputs, n_inputs * 3);
        let design = Design::new(&inputs, n_inputs);
        let signs: Vec<f64> = (0..n_rows)
            .map(|row| if row % 3 == 0 { 1.0 } else { -1.0 })
            .collect();
        let cs = [1.0, 50.0, 5e6];
        let products = Products::new(&design);
        assert!(matches!(products, Products::OfExamples(_)));
        let by_examples = path(&design, &products, &signs, &cs);
        let by_features = path(&design, &Products::OfFeatures(design.gram()), &signs, &cs);
        for (ours, theirs) in by_examples.iter().zip(&by_features) {
            assert!(relative_difference(ours, theirs) < TOLERANCE);
        }
    }
}
