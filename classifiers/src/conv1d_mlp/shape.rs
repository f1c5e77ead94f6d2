//! How large the network is, from inputs to classes.

use serde::{Deserialize, Serialize};

use super::{Conv1dMlpSettings, Pooling};
use crate::{Error, Result, Trajectories};

/// Sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Trajectories, and features that are no trajectory's.
    pub n_channels: usize,
    /// Points of a trajectory.
    pub n_points: usize,
    /// Points that a filter spans.
    pub kernel: usize,
    /// Number of filters.
    pub n_filters: usize,
    /// Points from one place of a filter to the next.
    pub stride: usize,
    /// What becomes of neighbouring places.
    pub pooling: Pooling,
    /// Number of classes.
    pub n_classes: usize,
}

/// Places that are pooled to one.
pub const POOLED: usize = 2;

impl Shape {
    /// The sizes for these trajectories.
    ///
    /// # Errors
    /// [`Error::Examples`] when trajectories differ in their number of points.
    pub(super) fn new(
        settings: &Conv1dMlpSettings,
        trajectories: &Trajectories,
        n_classes: usize,
    ) -> Result<Self> {
        let n_points = n_points(trajectories);
        let odd = trajectories
            .channels()
            .iter()
            .find(|channel| channel.features.len() != n_points);
        if let Some(odd) = odd {
            return Err(Error::Examples {
                reason: format!(
                    "`{}` has {} points where another trajectory has {n_points}, and a filter needs equally many",
                    odd.name,
                    odd.features.len()
                ),
            });
        }
        Ok(Self {
            n_channels: trajectories.channels().len() + trajectories.others().len(),
            n_points,
            kernel: settings.kernel(n_points),
            n_filters: settings.n_filters,
            stride: settings.stride,
            pooling: settings.pooling,
            n_classes,
        })
    }

    /// Values of an example: channel by channel, each point by point.
    pub fn n_inputs(&self) -> usize {
        self.n_channels * self.n_points
    }

    /// Places of a filter along a trajectory.
    pub fn n_places(&self) -> usize {
        (self.n_points - self.kernel) / self.stride + 1
    }

    /// Places after pooling.
    pub fn n_pooled(&self) -> usize {
        match self.is_pooled() {
            true => self.n_places() / POOLED,
            false => self.n_places(),
        }
    }

    /// Whether there is something to pool.
    pub fn is_pooled(&self) -> bool {
        self.pooling != Pooling::None && self.n_places() >= POOLED
    }
}

/// Points of the longest trajectory; features that are no trajectory's have one.
pub(crate) fn n_points(trajectories: &Trajectories) -> usize {
    let lengths = trajectories
        .channels()
        .iter()
        .map(|channel| channel.features.len());
    lengths.max().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(kernel: usize, stride: usize, pooling: Pooling) -> Shape {
        Shape {
            n_channels: 3,
            n_points: 21,
            kernel,
            n_filters: 20,
            stride,
            pooling,
            n_classes: 4,
        }
    }

    #[test]
    fn filters_stay_within_the_trajectory() {
        assert_eq!(shape(6, 1, Pooling::None).n_places(), 16);
        assert_eq!(shape(6, 4, Pooling::None).n_places(), 4);
        assert_eq!(shape(21, 4, Pooling::Max).n_places(), 1);
    }

    #[test]
    fn two_places_are_pooled_to_one() {
        assert_eq!(shape(6, 1, Pooling::Max).n_pooled(), 8);
        assert_eq!(shape(11, 1, Pooling::Average).n_pooled(), 5);
        assert_eq!(shape(21, 1, Pooling::Max).n_pooled(), 1);
    }

    #[test]
    fn trajectories_of_different_lengths_are_refused() {
        let names = ["a@0", "a@5", "b@0", "depth"].map(str::to_owned);
        let trajectories = Trajectories::from_feature_names(&names).unwrap();
        let error = Shape::new(&Conv1dMlpSettings::default(), &trajectories, 2).unwrap_err();
        assert!(error.to_string().contains("`b` has 1 points"), "{error}");
    }
}
