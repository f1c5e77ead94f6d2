//! The classifiers by name, and the settings of any of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    Classifier, Error, LinearSvmSettings, RandomForestSettings, Result, linear_svm, random_forest,
};

/// Settings of any classifier. In JSON the field `classifier` says which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "classifier", rename_all = "snake_case")]
pub enum Settings {
    /// See [`random_forest`].
    RandomForest(RandomForestSettings),
    /// See [`linear_svm`].
    LinearSvm(LinearSvmSettings),
}

impl Settings {
    /// The classifier's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::RandomForest(_) => Kind::RandomForest,
            Self::LinearSvm(_) => Kind::LinearSvm,
        }
    }

    /// The classifier with these settings.
    ///
    /// # Errors
    /// [`Error::ClassifierSettings`] for a value out of range.
    pub fn check(&self) -> Result<Box<dyn Classifier>> {
        Ok(match self {
            Self::RandomForest(settings) => Box::new(settings.check()?),
            Self::LinearSvm(settings) => Box::new(settings.check()?),
        })
    }
}

/// A kind of classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// See [`random_forest`].
    RandomForest,
    /// See [`linear_svm`].
    LinearSvm,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::RandomForest, Self::LinearSvm];

    /// The name in results, settings and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RandomForest => random_forest::NAME,
            Self::LinearSvm => linear_svm::NAME,
        }
    }

    /// The settings that are taken when none are said.
    pub fn settings(self) -> Settings {
        match self {
            Self::RandomForest => Settings::RandomForest(RandomForestSettings::default()),
            Self::LinearSvm => Settings::LinearSvm(LinearSvmSettings::default()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == given);
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::UnknownClassifier {
                given: given.to_owned(),
                known,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_their_settings_have_one_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse::<Kind>().unwrap(), kind);
            let settings = kind.settings();
            assert_eq!(settings.kind(), kind);
            assert_eq!(settings.check().unwrap().name(), kind.as_str());
            let json = serde_json::to_value(&settings).unwrap();
            assert_eq!(json["classifier"], kind.as_str());
            assert_eq!(serde_json::from_value::<Settings>(json).unwrap(), settings);
        }
        let error = "forest".parse::<Kind>().unwrap_err().to_string();
        assert!(
            error.contains("`forest`") && error.contains("random_forest"),
            "{error}"
        );
    }

    #[test]
    fn unknown_settings_are_refused() {
        let unknown = r#"{"classifier": "random_forest", "trees": 20}"#;
        assert!(serde_json::from_str::<Settings>(unknown).is_err());
    }
}
