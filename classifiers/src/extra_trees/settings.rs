//! What extremely randomised trees are made of.

use serde::{Deserialize, Serialize};

use super::{ExtraTrees, NAME};
use crate::{Error, Result};

/// Settings of extremely randomised trees; [`check`](Self::check) turns them into the classifier. The defaults are those
/// that QUANT uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtraTreesSettings {
    /// Number of trees.
    pub n_trees: usize,
    /// Share of the features that are tried at a split, above 0 and up to 1; at least one feature is.
    pub max_features: f64,
    /// Fewest training examples that are split further.
    pub min_samples_split: usize,
}

impl Default for ExtraTreesSettings {
    fn default() -> Self {
        Self {
            n_trees: 200,
            max_features: 0.1,
            min_samples_split: 2,
        }
    }
}

impl ExtraTreesSettings {
    /// The classifier with these settings.
    ///
    /// # Errors
    /// [`Error::ClassifierSettings`] for a number outside its range.
    pub fn check(&self) -> Result<ExtraTrees> {
        let refuse = |reason| {
            Err(Error::ClassifierSettings {
                classifier: NAME,
                reason,
            })
        };
        if !(self.max_features > 0.0 && self.max_features <= 1.0) {
            return refuse(format!(
                "`max_features` is {} and must be above 0 and at most 1",
                self.max_features
            ));
        }
        for (name, given, least) in [
            ("n_trees", self.n_trees, 1),
            ("min_samples_split", self.min_samples_split, 2),
        ] {
            if given < least {
                return refuse(format!("`{name}` is {given} and must be at least {least}"));
            }
        }
        Ok(ExtraTrees {
            settings: self.clone(),
        })
    }

    /// Number of features to try of `n_features`: the share rounded down, at least one.
    pub(super) fn n_tried(&self, n_features: usize) -> usize {
        ((self.max_features * n_features as f64) as usize).max(1)
    }
}
