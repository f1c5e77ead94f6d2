//! How well features can split a node of few samples: every pair of samples is compared, many features side by side.
//!
//! For every sample, as the one that a threshold lies above, the samples beyond it are counted by class. That takes the
//! square of the number of samples, but neither sorting nor memory that has to be cleared, and its comparisons and sums
//! are of single bytes, of which a vector register holds the most.

use std::ops::Range;

use pulp::Simd;

use super::lanes::{self, Bins, Counts, FEATURES_AT_ONCE, THRESHOLDS_AT_ONCE};
use super::split_search::{Node, Sample};

/// Most samples of a node for which comparing pairs is faster than bounding scores.
const MOST_SAMPLES: usize = 120;

/// Ranks features by the best split that they offer, with buffers that live as long as a tree grows.
pub(super) struct PairwiseSearch {
    weight: u8,
    min_samples_leaf: u32,
    /// The samples' weights.
    weights: Vec<u8>,
    /// Places of the samples of a class, which stand together, and their weight.
    classes: Vec<(Range<usize>, u8)>,
    /// Every sample's bins of the features that are ranked.
    bins: Vec<Bins>,
    /// The weight above some thresholds, by class.
    above: Vec<Counts>,
    scores: [f32; FEATURES_AT_ONCE],
}

impl PairwiseSearch {
    pub(super) fn new() -> Self {
        Self {
            weight: 0,
            min_samples_leaf: 0,
            weights: Vec::new(),
            classes: Vec::new(),
            bins: Vec::new(),
            above: Vec::new(),
            scores: [0.0; FEATURES_AT_ONCE],
        }
    }

    /// Takes up a node, whose samples stand in the order of their classes; `false` when it has too many.
    pub(super) fn take(&mut self, node: &Node<'_>, min_samples_leaf: u32) -> bool {
        // The square of a byte is a sum of squares of weights that add up to it at most.
        let Ok(weight) = u8::try_from(node.weight) else {
            return false;
        };
        if node.samples.len() > MOST_SAMPLES {
            return false;
        }
        self.weight = weight;
        self.min_samples_leaf = min_samples_leaf;
        self.weights.clear();
        // No weight is above their sum.
        let weights = node.samples.iter().map(|sample| sample.weight as u8);
        self.weights.extend(weights);
        self.classes.clear();
        let mut start = 0;
        for of_class in node.samples.chunk_by(|a, b| a.class == b.class) {
            let places = start..start + of_class.len();
            let weight = self.weights[places.clone()].iter().sum();
            start = places.end;
            self.classes.push((places, weight));
        }
        true
    }

    /// The highest score among the splits of every feature that was scored, 0 where there is none. Scores are
    /// rounded to `f32`: exact where both sides are pure.
    pub(super) fn scores(&self) -> &[f32] {
        &self.scores
    }

    /// Finds the scores of `n_features` features, at most [`FEATURES_AT_ONCE`], of which `write_bins` writes an example's bins.
    #[inline(always)]
    pub(super) fn score<S: Simd>(
        &mut self,
        simd: S,
        samples: &[Sample],
        n_features: usize,
        write_bins: impl Fn(u32, &mut [u8]),
    ) {
        self.bins.resize(samples.len(), [0; FEATURES_AT_ONCE]);
        for (bins, sample) in self.bins.iter_mut().zip(samples) {
            write_bins(sample.row, &mut bins[..n_features]);
        }
        // Few features leave room beside them, where other thresholds of theirs are tried.
        match n_features {
            0..=4 => self.score_side_by_side::<S, 4>(simd),
            5..=8 => self.score_side_by_side::<S, 8>(simd),
            9..=16 => self.score_side_by_side::<S, 16>(simd),
            _ => self.score_side_by_side::<S, FEATURES_AT_ONCE>(simd),
        }
    }

    /// Finds the scores of `WIDTH` features, every `WIDTH` lanes by thresholds of their own.
    #[inline(always)]
    fn score_side_by_side<S: Simd, const WIDTH: usize>(&mut self, simd: S) {
        for bins in &mut self.bins {
            lanes::repeat::<WIDTH>(bins);
        }
        self.scores = [0.0; FEATURES_AT_ONCE];
        let side_by_side = FEATURES_AT_ONCE / WIDTH;
        let n_samples = self.bins.len();
        for first in (0..n_samples).step_by(side_by_side * THRESHOLDS_AT_ONCE) {
            let thresholds = std::array::from_fn(|number| {
                let first = first + number * side_by_side;
                // Where there are no more thresholds, the last one again.
                lanes::beside::<WIDTH>(|place| &self.bins[(first + place).min(n_samples - 1)])
            });
            self.above.clear();
            for (places, _) in &self.classes {
                let (bins, weights) = (&self.bins[places.clone()], &self.weights[places.clone()]);
                self.above
                    .push(lanes::count_above(simd, bins, weights, &thresholds));
            }
            let n_left = (n_samples - first).div_ceil(side_by_side);
            for number in 0..THRESHOLDS_AT_ONCE.min(n_left) {
                match S::IS_SCALAR {
                    true => self.raise_scores_one_by_one(number),
                    false => self.raise_scores(simd, number),
                }
            }
        }
        if !S::IS_SCALAR {
            self.sort_scores::<S>();
        }
        let (of_features, others) = self.scores.split_at_mut(WIDTH);
        for other in others.chunks_exact(WIDTH) {
            for (score, &other) in of_features.iter_mut().zip(other) {
                *score = score.max(other);
            }
        }
    }

    /// Raises scores to those of a threshold where these are better.
    #[inline(always)]
    fn raise_scores<S: Simd>(&mut self, simd: S, number: usize) {
        let least = simd.splat_f32s(self.min_samples_leaf as f32);
        let weight = simd.splat_f32s(f32::from(self.weight));
        let zero = simd.splat_f32s(0.0);
        for register in 0..lanes::n_registers::<S>() {
            let mut right = simd.splat_u8s(0);
            let mut left_squares = [simd.splat_u16s(0); 2];
            let mut right_squares = [simd.splat_u16s(0); 2];
            for (above, &(_, weight)) in self.above.iter().zip(&self.classes) {
                let above = lanes::load::<S>(&above[number], register);
                right = simd.add_u8s(right, above);
                let weight = simd.splat_u16s(weight.into());
                for (half, above) in lanes::words(simd, above).into_iter().enumerate() {
                    let left = simd.sub_u16s(weight, above);
                    let (left, above) = (simd.mul_u16s(left, left), simd.mul_u16s(above, above));
                    left_squares[half] = simd.add_u16s(left_squares[half], left);
                    right_squares[half] = simd.add_u16s(right_squares[half], above);
                }
            }
            for (half, right) in lanes::words(simd, right).into_iter().enumerate() {
                let right = lanes::numbers(simd, right);
                let left_squares = lanes::numbers(simd, left_squares[half]);
                let right_squares = lanes::numbers(simd, right_squares[half]);
                for of_word in 0..2 {
                    let right = right[of_word];
                    let left = simd.sub_f32s(weight, right);
                    // Of an empty side this is not a number, and no comparison with it holds.
                    let score = simd.add_f32s(
                        simd.div_f32s(left_squares[of_word], left),
                        simd.div_f32s(right_squares[of_word], right),
                    );
                    let is_allowed =
                        simd.greater_than_or_equal_f32s(simd.min_f32s(left, right), least);
                    let score = simd.select_f32s(is_allowed, score, zero);
                    let best = &mut S::as_mut_simd_f32s(&mut self.scores).0
                        [4 * register + 2 * half + of_word];
                    *best = simd.select_f32s(simd.greater_than_f32s(score, *best), score, *best);
                }
            }
        }
    }

    /// Puts the scores that [`Self::raise_scores`] has raised into the order of the features.
    #[inline(always)]
    fn sort_scores<S: Simd>(&mut self) {
        let raised = self.scores;
        let lanes = raised.chunks_exact(S::F32_LANES).enumerate();
        for (number, scores) in lanes {
            let halves = (number / 2 % 2, number % 2);
            for (lane, &score) in scores.iter().enumerate() {
                self.scores[lanes::feature::<S>(number / 4, halves, lane)] = score;
            }
        }
    }

    /// As [`Self::raise_scores`], without vector registers.
    fn raise_scores_one_by_one(&mut self, number: usize) {
        let mut right = [0; FEATURES_AT_ONCE];
        let (mut left_squares, mut right_squares) = ([0; FEATURES_AT_ONCE], [0; FEATURES_AT_ONCE]);
        for (above, &(_, weight)) in self.above.iter().zip(&self.classes) {
            for (feature, &above) in above[number].iter().enumerate() {
                let left = weight - above;
                right[feature] += above;
                left_squares[feature] += u16::from(left) * u16::from(left);
                right_squares[feature] += u16::from(above) * u16::from(above);
            }
        }
        let (weight, least) = (f32::from(self.weight), self.min_samples_leaf as f32);
        for (feature, best) in self.scores.iter_mut().enumerate() {
            let right = f32::from(right[feature]);
            let left = weight - right;
            // Of an empty side this is not a number, and no comparison with it holds.
            let score =
                f32::from(left_squares[feature]) / left + f32::from(right_squares[feature]) / right;
            let score = if left >= least && right >= least {
                score
            } else {
                0.0
            };
            *best = if score > *best { score } else { *best };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Examples;
    use crate::random_forest::columns::Columns;
    use crate::random_forest::histogram_search::HistogramSearch;
    use crate::random_forest::settings::Thresholds;
    use engram_schemas::randomness::generator;
    use pulp::WithSimd;
    use rand::RngExt;

    /// Of scores, relative: they are sums of two rounded quotients.
    const TOLERANCE: f64 = 3e-7;

    /// Scores the features of a node, with whatever registers there are.
    struct Scoring<'a> {
        columns: &'a Columns,
        node: &'a Node<'a>,
        least: u32,
    }

    impl WithSimd for Scoring<'_> {
        type Output = Vec<f32>;

        fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
            let n_features = self.columns.n_features();
            let mut pairwise = PairwiseSearch::new();
            assert!(pairwise.take(self.node, self.least));
            pairwise.score(simd, self.node.samples, n_features, |row, bins| {
                bins.copy_from_slice(self.columns.row(row));
            });
            pairwise.scores()[..n_features].to_vec()
        }
    }

    #[test]
    fn scores_equal_those_of_counting() {
        let mut random = generator("pairwise", 0, 0);
        for (n_examples, n_classes, n_features, n_values, least) in [
            (2, 2, 1, 2, 1),
            (9, 3, 20, 3, 1),
            (10, 3, 3, 50, 1),
            (31, 4, 8, 50, 1),
            (90, 4, 5, 50, 2),
            (33, 4, 16, 5, 1),
            (27, 4, 17, 100, 5),
            (MOST_SAMPLES, 6, FEATURES_AT_ONCE, 90, 1),
            (MOST_SAMPLES, 2, 31, 2, 50),
        ] {
            let names: Vec<String> = (0..n_features).map(|n| format!("feature{n}")).collect();
            let features: Vec<f32> = (0..n_examples * n_features)
                .map(|_| random.random_range(0..n_values) as f32)
                .collect();
            let mut labels: Vec<u32> = (0..n_examples as u32).map(|n| n % n_classes).collect();
            labels.sort_unstable();
            let n_classes = n_classes as usize;
            let examples = Examples::try_new(&features, &names, &labels, n_classes).unwrap();
            let columns = Columns::new(&examples, Thresholds::Binned);
            let samples: Vec<Sample> = (0..n_examples)
                .map(|row| Sample {
                    row: row as u32,
                    weight: random.random_range(1..3),
                    class: labels[row] as u16,
                })
                .collect();
            let mut class_weights = vec![0; n_classes];
            for sample in &samples {
                class_weights[usize::from(sample.class)] += u32::from(sample.weight);
            }
            let node = Node {
                samples: &samples,
                class_weights: &class_weights,
                weight: class_weights.iter().sum(),
            };
            let scoring = || Scoring {
                columns: &columns,
                node: &node,
                least,
            };
            let scores = pulp::Arch::new().dispatch(scoring());
            assert_eq!(scores, scoring().with_simd(pulp::Scalar));
            let mut histogram = HistogramSearch::new(n_classes);
            for (feature, &score) in scores.iter().enumerate() {
                let counted = histogram.best(&columns, feature as u32, &node, least);
                let counted = counted.map_or(0.0, |between| between.score);
                let difference = (f64::from(score) - counted).abs();
                assert!(difference <= TOLERANCE * counted, "{score} and {counted}");
            }
        }
    }

    #[test]
    fn large_and_heavy_nodes_are_refused() {
        let sample = |weight| Sample {
            row: 0,
            weight,
            class: 0,
        };
        let is_taken = |samples: &[Sample]| {
            let weight = samples.iter().map(|sample| u32::from(sample.weight)).sum();
            let node = Node {
                samples,
                class_weights: &[weight],
                weight,
            };
            PairwiseSearch::new().take(&node, 1)
        };
        assert!(is_taken(&[sample(255)]));
        assert!(!is_taken(&[sample(256)]));
        assert!(is_taken(&[sample(1); MOST_SAMPLES]));
        assert!(!is_taken(&[sample(1); MOST_SAMPLES + 1]));
    }
}
