//! A feature matrix whose rows stand in an order of their own.

use std::cmp::Ordering;

use crate::FeatureMatrix;
use engram_classifiers::select_rows;

impl FeatureMatrix {
    /// Orders the rows by who their examples are, and by their features where one example has several rows.
    pub(crate) fn in_order(self) -> Self {
        let mut matrix = self;
        let mut order: Vec<usize> = (0..matrix.n_examples()).collect();
        order.sort_by(|&a, &b| {
            let who = |row: usize| matrix.examples[row].who();
            who(a)
                .cmp(&who(b))
                .then_with(|| compare_values(matrix.row(a), matrix.row(b)))
        });
        matrix.values = select_rows(&matrix.values, matrix.n_features(), &order);
        matrix.labels = select_rows(&matrix.labels, 1, &order);
        matrix.sides = select_rows(&matrix.sides, 1, &order);
        matrix.examples = order
            .iter()
            .map(|&row| matrix.examples[row].clone())
            .collect();
        matrix
    }
}

fn compare_values(a: &[f32], b: &[f32]) -> Ordering {
    a.iter()
        .zip(b)
        .map(|(a, b)| a.total_cmp(b))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
