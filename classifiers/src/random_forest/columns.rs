//! Training features prepared for split search.

use rayon::prelude::*;

use crate::Examples;

/// Training features by column, every value replaced by its rank among its column's distinct values.
///
/// A split asks for the order of values only, so ranks serve as well as values: they sort as small integers, in fewer
/// passes the fewer distinct values there are. They are made once and shared by all trees.
pub(super) struct RankedColumns {
    columns: Vec<RankedColumn>,
}

/// One feature of all training examples.
pub(super) struct RankedColumn {
    /// Rank of every example's value.
    pub(super) ranks: Vec<u32>,
    /// The distinct values in rising order.
    values: Vec<f32>,
}

impl RankedColumns {
    /// Ranks every feature.
    pub(super) fn new(examples: &Examples<'_>) -> Self {
        let n_features = examples.n_features();
        let columns = (0..n_features)
            .into_par_iter()
            .map(|feature| {
                RankedColumn::new(
                    examples
                        .features()
                        .iter()
                        .skip(feature)
                        .step_by(n_features)
                        .copied(),
                )
            })
            .collect();
        Self { columns }
    }

    /// Number of features.
    pub(super) fn n_features(&self) -> usize {
        self.columns.len()
    }

    /// The column of `feature`.
    pub(super) fn column(&self, feature: u32) -> &RankedColumn {
        &self.columns[feature as usize]
    }
}

impl RankedColumn {
    fn new(values: impl Iterator<Item = f32>) -> Self {
        let mut order: Vec<u64> = values
            .enumerate()
            .map(|(row, value)| u64::from(sortable(value)) << 32 | row as u64)
            .collect();
        order.sort_unstable();
        let mut ranks = vec![0; order.len()];
        let mut distinct: Vec<u32> = Vec::new();
        for entry in order {
            let key = (entry >> 32) as u32;
            if distinct.last() != Some(&key) {
                distinct.push(key);
            }
            ranks[(entry & 0xffff_ffff) as usize] = distinct.len() as u32 - 1;
        }
        Self {
            ranks,
            values: distinct.into_iter().map(unsortable).collect(),
        }
    }

    /// The threshold of a split between two ranks: the midpoint of their values, or the lower value where no `f32` lies
    /// between them. Always at least the lower value and below the upper one.
    pub(super) fn threshold(&self, lower: u32, upper: u32) -> f32 {
        let (lower, upper) = (self.values[lower as usize], self.values[upper as usize]);
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

fn unsortable(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 1 {
        key & 0x7fff_ffff
    } else {
        !key
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_follow_values() {
        let column = RankedColumn::new([3.5, -1.0, 0.0, -0.0, 3.5, -f32::MAX].into_iter());
        assert_eq!(column.ranks, [3, 1, 2, 2, 3, 0]);
        assert_eq!(column.values, [-f32::MAX, -1.0, 0.0, 3.5]);
    }

    #[test]
    fn thresholds_separate_even_neighbouring_floats() {
        let next = 1.0_f32.next_up();
        let column =
            RankedColumn::new([1.0, next, 3.0, f32::MAX, f32::MAX.next_down()].into_iter());
        assert_eq!(column.threshold(0, 1), 1.0);
        assert_eq!(column.threshold(1, 2), 2.0);
        // The sum of the two largest numbers overflows f32.
        assert_eq!(column.threshold(3, 4), f32::MAX.next_down());
    }
}
