//! One split's trial: settings are chosen on the training examples, a model is learned from them, and the test examples say
//! how well it names their rules.

use engram_classifiers::{
    ConfusionMatrix, Estimate, Examples, FeatureGroups, RandomForestSettings, Settings,
    folds::stratified_groups, grid_search, most_probable_classes, permutation, select_rows,
};
use engram_schemas::randomness::generator;
use engram_schemas::results::Control;
use rand::Rng;
use rand::seq::SliceRandom;
use serde::Serialize;

use super::splits::{Split, SplitBy};
use crate::feature_matrix::BinnedMatrix;
use crate::{Error, FeatureMatrix, Result};

/// How a trial goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trial {
    /// The settings that are tried; a single one is taken untried.
    pub(crate) points: Vec<Settings>,
    /// Folds of the training examples that they are tried on.
    pub(crate) n_folds: usize,
    /// What a fold keeps together, as the split does.
    pub(crate) folds_by: SplitBy,
    /// What is done to the training examples.
    pub(crate) control: Control,
    /// Whether features are permuted to see which are missed.
    pub(crate) with_permutations: bool,
    /// Seed of folds and classifiers.
    pub(crate) seed: u64,
}

/// One split's outcome.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitOutcome {
    /// Training examples.
    pub n_train: usize,
    /// Test examples.
    pub n_test: usize,
    /// Examples of tested runs that were left out, so that every rule is tested equally often.
    pub n_left_out: usize,
    /// The settings that were taken.
    pub settings: Settings,
    /// Every tried point's accuracy over the folds of the training examples; empty when there was nothing to choose.
    pub grid_accuracies: Vec<f64>,
    /// Share of the test examples whose rule was named rightly.
    pub accuracy: f64,
    /// Probability of every rule for every test example, row by row.
    #[serde(skip)]
    pub probabilities: Vec<f32>,
    /// Test examples by true and predicted rule.
    pub confusion: ConfusionMatrix,
    /// Importance of every group of features, in the matrix' order of groups; empty for classifiers that cannot tell.
    pub importances: Vec<Estimate>,
    /// Accuracy that is lost when a group's features are permuted, likewise; empty when it was not asked.
    pub permutation_importances: Vec<f64>,
}

impl Trial {
    /// Learns and tests on one split of the matrix' examples, split number `number`.
    ///
    /// # Errors
    /// For settings out of range, and when the classifier cannot learn from these examples.
    pub(crate) fn run(
        &self,
        matrix: &FeatureMatrix,
        split: &Split,
        number: u64,
    ) -> Result<SplitOutcome> {
        let n_classes = matrix.classes.len();
        let features = |rows: &[usize]| select_rows(&matrix.values, matrix.n_features(), rows);
        let labels = |rows: &[usize]| -> Vec<u32> {
            rows.iter().map(|&row| matrix.labels[row] as u32).collect()
        };
        let seed = |purpose: &str| generator(purpose, self.seed, number).next_u64();
        let (train_features, mut train_labels) = (features(&split.train), labels(&split.train));
        if self.control == Control::ShuffledLabels {
            train_labels.shuffle(&mut generator("shuffled labels", self.seed, number));
        }
        let train = Examples::try_new(&train_features, &matrix.names, &train_labels, n_classes)?;
        let grid_accuracies = match self.points.len() {
            1 => Vec::new(),
            _ => {
                let seed = seed("folds");
                let units = self.folds_by.units(matrix, &split.train);
                let folds = stratified_groups(&train_labels, &units, self.n_folds, seed)?;
                grid_search::accuracies(&train, &self.points, &folds, seed)?
            }
        };
        let chosen = grid_search::best(&grid_accuracies).unwrap_or(0);
        let settings = self.points.get(chosen).ok_or_else(|| Error::Splits {
            reason: "there are no settings to try".to_owned(),
        })?;
        let model = settings.fit(&train, seed("identify"))?;
        let (test_features, truth) = (features(&split.test), labels(&split.test));
        let probabilities = model.predict_probabilities(&test_features)?;
        let groups = groups(matrix);
        let permutation_importances = match self.with_permutations {
            false => Vec::new(),
            true => permutation::importances(
                &*model,
                &test_features,
                &truth,
                &groups,
                seed("permuted"),
            )?,
        };
        Ok(SplitOutcome {
            grid_accuracies,
            importances: model.importances(&groups).unwrap_or_default(),
            permutation_importances,
            ..SplitOutcome::of(matrix, split, settings, probabilities)
        })
    }

    /// As [`Trial::run`], for a forest of one point on binned examples.
    ///
    /// # Errors
    /// For settings out of range, and for thresholds that bins do not have.
    pub(crate) fn run_binned(
        &self,
        binned: &BinnedMatrix,
        settings: &RandomForestSettings,
        split: &Split,
        number: u64,
    ) -> Result<SplitOutcome> {
        let BinnedMatrix { matrix, examples } = binned;
        let seed = generator("identify", self.seed, number).next_u64();
        let forest = settings.check()?.fit_binned(examples, &split.train, seed)?;
        let probabilities = forest.predict_binned(examples, &split.test)?;
        let settings = Settings::RandomForest(settings.clone());
        Ok(SplitOutcome {
            importances: forest.group_importances(&groups(matrix)),
            ..SplitOutcome::of(matrix, split, &settings, probabilities)
        })
    }
}

impl SplitOutcome {
    /// What the probabilities of the test examples' classes say.
    fn of(
        matrix: &FeatureMatrix,
        split: &Split,
        settings: &Settings,
        probabilities: Vec<f32>,
    ) -> Self {
        let n_classes = matrix.classes.len();
        let truth: Vec<u32> = split
            .test
            .iter()
            .map(|&row| matrix.labels[row] as u32)
            .collect();
        let predicted = most_probable_classes(&probabilities, n_classes);
        let confusion = ConfusionMatrix::of(n_classes, &truth, &predicted);
        Self {
            n_train: split.train.len(),
            n_test: split.test.len(),
            n_left_out: split.left_out.len(),
            settings: settings.clone(),
            grid_accuracies: Vec::new(),
            accuracy: confusion.accuracy(),
            probabilities,
            confusion,
            importances: Vec::new(),
            permutation_importances: Vec::new(),
        }
    }
}

fn groups(matrix: &FeatureMatrix) -> FeatureGroups {
    let of_feature = matrix.feature_groups.iter();
    FeatureGroups::new(of_feature.map(|&group| matrix.groups[group].as_str()))
}
