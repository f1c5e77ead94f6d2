//! What can go wrong between examples and a prediction.

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Settings, examples or features that a classifier cannot work with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Settings of a classifier that it cannot work with.
    #[error("the settings of `{classifier}` cannot be used: {reason}")]
    ClassifierSettings {
        /// The classifier.
        classifier: &'static str,
        /// What is wrong, and what is allowed.
        reason: String,
    },
    /// A classifier that does not exist.
    #[error("there is no classifier `{given}`; there are {known}")]
    UnknownClassifier {
        /// The name that was given.
        given: String,
        /// The names of those that exist.
        known: String,
    },
    /// Examples whose parts do not fit together.
    #[error("the examples cannot be classified: {reason}")]
    Examples {
        /// What does not fit.
        reason: String,
    },
    /// A network that the trainer process did not fit.
    #[error("the network cannot be fitted: {reason}")]
    Trainer {
        /// What went wrong.
        reason: String,
        /// What the user can do about it, where it is known.
        hint: Option<String>,
    },
    /// A feature that is not a finite number in some example.
    #[error("feature `{feature}` of example {example} is {value}; classifiers need finite numbers")]
    NonFiniteFeature {
        /// The feature's name.
        feature: String,
        /// The example's number, from 0.
        example: usize,
        /// The value.
        value: f32,
    },
}
