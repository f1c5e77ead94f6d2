//! QUANT: quantiles over fixed intervals of trajectories, told apart by extremely randomised trees.
//!
//! Every statistic's trajectory is looked at in four ways (as it is, its smoothed first differences, its second
//! differences, its Fourier amplitudes), each cut into dyadic intervals; the features are quantiles of the intervals.
//! Nothing is normalised: magnitudes tell learning rules apart. Features that are no trajectory's pass as they are.
//!
//! Trajectories here are short, from one point up to some dozens. A representation that a trajectory is too short for is
//! left out, and there are no more levels of intervals than give each at least a point: a trajectory of one point is its
//! value. Deliberately absent: resampling, and epochs' distances.
//!
//! # References
//! Dempster, Schmidt and Webb, "QUANT: a minimalist interval method for time series classification", Data Mining and
//! Knowledge Discovery 38, 2024: section 3, and for several channels, as in their multivariate version, the features of
//! all channels one after another.

mod intervals;
mod settings;
mod transform;

pub use settings::QuantSettings;
pub use transform::QuantTransform;

use serde::{Deserialize, Serialize};

use crate::examples::check_rows;
use crate::extra_trees::{ExtraTrees, ExtraTreesModel};
use crate::{Classifier, Estimate, Examples, FeatureGroups, Model, Result, Trajectories};

/// The classifier's name in results and SQL.
pub const NAME: &str = "quant";

/// QUANT with checked settings, made by [`QuantSettings::check`].
#[derive(Clone, Debug)]
pub struct Quant {
    settings: QuantSettings,
    trees: ExtraTrees,
}

impl Quant {
    /// The settings.
    pub fn settings(&self) -> &QuantSettings {
        &self.settings
    }

    /// Fits the classifier, as [`Classifier::fit`] does, and keeps its type.
    ///
    /// # Errors
    /// [`Error::Examples`](crate::Error::Examples) when a statistic has two features at one epoch.
    pub fn fit_quant(&self, examples: &Examples<'_>, seed: u64) -> Result<QuantModel> {
        let trajectories = Trajectories::from_feature_names(examples.feature_names())?;
        let transform = QuantTransform::new(trajectories, &self.settings);
        let features = transform.transform(examples.features(), examples.n_features());
        let n_features = features.len() / examples.n_examples();
        let names: Vec<String> = (0..n_features)
            .map(|feature| format!("quantile {feature}"))
            .collect();
        let transformed =
            Examples::try_new(&features, &names, examples.labels(), examples.n_classes())?;
        Ok(QuantModel {
            feature_names: examples.feature_names().to_vec(),
            transform,
            trees: self.trees.fit_trees(&transformed, seed),
        })
    }
}

impl Classifier for Quant {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, examples: &Examples<'_>, seed: u64) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_quant(examples, seed)?))
    }
}

/// QUANT that has been fitted. It can be stored and read back with serde.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantModel {
    feature_names: Vec<String>,
    transform: QuantTransform,
    trees: ExtraTreesModel,
}

impl QuantModel {
    /// How trajectories become features.
    pub fn transform(&self) -> &QuantTransform {
        &self.transform
    }

    /// The trees that learned from the features.
    pub fn trees(&self) -> &ExtraTreesModel {
        &self.trees
    }
}

impl Model for QuantModel {
    fn n_classes(&self) -> usize {
        self.trees.n_classes()
    }

    fn predict_probabilities(&self, features: &[f32]) -> Result<Vec<f32>> {
        check_rows(features, &self.feature_names)?;
        let transformed = self.transform.transform(features, self.feature_names.len());
        self.trees.predict_probabilities(&transformed)
    }

    /// Importances of the quantiles, added up by the group that their trajectory is in; `None` when a group cuts through
    /// a trajectory, whose quantiles are of all its points.
    fn importances(&self, groups: &FeatureGroups) -> Option<Vec<Estimate>> {
        let of_feature = groups.of_feature();
        let group_of_quantile: Option<Vec<&str>> = self
            .transform
            .sources()
            .into_iter()
            .map(|source| {
                let group = of_feature[source[0]];
                let is_one = source.iter().all(|&feature| of_feature[feature] == group);
                is_one.then(|| groups.names()[group].as_str())
            })
            .collect();
        // Channels come in another order than features may: estimates go back to the groups' order.
        let quantile_groups = FeatureGroups::new(group_of_quantile?);
        let estimates = self.trees.group_importances(&quantile_groups);
        groups
            .names()
            .iter()
            .map(|name| {
                let place = quantile_groups
                    .names()
                    .iter()
                    .position(|other| other == name)?;
                Some(estimates[place])
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
