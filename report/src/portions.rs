//! The thirds of the trajectories, and the rows that learn from one and are tested on another.

use crate::Selection;

/// The experiment's name.
pub(crate) const EXPERIMENT: &str = "figure_4b";

/// The thirds.
pub(crate) const PORTIONS: [&str; 3] = ["early", "middle", "late"];

/// Rows that learn from one third and are tested on another.
pub(crate) fn from_to(classifier: &str, measure: &str, train: &str, test: &str) -> Selection {
    Selection::of(EXPERIMENT)
        .with_classifier(classifier)
        .with_measure(measure)
        .with("train_portion", train)
        .with("test_portion", test)
}
