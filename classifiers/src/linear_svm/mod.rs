//! A linear support vector machine, one class against the others.
//!
//! Every class gets the weights w that minimise `|w|^2 / 2 + C sum_i max(0, 1 - y_i w.x_i)^2`, where x_i are example i's
//! z-scores (or their principal components) and a 1, y_i is 1 for the class and -1 for the others; the weight of the 1 is
//! the intercept, which is regularised like the others. That is the problem of LIBLINEAR's solvers 1 and 2 and of
//! scikit-learn's `LinearSVC` (loss `squared_hinge`, penalty `l2`). It has one solution; the solvers differ in how near
//! they come. Coordinate descent on the dual problem stops at its limit of iterations for the larger C of the usual
//! grids; here Newton's method on the primal problem reaches the solution for all of them; the module `newton` says how.
//!
//! Deliberately absent: kernels, the plain hinge loss, L1 regularisation, weights of classes, calibrated probabilities.
//!
//! # References
//! Fan et al., "LIBLINEAR: a library for large linear classification", JMLR 9, 2008.

mod design;
mod line_search;
mod model;
mod newton;
mod piece;
mod settings;

pub(crate) use model::softmax;
pub use model::{Boundary, LinearSvmModel};
pub use settings::LinearSvmSettings;

use rayon::prelude::*;

use crate::{Classifier, Error, Examples, Model, Pca, Result, Scaler};
use design::Design;
use newton::Newton;
use piece::Products;

/// The classifier's name in results and SQL.
pub const NAME: &str = "linear_svm";

/// A linear support vector machine with checked settings, made by [`LinearSvmSettings::check`].
#[derive(Clone, Debug)]
pub struct LinearSvm {
    settings: LinearSvmSettings,
}

impl LinearSvm {
    /// The settings.
    pub fn settings(&self) -> &LinearSvmSettings {
        &self.settings
    }

    /// Fits the machine, as [`Classifier::fit`] does, and keeps its type. A search that did not end by itself is logged.
    ///
    /// # Errors
    /// [`Error::Examples`] when fewer than two classes have examples, or more components are asked for than there are.
    pub fn fit_svm(&self, examples: &Examples<'_>) -> Result<LinearSvmModel> {
        let mut path = self.fit_path(examples, &[self.settings.c])?;
        let model = path.pop().ok_or_else(|| Error::Examples {
            reason: "no machine was fitted".to_owned(),
        })?;
        if !model.has_converged() {
            let LinearSvmSettings {
                c, max_iterations, ..
            } = self.settings;
            tracing::warn!(c, max_iterations, "the linear machine did not converge");
        }
        Ok(model)
    }

    /// Fits a machine for each of `cs`, in their order; `c` of the settings plays no part.
    ///
    /// Searches go from small to large C, each from where the last one ended: cheaper than one fit for each, and within
    /// the tolerance the same machines.
    ///
    /// # Errors
    /// [`Error::ClassifierSettings`] for a C that is not above zero and finite; else as [`fit_svm`](Self::fit_svm).
    pub fn fit_path(&self, examples: &Examples<'_>, cs: &[f64]) -> Result<Vec<LinearSvmModel>> {
        let mut grid = self.fit_grid(examples, &[self.settings.n_components], cs)?;
        Ok(grid.pop().unwrap_or_default())
    }

    /// Fits a machine for each of `cs` (the inner order) with each of `n_components` (the outer order); `c` and
    /// `n_components` of the settings play no part. Components are computed once.
    ///
    /// # Errors
    /// As [`fit_path`](Self::fit_path).
    pub fn fit_grid(
        &self,
        examples: &Examples<'_>,
        n_components: &[Option<usize>],
        cs: &[f64],
    ) -> Result<Vec<Vec<LinearSvmModel>>> {
        cs.iter().try_for_each(|&c| settings::check_c(c))?;
        let mut class_sizes = vec![0_usize; examples.n_classes()];
        for &label in examples.labels() {
            class_sizes[label as usize] += 1;
        }
        if class_sizes.iter().filter(|&&size| size > 0).count() < 2 {
            let reason = "a boundary needs examples of at least two classes".to_owned();
            return Err(Error::Examples { reason });
        }
        let scaler = Scaler::fit(examples);
        let scaled = scaler.scale(examples.features());
        let n_features = examples.n_features();
        let all_components = match n_components.iter().flatten().max() {
            Some(&most) => Some(Pca::fit(&scaled, n_features, most)?),
            None => None,
        };
        let projected = all_components.as_ref().map(|pca| pca.transform(&scaled));
        n_components
            .iter()
            .map(|&n_components| {
                let pca =
                    n_components.and_then(|n| all_components.as_ref().map(|pca| pca.truncated(n)));
                let design = match (&pca, &all_components, &projected) {
                    (Some(pca), Some(all), Some(projected)) => {
                        let n_inputs = pca.n_components();
                        let inputs: Vec<f64> = projected
                            .chunks_exact(all.n_components())
                            .flat_map(|row| &row[..n_inputs])
                            .copied()
                            .collect();
                        Design::new(&inputs, n_inputs)
                    }
                    _ => Design::new(&scaled, n_features),
                };
                let paths = self.fit_classes(&design, examples.labels(), &class_sizes, cs);
                Ok((0..cs.len())
                    .map(|place| LinearSvmModel {
                        feature_names: examples.feature_names().to_vec(),
                        scaler: scaler.clone(),
                        pca: pca.clone(),
                        boundaries: paths
                            .iter()
                            .map(|path| path.as_ref().map(|path| path[place].clone()))
                            .collect(),
                    })
                    .collect())
            })
            .collect()
    }

    /// Boundaries of every class that has examples, for every C.
    fn fit_classes(
        &self,
        design: &Design,
        labels: &[u32],
        class_sizes: &[usize],
        cs: &[f64],
    ) -> Vec<Option<Vec<Boundary>>> {
        let mut rising: Vec<usize> = (0..cs.len()).collect();
        rising.sort_by(|&a, &b| cs[a].total_cmp(&cs[b]));
        let products = Products::new(design);
        let (tolerance, max_iterations) = (self.settings.tolerance, self.settings.max_iterations);
        class_sizes
            .par_iter()
            .enumerate()
            .map(|(class, &size)| {
                if size == 0 {
                    return None;
                }
                let signs = labels
                    .iter()
                    .map(|&label| if label as usize == class { 1.0 } else { -1.0 })
                    .collect();
                let mut search = Newton::new(design, &products, signs);
                let mut path: Vec<(usize, Boundary)> = rising
                    .iter()
                    .map(|&place| {
                        let ending = search.minimise(cs[place], tolerance, max_iterations);
                        let (weights, intercept) = search.weights().split_at(design.width() - 1);
                        let boundary = Boundary {
                            weights: weights.to_vec(),
                            intercept: intercept[0],
                            n_iterations: ending.n_iterations,
                            has_converged: ending.has_converged,
                        };
                        (place, boundary)
                    })
                    .collect();
                path.sort_by_key(|&(place, _)| place);
                Some(path.into_iter().map(|(_, boundary)| boundary).collect())
            })
            .collect()
    }
}

impl Classifier for LinearSvm {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Nothing is random here: the seed plays no part.
    fn fit(&self, examples: &Examples<'_>, _seed: u64) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_svm(examples)?))
    }
}

#[cfg(test)]
mod tests;
