//! Draws that never fail, whatever their bounds.

use engram_schemas::randomness::ChaCha8Rng;
use rand::RngExt;

/// A number of `[low, high)`, or `low` where there is nothing between.
pub(crate) fn between(random: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    low + (high - low).max(0.0) * random.random::<f64>()
}

/// True with the given probability.
pub(crate) fn chance(random: &mut ChaCha8Rng, probability: f64) -> bool {
    random.random::<f64>() < probability
}
