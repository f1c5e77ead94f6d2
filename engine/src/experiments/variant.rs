//! One variant of an experiment.

use std::collections::BTreeMap;

use engram_classifiers::{Grid, Kind};
use engram_schemas::results::Control;
use serde_json::{Map, Value};

use super::facts::Observation;
use super::{SplitBy, SplitSettings, rows};
use crate::queries::{self, Header, NamedQuery};
use crate::{Dataset, Result};

/// How experiments are run: what is the same for all variants.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocol {
    /// Number of splits.
    pub n_splits: usize,
    /// Folds of the training examples that settings are tried on.
    pub n_folds: usize,
    /// Which settings are tried.
    pub grid: Grid,
    /// Which settings of the Conv1D MLP are tried: the study's 592 take hours where those of the others take minutes.
    pub conv1d_grid: Grid,
    /// Seed of the first split; every further one has the next.
    pub seed: u64,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            n_splits: 10,
            n_folds: 5,
            grid: Grid::Full,
            conv1d_grid: Grid::Quick,
            seed: 0,
        }
    }
}

impl Protocol {
    /// A first look: three splits, three folds, a few settings.
    pub fn quick() -> Self {
        Self {
            n_splits: 3,
            n_folds: 3,
            grid: Grid::Quick,
            conv1d_grid: Grid::Quick,
            seed: 0,
        }
    }

    /// Which settings of a classifier are tried.
    pub fn grid_of(&self, classifier: Kind) -> Grid {
        match classifier {
            Kind::Conv1dMlp => self.conv1d_grid,
            _ => self.grid,
        }
    }
}

/// One variant of an experiment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variant {
    /// The experiment: the name of its query.
    pub experiment: &'static str,
    /// The query's parameters that set it apart.
    pub parameters: BTreeMap<&'static str, String>,
    /// The classifier.
    pub classifier: Kind,
    /// What a split keeps together; nothing where the query holds out by something else.
    pub split_by: Option<SplitBy>,
    /// What is done to the examples.
    pub control: Control,
}

/// What experiments mean, as part of the names of their rows: another word where the same query comes to say something else.
const MEANING: &str = "starts drawn apart from sides";

/// The parameters of queries that are seeds: a split's own, whatever they are for.
const SEEDS: [&str; 2] = ["split_seed", "start_seed"];

impl Variant {
    /// Takes the networks as they were observed, where that is not what the query takes unless it is told.
    pub(super) fn observed_as(mut self, observation: &Observation) -> Self {
        // What recordings are asked for is not how networks were observed.
        if self.experiment == "figure_5_recorded" {
            return self;
        }
        let usual = Observation::default();
        if observation.definition != usual.definition {
            let definition = observation.definition.clone();
            self.parameters.insert("definition", definition);
        }
        if observation.seed != usual.seed {
            let seed = observation.seed.to_string();
            self.parameters.insert("observation_seed", seed);
        }
        self
    }

    /// The name in words, for progress and errors.
    pub fn title(&self) -> String {
        let parameters: Vec<String> = self
            .parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut title = format!(
            "{} {} {}",
            self.experiment,
            self.classifier,
            parameters.join(" ")
        );
        if let Some(SplitBy::Run) = self.split_by {
            title.push_str(" by run");
        }
        if self.control != Control::None {
            title.push_str(&format!(" ({})", self.control.as_str()));
        }
        title
    }

    /// The named query.
    ///
    /// # Errors
    /// When there is none of the experiment's name.
    pub(crate) fn query(&self) -> Result<NamedQuery> {
        let name = match self.control {
            Control::MatchedPerformance => "matched_performance",
            _ => self.experiment,
        };
        queries::find(name)
    }

    /// How many trials there are in all.
    ///
    /// # Errors
    /// When there is no query of the experiment's name.
    pub fn n_trials(&self, protocol: &Protocol) -> Result<usize> {
        Ok(self.n_splits(&self.query()?, protocol))
    }

    /// How many splits the query can make: one where nothing in it is drawn.
    pub(crate) fn n_splits(&self, query: &NamedQuery, protocol: &Protocol) -> usize {
        let parameters = Header::of(query.text).parameters;
        let is_drawn = parameters
            .iter()
            .any(|parameter| SEEDS.contains(&parameter.name.as_str()));
        if is_drawn { protocol.n_splits } else { 1 }
    }

    /// How the examples of the first split's query are split again, where the query draws nothing but its sides: asking it
    /// once more would give the same rows.
    pub(crate) fn later_splits(
        &self,
        query: &NamedQuery,
        protocol: &Protocol,
    ) -> Option<SplitSettings> {
        let body: String = query
            .text
            .lines()
            .filter(|line| !line.starts_with("--"))
            .collect();
        let draws = |seed: &str| body.matches(&format!("${seed}")).count();
        let draws_sides_alone =
            SEEDS.map(draws) == [1, 0] && body.starts_with("SELECT *FROM split(");
        (draws_sides_alone && self.n_splits(query, protocol) > 1).then(|| SplitSettings {
            n_splits: protocol.n_splits,
            split_by: self.split_by.unwrap_or_default(),
            seed: protocol.seed,
            ..SplitSettings::default()
        })
    }

    /// The query's text for split number `split`.
    ///
    /// # Errors
    /// For parameters that the query has not.
    pub(crate) fn bound(
        &self,
        query: &NamedQuery,
        protocol: &Protocol,
        split: usize,
    ) -> Result<String> {
        let mut given: BTreeMap<String, String> = self
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let seed = protocol.seed.wrapping_add(split as u64).cast_signed();
        for parameter in Header::of(query.text).parameters {
            if SEEDS.contains(&parameter.name.as_str()) {
                given.insert(parameter.name, seed.to_string());
            } else if parameter.name == "split_by" {
                let split_by = self.split_by.unwrap_or_default();
                given.insert(parameter.name, split_by.to_string());
            }
        }
        queries::bind(query.text, &given)
    }

    /// The parameters as JSON: numbers as numbers.
    pub fn parameters_json(&self) -> Value {
        let json = |value: &String| match serde_json::from_str::<Value>(value) {
            Ok(number @ Value::Number(_)) => number,
            _ => Value::String(value.clone()),
        };
        let entries = self.parameters.iter();
        Value::Object(
            entries
                .map(|(name, value)| ((*name).to_owned(), json(value)))
                .collect::<Map<_, _>>(),
        )
    }

    /// What splits keep together, and folds.
    fn folded(&self) -> &'static str {
        match self.split_by {
            None => "",
            Some(SplitBy::Example) => "example",
            Some(SplitBy::Run) => "run, in folds too",
        }
    }

    /// What names its rows: a hash of all that they follow from, the dataset's runs among them. The number of splits is not,
    /// so that further ones are added to those that are there.
    ///
    /// # Errors
    /// When the query cannot be bound.
    pub fn result_id(&self, dataset: &Dataset, protocol: &Protocol) -> Result<String> {
        let query = self.query()?;
        let parts = [
            MEANING.to_owned(),
            self.experiment.to_owned(),
            self.bound(&query, protocol, 0)?,
            self.classifier.to_string(),
            self.folded().to_owned(),
            self.control.as_str().to_owned(),
            protocol.n_folds.to_string(),
            protocol.grid_of(self.classifier).content(self.classifier)?,
            protocol.seed.to_string(),
        ];
        let runs = dataset.identity();
        Ok(rows::result_id(
            parts.iter().map(String::as_str).chain(runs),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_that_draw_nothing_but_sides_are_asked_once() {
        let asked_once: Vec<&str> = queries::ALL
            .iter()
            .filter(|query| {
                let variant = Variant {
                    experiment: query.name,
                    parameters: BTreeMap::new(),
                    classifier: Kind::RandomForest,
                    split_by: Some(SplitBy::Run),
                    control: Control::None,
                };
                let settings = variant.later_splits(query, &Protocol::default());
                settings.is_some_and(|settings| settings.split_by == SplitBy::Run)
            })
            .map(|query| query.name)
            .collect();
        // Not among them: random starts, sides that are taken before the features are, draws of whole networks.
        let expected = [
            "figure_2a",
            "figure_5",
            "figure_5_recorded",
            "figure_s1",
            "figure_s2b",
        ];
        assert_eq!(asked_once, expected);
    }
}
