//! Controls: what is left of an accuracy when it cannot come from what is claimed.

use engram_schemas::results::Control;

use crate::results::BY_RUN;
use crate::{BySplit, Results, Selection, names};

/// A control of the random forest's accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// As reported: layers of one network may lie on both sides of the split.
    ByExample,
    /// All layers of a network lie on one side.
    ByRun,
    /// Only networks with like performance under every rule.
    MatchedPerformance,
    /// The training labels are shuffled.
    ShuffledLabels,
}

impl Check {
    pub(crate) const ALL: [Self; 4] = [
        Self::ByExample,
        Self::ByRun,
        Self::MatchedPerformance,
        Self::ShuffledLabels,
    ];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::ByExample => "Split by example",
            Self::ByRun => "Split by network",
            Self::MatchedPerformance => "Matched performance",
            Self::ShuffledLabels => "Shuffled labels",
        }
    }

    /// The rows of figure 2a under this control.
    pub(crate) fn selection(self, measure: &str) -> Selection {
        let rows = Selection::of("figure_2a")
            .with_classifier(names::RANDOM_FOREST)
            .with_measure(measure);
        match self {
            Self::ByExample => rows,
            Self::ByRun => rows.with_split_by(BY_RUN),
            Self::MatchedPerformance => rows.with_control(Control::MatchedPerformance),
            Self::ShuffledLabels => rows.with_control(Control::ShuffledLabels),
        }
    }

    /// Accuracy by split. A control may have been split either way; by example is taken where both are there.
    pub(crate) fn accuracies(self, results: &Results<'_>, measure: &str) -> Option<BySplit> {
        let selection = self.selection(measure);
        results
            .accuracies(&selection)
            .or_else(|missing| match self {
                Self::MatchedPerformance | Self::ShuffledLabels => {
                    results.accuracies(&selection.with_split_by(BY_RUN))
                }
                _ => Err(missing),
            })
            .ok()
    }
}
