//! A random forest: decision trees on bootstrap samples that vote with their leaves' class frequencies.
//!
//! Splits are exact and minimise the Gini impurity; thresholds lie midway between neighbouring values. Trees grow in
//! parallel, each with a generator of its own that follows from the seed and the tree's number, so the forest is the
//! same on any number of threads. Deliberately absent: missing values (they are refused), regression, and splits over
//! binned values, which would be faster and no longer exact.
//!
//! # References
//! Breiman, "Random Forests", Machine Learning 45, 2001.

mod columns;
mod forest;
mod settings;
mod sort;
mod split_search;
mod tree;

pub use forest::Forest;
pub use settings::{MaxFeatures, RandomForestSettings};

use rayon::prelude::*;

use super::{Classifier, Examples, Model};
use crate::Result;
use columns::RankedColumns;

/// The classifier's name in results and SQL.
pub const NAME: &str = "random_forest";

/// A random forest with checked settings, made by [`RandomForestSettings::check`].
#[derive(Clone, Debug)]
pub struct RandomForest {
    settings: RandomForestSettings,
}

impl RandomForest {
    /// The settings.
    pub fn settings(&self) -> &RandomForestSettings {
        &self.settings
    }

    /// Grows a forest, as [`Classifier::fit`] does, and keeps its type.
    pub fn fit_forest(&self, examples: &Examples<'_>, seed: u64) -> Forest {
        let columns = RankedColumns::new(examples);
        let grown = (0..self.settings.n_trees as u64)
            .into_par_iter()
            .map(|tree| forest::grow_tree(&columns, examples, &self.settings, seed, tree))
            .collect();
        Forest::new(grown, examples)
    }
}

impl Classifier for RandomForest {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, examples: &Examples<'_>, seed: u64) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_forest(examples, seed)))
    }
}

#[cfg(test)]
mod tests;
