//! What QUANT is made of.

use serde::{Deserialize, Serialize};

use super::{NAME, Quant};
use crate::extra_trees::ExtraTreesSettings;
use crate::{Error, Result};

/// Settings of QUANT; [`check`](Self::check) turns them into the classifier. The defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuantSettings {
    /// Most levels of dyadic intervals.
    pub depth: usize,
    /// Points of an interval for each of its quantiles.
    pub divisor: usize,
    /// The trees that learn from the quantiles.
    pub trees: ExtraTreesSettings,
}

impl Default for QuantSettings {
    fn default() -> Self {
        Self {
            depth: 6,
            divisor: 4,
            trees: ExtraTreesSettings::default(),
        }
    }
}

impl QuantSettings {
    /// The classifier with these settings.
    ///
    /// # Errors
    /// [`Error::ClassifierSettings`] for a count of zero, and for trees that cannot be grown.
    pub fn check(&self) -> Result<Quant> {
        for (name, given) in [("depth", self.depth), ("divisor", self.divisor)] {
            if given == 0 {
                return Err(Error::ClassifierSettings {
                    classifier: NAME,
                    reason: format!("`{name}` is 0 and must be at least 1"),
                });
            }
        }
        Ok(Quant {
            trees: self.trees.check()?,
            settings: self.clone(),
        })
    }
}
