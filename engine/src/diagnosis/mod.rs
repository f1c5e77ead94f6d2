//! From a saved model and a user's own recording to what rule was at work.

mod calibration;
mod familiarity;
pub mod recording;
mod saved_model;

pub use calibration::{Bin, Calibration};
pub use familiarity::{Familiarity, Likeness, UNLIKE};
pub use recording::Recording;
pub use saved_model::SavedModel;
pub(crate) use saved_model::learn;

use engram_classifiers::Trajectories;
use engram_schemas::Depth;
use engram_schemas::trajectories::column;
use serde::Serialize;

use crate::{Error, Result};

/// What a model says of a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The recording's name.
    pub recording: String,
    /// Calibrated probability of every rule, in the model's order.
    pub probabilities: Vec<f64>,
    /// Place of the most probable rule.
    pub named: usize,
    /// Tested examples that were named with about this probability.
    pub tested: Bin,
    /// How like the training examples the recording is.
    pub likeness: Likeness,
    /// Whether the depth was not known, and the probabilities are the mean over all three.
    pub is_over_depths: bool,
}

/// Applies a model to a recording.
///
/// # Errors
/// [`Error::Recording`] when the recording has not what the model reads: its statistics, as many sessions.
pub fn diagnose(model: &SavedModel, recording: &Recording) -> Result<Diagnosis> {
    let rows = rows(model, recording)?;
    let n_classes = model.classes.len();
    let features: Vec<f32> = rows.concat();
    let probabilities = model.model.predict_probabilities(&features)?;
    let mut mean = vec![0.0; n_classes];
    for row in probabilities.chunks_exact(n_classes) {
        for (mean, probability) in mean.iter_mut().zip(model.calibration.apply(row)) {
            *mean += probability / rows.len() as f64;
        }
    }
    let groups: Vec<&str> = model
        .feature_names
        .iter()
        .map(|name| {
            name.rsplit_once('@')
                .map_or(column::DEPTH, |(statistic, _)| statistic)
        })
        .collect();
    let likenesses = rows
        .iter()
        .map(|row| model.familiarity.of(row, &groups))
        .min_by(|a, b| a.distance.total_cmp(&b.distance));
    let likeness = likenesses.ok_or_else(|| Error::Recording {
        reason: "there is nothing to compare".to_owned(),
    })?;
    let (named, confidence) = calibration::most(&mean);
    Ok(Diagnosis {
        recording: recording.name.clone(),
        named,
        tested: model.calibration.bin(confidence),
        probabilities: mean,
        likeness,
        is_over_depths: rows.len() > 1,
    })
}

/// The recording as the model's features: a row, or one for each depth where it is not known.
fn rows(model: &SavedModel, recording: &Recording) -> Result<Vec<Vec<f32>>> {
    let refuse = |reason: String| Err(Error::Recording { reason });
    let trajectories = Trajectories::from_feature_names(&model.feature_names)?;
    let mut row = vec![0.0_f32; model.feature_names.len()];
    for channel in trajectories.channels() {
        let n_sessions = channel.features.len();
        if n_sessions != recording.sessions.len() {
            return refuse(format!(
                "the model was made for {n_sessions} sessions, and the recording has {}: {}",
                recording.sessions.len(),
                recording.session_names.join(", ")
            ));
        }
        for (&feature, session) in channel.features.iter().zip(&recording.sessions) {
            match session.get(&channel.name).map(|&value| value as f32) {
                Some(value) if value.is_finite() => row[feature] = value,
                Some(value) => {
                    return refuse(format!("its `{}` is {value} in a session", channel.name));
                }
                None => {
                    return refuse(format!(
                        "the model reads `{}`, which the recording has not",
                        channel.name
                    ));
                }
            }
        }
    }
    let indicator = |depth: Depth| {
        let name = format!("{}_{}", column::DEPTH, depth.as_str());
        model.feature_names.iter().position(|other| *other == name)
    };
    let depths = match recording.depth {
        Some(depth) => vec![depth],
        None => Depth::ALL.to_vec(),
    };
    if depths.iter().all(|&depth| indicator(depth).is_none()) {
        return Ok(vec![row]);
    }
    let with_depth = |depth| {
        let mut row = row.clone();
        if let Some(feature) = indicator(depth) {
            row[feature] = 1.0;
        }
        row
    };
    Ok(depths.into_iter().map(with_depth).collect())
}
