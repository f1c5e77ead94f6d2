//! An open dataset, and what can be asked of it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use engram_engine::experiments::SplitSettings;
use engram_engine::feature_matrix::features_of;
use engram_engine::queries;
use engram_engine::session::SessionSettings;
use engram_engine::{Error, FeatureMatrix, IdentifySettings, Session};
use engram_schemas::DatasetLocation;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tokio::sync::mpsc::UnboundedSender;

use crate::answer::Answer;
use crate::features::Features;
use crate::identification::{self, Identification};
use crate::measures::{Names, measures};
use crate::progress::News;
use crate::reproducing::Request;
use crate::reproduction::Reproduction;
use crate::waiting::{wait, wait_and_tell};
use crate::{errors, parameters};

/// An open dataset. :func:`open` opens one.
///
/// It sees the files that were there when it was opened. Several threads may ask it at once. As a context manager it closes
/// itself.
///
/// >>> dataset.tables
/// ['examples', 'layers', 'observables', 'recordings', 'results', 'runs', 'series', 'trajectories']
#[pyclass(frozen, module = "engram")]
pub(crate) struct Dataset {
    location: DatasetLocation,
    given: String,
    settings: SessionSettings,
    session: Mutex<Option<Arc<Session>>>,
}

impl Dataset {
    /// Opens what lies at a place, which the caller wrote as `given`.
    ///
    /// # Errors
    /// Those of [`Session::open_with`].
    pub(crate) fn open(
        py: Python<'_>,
        given: String,
        location: DatasetLocation,
        settings: SessionSettings,
    ) -> PyResult<Self> {
        let session = open_session(py, &location, &settings)?;
        Ok(Self {
            location,
            given,
            settings,
            session: Mutex::new(Some(session)),
        })
    }

    fn held(&self) -> MutexGuard<'_, Option<Arc<Session>>> {
        // The value is whole at any time.
        self.session.lock().unwrap_or_else(|held| held.into_inner())
    }

    fn session(&self) -> PyResult<Arc<Session>> {
        self.held().clone().ok_or_else(errors::closed)
    }

    /// Opens the dataset anew, unless it was closed meanwhile. The table of results is listed when a session opens.
    fn reopen(&self, py: Python<'_>) -> PyResult<Arc<Session>> {
        let session = open_session(py, &self.location, &self.settings)?;
        if let Some(held) = self.held().as_mut() {
            *held = Arc::clone(&session);
        }
        Ok(session)
    }

    fn ask(&self, py: Python<'_>, sql: String) -> PyResult<Answer> {
        let session = self.session()?;
        let frame = wait(py, async move { session.sql(&sql).await })?;
        Ok(Answer::of(frame.map_err(errors::of_engine)?))
    }
}

#[pymethods]
impl Dataset {
    /// Asks the dataset in SQL. The statement is planned here; its rows are computed when the answer is taken.
    ///
    /// The SQL is DataFusion's, with functions of engram's own. It only reads.
    ///
    /// >>> answer = dataset.sql("SELECT count(*) AS n FROM runs WHERE learning_rule = $rule", {"rule": "sgdm"})
    /// >>> answer.columns
    /// ['n']
    /// >>> try:
    /// ...     dataset.sql("SELECT learning_rul FROM runs")
    /// ... except engram.SqlError as error:
    /// ...     error.line, error.column, error.hint
    /// (1, 8, 'did you mean `learning_rule`?')
    ///
    /// Args:
    ///     sql: one statement.
    ///     params: what ``$1`` or ``$name`` stand for in it, a list or a dictionary: None, bool, int, float, str, NumPy's
    ///         numbers, and lists of these.
    ///
    /// Raises:
    ///     SqlError: for SQL that does not parse or names what is not there, with the place and a hint.
    ///     ArgumentError: for parameters that do not fit the placeholders.
    #[pyo3(signature = (sql, params=None))]
    fn sql(
        &self,
        py: Python<'_>,
        sql: &str,
        params: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Answer> {
        self.ask(py, parameters::bind(sql, params)?)
    }

    /// Asks one of the named queries, with parameters by name; :func:`queries` lists them, and `engram query --list` describes
    /// them and their parameters.
    ///
    /// >>> dataset.query("features", measure="weight").columns[:2]
    /// ['task', 'architecture']
    ///
    /// Raises:
    ///     ArgumentError: for a query or a parameter that does not exist, and a value of another kind.
    #[pyo3(signature = (name, **params))]
    fn query(
        &self,
        py: Python<'_>,
        name: &str,
        params: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Answer> {
        let query = queries::find(name).map_err(errors::of_engine)?;
        let given = parameters::words(params)?;
        self.ask(
            py,
            queries::bind(query.text, &given).map_err(errors::of_engine)?,
        )
    }

    /// The runs, a row each: ``SELECT * FROM runs``.
    fn runs(&self, py: Python<'_>) -> PyResult<Answer> {
        self.ask(py, "SELECT * FROM runs".to_owned())
    }

    /// The feature matrix of a classifier: one example a layer of a run, with the trajectories of all statistics that are finite
    /// in every example.
    ///
    /// A query that splits gives ``train`` and ``test`` too:
    ///
    /// >>> features = dataset.features(query="SELECT * FROM split(0.25, by => 'run', input => features('weight'))")
    /// >>> features.X[features.train].shape[1] == len(features.names)
    /// True
    ///
    /// Args:
    ///     measures: what is observed: ``weight``, ``activation``, ``activity_change`` or ``all``, one or several; all by
    ///         default.
    ///     query: SQL that gives the matrix in place of the study's query. The header of ``queries/features.sql`` says what
    ///         its columns are.
    ///
    /// Raises:
    ///     ExamplesError: when the query does not give a feature matrix, or no example is left.
    #[pyo3(signature = (measures=None, *, query=None))]
    fn features(
        &self,
        py: Python<'_>,
        measures: Option<Names>,
        query: Option<String>,
    ) -> PyResult<Features> {
        let query = feature_query(measures.as_ref(), query)?;
        let session = self.session()?;
        let asked = Arc::clone(&session);
        let matrix = wait(py, async move {
            FeatureMatrix::from_query(&asked, &query).await
        })?;
        Features::of(py, &session, matrix.map_err(errors::of_engine)?)
    }

    /// Says how well learning rules can be told apart by what was observed: a classifier learns from three quarters of the
    /// examples and names the rules of the rest, for several splits.
    ///
    /// Every split becomes a row of the table ``results``, which the dataset shows from then on; for that it is opened anew.
    ///
    /// >>> again = [dataset.identify("weight", splits=2, settings={"n_trees": 20}) for _ in range(2)]
    /// >>> again[0].accuracies == again[1].accuracies
    /// True
    ///
    /// Args:
    ///     measures: as in :meth:`features`.
    ///     query: as in :meth:`features`.
    ///     classifier: ``random_forest``, ``linear_svm``, ``conv1d_mlp``, ``quant``, ``logistic_regression``,
    ///         ``nearest_neighbours`` or ``naive_bayes``. The Conv1D MLP is fitted by the program ``engram-trainer``, which the
    ///         environment variable ``ENGRAM_TRAINER`` names.
    ///     settings: those of the classifier's settings that shall not have their defaults, by name.
    ///     splits: how many splits there are.
    ///     test_fraction: the share of the examples to test on.
    ///     split_by: what stays together on one side: an ``example``, which is a layer, or all layers of a ``run``.
    ///     seed: of everything random. Equal seeds give equal results, here and in `engram identify`.
    ///     save: a file for a model that is learned from all examples, for `engram diagnose`.
    ///     progress: called with the number of splits that are done, the number of all, and ``"identify"``.
    ///
    /// Raises:
    ///     ExamplesError: when the query does not give a feature matrix, or examples of too few rules.
    ///     ArgumentError: for a classifier or a setting that does not exist.
    #[pyo3(signature = (
        measures=None, *, query=None, classifier="random_forest", settings=None, splits=10, test_fraction=0.25,
        split_by="example", seed=0, save=None, progress=None
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "arguments by name, each with its default"
    )]
    fn identify(
        &self,
        py: Python<'_>,
        measures: Option<Names>,
        query: Option<String>,
        classifier: &str,
        settings: Option<&Bound<'_, PyDict>>,
        splits: usize,
        test_fraction: f64,
        split_by: &str,
        seed: u64,
        save: Option<PathBuf>,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Identification> {
        let asked = IdentifySettings {
            query: feature_query(measures.as_ref(), query)?,
            splits: SplitSettings {
                n_splits: splits,
                test_fraction,
                split_by: split_by
                    .parse()
                    .map_err(|error: Error| errors::argument(error.to_string(), None))?,
                seed,
            },
            points: vec![identification::settings(classifier, settings)?],
            with_model: save.is_some(),
            ..IdentifySettings::default()
        };
        let found = identification::identify(py, self.session()?, asked, save, progress.as_ref())?;
        self.reopen(py)?;
        Ok(found)
    }

    /// Runs the study's experiments that figures need, and draws them.
    ///
    /// Classifiers' settings are chosen from the study's grids, on the training examples alone. What comes out is added to the
    /// table ``results``, which the dataset shows from then on. What is there already is not run again, so that a call that was
    /// interrupted goes on where it was.
    ///
    /// Args:
    ///     figures: ``figure_2a`` ... ``figure_5``, ``figure_s1`` ... ``figure_s8``, ``figure_leakage``, or ``all``; one or
    ///         several.
    ///     quick: a first look: a few of the grids' settings, 3 splits and 3 folds. The figures say so.
    ///     splits: how many splits every experiment has, if not 10, or 3 for a first look.
    ///     seed: of the first split; every further one has the next.
    ///     full_conv1d_grid: try all of the study's settings of the Conv1D MLP, which takes hours a split. See :meth:`identify` for the
    ///         program that fits it.
    ///     progress: called with the number of splits that are done, the number of all, and which experiment is run.
    ///
    /// Raises:
    ///     ArgumentError: for a figure that does not exist.
    #[pyo3(signature = (figures, *, quick=false, splits=None, seed=0, full_conv1d_grid=false, progress=None))]
    #[expect(
        clippy::too_many_arguments,
        reason = "arguments by name, each with its default"
    )]
    fn reproduce(
        &self,
        py: Python<'_>,
        figures: Names,
        quick: bool,
        splits: Option<usize>,
        seed: u32,
        full_conv1d_grid: bool,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Reproduction> {
        let request = Request::try_new(&figures, quick, splits, seed, full_conv1d_grid)?;
        let (session, asked) = (self.session()?, request.clone());
        let work = |news: UnboundedSender<News>| async move {
            let tell = move |how_far| {
                let _ = news.send(how_far);
            };
            asked.run(session, tell).await
        };
        let tell = |news: News| news.tell(progress.as_ref());
        let mut run = wait_and_tell(py, work, tell)?.map_err(errors::of_engine)?;
        let session = self.reopen(py)?;
        let draw = async move {
            let rows = run.rows(&session).await;
            rows.map(|rows| (request.draw(&rows, &mut run), run))
        };
        let (drawn, run) = wait(py, draw)?.map_err(errors::of_engine)?;
        let results = self.ask(py, run.query())?;
        run.into_reproduction(py, drawn.map_err(errors::of_report)?, results)
    }

    /// The names of tables and views.
    #[getter]
    fn tables(&self) -> PyResult<Vec<String>> {
        Ok(self.session()?.tables())
    }

    /// How many runs there are.
    #[getter]
    fn n_runs(&self) -> PyResult<usize> {
        Ok(self.session()?.dataset().n_runs())
    }

    /// Where the dataset is, as it was given.
    #[getter]
    fn url(&self) -> &str {
        &self.given
    }

    /// The files that are left out, each with what is wrong with it; see ``skip_damaged`` of :func:`open`.
    #[getter]
    fn damaged(&self) -> PyResult<Vec<(String, String)>> {
        let session = self.session()?;
        let damaged = session.dataset().damaged().iter();
        Ok(damaged
            .map(|damaged| (damaged.file.clone(), damaged.reason.clone()))
            .collect())
    }

    /// Lets go of the dataset. Answers that were given stay as they are.
    fn close(&self) {
        self.held().take();
    }

    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().session()?;
        Ok(slf)
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, _raised: &Bound<'_, PyAny>) {
        self.close();
    }

    fn __repr__(&self) -> String {
        let given = self.location.as_given(&self.given);
        match self.session() {
            Ok(session) => {
                let n_runs = session.dataset().n_runs();
                format!("<engram.Dataset at {given}: {n_runs} runs>")
            }
            Err(_) => format!("<engram.Dataset at {given}: closed>"),
        }
    }
}

fn open_session(
    py: Python<'_>,
    location: &DatasetLocation,
    settings: &SessionSettings,
) -> PyResult<Arc<Session>> {
    let (location, settings) = (location.clone(), settings.clone());
    let opening = async move { Session::open_with(&location, &settings).await };
    let session = wait(py, opening)?.map_err(errors::of_engine)?;
    Ok(Arc::new(session))
}

/// The query that gives a feature matrix.
fn feature_query(names: Option<&Names>, query: Option<String>) -> PyResult<String> {
    match (names, query) {
        (Some(_), Some(_)) => {
            let message = "`measures` and `query` both say what the features are";
            Err(errors::argument(
                message,
                Some("give one of them".to_owned()),
            ))
        }
        (None, Some(query)) => Ok(query),
        (names, None) => Ok(features_of(&measures(names)?)),
    }
}
