//! The rows of the table `results` as figures and claims ask for them: by experiment, classifier, control and parameters.

use std::cmp::Ordering;

use engram_schemas::results::{Control, ResultRow};
use serde_json::{Map, Value};

use crate::{BySplit, Error, Estimate, Missing, Result, Selection};

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

impl Entry<'_> {
    /// The control's name; rows from before there were controls have none.
    pub(crate) fn control(&self) -> &str {
        match self.row.control.as_str() {
            "" => Control::None.as_str(),
            control => control,
        }
    }

    /// Whether the row belongs to no control: nothing was done to its examples, and they were not split by run.
    pub fn is_untouched(&self) -> bool {
        self.control() == Control::None.as_str() && self.row.split_by != BY_RUN
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
pub(crate) fn order(a: &Value, b: &Value) -> Ordering {
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
