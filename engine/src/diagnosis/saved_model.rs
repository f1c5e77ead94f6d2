//! A model that was learned from a dataset, with all that is needed to apply it elsewhere.

use std::collections::BTreeSet;
use std::path::Path;

use engram_classifiers::{AnyModel, Estimate, Examples, Settings};
use engram_schemas::randomness::generator;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use super::familiarity::Familiarity;
use crate::experiments::splits::Split;
use crate::experiments::{SplitBy, SplitOutcome, SplitSettings};
use crate::{Error, FeatureMatrix, Result};

/// What the file is, so that another is not taken for it.
const KIND: &str = "engram model";
/// The version of the file's fields.
const VERSION: u32 = 1;

/// A saved model: one JSON object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedModel {
    kind: String,
    version: u32,
    /// The version of engram that made it.
    pub engram_version: String,
    /// The query of the features that it learned from.
    pub query: String,
    /// Units of a layer that it is made for, where it is made for so many.
    pub units: Option<usize>,
    /// The learning rules that it tells apart.
    pub classes: Vec<String>,
    /// Name of every feature: `statistic@session`, and the depth indicators.
    pub feature_names: Vec<String>,
    /// Examples that it learned from.
    pub n_examples: usize,
    /// Networks that they are of.
    pub n_runs: usize,
    /// What stayed together when its accuracy was measured.
    pub split_by: SplitBy,
    /// Its accuracy on examples that it had not learned from.
    pub accuracy: Estimate,
    /// What its probabilities mean.
    pub calibration: Calibration,
    /// What it learned from looks like.
    pub familiarity: Familiarity,
    /// What it learned.
    pub model: AnyModel,
}

/// Learns from all examples of the matrix that `query` gave. `outcomes` are those of `splits` of the same examples, made by
/// `split_settings`: they say what the probabilities are worth.
///
/// # Errors
/// As [`Settings::fit`].
pub(crate) fn learn(
    matrix: &FeatureMatrix,
    query: &str,
    settings: &Settings,
    split_settings: &SplitSettings,
    splits: &[Split],
    outcomes: &[SplitOutcome],
) -> Result<SavedModel> {
    let n_classes = matrix.classes.len();
    let labels: Vec<u32> = matrix.labels.iter().map(|&label| label as u32).collect();
    let examples = Examples::try_new(&matrix.values, &matrix.names, &labels, n_classes)?;
    let runs: Vec<&str> = matrix
        .examples
        .iter()
        .map(|example| example.run_id.as_str())
        .collect();
    let probabilities: Vec<f32> = outcomes
        .iter()
        .flat_map(|outcome| outcome.probabilities.iter().copied())
        .collect();
    let truth: Vec<u32> = splits
        .iter()
        .flat_map(|split| split.test.iter().map(|&row| labels[row]))
        .collect();
    let accuracies: Vec<f64> = outcomes.iter().map(|outcome| outcome.accuracy).collect();
    let seed = generator("saved model", split_settings.seed, 0).next_u64();
    Ok(SavedModel {
        kind: KIND.to_owned(),
        version: VERSION,
        engram_version: env!("CARGO_PKG_VERSION").to_owned(),
        query: query.to_owned(),
        units: None,
        classes: matrix.classes.clone(),
        feature_names: matrix.names.clone(),
        n_examples: matrix.n_examples(),
        n_runs: runs.iter().collect::<BTreeSet<_>>().len(),
        split_by: split_settings.split_by,
        accuracy: Estimate::of(&accuracies),
        calibration: Calibration::learn(&probabilities, &truth, n_classes),
        familiarity: Familiarity::learn(&examples, &runs, seed),
        model: settings.fit(&examples, seed)?,
    })
}

impl SavedModel {
    /// Writes the model to a file, which appears when it is complete; its folder is made.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let failed = |reason: String| Error::ModelFile {
            path: path.to_owned(),
            reason,
        };
        let text = serde_json::to_vec(self).map_err(|error| failed(error.to_string()))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| failed(format!("its folder cannot be made: {error}")))?;
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        std::fs::write(&part, text)
            .and_then(|()| std::fs::rename(&part, path))
            .map_err(|error| failed(format!("it cannot be written: {error}")))
    }

    /// Reads a model from a file.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when it cannot be read, is something else, or of a version that is not known here.
    pub fn read(path: &Path) -> Result<Self> {
        let failed = |reason: String| Error::ModelFile {
            path: path.to_owned(),
            reason,
        };
        let text =
            std::fs::read(path).map_err(|error| failed(format!("it cannot be read: {error}")))?;
        let value: serde_json::Value = serde_json::from_slice(&text)
            .map_err(|_| failed("it is no model of engram".to_owned()))?;
        if value["kind"] != KIND {
            return Err(failed("it is no model of engram".to_owned()));
        }
        if value["version"] != VERSION {
            return Err(failed(format!(
                "its fields are those of version {}, and this engram knows version {VERSION}",
                value["version"]
            )));
        }
        serde_json::from_value(value).map_err(|error| failed(error.to_string()))
    }
}
