//! The rows of the table `results` as figures and claims ask for them: by experiment, classifier, control and parameters.

use std::cmp::Ordering;
use std::fmt;

use engram_schemas::results::{Control, ResultRow};
use serde_json::{Map, Value};

use crate::{BySplit, Error, Estimate, Missing, Result};

/// An example's side of the split hangs on the example alone.
pub const BY_EXAMPLE: &str = "example";
/// All examples of a run are on one side of the split.
pub const BY_RUN: &str = "run";

/// Rows with their parameters read.
#[derive(Clone, Debug)]
pub struct Results<'a> {
    entries: Vec<Entry<'a>>,
}

/// A row and its parameters.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The row.
    pub row: &'a ResultRow,
    /// Its column `parameters`, read.
    pub parameters: Map<String, Value>,
}

/// Which rows are asked for. Untouched rows that are split by example, unless told otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    experiment: String,
    classifier: Option<String>,
    control: Control,
    split_by: Option<&'static str>,
    parameters: Vec<(String, Value)>,
}

impl Selection {
    /// Rows of an experiment.
    pub fn of(experiment: &str) -> Self {
        Self {
            experiment: experiment.to_owned(),
            classifier: None,
            control: Control::None,
            split_by: Some(BY_EXAMPLE),
            parameters: Vec::new(),
        }
    }

    /// Only those of a classifier.
    #[must_use]
    pub fn with_classifier(mut self, classifier: &str) -> Self {
        self.classifier = Some(classifier.to_owned());
        self
    }

    /// Only those of a measure: `weight`, `activation`, `activity_change` or `all`.
    #[must_use]
    pub fn with_measure(self, measure: &str) -> Self {
        self.with(crate::names::MEASURE, measure)
    }

    /// Only those with this value of a parameter.
    #[must_use]
    pub fn with(mut self, parameter: &str, value: impl Into<Value>) -> Self {
        self.parameters.push((parameter.to_owned(), value.into()));
        self
    }

    /// Those of a control.
    #[must_use]
    pub fn with_control(mut self, control: Control) -> Self {
        self.control = control;
        self
    }

    /// Those split by something else than the example.
    #[must_use]
    pub fn with_split_by(mut self, split_by: &'static str) -> Self {
        self.split_by = Some(split_by);
        self
    }

    /// Those split by anything: where the query holds examples out, nothing is left to split.
    #[must_use]
    pub fn with_any_split(mut self) -> Self {
        self.split_by = None;
        self
    }

    /// Whether an entry is among the rows that are asked for.
    pub fn includes(&self, entry: &Entry<'_>) -> bool {
        let row = entry.row;
        let control = match row.control.as_str() {
            "" => Control::None.as_str(),
            control => control,
        };
        row.experiment == self.experiment
            && control == self.control.as_str()
            && self
                .classifier
                .as_ref()
                .is_none_or(|name| *name == row.classifier)
            && self.split_by.is_none_or(|by| by == row.split_by)
            && self.parameters.iter().all(|(name, wanted)| {
                entry
                    .parameters
                    .get(name)
                    .is_some_and(|found| order(found, wanted) == Ordering::Equal)
            })
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.experiment)?;
        if let Some(classifier) = &self.classifier {
            write!(f, ", {classifier}")?;
        }
        for (name, value) in &self.parameters {
            match value {
                Value::String(text) => write!(f, ", {name} = {text}")?,
                value => write!(f, ", {name} = {value}")?,
            }
        }
        if self.control != Control::None {
            write!(f, ", control = {}", self.control.as_str())?;
        }
        match self.split_by {
            None | Some(BY_EXAMPLE) => Ok(()),
            Some(by) => write!(f, ", split by {by}"),
        }
    }
}

impl<'a> Results<'a> {
    /// Reads the rows' parameters.
    ///
    /// # Errors
    /// [`Error::Parameters`] for a row whose parameters are neither empty nor a JSON object.
    pub fn try_new(rows: &'a [ResultRow]) -> Result<Self> {
        let entries = rows
            .iter()
            .map(|row| {
                let parameters = match row.parameters.trim() {
                    "" => Map::new(),
                    text => serde_json::from_str(text).map_err(|_| Error::Parameters {
                        experiment: row.experiment.clone(),
                        parameters: row.parameters.clone(),
                    })?,
                };
                Ok(Entry { row, parameters })
            })
            .collect::<Result<_>>()?;
        Ok(Self { entries })
    }

    /// All rows.
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// The rows that are asked for.
    pub fn select(&self, selection: &Selection) -> Vec<&Entry<'a>> {
        self.entries
            .iter()
            .filter(|entry| selection.includes(entry))
            .collect()
    }

    /// The rows that are asked for, or what is missing when there are none.
    ///
    /// # Errors
    /// [`Missing`] names the selection.
    pub fn require(&self, selection: &Selection) -> std::result::Result<Vec<&Entry<'a>>, Missing> {
        let found = self.select(selection);
        if found.is_empty() {
            Err(Missing::rows(selection))
        } else {
            Ok(found)
        }
    }

    /// Mean accuracy over splits, if there are such rows.
    pub fn accuracy(&self, selection: &Selection) -> Option<Estimate> {
        self.accuracies(selection)
            .ok()
            .and_then(|by_split| by_split.estimate())
    }

    /// Accuracy by split.
    ///
    /// # Errors
    /// [`Missing`] when there are no such rows.
    pub fn accuracies(&self, selection: &Selection) -> std::result::Result<BySplit, Missing> {
        Ok(BySplit::of(&self.require(selection)?, |row| {
            Some(row.accuracy)
        }))
    }

    /// The values of a parameter among the rows that are asked for, each once, in order.
    pub fn values(&self, selection: &Selection, parameter: &str) -> Vec<Value> {
        let mut values: Vec<Value> = self
            .select(selection)
            .iter()
            .filter_map(|entry| entry.parameters.get(parameter).cloned())
            .collect();
        values.sort_by(order);
        values.dedup_by(|a, b| order(a, b) == Ordering::Equal);
        values
    }

    /// As [`Results::values`], those that are numbers.
    pub fn numbers(&self, selection: &Selection, parameter: &str) -> Vec<f64> {
        self.values(selection, parameter)
            .iter()
            .filter_map(Value::as_f64)
            .collect()
    }

    /// As [`Results::values`], those that are text.
    pub fn texts(&self, selection: &Selection, parameter: &str) -> Vec<String> {
        self.values(selection, parameter)
            .iter()
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    }

    /// The expected accuracy of guessing, of the first row that is asked for.
    pub fn chance(&self, selection: &Selection) -> Option<f64> {
        self.select(selection).first().map(|entry| entry.row.chance)
    }
}

/// Numbers by size, whether written as integers or not; else by their text.
fn order(a: &Value, b: &Value) -> Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.to_string().cmp(&b.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::row;

    #[test]
    fn rows_are_selected_by_parameters_however_numbers_are_written() {
        let rows = [
            row(
                "figure_4a",
                "random_forest",
                r#"{"samples": 5, "period": 25}"#,
                0,
                0.8,
            ),
            row(
                "figure_4a",
                "random_forest",
                r#"{"samples": 5.0, "period": 5}"#,
                0,
                0.6,
            ),
        ];
        let results = Results::try_new(&rows).unwrap();
        let five = Selection::of("figure_4a").with("samples", 5);
        assert_eq!(results.select(&five).len(), 2);
        assert_eq!(results.numbers(&five, "period"), [5.0, 25.0]);
        assert_eq!(
            results.accuracy(&five.with("period", 25.0)).unwrap().mean,
            0.8
        );
    }

    #[test]
    fn controls_and_splits_by_run_are_asked_for_by_name() {
        let mut rows = vec![row("figure_2a", "random_forest", "", 0, 0.8); 3];
        rows[1].control = Control::ShuffledLabels.as_str().to_owned();
        rows[2].split_by = BY_RUN.to_owned();
        let results = Results::try_new(&rows).unwrap();
        let all = Selection::of("figure_2a");
        assert_eq!(results.select(&all).len(), 1);
        assert_eq!(
            results
                .select(&all.clone().with_control(Control::ShuffledLabels))
                .len(),
            1
        );
        assert_eq!(results.select(&all.clone().with_split_by(BY_RUN)).len(), 1);
        assert_eq!(results.select(&all.with_any_split()).len(), 2);
    }

    #[test]
    fn what_is_missing_is_named() {
        let results = Results::try_new(&[]).unwrap();
        let selection = Selection::of("figure_5")
            .with_measure("weight")
            .with("noise_stddev", 0.5);
        let missing = results.require(&selection).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "figure_5, measure = weight, noise_stddev = 0.5"
        );
    }

    #[test]
    fn parameters_that_are_no_object_are_an_error() {
        let rows = [row("figure_2a", "random_forest", "[1]", 0, 0.8)];
        assert!(matches!(
            Results::try_new(&rows),
            Err(Error::Parameters { .. })
        ));
    }
}
