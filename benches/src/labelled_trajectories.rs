//! Made-up examples for classifiers, of the study's shape: 24 statistics at 21 checkpoints and three depth indicators. The
//! trajectories are smooth curves whose course depends a little on the class.

use engram_schemas::randomness::generator;
use rand::RngExt;

/// Classes, which take turns.
pub const N_CLASSES: usize = 4;
const N_STATISTICS: usize = 24;
const N_CHECKPOINTS: usize = 21;
const N_DEPTHS: usize = 3;
/// Features of an example.
pub const N_FEATURES: usize = N_STATISTICS * N_CHECKPOINTS + N_DEPTHS;

/// The features' names.
pub fn names() -> Vec<String> {
    (0..N_FEATURES).map(|n| format!("feature{n}")).collect()
}

/// Features row by row, and labels: curves of a random start and slope, with a bend and a noise, of which the class shifts a
/// little. Others for every identity.
pub fn examples(n_examples: usize, identity: u64) -> (Vec<f32>, Vec<u32>) {
    let mut random = generator("classifiers bench", 0, identity);
    let mut features = Vec::with_capacity(n_examples * N_FEATURES);
    let mut labels = Vec::with_capacity(n_examples);
    for example in 0..n_examples {
        let label = example % N_CLASSES;
        let depth = random.random_range(0..N_DEPTHS);
        for statistic in 0..N_STATISTICS {
            let shift = 0.12 * ((label * (statistic + 1)) % 5) as f32;
            let start = random.random_range(-1.0..1.0_f32) + depth as f32;
            let slope = random.random_range(-0.5..0.5_f32) + shift;
            let bend = random.random_range(-0.3..0.3_f32) * (1.0 + shift);
            features.extend((0..N_CHECKPOINTS).map(|checkpoint| {
                let time = checkpoint as f32 / (N_CHECKPOINTS - 1) as f32;
                let noise = random.random_range(-0.05..0.05_f32);
                start + slope * time + bend * time * time + noise
            }));
        }
        features.extend((0..N_DEPTHS).map(|of| if of == depth { 1.0 } else { 0.0 }));
        labels.push(label as u32);
    }
    (features, labels)
}
