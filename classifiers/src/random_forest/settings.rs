//! What a forest is made of.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{NAME, RandomForest};
use crate::{Error, Result};

/// Settings of a random forest; [`check`](Self::check) turns them into the classifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomForestSettings {
    /// Number of trees.
    pub n_trees: usize,
    /// How many features are tried at a split.
    pub max_features: MaxFeatures,
    /// Which thresholds are tried at a split.
    pub thresholds: Thresholds,
    /// Longest way from a tree's root to a leaf, in splits; none means as long as it takes.
    pub max_depth: Option<u32>,
    /// Fewest training examples that are split further, counted as often as the bootstrap drew them.
    pub min_samples_split: u32,
    /// Fewest training examples on either side of a split, counted likewise.
    pub min_samples_leaf: u32,
}

impl Default for RandomForestSettings {
    fn default() -> Self {
        Self {
            n_trees: 500,
            max_features: MaxFeatures::Sqrt,
            thresholds: Thresholds::Binned,
            max_depth: None,
            min_samples_split: 2,
            min_samples_leaf: 1,
        }
    }
}

impl RandomForestSettings {
    /// The classifier with these settings.
    ///
    /// # Errors
    /// [`Error::ClassifierSettings`] for a count below its least value.
    pub fn check(&self) -> Result<RandomForest> {
        let counts = [
            ("n_trees", self.n_trees, 1),
            ("max_depth", self.max_depth.unwrap_or(1) as usize, 1),
            ("min_samples_split", self.min_samples_split as usize, 2),
            ("min_samples_leaf", self.min_samples_leaf as usize, 1),
        ];
        match counts.iter().find(|(_, given, least)| given < least) {
            Some((name, given, least)) => Err(Error::ClassifierSettings {
                classifier: NAME,
                reason: format!("`{name}` is {given} and must be at least {least}"),
            }),
            None => Ok(RandomForest {
                settings: self.clone(),
            }),
        }
    }
}

/// Which thresholds of a feature are tried at a split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thresholds {
    /// Those between 256 bins of about equally many training examples: all that there are where a feature has no more
    /// than 256 values.
    #[default]
    Binned,
    /// Those between any two values.
    Exact,
}

impl Thresholds {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Binned, Self::Exact];
}

/// How many of the features are tried at a split, drawn anew for every split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaxFeatures {
    /// The square root of their number, rounded down.
    #[default]
    Sqrt,
    /// The binary logarithm of their number, rounded down.
    Log2,
    /// All of them.
    All,
}

impl MaxFeatures {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Sqrt, Self::Log2, Self::All];

    /// The name in settings and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqrt => "sqrt",
            Self::Log2 => "log2",
            Self::All => "all",
        }
    }

    /// The number of features to try of `n_features`, at least one.
    pub fn of(self, n_features: usize) -> usize {
        match self {
            Self::Sqrt => n_features.isqrt(),
            Self::Log2 => n_features.checked_ilog2().unwrap_or(0) as usize,
            Self::All => n_features,
        }
        .max(1)
    }
}

impl fmt::Display for MaxFeatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for MaxFeatures {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|choice| choice.as_str() == given)
            .ok_or_else(|| Error::ClassifierSettings {
                classifier: NAME,
                reason: format!("`max_features` is `{given}` and must be sqrt, log2 or all"),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_features_round_down_and_are_never_zero() {
        assert_eq!(MaxFeatures::ALL.map(|choice| choice.of(507)), [22, 8, 507]);
        assert_eq!(MaxFeatures::ALL.map(|choice| choice.of(1)), [1, 1, 1]);
        for choice in MaxFeatures::ALL {
            assert_eq!(choice.to_string().parse::<MaxFeatures>().unwrap(), choice);
        }
    }

    #[test]
    fn settings_are_checked() {
        let refused = |settings: RandomForestSettings| settings.check().unwrap_err().to_string();
        let settings = RandomForestSettings::default;
        assert_eq!(
            refused(RandomForestSettings {
                n_trees: 0,
                ..settings()
            }),
            "the settings of `random_forest` cannot be used: `n_trees` is 0 and must be at least 1"
        );
        assert!(
            refused(RandomForestSettings {
                min_samples_split: 1,
                ..settings()
            })
            .contains("min_samples_split")
        );
        assert!(
            refused(RandomForestSettings {
                min_samples_leaf: 0,
                ..settings()
            })
            .contains("min_samples_leaf")
        );
        assert!(
            refused(RandomForestSettings {
                max_depth: Some(0),
                ..settings()
            })
            .contains("max_depth")
        );
        assert!(settings().check().is_ok());
    }

    #[test]
    fn settings_are_written_and_read_as_names() {
        let json = serde_json::to_string(&RandomForestSettings::default()).unwrap();
        assert!(json.contains(r#""max_features":"sqrt""#), "{json}");
        let read: RandomForestSettings =
            serde_json::from_str(r#"{"n_trees": 20, "max_features": "log2"}"#).unwrap();
        assert_eq!(
            (read.n_trees, read.max_features, read.min_samples_split),
            (20, MaxFeatures::Log2, 2)
        );
        assert!(serde_json::from_str::<RandomForestSettings>(r#"{"trees": 20}"#).is_err());
    }
}
