//! Which hyperparameters the training examples chose, for each experiment, classifier and measure.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use crate::{Results, names};

pub(super) fn section(results: &Results<'_>) -> Markup {
    let mut chosen: BTreeMap<(&str, &str, &str), BTreeMap<&str, usize>> = BTreeMap::new();
    for entry in results
        .entries()
        .iter()
        .filter(|entry| entry.is_untouched())
    {
        let measure = entry
            .parameters
            .get(names::MEASURE)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let key = (
            entry.row.experiment.as_str(),
            entry.row.classifier.as_str(),
            measure,
        );
        *chosen
            .entry(key)
            .or_default()
            .entry(&entry.row.settings)
            .or_default() += 1;
    }
    html! {
        p { "The settings chosen most often, and in how many of an experiment's rows; rows of controls are left out." }
        div.scroll tabindex="0" role="region" aria-label="Chosen hyperparameters" {
            table {
                thead {
                    tr {
                        th scope="col" { "Experiment" }
                        th scope="col" { "Classifier" }
                        th scope="col" { "Measure" }
                        th scope="col" { "Settings" }
                        th scope="col" { "Rows" }
                    }
                }
                tbody.rows {
                    @for ((experiment, classifier, measure), settings) in &chosen {
                        @if let Some((most, n)) = settings.iter().max_by_key(|(_, n)| **n) {
                            tr {
                                th scope="row" { (experiment) }
                                td { (names::label(classifier)) }
                                td { (names::label(measure)) }
                                td { (words(most)) }
                                td.number { (n) " of " (settings.values().sum::<usize>()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Settings (JSON) as `name value` pairs; text that is no JSON stays as it is.
fn words(settings: &str) -> String {
    let Ok(value) = serde_json::from_str(settings) else {
        return settings.to_owned();
    };
    let mut words = Vec::new();
    flatten("", &value, &mut words);
    words.join(", ")
}

fn flatten(name: &str, value: &Value, words: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                flatten(field, value, words);
            }
        }
        Value::Null => words.push(format!("{name} none")),
        Value::String(text) => words.push(format!("{name} {text}")),
        other => words.push(format!("{name} {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_as_pairs() {
        assert_eq!(
            words(r#"{"forest":{"n_trees":500,"max_features":"sqrt"},"pca":null}"#),
            "max_features sqrt, n_trees 500, pca none"
        );
        assert_eq!(words("C = 5"), "C = 5");
    }
}
