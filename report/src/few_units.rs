//! Rows of networks observed through few units and noise.

use crate::{Missing, Results, Selection, names};

const OBSERVED: &str = "figure_5";
const RECORDED: &str = "figure_5_recorded";

/// The parameter with the share of units observed.
pub(crate) const UNIT_FRACTION: &str = "unit_fraction";
/// The parameter with the noise's standard deviation.
pub(crate) const NOISE: &str = "noise_stddev";

/// The random forest's rows for a measure: of networks observed under the conditions, or else of recordings.
///
/// # Errors
/// [`Missing`] when there are neither.
pub(crate) fn of_measure(results: &Results<'_>, measure: &str) -> Result<Selection, Missing> {
    let of = |experiment| Selection::of(experiment).with_classifier(names::RANDOM_FOREST);
    let candidates = [
        of(OBSERVED).with_measure(measure),
        of(RECORDED).with_measure(measure),
    ];
    candidates
        .iter()
        .find(|selection| !results.numbers(selection, UNIT_FRACTION).is_empty())
        .cloned()
        .ok_or_else(|| Missing::rows(&candidates[0]))
}

/// Every condition of the rows: share of units and noise.
pub(crate) fn conditions(results: &Results<'_>, selection: &Selection) -> Vec<(f64, f64)> {
    results
        .numbers(selection, NOISE)
        .into_iter()
        .flat_map(|noise| {
            results
                .numbers(&selection.clone().with(NOISE, noise), UNIT_FRACTION)
                .into_iter()
                .map(move |fraction| (fraction, noise))
        })
        .collect()
}

/// The rows of one condition.
pub(crate) fn under(selection: &Selection, (fraction, noise): (f64, f64)) -> Selection {
    selection
        .clone()
        .with(UNIT_FRACTION, fraction)
        .with(NOISE, noise)
}
