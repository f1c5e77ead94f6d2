//! Training features prepared for split search.

use rayon::prelude::*;

use super::settings::Thresholds;
use crate::Examples;

/// Most codes of a column whose thresholds are binned: as many as a byte has.
pub(super) const N_BINS: usize = 256;

/// Training features by column, every value replaced by a code that orders as it does: its rank among the column's
/// distinct values or, coarser, its bin.
///
/// A split asks for the order of values only. Codes are made once, and shared by all trees, folds and settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    columns: Vec<Column>,
    /// Bins by row; empty where codes are ranks.
    rows: Vec<u8>,
}

/// One feature of all training examples.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    codes: Codes,
    /// The lowest and the highest value of every code.
    bounds: Vec<(f32, f32)>,
}

/// Every example's code.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Codes {
    /// Numbers of bins of about equally many examples.
    Bins(Vec<u8>),
    /// Numbers of bins that stand in the rows only: of more examples than are kept twice.
    BinsInRows,
    /// Ranks among the distinct values.
    Ranks(Vec<u32>),
}

impl Columns {
    /// Codes every feature.
    pub(super) fn new(examples: &Examples<'_>, thresholds: Thresholds) -> Self {
        let n_features = examples.n_features();
        let columns: Vec<Column> = (0..n_features)
            .into_par_iter()
            .map(|feature| {
                let values = examples.features().iter().skip(feature);
                Column::new(values.step_by(n_features).copied(), thresholds)
            })
            .collect();
        let rows = rows(&columns, examples.n_examples());
        Self { columns, rows }
    }

    /// Features whose bins are there already: of each feature the lowest and the highest value of every bin, and of each
    /// example the bins.
    pub(super) fn of_rows(bounds: Vec<Vec<(f32, f32)>>, rows: Vec<u8>) -> Self {
        let of_feature = |bounds| Column {
            codes: Codes::BinsInRows,
            bounds,
        };
        Self {
            columns: bounds.into_iter().map(of_feature).collect(),
            rows,
        }
    }

    /// Number of features.
    pub(super) fn n_features(&self) -> usize {
        self.columns.len()
    }

    /// Whether codes are bins, so that there are rows of them.
    pub(super) fn has_bins(&self) -> bool {
        !self.rows.is_empty()
    }

    /// The bins of all features of one example.
    pub(super) fn row(&self, row: u32) -> &[u8] {
        let (row, width) = (row as usize, self.columns.len());
        &self.rows[row * width..(row + 1) * width]
    }

    /// The code of a feature of one example.
    pub(super) fn code(&self, feature: u32, row: u32) -> u32 {
        match &self.column(feature).codes {
            Codes::Bins(bins) => u32::from(bins[row as usize]),
            Codes::BinsInRows => u32::from(self.row(row)[feature as usize]),
            Codes::Ranks(ranks) => ranks[row as usize],
        }
    }

    /// The column of `feature`.
    pub(super) fn column(&self, feature: u32) -> &Column {
        &self.columns[feature as usize]
    }
}

/// The columns' bins once more, row by row.
fn rows(columns: &[Column], n_examples: usize) -> Vec<u8> {
    let bins: Vec<&Vec<u8>> = columns
        .iter()
        .filter_map(|column| match &column.codes {
            Codes::Bins(bins) => Some(bins),
            Codes::BinsInRows | Codes::Ranks(_) => None,
        })
        .collect();
    let mut rows = vec![0; bins.len() * n_examples];
    if !bins.is_empty() {
        rows.par_chunks_mut(bins.len() * ROWS_AT_ONCE)
            .enumerate()
            .for_each(|(chunk, rows)| {
                for (feature, bins) in bins.iter().enumerate() {
                    let of_rows = rows.iter_mut().skip(feature).step_by(columns.len());
                    for (place, bin) in of_rows.zip(&bins[chunk * ROWS_AT_ONCE..]) {
                        *place = *bin;
                    }
                }
            });
    }
    rows
}

/// Rows that are transposed together: few enough to stay in the cache.
const ROWS_AT_ONCE: usize = 64;

impl Column {
    /// Codes the values of one feature.
    pub(super) fn new(values: impl Iterator<Item = f32>, thresholds: Thresholds) -> Self {
        let mut order: Vec<u64> = values
            .enumerate()
            .map(|(row, value)| u64::from(sortable(value)) << 32 | row as u64)
            .collect();
        order.sort_unstable();
        match thresholds {
            Thresholds::Exact => Self::ranked(&order),
            Thresholds::Binned => Self::binned(&order),
        }
    }

    fn ranked(order: &[u64]) -> Self {
        let mut ranks = vec![0; order.len()];
        let mut bounds = Vec::new();
        for equal in order.chunk_by(same_value) {
            for entry in equal {
                ranks[row(*entry)] = bounds.len() as u32;
            }
            bounds.push((value(equal[0]), value(equal[0])));
        }
        Self {
            codes: Codes::Ranks(ranks),
            bounds,
        }
    }

    /// Every distinct value is a bin where there are few enough of them. Else bins are filled one after the other with
    /// their share of what is left; equal values are never cut apart.
    fn binned(order: &[u64]) -> Self {
        let n_distinct = order.chunk_by(same_value).count();
        let mut bins = vec![0; order.len()];
        let mut bounds: Vec<(f32, f32)> = Vec::new();
        let (mut n_left, mut n_in_bin, mut share) = (order.len(), 0, 0);
        for equal in order.chunk_by(same_value) {
            if n_in_bin >= share {
                let n_bins_left = N_BINS.min(n_distinct) - bounds.len();
                share = match n_distinct <= N_BINS {
                    true => 1,
                    false => n_left.div_ceil(n_bins_left),
                };
                n_in_bin = 0;
                bounds.push((value(equal[0]), value(equal[0])));
            }
            let bin = bounds.len() - 1;
            bounds[bin].1 = value(equal[0]);
            for entry in equal {
                bins[row(*entry)] = bin as u8;
            }
            n_in_bin += equal.len();
            n_left -= equal.len();
        }
        Self {
            codes: Codes::Bins(bins),
            bounds,
        }
    }

    /// The lowest and the highest value of every code.
    pub(super) fn into_bounds(self) -> Vec<(f32, f32)> {
        self.bounds
    }

    /// Number of codes.
    pub(super) fn n_codes(&self) -> usize {
        self.bounds.len()
    }

    /// Every example's code.
    pub(super) fn codes(&self) -> &Codes {
        &self.codes
    }

    /// The highest code of which every value is at most `threshold`, if there is one.
    pub(super) fn code_up_to(&self, threshold: f32) -> Option<u32> {
        let n_codes = self.bounds.partition_point(|bounds| bounds.1 <= threshold);
        n_codes.checked_sub(1).map(|code| code as u32)
    }

    /// The threshold of a split between two codes: midway between the highest value of the one and the lowest of the
    /// other, or the lower of these where no `f32` lies between them. Always at least the lower and below the upper.
    pub(super) fn threshold(&self, lower: u32, upper: u32) -> f32 {
        let (lower, upper) = (self.bounds[lower as usize].1, self.bounds[upper as usize].0);
        let midpoint = ((f64::from(lower) + f64::from(upper)) / 2.0) as f32;
        if midpoint < upper { midpoint } else { lower }
    }
}

/// An integer that orders as the finite `value` does.
fn sortable(value: f32) -> u32 {
    // Adding zero turns -0 into 0: the two are equal, so they must not differ as integers.
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 {
        !bits
    } else {
        bits | 0x8000_0000
    }
}

/// Whether two entries, a sortable value above a row, have the same value.
fn same_value(a: &u64, b: &u64) -> bool {
    a >> 32 == b >> 32
}

fn row(entry: u64) -> usize {
    (entry & 0xffff_ffff) as usize
}

fn value(entry: u64) -> f32 {
    let key = (entry >> 32) as u32;
    f32::from_bits(if key >> 31 == 1 {
        key & 0x7fff_ffff
    } else {
        !key
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[f32], thresholds: Thresholds) -> Column {
        Column::new(values.iter().copied(), thresholds)
    }

    #[test]
    fn codes_follow_values() {
        let values = [3.5, -1.0, 0.0, -0.0, 3.5, -f32::MAX];
        let ranked = column(&values, Thresholds::Exact);
        assert_eq!(ranked.codes, Codes::Ranks(vec![3, 1, 2, 2, 3, 0]));
        let distinct = [-f32::MAX, -1.0, 0.0, 3.5].map(|value| (value, value));
        assert_eq!(ranked.bounds, distinct);
        // Few distinct values have a bin each.
        let binned = column(&values, Thresholds::Binned);
        assert_eq!(binned.codes, Codes::Bins(vec![3, 1, 2, 2, 3, 0]));
        assert_eq!(binned.bounds, distinct);
    }

    #[test]
    fn bins_hold_about_equally_many_and_keep_equal_values_together() {
        // A thousand values of which 400 are the same.
        let values: Vec<f32> = (0..1000)
            .map(|n| if n % 5 < 2 { 500.25 } else { n as f32 })
            .collect();
        let column = column(&values, Thresholds::Binned);
        let Codes::Bins(bins) = column.codes() else {
            panic!("there are no bins");
        };
        let n_bins = column.bounds.len();
        assert!((200..=N_BINS).contains(&n_bins), "{n_bins} bins");
        let mut sizes = vec![0; n_bins];
        for (&bin, &value) in bins.iter().zip(&values) {
            sizes[usize::from(bin)] += 1;
            let (lowest, highest) = column.bounds[usize::from(bin)];
            assert!((lowest..=highest).contains(&value));
        }
        sizes.sort_unstable();
        assert!(
            sizes[n_bins - 1] >= 400 && sizes[n_bins - 2] <= 4,
            "{sizes:?}"
        );
        assert!(column.bounds.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn thresholds_separate_even_neighbouring_floats() {
        let next = 1.0_f32.next_up();
        let values = [1.0, next, 3.0, f32::MAX, f32::MAX.next_down()];
        for thresholds in Thresholds::ALL {
            let column = column(&values, thresholds);
            assert_eq!(column.threshold(0, 1), 1.0);
            assert_eq!(column.threshold(1, 2), 2.0);
            // The sum of the two largest numbers overflows f32.
            assert_eq!(column.threshold(3, 4), f32::MAX.next_down());
        }
    }
}
