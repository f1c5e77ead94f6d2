//! Importances of the statistics, over splits.

use engram_schemas::results::ResultRow;

use crate::results::Entry;
use crate::{BySplit, Estimate};

/// A statistic and how important it is.
#[derive(Clone, Debug)]
pub(crate) struct Importance {
    pub(crate) statistic: String,
    /// Gini importance, summed over the trajectory.
    pub(crate) gini: BySplit,
    pub(crate) mean: f64,
    /// Accuracy lost when its values are permuted, where that was measured.
    pub(crate) permutation: Option<Estimate>,
}

/// Every statistic of the rows, the most important first.
pub(crate) fn ranked(entries: &[&Entry<'_>]) -> Vec<Importance> {
    let mut statistics: Vec<&String> = entries
        .iter()
        .flat_map(|entry| &entry.row.statistics)
        .collect();
    statistics.sort();
    statistics.dedup();
    let mut ranked: Vec<Importance> = statistics
        .into_iter()
        .filter_map(|statistic| {
            let gini = BySplit::of(entries, |row| value(row, statistic, &row.importances));
            let permutation = BySplit::of(entries, |row| {
                value(row, statistic, &row.permutation_importances)
            });
            Some(Importance {
                mean: gini.estimate()?.mean,
                statistic: statistic.clone(),
                gini,
                permutation: permutation.estimate(),
            })
        })
        .collect();
    ranked.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    ranked
}

/// The statistic's value in a list that runs along the row's statistics.
fn value(row: &ResultRow, statistic: &str, values: &[f64]) -> Option<f64> {
    let index = row.statistics.iter().position(|name| name == statistic)?;
    values.get(index).copied()
}
