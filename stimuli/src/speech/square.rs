//! From a cochleagram's bands and times to the square that the image architectures take.

/// How one axis is brought to another length: each output is a weighted mean of neighbouring inputs.
///
/// Bilinear with pixels as areas (the outer edges of both lengths coincide). A shorter output averages over a wider
/// triangle, so that nothing of the input is skipped.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    /// First input and number of weights of each output.
    places: Vec<(usize, usize)>,
    /// The weights of all outputs, each output's summing to one.
    weights: Vec<f32>,
}

impl Axis {
    /// From `n_in` values to `n_out`.
    pub(super) fn new(n_in: usize, n_out: usize) -> Self {
        let scale = n_in as f64 / n_out as f64;
        let radius = scale.max(1.0);
        let mut axis = Self {
            places: Vec::with_capacity(n_out),
            weights: Vec::new(),
        };
        for place in 0..n_out {
            let centre = (place as f64 + 0.5) * scale - 0.5;
            let weight = |input: usize| 1.0 - (input as f64 - centre).abs() / radius;
            let inputs = (0..n_in).filter(|&input| weight(input) > 0.0);
            let weights: Vec<f64> = inputs.clone().map(weight).collect();
            let total: f64 = weights.iter().sum();
            let first = inputs.clone().next().unwrap_or(0);
            axis.places.push((first, weights.len()));
            axis.weights
                .extend(weights.iter().map(|weight| (weight / total) as f32));
        }
        axis
    }

    /// First input and weights of each output.
    fn outputs(&self) -> impl Iterator<Item = (usize, &[f32])> {
        let mut rest = self.weights.as_slice();
        self.places.iter().map(move |&(first, n)| {
            let (weights, others) = rest.split_at(n);
            rest = others;
            (first, weights)
        })
    }

    /// Resizes the rows of `values`, each `n_in` long, into rows of `n_out`.
    pub(super) fn resize_rows(&self, values: &[f32], n_in: usize, resized: &mut [f32]) {
        let n_out = self.places.len();
        for (row, resized) in values
            .chunks_exact(n_in)
            .zip(resized.chunks_exact_mut(n_out))
        {
            for ((first, weights), resized) in self.outputs().zip(resized) {
                *resized = row[first..]
                    .iter()
                    .zip(weights)
                    .map(|(value, weight)| value * weight)
                    .sum();
            }
        }
    }

    /// Resizes the columns of `values`, whose rows are `width` long, to `n_out` rows.
    pub(super) fn resize_columns(&self, values: &[f32], width: usize, resized: &mut [f32]) {
        for ((first, weights), resized) in self.outputs().zip(resized.chunks_exact_mut(width)) {
            resized.fill(0.0);
            for (row, weight) in values.chunks_exact(width).skip(first).zip(weights) {
                for (resized, value) in resized.iter_mut().zip(row) {
                    *resized += value * weight;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(n_out: usize, values: &[f32]) -> Vec<f32> {
        let mut resized = vec![f32::NAN; n_out];
        Axis::new(values.len(), n_out).resize_rows(values, values.len(), &mut resized);
        resized
    }

    #[test]
    fn values_by_hand() {
        assert_eq!(row(3, &[1.0, 2.0, 4.0]), [1.0, 2.0, 4.0]);
        // Centres of the outputs at -0.25, 0.25, 0.75, 1.25 of the inputs.
        assert_eq!(row(4, &[0.0, 4.0]), [0.0, 1.0, 3.0, 4.0]);
        // Triangles of radius 2 about 0.5 and 2.5, divided by the sum of the weights that meet an input.
        let halved = row(2, &[0.0, 4.0, 8.0, 4.0]);
        assert!((halved[0] - (0.75 * 4.0 + 0.25 * 8.0) / 1.75).abs() < 1e-6);
        assert!((halved[1] - (0.25 * 4.0 + 0.75 * 8.0 + 0.75 * 4.0) / 1.75).abs() < 1e-6);
    }

    #[test]
    fn constants_and_slopes_stay() {
        for n_out in [1, 7, 50, 64, 224, 400, 401] {
            for value in row(n_out, &[0.7; 50]) {
                assert!((value - 0.7).abs() < 1e-5);
            }
            let slope: Vec<f32> = (0..400).map(|place| place as f32).collect();
            let resized = row(n_out, &slope);
            // Away from the edges, where the inputs end; few weights do not sample a triangle exactly.
            let scale = 400.0 / n_out as f32;
            for (place, value) in resized
                .iter()
                .enumerate()
                .skip(2)
                .take(n_out.saturating_sub(4))
            {
                let expected = (place as f32 + 0.5) * scale - 0.5;
                assert!(
                    (value - expected).abs() < 0.1 * scale.max(1.0),
                    "{n_out}: {value} {expected}"
                );
            }
        }
    }

    #[test]
    fn columns_and_rows_agree() {
        let values: Vec<f32> = (0..12).map(|place| (place * place % 7) as f32).collect();
        let axis = Axis::new(4, 6);
        let transposed: Vec<f32> = (0..12)
            .map(|place| values[place % 4 * 3 + place / 4])
            .collect();
        let (mut rows, mut columns) = (vec![0.0; 18], vec![0.0; 18]);
        axis.resize_rows(&transposed, 4, &mut rows);
        axis.resize_columns(&values, 3, &mut columns);
        for place in 0..18 {
            let other = columns[place % 6 * 3 + place / 6];
            assert!((rows[place] - other).abs() < 1e-6);
        }
    }
}
