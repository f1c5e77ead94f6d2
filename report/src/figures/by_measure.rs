//! Accuracy by measure and classifier.

use super::sheet::{Sheet, in_words, over_splits};
use super::{Figure, FigureKind, Grid};
use crate::charts::{Bar, BarGroup, Bars, Legend, Swatch};
use crate::drawing::{BOTH_COLUMNS, COLUMN};
use crate::{Estimate, Missing, Results, Selection, names};

/// An experiment's accuracies, a group for each measure.
#[derive(Debug)]
pub(super) struct ByMeasure {
    pub(super) groups: Vec<BarGroup>,
    pub(super) legend: Legend,
    pub(super) estimates: Vec<Estimate>,
    pub(super) chance: Option<f64>,
    pub(super) description: String,
}

/// Gathers the accuracies of `experiment`.
pub(super) fn gather(results: &Results<'_>, experiment: &str) -> Result<ByMeasure, Missing> {
    let mut gathered = ByMeasure {
        groups: Vec::new(),
        legend: Legend::default(),
        estimates: Vec::new(),
        chance: results.chance(&Selection::of(experiment)),
        description: String::new(),
    };
    for measure in names::MEASURES {
        let mut bars = Vec::new();
        let mut words = Vec::new();
        for classifier in names::CLASSIFIERS {
            let selection = Selection::of(experiment)
                .with_classifier(classifier)
                .with_measure(measure);
            let Some(estimate) = results.accuracy(&selection) else {
                continue;
            };
            let color = names::color(classifier);
            bars.push(Bar { color, estimate });
            gathered
                .legend
                .add(names::label(classifier), color, Swatch::Filled);
            gathered.estimates.push(estimate);
            words.push(format!(
                "{} {}",
                names::label(classifier),
                in_words(estimate)
            ));
        }
        if !bars.is_empty() {
            let label = names::label(measure);
            gathered.description += &format!("{label}: {}. ", words.join(", "));
            gathered.groups.push(BarGroup { label, bars });
        }
    }
    if gathered.groups.is_empty() {
        return Err(Missing::rows(&Selection::of(experiment)));
    }
    gathered.description = gathered.description.trim_end().to_owned();
    Ok(gathered)
}

/// Draws the accuracies of `experiment` beside those of whole trajectories, where these are there.
pub(super) fn beside_whole(
    kind: &FigureKind,
    results: &Results<'_>,
    grid: Grid,
    experiment: &str,
    title: &str,
    caption: &str,
) -> Result<Figure, Missing> {
    let other = gather(results, experiment)?;
    let whole = gather(results, "figure_2a").ok();
    let mut legend = other.legend.clone();
    for item in whole.iter().flat_map(|whole| &whole.legend.items) {
        legend.add(item.label.clone(), item.color, item.swatch);
    }
    let shown: Vec<(&str, &ByMeasure)> = whole
        .iter()
        .map(|whole| ("Whole trajectory", whole))
        .chain([(title, &other)])
        .collect();
    let width = if shown.len() > 1 {
        BOTH_COLUMNS
    } else {
        COLUMN
    };
    let sheet = Sheet {
        kind,
        grid,
        legend: &legend,
        width,
        height: 175.0,
        n_columns: shown.len(),
    };
    let mut charts = Vec::new();
    let mut description = String::new();
    for (title, gathered) in &shown {
        charts.push(Bars {
            title: Some(title),
            groups: &gathered.groups,
            y_label: "Test accuracy",
            chance: gathered.chance,
        });
        description += &format!("{title}. {} ", gathered.description);
    }
    let estimates = shown
        .iter()
        .flat_map(|(_, gathered)| gathered.estimates.iter().copied());
    let what = if shown.len() > 1 {
        format!("Accuracy from whole trajectories (left) and from {caption} (right).")
    } else {
        format!("Accuracy from {caption}.")
    };
    let caption = format!("{what} {} Dashed: guessing.", over_splits(estimates));
    Ok(sheet.figure(&charts, caption, description.trim_end().to_owned()))
}
