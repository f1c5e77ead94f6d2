//! The best of what is offered.

use engram_schemas::randomness::ChaCha8Rng;
use rand::RngExt;

/// The best of what is offered, each of equals with the same probability.
pub(super) struct Best<T> {
    /// The highest score so far.
    pub(super) score: f64,
    n_equals: u32,
    /// What has it.
    pub(super) found: Option<T>,
}

impl<T> Best<T> {
    pub(super) fn none() -> Self {
        Self {
            score: f64::NEG_INFINITY,
            n_equals: 0,
            found: None,
        }
    }

    /// Takes `offered` if its score is the highest, or is drawn among equals. A lower score changes nothing, nor what is
    /// drawn later.
    pub(super) fn offer(&mut self, score: f64, offered: T, random: &mut ChaCha8Rng) {
        if score < self.score {
            return;
        }
        if score > self.score {
            self.score = score;
            self.n_equals = 0;
        }
        self.n_equals += 1;
        if self.n_equals == 1 || random.random_range(0..self.n_equals) == 0 {
            self.found = Some(offered);
        }
    }
}
