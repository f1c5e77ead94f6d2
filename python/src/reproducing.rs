//! How the study's experiments are run on a dataset, and its figures drawn.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engram_classifiers::Grid;
use engram_engine::experiments::{self, Facts, Outcome, Protocol};
use engram_engine::{Result, Session};
use engram_report::{Results, figures};
use engram_schemas::category::nearest;
use engram_schemas::results::ResultRow;
use pyo3::prelude::*;

use crate::answer::Answer;
use crate::errors;
use crate::figure::Figure;
use crate::measures::Names;
use crate::progress::News;
use crate::reproduction::Reproduction;

/// All figures.
const ALL: &str = "all";

/// What is asked for.
#[derive(Clone)]
pub(crate) struct Request {
    figures: Vec<experiments::Figure>,
    protocol: Protocol,
    drawn: figures::Grid,
}

/// What was run.
pub(crate) struct Run {
    variants: Vec<experiments::Variant>,
    result_ids: BTreeSet<String>,
    protocol: Protocol,
    left_out: BTreeMap<String, String>,
    n_run: usize,
    n_there: usize,
}

impl Request {
    /// Figures by name, and how their experiments are run.
    ///
    /// # Errors
    /// For a figure that does not exist, and for no splits.
    pub(crate) fn try_new(
        names: &Names,
        quick: bool,
        splits: Option<usize>,
        seed: u32,
        full_conv1d_grid: bool,
    ) -> PyResult<Self> {
        if splits == Some(0) {
            let message = "an experiment has at least one split";
            return Err(errors::argument(message, None));
        }
        if quick && full_conv1d_grid {
            let message = "a quick look does not try all settings of the Conv1D MLP";
            return Err(errors::argument(message, None));
        }
        let protocol = if quick {
            Protocol::quick()
        } else {
            Protocol::default()
        };
        Ok(Self {
            figures: find(names.as_slice())?,
            drawn: match (quick, full_conv1d_grid) {
                (true, _) => figures::Grid::Reduced,
                (false, true) => figures::Grid::Full,
                (false, false) => figures::Grid::FullButConv1d,
            },
            protocol: Protocol {
                n_splits: splits.unwrap_or(protocol.n_splits),
                conv1d_grid: match full_conv1d_grid {
                    true => Grid::Full,
                    false => Grid::Quick,
                },
                seed: u64::from(seed),
                ..protocol
            },
        })
    }

    /// Runs the experiments that are not there yet.
    ///
    /// # Errors
    /// Those of the engine.
    pub(crate) async fn run(
        self,
        session: Arc<Session>,
        mut tell: impl FnMut(News) + Send,
    ) -> Result<Run> {
        let facts = Facts::of(&session).await?;
        let (variants, lacking) = experiments::variants(&self.figures, &facts);
        let lacking = lacking.into_iter();
        let mut run = Run {
            variants: Vec::new(),
            result_ids: BTreeSet::new(),
            protocol: self.protocol.clone(),
            left_out: lacking
                .map(|(figure, why)| (figure.name.to_owned(), why.to_string()))
                .collect(),
            n_run: 0,
            n_there: 0,
        };
        let n_trials = |variant: &experiments::Variant| variant.n_trials(&self.protocol);
        let total = variants.iter().map(n_trials).sum::<Result<usize>>()?;
        let mut done = 0;
        for variant in &variants {
            let title = variant.title();
            let after = done + variant.n_trials(&self.protocol)?;
            let on_split = || {
                done += 1;
                tell(News {
                    done,
                    total,
                    what: title.clone(),
                });
            };
            let outcome = experiments::run(&session, variant, &self.protocol, on_split).await?;
            let was_tested = !matches!(outcome, Outcome::NotTestable { .. });
            match outcome {
                Outcome::Done => run.n_run += 1,
                Outcome::WasThere => run.n_there += 1,
                Outcome::NotTestable { why } => {
                    run.left_out.insert(title.clone(), why);
                }
            }
            if was_tested {
                run.result_ids
                    .insert(variant.result_id(session.dataset(), &self.protocol)?);
            }
            if done < after {
                done = after;
                tell(News {
                    done,
                    total,
                    what: title,
                });
            }
        }
        run.variants = variants;
        Ok(run)
    }

    /// Draws the figures from what was run, and adds those that cannot be drawn to what is left out.
    ///
    /// # Errors
    /// For rows that cannot be read.
    pub(crate) fn draw(
        &self,
        rows: &[ResultRow],
        run: &mut Run,
    ) -> std::result::Result<Vec<(&'static str, Figure)>, engram_report::Error> {
        let results = Results::try_new(rows)?;
        let mut drawn = Vec::new();
        let kinds = self.figures.iter();
        for kind in kinds.filter_map(|figure| figures::find(figure.name)) {
            match kind.draw(&results, self.drawn) {
                Ok(figure) => drawn.push((kind.name, Figure(figure))),
                Err(missing) => {
                    let lacks = || format!("it cannot be drawn without {missing}");
                    run.left_out
                        .entry(kind.name.to_owned())
                        .or_insert_with(lacks);
                }
            }
        }
        Ok(drawn)
    }
}

impl Run {
    /// The rows of what was run, for figures.
    ///
    /// # Errors
    /// Those of the engine.
    pub(crate) async fn rows(&self, session: &Session) -> Result<Vec<ResultRow>> {
        experiments::rows_of(session, &self.variants, &self.protocol).await
    }

    /// The query that gives these rows.
    pub(crate) fn query(&self) -> String {
        // Hashes in hexadecimal digits.
        let ids: Vec<String> = self.result_ids.iter().map(|id| format!("'{id}'")).collect();
        let condition = match ids.is_empty() {
            true => "false".to_owned(),
            false => format!(
                "result_id IN ({}) AND split < {}",
                ids.join(", "),
                self.protocol.n_splits
            ),
        };
        format!("SELECT * FROM results WHERE {condition} ORDER BY result_id, split")
    }

    /// All that came of it.
    ///
    /// # Errors
    /// When Python has no memory for it.
    pub(crate) fn into_reproduction(
        self,
        py: Python<'_>,
        drawn: Vec<(&'static str, Figure)>,
        results: Answer,
    ) -> PyResult<Reproduction> {
        let figures = drawn.into_iter();
        let figures = figures.map(|(name, figure)| Ok((name, Py::new(py, figure)?)));
        Ok(Reproduction {
            figures: figures.collect::<PyResult<_>>()?,
            left_out: self.left_out,
            results: Py::new(py, results)?,
            n_run: self.n_run,
            n_there: self.n_there,
        })
    }
}

/// The figures of these names, in their order.
fn find(names: &[String]) -> PyResult<Vec<experiments::Figure>> {
    if names.iter().any(|name| name == ALL) {
        return Ok(experiments::Figure::ALL.to_vec());
    }
    let find = |name: &String| {
        experiments::Figure::named(name).ok_or_else(|| {
            let known = || experiments::Figure::ALL.iter().map(|figure| figure.name);
            let hint = nearest(name, known()).map_or_else(
                || {
                    format!(
                        "there are {}, and all",
                        known().collect::<Vec<_>>().join(", ")
                    )
                },
                |near| format!("did you mean `{near}`?"),
            );
            errors::argument(format!("there is no figure `{name}`"), Some(hint))
        })
    };
    names.iter().map(find).collect()
}
