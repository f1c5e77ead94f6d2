//! From trajectories to QUANT's features.

use std::f64::consts::TAU;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::intervals::{Interval, dyadic, n_quantiles, push_quantiles};
use super::settings::QuantSettings;
use crate::Trajectories;

/// A way of looking at a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Representation {
    /// The series.
    Values,
    /// First differences, smoothed by a moving mean over five; the ends are repeated.
    Differences,
    /// Second differences.
    SecondDifferences,
    /// Absolute values of the discrete Fourier transform, from frequency zero to the highest.
    Amplitudes,
}

impl Representation {
    const ALL: [Self; 4] = [
        Self::Values,
        Self::Differences,
        Self::SecondDifferences,
        Self::Amplitudes,
    ];

    /// Number of points of a series of `length`; 0 where the series is too short. The amplitude of a single point is the
    /// point once more, so it is left out.
    fn length(self, length: usize) -> usize {
        match self {
            Self::Values => length,
            Self::Differences => length.saturating_sub(1),
            Self::SecondDifferences => length.saturating_sub(2),
            Self::Amplitudes if length < 2 => 0,
            Self::Amplitudes => length / 2 + 1,
        }
    }

    fn of(self, series: &[f64]) -> Vec<f64> {
        match self {
            Self::Values => series.to_vec(),
            Self::Differences => {
                let differences = differences(series);
                let last = differences.len() as isize - 1;
                (0..=last)
                    .map(|place| {
                        let window = (place - 2..=place + 2)
                            .map(|place| differences[place.clamp(0, last) as usize]);
                        window.sum::<f64>() / 5.0
                    })
                    .collect()
            }
            Self::SecondDifferences => differences(&differences(series)),
            Self::Amplitudes => (0..self.length(series.len()))
                .map(|frequency| amplitude(series, frequency))
                .collect(),
        }
    }
}

fn differences(series: &[f64]) -> Vec<f64> {
    series.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// From the definition: trajectories are too short for a fast transform to pay.
fn amplitude(series: &[f64], frequency: usize) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (place, value) in series.iter().enumerate() {
        // The remainder keeps the angle small and therefore exact.
        let turns = (frequency * place % series.len()) as f64 / series.len() as f64;
        real += value * (TAU * turns).cos();
        imaginary -= value * (TAU * turns).sin();
    }
    real.hypot(imaginary)
}

/// QUANT's features of a layout of trajectories: all intervals of all representations of all channels, then the features
/// that are no trajectory's as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantTransform {
    trajectories: Trajectories,
    depth: usize,
    divisor: usize,
}

impl QuantTransform {
    /// The features of `trajectories` with the interval depth and the quantile divisor of `settings`.
    pub(super) fn new(trajectories: Trajectories, settings: &QuantSettings) -> Self {
        Self {
            trajectories,
            depth: settings.depth,
            divisor: settings.divisor,
        }
    }

    /// Which features form trajectories.
    pub fn trajectories(&self) -> &Trajectories {
        &self.trajectories
    }

    /// Intervals of every representation of a series of `length` points.
    fn intervals(&self, length: usize) -> Vec<(Representation, Vec<Interval>)> {
        Representation::ALL
            .into_iter()
            .map(|representation| {
                let length = representation.length(length);
                (representation, dyadic(length, self.depth))
            })
            .filter(|(_, intervals)| !intervals.is_empty())
            .collect()
    }

    /// For every feature that comes out, the features that it is computed from: a channel's, or a single one.
    pub fn sources(&self) -> Vec<&[usize]> {
        let mut sources = Vec::new();
        for channel in self.trajectories.channels() {
            let n: usize = self
                .intervals(channel.features.len())
                .iter()
                .flat_map(|(_, intervals)| intervals)
                .map(|interval| n_quantiles(interval.end - interval.start, self.divisor))
                .sum();
            sources.extend(std::iter::repeat_n(channel.features.as_slice(), n));
        }
        sources.extend(self.trajectories.others().iter().map(std::slice::from_ref));
        sources
    }

    /// The features of every row of `features` (row-major, `width` a row), row-major.
    pub fn transform(&self, features: &[f32], width: usize) -> Vec<f32> {
        let channels: Vec<_> = self
            .trajectories
            .channels()
            .iter()
            .map(|channel| (channel, self.intervals(channel.features.len())))
            .collect();
        let rows: Vec<Vec<f32>> = features
            .par_chunks_exact(width)
            .map(|row| {
                let (mut transformed, mut scratch) = (Vec::new(), Vec::new());
                for (channel, representations) in &channels {
                    let points = channel.features.iter();
                    let series: Vec<f64> = points.map(|&feature| f64::from(row[feature])).collect();
                    for (representation, intervals) in representations {
                        let values = representation.of(&series);
                        for interval in intervals {
                            push_quantiles(
                                &values[interval.start..interval.end],
                                self.divisor,
                                &mut scratch,
                                &mut transformed,
                            );
                        }
                    }
                }
                let others = self.trajectories.others().iter();
                transformed.extend(others.map(|&feature| row[feature]));
                transformed
            })
            .collect();
        rows.concat()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// Against NumPy in `f64`: what comes out is `f32`.
    const TOLERANCE: f32 = 1e-6;

    #[derive(Deserialize)]
    struct Reference {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        depth: usize,
        divisor: usize,
        series: Vec<f32>,
        features: Vec<f32>,
    }

    fn transform(depth: usize, divisor: usize, names: &[String]) -> QuantTransform {
        let settings = QuantSettings {
            depth,
            divisor,
            ..QuantSettings::default()
        };
        QuantTransform::new(Trajectories::from_feature_names(names).unwrap(), &settings)
    }

    #[test]
    fn equals_an_implementation_in_numpy() {
        let reference: Reference =
            serde_json::from_str(include_str!("../reference/quant.json")).unwrap();
        for case in reference.cases {
            let length = case.series.len();
            let names: Vec<String> = (0..length).map(|epoch| format!("a@{epoch}")).collect();
            let transform = transform(case.depth, case.divisor, &names);
            let features = transform.transform(&case.series, length);
            assert_eq!(features.len(), case.features.len(), "length {length}");
            assert_eq!(features.len(), transform.sources().len());
            let scale = case.features.iter().fold(1.0_f32, |a, b| a.max(b.abs()));
            for (ours, reference) in features.iter().zip(&case.features) {
                assert!(
                    (ours - reference).abs() < TOLERANCE * scale,
                    "length {length}: {ours} and {reference}"
                );
            }
        }
    }

    #[test]
    fn channels_come_one_after_another_and_other_features_as_they_are() {
        let names = ["depth", "b@0", "a@0", "b@5"].map(str::to_owned);
        let transform = transform(1, 4, &names);
        // Of two points: their median, their difference, the median of the amplitudes of sum and difference.
        let features = transform.transform(&[7.0, 1.0, 9.0, 2.0], 4);
        assert_eq!(features, [1.5, 1.0, 2.0, 9.0, 7.0]);
        let b: &[usize] = &[1, 3];
        assert_eq!(transform.sources(), [b, b, b, &[2], &[0]]);
    }

    #[test]
    fn the_largest_values_stay_finite() {
        let names: Vec<String> = (0..5).map(|epoch| format!("a@{epoch}")).collect();
        let features = [f32::MAX, f32::MIN, f32::MAX, f32::MIN, f32::MAX];
        let transformed = transform(6, 4, &names).transform(&features, 5);
        assert!(transformed.iter().all(|value| value.is_finite()));
    }
}
