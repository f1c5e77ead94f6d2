//! The classifiers by name, the settings of any of them, and what any of them has learned.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::baselines::{
    LogisticRegressionModel, LogisticRegressionSettings, NaiveBayesModel, NaiveBayesSettings,
    NearestNeighboursModel, NearestNeighboursSettings,
};
use crate::random_forest::Forest;
use crate::{
    Classifier, Conv1dMlpModel, Conv1dMlpSettings, Error, Examples, LinearSvmModel,
    LinearSvmSettings, Model, QuantModel, QuantSettings, RandomForestSettings, Result,
};

/// Writes the enums over all classifiers. A line each: its name, its settings, its model, and how the one makes the other.
macro_rules! classifiers {
    ($($(#[$meta:meta])* $variant:ident: $name:literal, $settings:ty => $model:ty, $fit:expr;)*) => {
        /// A kind of classifier.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$meta])* $variant,)*
        }

        /// Settings of any classifier. In JSON the field `classifier` says which.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "classifier")]
        pub enum Settings {
            $($(#[$meta])* #[serde(rename = $name)] $variant($settings),)*
        }

        /// What any classifier has learned. In JSON the field `classifier` says which.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "classifier")]
        pub enum AnyModel {
            $($(#[$meta])* #[serde(rename = $name)] $variant($model),)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in results, settings and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The settings that are taken when none are said.
            pub fn settings(self) -> Settings {
                match self {
                    $(Self::$variant => Settings::$variant(<$settings>::default()),)*
                }
            }
        }

        impl Settings {
            /// The classifier's kind.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$variant(_) => Kind::$variant,)*
                }
            }

            /// The classifier with these settings.
            ///
            /// # Errors
            /// [`Error::ClassifierSettings`] for a value out of range.
            pub fn check(&self) -> Result<Box<dyn Classifier>> {
                Ok(match self {
                    $(Self::$variant(settings) => Box::new(settings.check()?),)*
                })
            }

            /// Learns from `examples`, as [`Classifier::fit`] does, to a model that can be stored.
            ///
            /// # Errors
            /// As [`Settings::check`] and [`Classifier::fit`].
            pub fn fit(&self, examples: &Examples<'_>, seed: u64) -> Result<AnyModel> {
                Ok(match self {
                    $(Self::$variant(settings) => {
                        let fit: fn(&$settings, &Examples<'_>, u64) -> Result<$model> = $fit;
                        AnyModel::$variant(fit(settings, examples, seed)?)
                    })*
                })
            }
        }

        impl Deref for AnyModel {
            type Target = dyn Model;

            fn deref(&self) -> &Self::Target {
                match self {
                    $(Self::$variant(model) => model,)*
                }
            }
        }
    };
}

classifiers! {
    /// See [`crate::random_forest`].
    RandomForest: "random_forest", RandomForestSettings => Forest,
        |settings, examples, seed| Ok(settings.check()?.fit_forest(examples, seed));
    /// See [`crate::linear_svm`].
    LinearSvm: "linear_svm", LinearSvmSettings => LinearSvmModel,
        |settings, examples, _| settings.check()?.fit_svm(examples);
    /// See [`crate::conv1d_mlp`].
    Conv1dMlp: "conv1d_mlp", Conv1dMlpSettings => Conv1dMlpModel,
        |settings, examples, seed| settings.check()?.fit_network(examples, seed);
    /// See [`crate::quant`].
    Quant: "quant", QuantSettings => QuantModel,
        |settings, examples, seed| settings.check()?.fit_quant(examples, seed);
    /// See [`crate::baselines`].
    LogisticRegression: "logistic_regression", LogisticRegressionSettings => LogisticRegressionModel,
        |settings, examples, _| settings.check()?.fit_regression(examples);
    /// See [`crate::baselines`].
    NearestNeighbours: "nearest_neighbours", NearestNeighboursSettings => NearestNeighboursModel,
        |settings, examples, _| settings.check()?.fit_neighbours(examples);
    /// See [`crate::baselines`].
    NaiveBayes: "naive_bayes", NaiveBayesSettings => NaiveBayesModel,
        |settings, examples, _| Ok(settings.check()?.fit_naive_bayes(examples));
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|kind| kind.as_str() == given);
        found.copied().ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            Error::UnknownClassifier {
                given: given.to_owned(),
                known: known.join(", "),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_their_settings_have_one_name() {
        for &kind in Kind::ALL {
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

    #[test]
    fn every_model_is_stored_and_predicts_as_before() {
        let labels: Vec<u32> = (0..24).map(|example| example % 2).collect();
        let features: Vec<f32> = labels
            .iter()
            .zip(0..)
            .flat_map(|(&label, n)| [label as f32 + (n % 5) as f32 / 4.0, (n * 7 % 11) as f32])
            .collect();
        let names = ["weight_raw_mean@0", "weight_raw_mean@5"].map(str::to_owned);
        let examples = Examples::try_new(&features, &names, &labels, 2).unwrap();
        // Networks are fitted by another process; the integration tests have it.
        for &kind in Kind::ALL.iter().filter(|&&kind| kind != Kind::Conv1dMlp) {
            let settings = kind.settings();
            let model = settings.fit(&examples, 3).unwrap();
            let stored = serde_json::to_string(&model).unwrap();
            let read: AnyModel = serde_json::from_str(&stored).unwrap();
            let boxed = settings.check().unwrap().fit(&examples, 3).unwrap();
            let expected = boxed.predict_probabilities(&features).unwrap();
            for model in [&model, &read] {
                let found = model.predict_probabilities(&features).unwrap();
                assert_eq!(found, expected, "{kind}");
            }
        }
    }
}
