//! What was held out whole: an architecture, a task, or a curriculum (batch size and seed of the data's order).

use std::fmt;

use crate::{BySplit, Missing, Results, Selection, names};

const HELD_OUT: &str = "figure_2b";
const HELD_OUT_CURRICULUM: &str = "figure_2b_curriculum";
const WHOLE: &str = "figure_2a";

/// What kind of thing was held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Architecture,
    Curriculum,
    Task,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Architecture, Self::Curriculum, Self::Task];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Architecture => "Architecture held out",
            Self::Curriculum => "Curriculum held out",
            Self::Task => "Task held out",
        })
    }
}

/// Something that was held out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HeldOut {
    pub(crate) kind: Kind,
    /// Its name in the table: an architecture's, a task's, or a curriculum's two numbers.
    pub(crate) value: String,
    pub(crate) label: String,
    selection: Selection,
}

impl HeldOut {
    /// Accuracy on it by split.
    pub(crate) fn accuracies(
        &self,
        results: &Results<'_>,
        classifier: &str,
        measure: &str,
    ) -> Option<BySplit> {
        let selection = self
            .selection
            .clone()
            .with_classifier(classifier)
            .with_measure(measure);
        results.accuracies(&selection).ok()
    }

    /// How many examples it was tested on.
    pub(crate) fn n_test(&self, results: &Results<'_>, classifier: &str, measure: &str) -> i64 {
        let selection = self
            .selection
            .clone()
            .with_classifier(classifier)
            .with_measure(measure);
        results
            .select(&selection)
            .first()
            .map_or(0, |entry| entry.row.n_test)
    }
}

/// Rows of a kind, whatever was held out.
pub(crate) fn of_kind(kind: Kind) -> Selection {
    match kind {
        Kind::Architecture => Selection::of(HELD_OUT)
            .with("column", "architecture")
            .with_any_split(),
        Kind::Task => Selection::of(HELD_OUT)
            .with("column", "task")
            .with_any_split(),
        Kind::Curriculum => Selection::of(HELD_OUT_CURRICULUM).with_any_split(),
    }
}

/// Rows without anything held out.
pub(crate) fn nothing(classifier: &str, measure: &str) -> Selection {
    Selection::of(WHOLE)
        .with_classifier(classifier)
        .with_measure(measure)
}

/// Everything of a kind that was held out, for any classifier and measure.
pub(crate) fn list(results: &Results<'_>, kind: Kind) -> Vec<HeldOut> {
    let all = of_kind(kind);
    match kind {
        Kind::Architecture | Kind::Task => results
            .texts(&all, "value")
            .into_iter()
            .map(|value| HeldOut {
                kind,
                label: names::label(&value),
                selection: all.clone().with("value", value.as_str()),
                value,
            })
            .collect(),
        Kind::Curriculum => {
            let mut found = Vec::new();
            for batch_size in results.values(&all, "batch_size") {
                let of_size = all.clone().with("batch_size", batch_size.clone());
                for seed in results.values(&of_size, "dataset_seed") {
                    found.push(HeldOut {
                        kind,
                        value: format!("{batch_size}/{seed}"),
                        label: format!("Batch {batch_size}, data seed {seed}"),
                        selection: of_size.clone().with("dataset_seed", seed),
                    });
                }
            }
            found
        }
    }
}

/// What is missing when nothing was held out for a classifier and measure.
pub(crate) fn missing(classifier: &str, measure: &str) -> Missing {
    Kind::ALL
        .into_iter()
        .map(|kind| {
            Missing::rows(
                &of_kind(kind)
                    .with_classifier(classifier)
                    .with_measure(measure),
            )
        })
        .reduce(Missing::and)
        .unwrap_or_else(|| Missing::of(HELD_OUT))
}
