//! How well features can split a node at most: splits are counted at a few thresholds only, many features side by side.
//!
//! What lies between two neighbouring thresholds goes left or right in an order that is not looked at. The impurity, here
//! always times weight, has a lower bound all the same. On one side be `A` the weight of a class, `a` the sum over all classes
//! and `q` the sum of squares; the impurity is `a - q / a`. Further samples, of weights `d` by class and `b` in sum, add their
//! own impurity and `a b / (a + b)` times the squared distance between the two's shares of classes. With no more than the
//! share `a / (a + b)` of their own impurity this is a sum over the classes:
//!
//! ```text
//! a / (a + b) * sum of d (1 + q / a^2 - 2 A / a)
//! ```
//!
//! So every class between the thresholds adds at least the less of what it would add on the left and on the right, `b` being
//! all that lies between. Where the bound is below what another feature reaches, the thresholds between need not be tried.

use std::ops::Range;

use pulp::Simd;

use super::lanes::{self, Bins, FEATURES_AT_ONCE, THRESHOLDS_AT_ONCE};
use super::split_search::{Node, Sample};

/// Samples for every threshold, while that makes no fewer and no more thresholds than these: more thresholds make closer
/// bounds, and take longer to count.
const SAMPLES_PER_THRESHOLD: usize = 4;
const FEWEST_THRESHOLDS: usize = 16;
const MOST_THRESHOLDS: usize = 48;

/// What floating point may be off by, relative: generously, since features that are this close are rare.
const MARGIN: f32 = 1e-4;

type Numbers = [f32; FEATURES_AT_ONCE];

/// Bounds the scores of features, with buffers that live as long as a tree grows.
pub(super) struct SplitBounds {
    /// The samples' weights.
    weights: Vec<u8>,
    /// Places of samples of one class that weigh no more than a byte holds, and their class.
    chunks: Vec<(Range<usize>, usize)>,
    class_weights: Vec<f32>,
    weight: f32,
    /// Every sample's bins of the features that are bounded.
    bins: Vec<Bins>,
    /// Rising.
    thresholds: Vec<Bins>,
    /// Weight above a threshold, by threshold and class.
    above: Vec<Numbers>,
    /// By what lies between a threshold and the next.
    bounds: Vec<Numbers>,
    /// The highest of these.
    highest: Numbers,
}

/// Thresholds of a feature that may be better than others.
pub(super) struct Stretch {
    /// The lowest of them.
    pub(super) lower: u8,
    /// The highest bin that lies between two of them.
    pub(super) upper: u8,
    /// Number of the lowest.
    number: usize,
}

/// All samples on one side of the thresholds.
struct Side {
    weight: Numbers,
    /// Weight + squares / weight.
    spread: Numbers,
}

impl SplitBounds {
    pub(super) fn new() -> Self {
        Self {
            weights: Vec::new(),
            chunks: Vec::new(),
            class_weights: Vec::new(),
            weight: 0.0,
            bins: Vec::new(),
            thresholds: Vec::new(),
            above: Vec::new(),
            bounds: Vec::new(),
            highest: [0.0; FEATURES_AT_ONCE],
        }
    }

    /// Takes up a node, whose samples stand in the order of their classes; `false` when a sample is too heavy.
    pub(super) fn take(&mut self, node: &Node<'_>) -> bool {
        self.weights.clear();
        self.chunks.clear();
        let mut in_chunk = 0;
        for (place, sample) in node.samples.iter().enumerate() {
            let Ok(weight) = u8::try_from(sample.weight) else {
                return false;
            };
            self.weights.push(weight);
            let class = usize::from(sample.class);
            in_chunk += u32::from(weight);
            match self.chunks.last_mut() {
                Some((places, of_chunk)) if *of_chunk == class && in_chunk <= 255 => {
                    places.end = place + 1;
                }
                _ => {
                    in_chunk = u32::from(weight);
                    self.chunks.push((place..place + 1, class));
                }
            }
        }
        let class_weights = node.class_weights.iter().map(|&weight| weight as f32);
        self.class_weights.clear();
        self.class_weights.extend(class_weights);
        self.weight = node.weight as f32;
        true
    }

    /// Bounds the scores of `n_features` features, of which `write_bins` writes an example's bins.
    #[inline(always)]
    pub(super) fn bound<S: Simd>(
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
        self.choose_thresholds(simd);
        self.count(simd);
        self.bound_stretches();
    }

    /// Where splits of the feature at `place` may have at least `score`, from below.
    pub(super) fn stretches(&self, place: usize, score: f32) -> impl Iterator<Item = Stretch> {
        let n_bounds = self.bounds.len();
        let mut next = match self.highest[place] < score {
            true => n_bounds,
            false => 0,
        };
        std::iter::from_fn(move || {
            let reaches = |number: &usize| self.bounds[*number][place] >= score;
            let first = (next..n_bounds).find(reaches)?;
            next = (first..n_bounds)
                .find(|number| !reaches(number))
                .unwrap_or(n_bounds);
            let is_last = next == n_bounds;
            let upper = if is_last {
                u8::MAX
            } else {
                self.thresholds[next][place]
            };
            Some(Stretch {
                lower: self.thresholds[first][place],
                upper,
                number: first,
            })
        })
    }

    /// The weight by class on the left of a stretch of the feature at `place`.
    pub(super) fn left(&self, place: usize, stretch: &Stretch) -> impl Iterator<Item = u32> {
        let n_classes = self.class_weights.len();
        let above = &self.above[stretch.number * n_classes..];
        let classes = self.class_weights.iter().zip(above);
        classes.map(move |(&total, above)| (total - above[place]) as u32)
    }

    /// The samples' bins of the feature at `place`.
    pub(super) fn bins(&self, place: usize) -> impl Iterator<Item = u8> {
        self.bins.iter().map(move |bins| bins[place])
    }

    /// Thresholds from the node's lowest bin on to the one below its highest, at equal distances: bins hold about equally
    /// many examples. Where all bins of a feature are equal its thresholds mean nothing, and its bounds are minus infinity.
    #[inline(always)]
    fn choose_thresholds<S: Simd>(&mut self, simd: S) {
        let (lowest, highest) = lanes::extremes(simd, &self.bins);
        let n_thresholds = (self.bins.len() / SAMPLES_PER_THRESHOLD)
            .clamp(FEWEST_THRESHOLDS, MOST_THRESHOLDS)
            .next_multiple_of(THRESHOLDS_AT_ONCE);
        let n_stretches = n_thresholds as u16 - 1;
        self.thresholds.clear();
        self.thresholds.extend((0..=n_stretches).map(|number| {
            // Of 256, so that no feature needs a division.
            let share = number * 256 / n_stretches;
            let threshold = |feature: usize| {
                let span = highest[feature]
                    .saturating_sub(1)
                    .saturating_sub(lowest[feature]);
                lowest[feature] + ((u16::from(span) * share) >> 8) as u8
            };
            std::array::from_fn(threshold)
        }));
        self.bounds.clear();
        let bounds = std::array::from_fn(|feature| match lowest[feature] < highest[feature] {
            true => 0.0,
            false => f32::NEG_INFINITY,
        });
        self.bounds.resize(n_thresholds - 1, bounds);
    }

    #[inline(always)]
    fn count<S: Simd>(&mut self, simd: S) {
        let n_classes = self.class_weights.len();
        self.above.clear();
        self.above
            .resize(self.thresholds.len() * n_classes, [0.0; FEATURES_AT_ONCE]);
        let (thresholds, _) = self.thresholds.as_chunks::<THRESHOLDS_AT_ONCE>();
        for (places, class) in &self.chunks {
            let (bins, weights) = (&self.bins[places.clone()], &self.weights[places.clone()]);
            let mut sums = self.above.iter_mut().skip(*class).step_by(n_classes);
            for thresholds in thresholds {
                let counted = lanes::count_above(simd, bins, weights, thresholds);
                for (counted, sum) in counted.iter().zip(&mut sums) {
                    for (sum, &counted) in sum.iter_mut().zip(counted) {
                        *sum += f32::from(counted);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn bound_stretches(&mut self) {
        let n_classes = self.class_weights.len();
        let total = &self.class_weights;
        let mut at = self.above.chunks_exact(n_classes);
        let Some(mut above_lower) = at.next() else {
            return;
        };
        for (above_upper, bounds) in at.zip(&mut self.bounds) {
            let left = Side::of(
                above_lower
                    .iter()
                    .zip(total)
                    .map(|(above, &total)| above.map(|above| total - above)),
            );
            let right = Side::of(above_upper.iter().copied());
            // The share of a side among all that may come to be on it.
            let left_scale = right.weight.map(|weight| 1.0 / (self.weight - weight));
            let right_scale = left.weight.map(|weight| 1.0 / (self.weight - weight));
            let mut raised = [0.0; FEATURES_AT_ONCE];
            for ((lower, upper), &total) in above_lower.iter().zip(above_upper).zip(total) {
                for feature in 0..FEATURES_AT_ONCE {
                    let (on_left, on_right) = (total - lower[feature], upper[feature]);
                    let by_left = (left.spread[feature] - 2.0 * on_left) * left_scale[feature];
                    let by_right = (right.spread[feature] - 2.0 * on_right) * right_scale[feature];
                    let less = if by_left < by_right {
                        by_left
                    } else {
                        by_right
                    };
                    raised[feature] += (lower[feature] - on_right) * less;
                }
            }
            for (feature, bound) in bounds.iter_mut().enumerate() {
                let impurity = 2.0 * (left.weight[feature] + right.weight[feature])
                    - left.spread[feature]
                    - right.spread[feature]
                    + raised[feature];
                // Of a feature that has no split it stays minus infinity.
                *bound += (self.weight - impurity) + MARGIN * self.weight;
            }
            above_lower = above_upper;
        }
        self.highest = [f32::NEG_INFINITY; FEATURES_AT_ONCE];
        for bounds in &self.bounds {
            for (highest, &bound) in self.highest.iter_mut().zip(bounds) {
                *highest = if bound > *highest { bound } else { *highest };
            }
        }
    }
}

impl Side {
    #[inline(always)]
    fn of(classes: impl Iterator<Item = Numbers>) -> Self {
        let (mut weight, mut squares) = ([0.0; FEATURES_AT_ONCE], [0.0; FEATURES_AT_ONCE]);
        for of_class in classes {
            for feature in 0..FEATURES_AT_ONCE {
                weight[feature] += of_class[feature];
                squares[feature] += of_class[feature] * of_class[feature];
            }
        }
        let mut spread = weight;
        for feature in 0..FEATURES_AT_ONCE {
            spread[feature] += squares[feature] / weight[feature];
        }
        Self { weight, spread }
    }
}
