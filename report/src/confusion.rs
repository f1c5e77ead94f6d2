//! Confusion matrices, summed over splits.

use engram_schemas::results::ResultRow;

use crate::results::Entry;

/// Examples by true class (rows) and predicted class (columns).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Confusion {
    pub(crate) classes: Vec<String>,
    pub(crate) counts: Vec<Vec<f64>>,
}

impl Confusion {
    /// The sum over rows, whose classes may be listed in any order. A row whose matrix is not square is left out.
    pub(crate) fn sum<'a>(rows: impl Iterator<Item = &'a ResultRow>) -> Self {
        let mut sum = Self {
            classes: Vec::new(),
            counts: Vec::new(),
        };
        for row in rows {
            let n = row.classes.len();
            if n == 0 || row.confusion.len() != n * n {
                continue;
            }
            let places: Vec<usize> = row.classes.iter().map(|class| sum.place(class)).collect();
            for (cell, count) in row.confusion.iter().enumerate() {
                sum.counts[places[cell / n]][places[cell % n]] += *count as f64;
            }
        }
        sum
    }

    pub(crate) fn of(entries: &[&Entry<'_>]) -> Self {
        Self::sum(entries.iter().map(|entry| entry.row))
    }

    /// Share of the examples of `class` that were taken for `predicted`.
    pub(crate) fn share(&self, class: &str, predicted: &str) -> Option<f64> {
        let find = |name: &str| self.classes.iter().position(|class| class == name);
        let (row, column) = (find(class)?, find(predicted)?);
        let total: f64 = self.counts[row].iter().sum();
        (total > 0.0).then(|| self.counts[row][column] / total)
    }

    /// How often two classes are taken for each other: the mean of both shares.
    pub(crate) fn mutual(&self, a: &str, b: &str) -> Option<f64> {
        Some((self.share(a, b)? + self.share(b, a)?) / 2.0)
    }

    fn place(&mut self, class: &str) -> usize {
        if let Some(place) = self.classes.iter().position(|known| known == class) {
            return place;
        }
        for row in &mut self.counts {
            row.push(0.0);
        }
        self.classes.push(class.to_owned());
        self.counts.push(vec![0.0; self.classes.len()]);
        self.classes.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_are_summed_by_the_classes_names() {
        let row = |classes: [&str; 2], confusion: [i64; 4]| ResultRow {
            classes: classes.map(str::to_owned).to_vec(),
            confusion: confusion.to_vec(),
            ..ResultRow::default()
        };
        let rows = [row(["a", "b"], [8, 2, 1, 9]), row(["b", "a"], [9, 1, 4, 6])];
        let sum = Confusion::sum(rows.iter());
        assert_eq!(sum.counts, [[14.0, 6.0], [2.0, 18.0]]);
        assert_eq!(sum.share("a", "b"), Some(0.3));
        assert_eq!(sum.mutual("a", "b"), Some(0.2));
        assert_eq!(sum.share("a", "c"), None);
    }
}
