//! The statistics of a layer's forward kernel.
//!
//! They are computed in the host's memory wherever the network is: one kernel is copied once a checkpoint, which costs
//! less than a stimulus.

use engram_observables::{Observation, observe};
use engram_plan::{Kernel, ObservationCondition};
use engram_schemas::Definition;

use super::draw::{Moment, chosen, noise};
use super::values;
use super::views::{Desk, Views};
use crate::network::Layer;

/// The 21 statistics of the kernel of layer `index` under each condition.
pub(super) fn observe_kernel(
    conditions: &[ObservationCondition],
    views: &Views,
    index: usize,
    layer: &Layer,
    epoch: usize,
    desk: &mut Desk,
) -> Vec<Observation> {
    let weights = values(&layer.kernel);
    let samples = views.draw(chosen::WEIGHTS, index, weights.len());
    let moment = Moment {
        layer: index,
        epoch,
        stimulus: 0,
    };
    let is_published =
        |condition: &ObservationCondition| condition.definition == Definition::Published;
    let any_published = conditions.iter().any(is_published);
    let mut seen: Vec<(Observation, Option<[f64; 2]>)> = Vec::new();
    views.look(
        &weights,
        &samples,
        |seed| moment.noise(noise::WEIGHTS, seed),
        desk,
        |view, weights, scratch| {
            let whole = views.views[view].sample.is_none();
            let slices = (any_published && whole).then(|| slice_norms(layer.spec.kernel, weights));
            seen.push((observe(weights, scratch), slices));
        },
    );
    let of_condition = |(condition, &view): (&ObservationCondition, &usize)| {
        let (mut observation, slices) = seen[view];
        if let (true, Some([norm, square_norm])) = (is_published(condition), slices) {
            observation.raw.norm = norm;
            observation.abs.norm = norm;
            observation.square.norm = square_norm;
        }
        observation
    };
    conditions
        .iter()
        .zip(&views.of_condition)
        .map(of_condition)
        .collect()
}

/// The published weight norm: the mean, over the first axis of the kernel in the published layout, of the norms of the
/// slices there; of the entries (or their absolute values) and of their squares.
///
/// The published layouts are `[height, width, inputs, outputs]` and `[inputs, outputs]`, so a slice is a row of a
/// convolution's windows, or what leaves one input of a dense layer.
fn slice_norms(kernel: Kernel, weights: &[f32]) -> [f64; 2] {
    let (n_slices, run) = match kernel {
        Kernel::Convolution { size, .. } => (size, size),
        Kernel::Dense { inputs, .. } => (inputs, 1),
    };
    let mut sums = vec![[0.0; 2]; n_slices];
    for (place, run) in weights.chunks_exact(run).enumerate() {
        let [squares, fourths] = &mut sums[place % n_slices];
        for &weight in run {
            let square = f64::from(weight) * f64::from(weight);
            *squares += square;
            *fourths += square * square;
        }
    }
    let mean = |of: usize| sums.iter().map(|sums| sums[of].sqrt()).sum::<f64>() / n_slices as f64;
    [mean(0), mean(1)]
}
