//! The best threshold of one feature among those between bins: the node's samples are counted, not sorted.

use super::columns::{Codes, Columns, N_BINS};
use super::split_search::{Between, Node, Sample};

/// Weights of as many classes as one instruction sums.
type Weights = [i32; 4];

/// Most samples of a node that are read row by row.
const SMALL: usize = 1024;

/// Counts a node's samples by bin and class and tries every threshold between two occupied bins.
pub(super) struct HistogramSearch {
    /// Number of [`Weights`] that hold one of every class.
    n_parts: usize,
    /// By bin and class; zeros between two searches.
    weights: Vec<Weights>,
    left: Vec<Weights>,
    total: Vec<Weights>,
}

impl HistogramSearch {
    pub(super) fn new(n_classes: usize) -> Self {
        let n_parts = n_classes.div_ceil(Weights::default().len());
        Self {
            n_parts,
            weights: vec![Weights::default(); N_BINS * n_parts],
            left: vec![Weights::default(); n_parts],
            total: vec![Weights::default(); n_parts],
        }
    }

    /// The best threshold by `feature` of binned `columns`, the lowest of equals; `None` when none is allowed.
    pub(super) fn best(
        &mut self,
        columns: &Columns,
        feature: u32,
        node: &Node<'_>,
        min_samples_leaf: u32,
    ) -> Option<Between> {
        let mut occupied = [0_u64; N_BINS / 64];
        let weights = self.weights.as_flattened_mut();
        let width = self.left.as_flattened().len();
        let mut count = |sample: &Sample, bin: u8| {
            let bin = usize::from(bin);
            occupied[bin / 64] |= 1 << (bin % 64);
            weights[bin * width + usize::from(sample.class)] += i32::from(sample.weight);
        };
        // Of a large node a column is read from one end to the other. The rows of a small one stay in the cache through all
        // features and all nodes below it, while its samples in a column would each be fetched alone.
        match columns.column(feature).codes() {
            Codes::Bins(bins) if node.samples.len() > SMALL => {
                for sample in node.samples {
                    count(sample, bins[sample.row as usize]);
                }
            }
            _ => {
                for sample in node.samples {
                    count(sample, columns.row(sample.row)[feature as usize]);
                }
            }
        }
        self.left.fill(Weights::default());
        self.scan(&occupied, None, node, min_samples_leaf)
    }

    /// The best threshold of those from `lower` on and below `upper`: `left` is the weight by class up to `lower`, and `bins`
    /// are the samples'.
    pub(super) fn best_within(
        &mut self,
        lower: u8,
        upper: u8,
        left: impl Iterator<Item = u32>,
        bins: impl Iterator<Item = u8>,
        node: &Node<'_>,
        min_samples_leaf: u32,
    ) -> Option<Between> {
        let mut occupied = [0_u64; N_BINS / 64];
        let weights = self.weights.as_flattened_mut();
        let width = self.left.as_flattened().len();
        for (bin, sample) in bins.zip(node.samples) {
            if lower < bin && bin <= upper {
                let bin = usize::from(bin);
                occupied[bin / 64] |= 1 << (bin % 64);
                weights[bin * width + usize::from(sample.class)] += i32::from(sample.weight);
            }
        }
        for (place, left) in self.left.as_flattened_mut().iter_mut().zip(left) {
            *place = left as i32;
        }
        self.scan(&occupied, Some(lower.into()), node, min_samples_leaf)
    }

    fn scan(
        &mut self,
        occupied: &[u64; N_BINS / 64],
        lower: Option<u32>,
        node: &Node<'_>,
        min_samples_leaf: u32,
    ) -> Option<Between> {
        // With a number that is known when it is compiled the usual case has no loops over parts.
        match self.n_parts {
            1 => self.scan_parts(1, occupied, lower, node, min_samples_leaf),
            n_parts => self.scan_parts(n_parts, occupied, lower, node, min_samples_leaf),
        }
    }

    /// Goes over the occupied bins from the lowest on, and empties them. Those up to `lower`, if any, are on the left already.
    #[inline(always)]
    fn scan_parts(
        &mut self,
        n_parts: usize,
        occupied: &[u64; N_BINS / 64],
        mut lower: Option<u32>,
        node: &Node<'_>,
        min_samples_leaf: u32,
    ) -> Option<Between> {
        let left = &mut self.left[..n_parts];
        let total = &mut self.total[..n_parts];
        let of_classes = total.as_flattened_mut().iter_mut();
        for (total, &weight) in of_classes.zip(node.class_weights) {
            *total = weight as i32;
        }
        let mut best: Option<Between> = None;
        let mut best_score = f32::NEG_INFINITY;
        for (word, &bits) in occupied.iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let bin = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if let Some(lower) = lower.replace(bin as u32) {
                    let sides = Sides::of(left, total);
                    let right_weight = node.weight - sides.left_weight;
                    let score = sides.left_squares / sides.left_weight as f32
                        + sides.right_squares / right_weight as f32;
                    if score > best_score
                        && sides.left_weight >= min_samples_leaf
                        && right_weight >= min_samples_leaf
                    {
                        best_score = score;
                        best = Some(Between {
                            score: f64::from(score),
                            lower,
                            upper: bin as u32,
                        });
                    }
                }
                let of_bin = &mut self.weights[bin * n_parts..(bin + 1) * n_parts];
                for (left, of_bin) in left.iter_mut().zip(of_bin) {
                    let weights = std::mem::take(of_bin);
                    *left = std::array::from_fn(|class| left[class] + weights[class]);
                }
            }
        }
        best
    }
}

/// What a threshold's score depends on: the weight on the left, and on either side the sum over the classes of the
/// squared weight. Squares are rounded to `f32` where they are above 2^24: thresholds whose scores differ by less than
/// that count as equals.
struct Sides {
    left_weight: u32,
    left_squares: f32,
    right_squares: f32,
}

impl Sides {
    #[inline(always)]
    fn of(left: &[Weights], total: &[Weights]) -> Self {
        let (mut weight, mut on_left, mut on_right) = ([0; 4], [0.0; 4], [0.0; 4]);
        for (left, total) in left.iter().zip(total) {
            for class in 0..4 {
                let (a, b) = (left[class] as f32, (total[class] - left[class]) as f32);
                weight[class] += left[class];
                on_left[class] += a * a;
                on_right[class] += b * b;
            }
        }
        let sum = |of: [f32; 4]| (of[0] + of[2]) + (of[1] + of[3]);
        Self {
            left_weight: weight.iter().sum::<i32>() as u32,
            left_squares: sum(on_left),
            right_squares: sum(on_right),
        }
    }
}
