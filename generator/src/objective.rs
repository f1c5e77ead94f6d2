//! What a network's outputs are to be: the loss of a batch.

use engram_plan::TaskSettings;
use tch::{Kind, Tensor};

/// What a task asks of a network's outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Objective {
    /// To name the class: mean cross-entropy.
    Classify,
    /// To tell, by two views of each example, which belong together: NT-Xent at a temperature.
    Contrast {
        /// Divides the cosines.
        temperature: f64,
    },
}

impl Objective {
    /// The objective of a task.
    pub fn of(task: &TaskSettings) -> Self {
        if task.is_contrastive() {
            Self::Contrast {
                temperature: task.temperature(),
            }
        } else {
            Self::Classify
        }
    }

    /// The loss, a scalar.
    ///
    /// # Shapes
    /// To classify, `outputs` `[n, classes]` and `labels` `[n]`. To contrast, `outputs` `[2 n, features]`, first views
    /// before second ones; labels are not looked at.
    pub fn loss(self, outputs: &Tensor, labels: &Tensor) -> Tensor {
        match self {
            Self::Classify => outputs.cross_entropy_for_logits(labels),
            Self::Contrast { temperature } => contrast(outputs, temperature),
        }
    }

    /// Number of examples whose largest output is the right one, where there are right ones.
    pub fn n_correct(self, outputs: &Tensor, labels: &Tensor) -> Option<i64> {
        match self {
            Self::Classify => {
                let right = outputs.argmax(1, false).eq_tensor(labels);
                Some(right.sum(Kind::Int64).int64_value(&[]))
            }
            Self::Contrast { .. } => None,
        }
    }
}

/// The normalised, temperature-scaled cross-entropy: each of the 2 n views is to find its partner among the 2 n - 1
/// others by the cosine of their outputs.
///
/// # References
/// Chen, Kornblith, Norouzi, Hinton, "A Simple Framework for Contrastive Learning of Visual Representations", ICML 2020,
/// equation 1.
fn contrast(outputs: &Tensor, temperature: f64) -> Tensor {
    let n_views = outputs.size()[0];
    let length = outputs
        .square()
        .sum_dim_intlist([1i64].as_slice(), true, outputs.kind())
        .sqrt()
        .clamp_min(1e-12);
    let directions = outputs / length;
    let cosines = directions.matmul(&directions.tr()) / temperature;
    let itself = Tensor::eye(n_views, (Kind::Bool, outputs.device()));
    let partners = Tensor::arange(n_views, (Kind::Int64, outputs.device())).roll(n_views / 2, 0);
    cosines
        .masked_fill(&itself, f64::NEG_INFINITY)
        .cross_entropy_for_logits(&partners)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Equation 1 written out, one view at a time.
    fn written_out(outputs: &[[f64; 2]], temperature: f64) -> f64 {
        let n = outputs.len() / 2;
        let cosine = |a: [f64; 2], b: [f64; 2]| {
            (a[0] * b[0] + a[1] * b[1]) / (a[0].hypot(a[1]) * b[0].hypot(b[1]))
        };
        let mut total = 0.0;
        for i in 0..2 * n {
            let partner = (i + n) % (2 * n);
            let similarity = |j: usize| (cosine(outputs[i], outputs[j]) / temperature).exp();
            let all: f64 = (0..2 * n).filter(|&j| j != i).map(similarity).sum();
            total -= (similarity(partner) / all).ln();
        }
        total / (2 * n) as f64
    }

    #[test]
    fn contrast_is_the_published_loss() {
        let outputs = [
            [1.0, 0.2],
            [-0.3, 2.0],
            [0.5, 0.5],
            [0.8, 0.1],
            [0.1, 1.0],
            [-1.0, 0.4],
        ];
        let flat: Vec<f32> = outputs
            .iter()
            .flatten()
            .map(|&value| value as f32)
            .collect();
        for temperature in [1.0, 0.5, 0.1] {
            let tensor = Tensor::from_slice(&flat).view([6, 2]);
            let ours = contrast(&tensor, temperature).double_value(&[]);
            let expected = written_out(&outputs, temperature);
            assert!((ours - expected).abs() < 1e-5, "{ours} and {expected}");
        }
    }

    #[test]
    fn partners_that_agree_and_others_that_do_not_cost_nothing() {
        let tensor =
            Tensor::from_slice(&[1.0f32, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0, 0.0]).view([4, 2]);
        assert!(contrast(&tensor, 0.05).double_value(&[]) < 1e-6);
    }
}
