//! Recording designs: how well would the rule be told from so many units, with such noise, in so many sessions?
//!
//! What a recording sees of the units is a named query (`recorded`, or `observed` for networks that were observed again);
//! its rows are computed once for all designs that share them, and a design takes its sessions from these.

mod tried;

pub use tried::{learn_design, test_designs};

use std::collections::BTreeMap;

use engram_schemas::observable::Measure;

use super::study::cadence;
use super::{Facts, NotTestable};
use crate::queries;

/// Name of the experiment in the table `results`.
pub const DESIGN: &str = "design";
/// What the rows of the units are called in a design's query.
const UNITS: &str = "units";

/// What an experimentalist records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Units of a layer.
    pub units: u32,
    /// Standard deviation of the noise on every unit.
    pub noise_stddev: f64,
    /// Sessions.
    pub sessions: u32,
    /// Epochs from one session to the next.
    pub every: u32,
    /// What is observed; all of it without one.
    pub measure: Option<Measure>,
}

/// A design's query, in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesignQuery {
    /// What is seen of the units: rows like those of `trajectories`.
    units: String,
    /// The feature matrix of those rows, which are named `units`.
    features: String,
}

impl DesignQuery {
    /// The whole query.
    pub fn sql(&self) -> String {
        format!("WITH {UNITS} AS (\n{}\n)\n{}", self.units, self.features)
    }
}

impl Design {
    /// What it costs: units times sessions.
    pub fn cost(&self) -> u64 {
        u64::from(self.units) * u64::from(self.sessions)
    }

    /// The parameters in the table `results`.
    pub fn parameters(&self) -> serde_json::Value {
        serde_json::json!({
            "measure": self.measure_name(),
            "units": self.units,
            "noise_stddev": self.noise_stddev,
            "samples": self.sessions,
            "period": self.every,
        })
    }

    fn measure_name(&self) -> &'static str {
        self.measure.map_or("all", Measure::as_str)
    }

    /// The query that tests the design: over the recordings where they have that many units, else over the conditions that
    /// networks were observed under.
    ///
    /// # Errors
    /// [`NotTestable`] says what the dataset lacks.
    pub fn query(&self, facts: &Facts) -> Result<DesignQuery, NotTestable> {
        let source = self.source(facts)?;
        self.check_sessions(facts)?;
        let measure = self.measure_name();
        let given = [
            ("measure", measure.to_owned()),
            ("units", self.units.to_string()),
            ("noise_stddev", format!("{:?}", self.noise_stddev)),
        ];
        let given: BTreeMap<String, String> = given
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let bound = queries::find(source).and_then(|query| queries::bind(query.text, &given));
        Ok(DesignQuery {
            units: bound
                .map(|sql| without_header(&sql))
                .map_err(|error| NotTestable(error.to_string()))?,
            features: format!(
                "SELECT *\nFROM features('{measure}', input => trajectory_subsample(\n    \
                 samples => {}, period_epochs => {}, seed => 0, input => {UNITS}\n))\nWHERE excluded IS NULL",
                self.sessions, self.every
            ),
        })
    }

    fn source(&self, facts: &Facts) -> Result<&'static str, NotTestable> {
        let lacks = |why: String| Err(NotTestable(why));
        if i64::from(self.units) <= facts.recorded_units {
            return Ok("recorded");
        }
        let noises: Vec<String> = facts
            .conditions
            .iter()
            .map(|(_, noise)| noise.to_string())
            .collect();
        let has_noise = facts
            .conditions
            .iter()
            .any(|(_, noise)| *noise == self.noise_stddev);
        match (facts.recorded_units, facts.conditions.len()) {
            (_, 2..) if has_noise => Ok("observed"),
            (0, 2..) => lacks(format!(
                "no network was observed with noise {}; there are {}",
                self.noise_stddev,
                noises.join(", ")
            )),
            (0, _) => lacks(
                "it needs recordings of single units (`recorded_units` in the sweep file), or networks observed under \
                 several conditions (`engram observe`)"
                    .to_owned(),
            ),
            (recorded, _) => lacks(format!(
                "{} units are more than the {recorded} that were recorded of a layer",
                self.units
            )),
        }
    }

    fn check_sessions(&self, facts: &Facts) -> Result<(), NotTestable> {
        let (Some(first), Some(last)) = (facts.epochs.first(), facts.epochs.last()) else {
            return Err(NotTestable("it needs checkpoints".to_owned()));
        };
        let spans = i64::from(self.every) * (i64::from(self.sessions) - 1);
        if spans > last - first {
            return Err(NotTestable(format!(
                "{} sessions, {} epochs apart, span {spans} epochs, and the networks were observed over {}",
                self.sessions,
                self.every,
                last - first
            )));
        }
        match cadence(&facts.epochs) {
            Some(cadence) if self.sessions > 1 && i64::from(self.every) % cadence != 0 => {
                Err(NotTestable(format!(
                    "the networks were observed every {cadence} epochs, of which {} is no multiple",
                    self.every
                )))
            }
            _ => Ok(()),
        }
    }
}

/// The query without the lines that say what it is.
fn without_header(sql: &str) -> String {
    let lines: Vec<&str> = sql
        .lines()
        .skip_while(|line| line.starts_with("--") || line.is_empty())
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE_SESSIONS: Design = Design {
        units: 100,
        noise_stddev: 0.5,
        sessions: 3,
        every: 10,
        measure: Some(Measure::Activation),
    };

    fn facts(recorded_units: i64, conditions: &[(f64, f64)]) -> Facts {
        Facts {
            recorded_units,
            conditions: conditions.to_vec(),
            epochs: (0..=20).step_by(5).collect(),
            ..Facts::default()
        }
    }

    #[test]
    fn recordings_come_before_conditions() {
        let conditions = [(0.1, 0.5), (1.0, 0.0)];
        let units_of = |recorded| {
            let query = THREE_SESSIONS.query(&facts(recorded, &conditions));
            query.unwrap().units
        };
        assert!(units_of(128).contains("observe_recordings"));
        assert!(units_of(64).contains("FROM trajectories"));
    }

    #[test]
    fn what_is_missing_is_said() {
        let lacking = |design: Design, facts: &Facts| design.query(facts).unwrap_err().to_string();
        let usual = [(1.0, 0.0)];
        assert!(lacking(THREE_SESSIONS, &facts(64, &usual)).contains("more than the 64"));
        assert!(lacking(THREE_SESSIONS, &facts(0, &usual)).contains("`recorded_units`"));
        let other_noise = [(0.1, 0.1), (1.0, 0.0)];
        assert!(lacking(THREE_SESSIONS, &facts(0, &other_noise)).contains("there are 0.1, 0"));
        let long = Design {
            sessions: 4,
            ..THREE_SESSIONS
        };
        assert!(lacking(long, &facts(128, &usual)).contains("span 30 epochs"));
        let uneven = Design {
            every: 7,
            ..THREE_SESSIONS
        };
        assert!(lacking(uneven, &facts(128, &usual)).contains("every 5 epochs"));
    }

    #[test]
    fn the_query_asks_for_the_design() {
        let query = THREE_SESSIONS.query(&facts(128, &[])).unwrap();
        let sql = query.sql();
        for part in [
            "observe_recordings('activation', noise_stddev => 0.5, seed => 0, units => 100)",
            "features('activation', input => trajectory_subsample",
            "samples => 3, period_epochs => 10",
        ] {
            assert!(sql.contains(part), "{sql}");
        }
        assert_eq!(THREE_SESSIONS.cost(), 300);
    }
}
