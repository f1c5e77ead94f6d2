//! A feature matrix as NumPy arrays.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use engram_engine::feature_matrix::Side;
use engram_engine::{Error, Example, FeatureMatrix, Session};
use engram_schemas::{Depth, trajectories::column};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySlice};

use crate::answer::Answer;
use crate::array::{Numbers, to_numpy};
use crate::errors;

/// The feature matrix of a query: what classifiers see, as NumPy arrays that share its memory and cannot be written to.
///
/// >>> features = dataset.features("weight")
/// >>> features.X.shape == (len(features.y), len(features.names))
/// True
/// >>> features.trajectories.shape == (len(features.y), len(features.epochs), len(features.statistics))
/// True
/// >>> sorted(features.classes) == sorted(set(features.examples.polars()["learning_rule"]))
/// True
#[pyclass(frozen, module = "engram")]
pub(crate) struct Features {
    values: Py<Numbers>,
    labels: Py<Numbers>,
    names: Vec<String>,
    groups: Vec<String>,
    n_observed: usize,
    epochs: Vec<i64>,
    classes: Vec<String>,
    sides: Vec<Option<Side>>,
    excluded: std::collections::BTreeMap<String, usize>,
    examples: Py<Answer>,
}

impl Features {
    /// Takes a matrix over.
    ///
    /// # Errors
    /// When its examples make no table.
    pub(crate) fn of(py: Python<'_>, session: &Session, matrix: FeatureMatrix) -> PyResult<Self> {
        let (n_examples, n_features) = (matrix.n_examples(), matrix.n_features());
        let examples = examples(&matrix)
            .map_err(datafusion::error::DataFusionError::from)
            .and_then(|examples| session.context().read_batch(examples))
            .map_err(|error| errors::of_engine(Error::running(error)))?;
        let mut groups = matrix.groups;
        // The depth is a feature, and no statistic.
        groups.retain(|group| group != column::DEPTH);
        let n_observed = n_features - Depth::ALL.len();
        let n_epochs = n_observed.checked_div(groups.len()).unwrap_or(0);
        let epoch = |name: &String| name.rsplit_once('@')?.1.parse().ok();
        let epochs = matrix.names.iter().take(n_epochs).filter_map(epoch);
        let labels = matrix.labels.iter().map(|&label| label as i64);
        Ok(Self {
            values: Py::new(
                py,
                Numbers::single(matrix.values, vec![n_examples, n_features]),
            )?,
            labels: Py::new(py, Numbers::integers(labels, vec![n_examples]))?,
            epochs: epochs.collect(),
            names: matrix.names,
            groups,
            n_observed,
            classes: matrix.classes,
            sides: matrix.sides,
            excluded: matrix.excluded.0,
            examples: Py::new(py, Answer::of(examples))?,
        })
    }

    /// The numbers of the rows on one side.
    fn side<'py>(&self, py: Python<'py>, wanted: Side) -> PyResult<Bound<'py, PyAny>> {
        if self.sides.iter().all(Option::is_none) {
            return Err(errors::not_split());
        }
        let sides = self.sides.iter().zip(0..);
        let rows: Vec<i64> = sides
            .filter(|(side, _)| **side == Some(wanted))
            .map(|(_, row)| row)
            .collect();
        let shape = vec![rows.len()];
        to_numpy(&Bound::new(py, Numbers::integers(rows, shape))?)
    }
}

#[pymethods]
impl Features {
    /// The features, ``float32`` of shape ``[examples, features]``: the trajectory of each statistic in turn, and the three
    /// indicators of depth at the end.
    #[getter]
    #[pyo3(name = "X")]
    fn x<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_numpy(self.values.bind(py))
    }

    /// The labels, ``int64`` of shape ``[examples]``: which of ``classes`` each example is of.
    #[getter]
    fn y<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_numpy(self.labels.bind(py))
    }

    /// The features without depth, ``float32`` of shape ``[examples, epochs, statistics]``: ``X`` seen as time series.
    #[getter]
    fn trajectories<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let all = PySlice::full(py);
        let observed = PySlice::new(py, 0, self.n_observed.cast_signed(), 1);
        let observed = self.x(py)?.get_item((all, observed))?;
        let shape = (self.sides.len(), self.groups.len(), self.epochs.len());
        let by_statistic = observed.call_method1("reshape", (shape,))?;
        by_statistic.call_method1("transpose", (0, 2, 1))
    }

    /// The learning rules, in the order of ``y``.
    #[getter]
    fn classes(&self) -> Vec<String> {
        self.classes.clone()
    }

    /// The names of the features, as in ``weight_abs_median@5`` for that statistic at epoch 5.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// The names of the statistics, in the order of ``trajectories``.
    #[getter]
    fn statistics(&self) -> Vec<String> {
        self.groups.clone()
    }

    /// The checkpoints, in the order of ``trajectories``.
    #[getter]
    fn epochs(&self) -> Vec<i64> {
        self.epochs.clone()
    }

    /// Who the examples are, a row each: run, task, architecture, learning rule, layer, depth, and the side of a split.
    #[getter]
    fn examples(&self, py: Python<'_>) -> Py<Answer> {
        self.examples.clone_ref(py)
    }

    /// The numbers of the rows to learn from, where the query is a split: ``X[features.train]``.
    #[getter]
    fn train<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.side(py, Side::Train)
    }

    /// The numbers of the rows to test on, where the query is a split.
    #[getter]
    fn test<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.side(py, Side::Test)
    }

    /// How many examples the query left out, by reason.
    #[getter]
    fn excluded<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let excluded = PyDict::new(py);
        for (reason, n_examples) in &self.excluded {
            excluded.set_item(reason, n_examples)?;
        }
        Ok(excluded)
    }

    fn __len__(&self) -> usize {
        self.sides.len()
    }

    fn __repr__(&self) -> String {
        format!(
            "<engram.Features: {} examples of {} learning rules; {} statistics at {} epochs>",
            self.sides.len(),
            self.classes.len(),
            self.groups.len(),
            self.epochs.len()
        )
    }
}

fn examples(matrix: &FeatureMatrix) -> Result<RecordBatch, arrow::error::ArrowError> {
    let text = |name: &str, pick: fn(&Example) -> &str| {
        let values = matrix.examples.iter().map(pick);
        (
            name.to_owned(),
            Arc::new(StringArray::from_iter_values(values)) as ArrayRef,
        )
    };
    let side = |side: &Option<Side>| {
        side.map(|side| match side {
            Side::Train => "train",
            Side::Test => "test",
        })
    };
    let sides: StringArray = matrix.sides.iter().map(side).collect();
    let columns = [
        text(column::RUN_ID, |example| &example.run_id),
        text(column::TASK, |example| &example.task),
        text(column::ARCHITECTURE, |example| &example.architecture),
        text(column::LEARNING_RULE, |example| &example.learning_rule),
        text(column::LAYER, |example| &example.layer),
        text(column::DEPTH, |example| &example.depth),
        ("side".to_owned(), Arc::new(sides) as ArrayRef),
    ];
    let columns = columns
        .into_iter()
        .map(|(name, values)| (name, values, true));
    RecordBatch::try_from_iter_with_nullable(columns)
}
