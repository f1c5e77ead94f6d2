//! A random forest: decision trees on bootstrap samples that vote with their leaves' class frequencies.
//!
//! Splits minimise the Gini impurity over thresholds between 256 bins of each feature or, if asked, over all thresholds
//! that there are; they lie midway between neighbouring values. Trees grow in parallel, each with a generator of its own
//! that follows from the seed and the tree's number: the forest is the same on any number of threads, and a smaller forest
//! is the beginning of a larger one. Examples that do not fit the memory as numbers are binned as they come ([`Binner`]).
//! Deliberately absent: missing values (they are refused) and regression.
//!
//! # References
//! Breiman, "Random Forests", Machine Learning 45, 2001.

mod best;
mod binned;
mod columns;
mod exact_search;
mod feature_search;
mod forest;
mod histogram_search;
mod key_sorter;
mod lanes;
mod pairwise_search;
mod settings;
mod split_bounds;
mod split_search;
mod tree;

pub use binned::{BinnedExamples, Binner, Binning};
pub use columns::Columns;
pub use forest::Forest;
pub use settings::{MaxFeatures, RandomForestSettings, Thresholds};

use forest::Ground;
use rayon::prelude::*;

use super::{Classifier, Examples, Model};
use crate::Result;

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
        let all: Vec<usize> = (0..examples.n_examples()).collect();
        self.fit_rows(&self.columns(examples), examples, &all, seed)
    }

    /// The examples' features as trees read them: for [`RandomForest::fit_rows`], on any of the rows and with any settings
    /// of equal `thresholds`.
    pub fn columns(&self, examples: &Examples<'_>) -> Columns {
        Columns::new(examples, self.settings.thresholds)
    }

    /// Grows a forest on some of the examples: `rows`, rising. Bins follow from all examples that `columns` was made of;
    /// their labels play no part.
    ///
    /// # Panics
    /// When `columns` was made of other examples, or a row is none of them.
    pub fn fit_rows(
        &self,
        columns: &Columns,
        examples: &Examples<'_>,
        rows: &[usize],
        seed: u64,
    ) -> Forest {
        let ground = Ground {
            columns,
            labels: examples.labels(),
            n_classes: examples.n_classes(),
        };
        let grow = |tree| {
            let row = |place: usize| rows[place];
            forest::grow_tree(ground, rows.len(), row, &self.settings, seed, tree)
        };
        let grown = (0..self.settings.n_trees as u64).into_par_iter();
        let grown = grown.map(grow).collect();
        Forest::new(grown, examples, rows)
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
