//! Which settings of a grid do best on folds of the training examples.

use engram_schemas::randomness::generator;
use rand::Rng;
use rayon::prelude::*;

use crate::conv1d_mlp::fit_networks;
use crate::folds::Fold;
use crate::random_forest::{Columns, NAME as FOREST};
use crate::{
    ConfusionMatrix, Error, Examples, LinearSvmSettings, MaxFeatures, Model, RandomForestSettings,
    Result, Settings, most_probable_classes, select_rows,
};

/// Networks that a process fits: enough that its start does not count, few enough that every core gets some.
const NETWORKS: usize = 8;

/// The mean accuracy of every point over `folds` of `examples`, in the order of `points`.
///
/// What points share is computed once: the bins of all forests' features, forests that differ in their number of trees
/// or in the name of how many features they try, machines that differ in C or in their principal components; and one process fits some of
/// a fold's networks.
///
/// # Errors
/// For settings out of range, and when a classifier cannot learn from a fold.
pub fn accuracies(
    examples: &Examples<'_>,
    points: &[Settings],
    folds: &[Fold],
    seed: u64,
) -> Result<Vec<f64>> {
    let families = families(points, examples.n_features());
    let columns = columns(examples, points)?;
    let tasks: Vec<(&Fold, u64, &Vec<usize>)> = folds
        .iter()
        .zip(0..)
        .flat_map(|(fold, number)| families.iter().map(move |family| (fold, number, family)))
        .collect();
    let found: Vec<Vec<f64>> = tasks
        .par_iter()
        .map(|(fold, number, family)| {
            let seed = generator("grid search", seed, *number).next_u64();
            let points: Vec<&Settings> = family.iter().map(|&place| &points[place]).collect();
            FoldExamples::new(examples, fold, columns.as_ref()).accuracies(&points, seed)
        })
        .collect::<Result<_>>()?;
    let mut means = vec![0.0; points.len()];
    for ((_, _, family), accuracies) in tasks.iter().zip(found) {
        for (&place, accuracy) in family.iter().zip(accuracies) {
            means[place] += accuracy / folds.len() as f64;
        }
    }
    Ok(means)
}

/// The place of the best: the first of equals, so that a grid lists what is cheap before what is not.
pub fn best(accuracies: &[f64]) -> Option<usize> {
    (0..accuracies.len()).reduce(|best, place| match accuracies[place] > accuracies[best] {
        true => place,
        false => best,
    })
}

/// The places of points that are learned together from examples of `n_features`.
fn families(points: &[Settings], n_features: usize) -> Vec<Vec<usize>> {
    let mut families: Vec<Vec<usize>> = Vec::new();
    for (place, point) in points.iter().enumerate() {
        let family = families.iter_mut().find(|family| {
            let is_full = matches!(point, Settings::Conv1dMlp(_)) && family.len() == NETWORKS;
            !is_full && are_learned_together(&points[family[0]], point, n_features)
        });
        match family {
            Some(family) => family.push(place),
            None => families.push(vec![place]),
        }
    }
    families
}

fn are_learned_together(a: &Settings, b: &Settings, n_features: usize) -> bool {
    match (a, b) {
        (Settings::RandomForest(a), Settings::RandomForest(b)) => {
            // Of few features, the root may be as many as the logarithm.
            let of_all = |forest: &RandomForestSettings| forest.max_features.of(n_features);
            let (n_trees, max_features) = (1, MaxFeatures::All);
            of_all(a) == of_all(b)
                && RandomForestSettings {
                    n_trees,
                    max_features,
                    ..a.clone()
                } == RandomForestSettings {
                    n_trees,
                    max_features,
                    ..b.clone()
                }
        }
        (Settings::Conv1dMlp(_), Settings::Conv1dMlp(_)) => true,
        (Settings::LinearSvm(a), Settings::LinearSvm(b)) => {
            let (c, n_components) = (1.0, None);
            LinearSvmSettings {
                c,
                n_components,
                ..a.clone()
            } == LinearSvmSettings {
                c,
                n_components,
                ..b.clone()
            }
        }
        _ => false,
    }
}

/// The features as forests read them, where there is a forest among the points.
fn columns(examples: &Examples<'_>, points: &[Settings]) -> Result<Option<Columns>> {
    let forests: Vec<&RandomForestSettings> = points
        .iter()
        .filter_map(|point| match point {
            Settings::RandomForest(settings) => Some(settings),
            _ => None,
        })
        .collect();
    let Some(first) = forests.first() else {
        return Ok(None);
    };
    if forests
        .iter()
        .any(|other| other.thresholds != first.thresholds)
    {
        return Err(Error::ClassifierSettings {
            classifier: FOREST,
            reason: "the `thresholds` of one grid must be equal".to_owned(),
        });
    }
    Ok(Some(first.check()?.columns(examples)))
}

/// One fold's examples.
struct FoldExamples<'a> {
    examples: &'a Examples<'a>,
    fold: &'a Fold,
    columns: Option<&'a Columns>,
    features: Vec<f32>,
    labels: Vec<u32>,
}

impl<'a> FoldExamples<'a> {
    fn new(examples: &'a Examples<'a>, fold: &'a Fold, columns: Option<&'a Columns>) -> Self {
        Self {
            examples,
            fold,
            columns,
            features: select_rows(examples.features(), examples.n_features(), &fold.validation),
            labels: select_rows(examples.labels(), 1, &fold.validation),
        }
    }

    /// Accuracies of points of one family.
    fn accuracies(&self, points: &[&Settings], seed: u64) -> Result<Vec<f64>> {
        match (points[0], self.columns) {
            (Settings::RandomForest(settings), Some(columns)) => {
                let stages: Vec<usize> = points.iter().filter_map(|point| n_trees(point)).collect();
                self.forests(settings, columns, &stages, seed)
            }
            (Settings::LinearSvm(settings), _) => {
                let wanted: Vec<(Option<usize>, f64)> =
                    points.iter().filter_map(|point| machine(point)).collect();
                self.machines(settings, &wanted)
            }
            (Settings::Conv1dMlp(_), _) => self.networks(points, seed),
            _ => self.one_by_one(points, seed),
        }
    }

    /// One forest, read off at every number of trees.
    fn forests(
        &self,
        settings: &RandomForestSettings,
        columns: &Columns,
        stages: &[usize],
        seed: u64,
    ) -> Result<Vec<f64>> {
        let mut rising = stages.to_vec();
        rising.sort_unstable();
        let n_trees = rising.last().copied().unwrap_or(settings.n_trees);
        let largest = RandomForestSettings {
            n_trees,
            ..settings.clone()
        };
        let forest = largest
            .check()?
            .fit_rows(columns, self.examples, &self.fold.train, seed);
        let of_stages = forest.staged_probabilities(&self.features, &rising)?;
        let n_classes = self.examples.n_classes();
        let accuracy = |stage: &usize| {
            let place = rising.partition_point(|other| other < stage);
            self.accuracy(&most_probable_classes(&of_stages[place], n_classes))
        };
        Ok(stages.iter().map(accuracy).collect())
    }

    /// Machines of all wanted components and C, with the components computed once.
    fn machines(
        &self,
        settings: &LinearSvmSettings,
        wanted: &[(Option<usize>, f64)],
    ) -> Result<Vec<f64>> {
        let mut components: Vec<Option<usize>> = wanted.iter().map(|wanted| wanted.0).collect();
        components.dedup();
        let mut cs: Vec<f64> = wanted.iter().map(|wanted| wanted.1).collect();
        cs.sort_by(f64::total_cmp);
        cs.dedup();
        let (features, labels) = self.train();
        let train = self.examples.with(&features, &labels)?;
        let models = settings.check()?.fit_grid(&train, &components, &cs)?;
        wanted
            .iter()
            .map(|(n_components, c)| {
                let outer = components.iter().position(|other| other == n_components);
                let inner = cs.iter().position(|other| other == c);
                let (Some(outer), Some(inner)) = (outer, inner) else {
                    return Ok(f64::NAN);
                };
                Ok(self.accuracy(&models[outer][inner].predict(&self.features)?))
            })
            .collect()
    }

    /// Networks, all fitted by one process.
    fn networks(&self, points: &[&Settings], seed: u64) -> Result<Vec<f64>> {
        let (features, labels) = self.train();
        let train = self.examples.with(&features, &labels)?;
        let networks = points
            .iter()
            .filter_map(|point| match point {
                Settings::Conv1dMlp(settings) => Some(settings.check()),
                _ => None,
            })
            .collect::<Result<Vec<_>>>()?;
        fit_networks(&networks, &train, seed)?
            .iter()
            .map(|model| Ok(self.accuracy(&model.predict(&self.features)?)))
            .collect()
    }

    fn one_by_one(&self, points: &[&Settings], seed: u64) -> Result<Vec<f64>> {
        let (features, labels) = self.train();
        let train = self.examples.with(&features, &labels)?;
        points
            .iter()
            .map(|point| {
                let model = point.check()?.fit(&train, seed)?;
                Ok(self.accuracy(&model.predict(&self.features)?))
            })
            .collect()
    }

    fn train(&self) -> (Vec<f32>, Vec<u32>) {
        let rows = &self.fold.train;
        (
            select_rows(self.examples.features(), self.examples.n_features(), rows),
            select_rows(self.examples.labels(), 1, rows),
        )
    }

    fn accuracy(&self, predicted: &[u32]) -> f64 {
        ConfusionMatrix::of(self.examples.n_classes(), &self.labels, predicted).accuracy()
    }
}

fn n_trees(point: &Settings) -> Option<usize> {
    match point {
        Settings::RandomForest(settings) => Some(settings.n_trees),
        _ => None,
    }
}

fn machine(point: &Settings) -> Option<(Option<usize>, f64)> {
    match point {
        Settings::LinearSvm(settings) => Some((settings.n_components, settings.c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
