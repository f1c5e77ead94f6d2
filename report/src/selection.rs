//! Which rows are asked for.

use std::cmp::Ordering;
use std::fmt;

use engram_schemas::results::Control;
use serde_json::Value;

use crate::results::{BY_EXAMPLE, Entry, order};

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
        row.experiment == self.experiment
            && entry.control() == self.control.as_str()
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
