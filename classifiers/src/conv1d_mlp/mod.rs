//! The study's Conv1D MLP: filters along the trajectories, and a dense layer over what they find.
//!
//! Every statistic's trajectory is a channel of z-scores; features that are no trajectory's (the depth indicators) are
//! channels that do not change. One valid convolution over time, rectified, optionally pooled two by two, then one dense layer with
//! a softmax; Adam on the mean cross-entropy, L2 decay in the gradient. First weights are Glorot-uniform, biases
//! zero. The width of the pooling and the first weights are ours: the study names neither, and takes a library whose defaults
//! these are.
//!
//! Networks are fitted by the trainer process with libtorch, on one thread each, so that equal seeds give equal weights
//! on one machine; what is learned are plain numbers, and predictions need no libtorch. Networks of one training set are fitted by
//! one process, one after another.
//!
//! # References
//! Nayebi et al., "Identifying Learning Rules From Neural Network Observables", NeurIPS 2020: section 4 and the appendix on
//! classifiers. Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
//! 2010. Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.

mod model;
mod process;
mod request;
mod settings;
mod shape;

pub use model::Conv1dMlpModel;
pub use process::{SUBCOMMAND, fit_on};
pub use request::{Request, Weights};
pub use settings::{Conv1dMlpSettings, Pooling};
pub(crate) use shape::n_points;
pub use shape::{POOLED, Shape};

use crate::{Classifier, Error, Examples, Model, Result, Scaler, Trajectories};

/// The classifier's name in results and SQL.
pub const NAME: &str = "conv1d_mlp";

/// A Conv1D MLP with checked settings, made by [`Conv1dMlpSettings::check`].
#[derive(Clone, Debug)]
pub struct Conv1dMlp {
    settings: Conv1dMlpSettings,
}

impl Conv1dMlp {
    /// The settings.
    pub fn settings(&self) -> &Conv1dMlpSettings {
        &self.settings
    }

    /// Fits the network, as [`Classifier::fit`] does, and keeps its type.
    ///
    /// # Errors
    /// As [`fit_networks`].
    pub fn fit_network(&self, examples: &Examples<'_>, seed: u64) -> Result<Conv1dMlpModel> {
        let mut models = fit_networks(std::slice::from_ref(self), examples, seed)?;
        models.pop().ok_or_else(|| Error::Trainer {
            reason: "no network was fitted".to_owned(),
            hint: None,
        })
    }
}

/// Fits several networks to the same examples, each as if it were alone.
///
/// # Errors
/// [`Error::Examples`] when a statistic has two features at one epoch or trajectories differ in length,
/// [`Error::Trainer`] when the trainer is not there or fails, or a network's weights stopped being finite.
pub fn fit_networks(
    networks: &[Conv1dMlp],
    examples: &Examples<'_>,
    seed: u64,
) -> Result<Vec<Conv1dMlpModel>> {
    let trajectories = Trajectories::from_feature_names(examples.feature_names())?;
    let shapes = networks
        .iter()
        .map(|network| Shape::new(&network.settings, &trajectories, examples.n_classes()))
        .collect::<Result<Vec<_>>>()?;
    let Some(first) = shapes.first() else {
        return Ok(Vec::new());
    };
    let scaler = Scaler::fit(examples);
    let request = Request {
        networks: networks
            .iter()
            .zip(&shapes)
            .map(|(network, shape)| (network.settings.clone(), *shape))
            .collect(),
        n_examples: examples.n_examples(),
        seed,
        inputs: model::inputs(examples.features(), &scaler, &trajectories, first),
        labels: examples.labels().to_vec(),
    };
    process::fit(&request)?
        .into_iter()
        .zip(shapes)
        .map(|(weights, shape)| match weights.fit(&shape) {
            true => Ok(Conv1dMlpModel {
                feature_names: examples.feature_names().to_vec(),
                scaler: scaler.clone(),
                trajectories: trajectories.clone(),
                shape,
                weights,
            }),
            false => Err(Error::Trainer {
                reason: "a network's weights are not finite: try a smaller learning rate"
                    .to_owned(),
                hint: None,
            }),
        })
        .collect()
}

impl Classifier for Conv1dMlp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, examples: &Examples<'_>, seed: u64) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_network(examples, seed)?))
    }
}
