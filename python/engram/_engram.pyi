# The types of what is built from Rust. The words below the names are copied by tests/test_stub.py, which compares all of it.

from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import Any, Literal, Self, final

import numpy as _numpy
import pandas as _pandas
import polars as _polars
import pyarrow as _pyarrow
from numpy.typing import NDArray

__version__: str

_Measure = Literal["weight", "activation", "activity_change", "all"]
_Classifier = Literal[
    "random_forest", "linear_svm", "conv1d_mlp", "quant", "logistic_regression", "nearest_neighbours", "naive_bayes"
]
_Progress = Callable[[int, int, str], object]

def open(
    url: str | PathLike[str],
    *,
    memory_limit: int | None = None,
    threads: int | None = None,
    results: str | PathLike[str] | None = None,
    skip_damaged: bool = False,
) -> Dataset:
    """Opens a dataset. Its files are listed and checked; what comes later is not seen.

    >>> with engram.open(url) as dataset:
    ...     dataset.sql("SELECT 1 AS one").numpy()["one"].tolist()
    [1]

    Args:
        url: a folder or a URL (``file://``, ``s3://``, ``gs://``, ``az://``, ``https://``).
        memory_limit: what queries may hold in memory, in bytes. Sorts and aggregations that need more go on in temporary
            files. By default there is no limit.
        threads: what queries and classifiers compute on, one a core by default. No answer depends on it.
        results: where the table ``results`` lies; by default in the dataset, or for a release, which is never changed, in
            ``./engram-results``.
        skip_damaged: leave files out that are not what they should be; ``Dataset.damaged`` lists them. Every byte is read
            first.

    Raises:
        DatasetError: where there is no dataset, or one that cannot be read.
    """

def queries() -> dict[str, str]:
    """The named queries that come with engram, with their titles: the study's experiments, and others.

    >>> engram.queries()["features"]
    'Feature matrix'
    """

@final
class Dataset:
    """An open dataset. :func:`open` opens one.

    It sees the files that were there when it was opened. Several threads may ask it at once. As a context manager it closes
    itself.

    >>> dataset.tables
    ['examples', 'layers', 'observables', 'recordings', 'results', 'runs', 'series', 'trajectories']
    """

    @property
    def tables(self) -> list[str]:
        """The names of tables and views."""

    @property
    def n_runs(self) -> int:
        """How many runs there are."""

    @property
    def url(self) -> str:
        """Where the dataset is, as it was given."""

    @property
    def damaged(self) -> list[tuple[str, str]]:
        """The files that are left out, each with what is wrong with it; see ``skip_damaged`` of :func:`open`."""

    def sql(self, sql: str, params: Mapping[str, Any] | Sequence[Any] | None = None) -> Answer:
        """Asks the dataset in SQL. The statement is planned here; its rows are computed when the answer is taken.

        The SQL is DataFusion's, with functions of engram's own. It only reads.

        >>> answer = dataset.sql("SELECT count(*) AS n FROM runs WHERE learning_rule = $rule", {"rule": "sgdm"})
        >>> answer.columns
        ['n']
        >>> try:
        ...     dataset.sql("SELECT learning_rul FROM runs")
        ... except engram.SqlError as error:
        ...     error.line, error.column, error.hint
        (1, 8, 'did you mean `learning_rule`?')

        Args:
            sql: one statement.
            params: what ``$1`` or ``$name`` stand for in it, a list or a dictionary: None, bool, int, float, str, NumPy's
                numbers, and lists of these.

        Raises:
            SqlError: for SQL that does not parse or names what is not there, with the place and a hint.
            ArgumentError: for parameters that do not fit the placeholders.
        """

    def query(self, name: str, **params: str | float | bool) -> Answer:
        """Asks one of the named queries, with parameters by name; :func:`queries` lists them, and `engram query --list` describes
        them and their parameters.

        >>> dataset.query("features", measure="weight").columns[:2]
        ['task', 'architecture']

        Raises:
            ArgumentError: for a query or a parameter that does not exist, and a value of another kind.
        """

    def runs(self) -> Answer:
        """The runs, a row each: ``SELECT * FROM runs``."""

    def features(
        self, measures: _Measure | Sequence[_Measure] | None = None, *, query: str | None = None
    ) -> Features:
        """The feature matrix of a classifier: one example a layer of a run, with the trajectories of all statistics that are finite
        in every example.

        A query that splits gives ``train`` and ``test`` too:

        >>> features = dataset.features(query="SELECT * FROM split(0.25, by => 'run', input => features('weight'))")
        >>> features.X[features.train].shape[1] == len(features.names)
        True

        Args:
            measures: what is observed: ``weight``, ``activation``, ``activity_change`` or ``all``, one or several; all by
                default.
            query: SQL that gives the matrix in place of the study's query. The header of ``queries/features.sql`` says what
                its columns are.

        Raises:
            ExamplesError: when the query does not give a feature matrix, or no example is left.
        """

    def identify(
        self,
        measures: _Measure | Sequence[_Measure] | None = None,
        *,
        query: str | None = None,
        classifier: _Classifier = "random_forest",
        settings: dict[str, Any] | None = None,
        splits: int = 10,
        test_fraction: float = 0.25,
        split_by: Literal["example", "run"] = "example",
        seed: int = 0,
        save: str | PathLike[str] | None = None,
        progress: _Progress | None = None,
    ) -> Identification:
        """Says how well learning rules can be told apart by what was observed: a classifier learns from three quarters of the
        examples and names the rules of the rest, for several splits.

        Every split becomes a row of the table ``results``, which the dataset shows from then on; for that it is opened anew.

        >>> again = [dataset.identify("weight", splits=2, settings={"n_trees": 20}) for _ in range(2)]
        >>> again[0].accuracies == again[1].accuracies
        True

        Args:
            measures: as in :meth:`features`.
            query: as in :meth:`features`.
            classifier: ``random_forest``, ``linear_svm``, ``conv1d_mlp``, ``quant``, ``logistic_regression``,
                ``nearest_neighbours`` or ``naive_bayes``. The Conv1D MLP is fitted by the program ``engram-trainer``, which the
                environment variable ``ENGRAM_TRAINER`` names.
            settings: those of the classifier's settings that shall not have their defaults, by name.
            splits: how many splits there are.
            test_fraction: the share of the examples to test on.
            split_by: what stays together on one side: an ``example``, which is a layer, or all layers of a ``run``.
            seed: of everything random. Equal seeds give equal results, here and in `engram identify`.
            save: a file for a model that is learned from all examples, for `engram diagnose`.
            progress: called with the number of splits that are done, the number of all, and ``"identify"``.

        Raises:
            ExamplesError: when the query does not give a feature matrix, or examples of too few rules.
            ArgumentError: for a classifier or a setting that does not exist.
        """

    def reproduce(
        self,
        figures: str | Sequence[str],
        *,
        quick: bool = False,
        splits: int | None = None,
        seed: int = 0,
        full_conv1d_grid: bool = False,
        progress: _Progress | None = None,
    ) -> Reproduction:
        """Runs the study's experiments that figures need, and draws them.

        Classifiers' settings are chosen from the study's grids, on the training examples alone. What comes out is added to the
        table ``results``, which the dataset shows from then on. What is there already is not run again, so that a call that was
        interrupted goes on where it was.

        Args:
            figures: ``figure_2a`` ... ``figure_5``, ``figure_s1`` ... ``figure_s8``, ``figure_leakage``, or ``all``; one or
                several.
            quick: a first look: a few of the grids' settings, 3 splits and 3 folds. The figures say so.
            splits: how many splits every experiment has, if not 10, or 3 for a first look.
            seed: of the first split; every further one has the next.
            full_conv1d_grid: try all of the study's settings of the Conv1D MLP, which takes hours a split. See :meth:`identify` for the
                program that fits it.
            progress: called with the number of splits that are done, the number of all, and which experiment is run.

        Raises:
            ArgumentError: for a figure that does not exist.
        """

    def close(self) -> None:
        """Lets go of the dataset. Answers that were given stay as they are."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, *_raised: type[BaseException] | BaseException | TracebackType | None
    ) -> None: ...

@final
class Answer:
    """The answer to a statement: rows that are computed when they are taken.

    Whatever takes Arrow streams takes an answer as it is, and shares its memory:

    >>> import pyarrow, polars, duckdb
    >>> answer = dataset.sql("SELECT learning_rule, count(*) AS n FROM runs GROUP BY 1 ORDER BY 1")
    >>> pyarrow.table(answer).num_rows == len(polars.DataFrame(answer)) == len(duckdb.sql("FROM answer").fetchall())
    True

    ``arrow``, ``polars``, ``pandas`` and ``numpy`` do the same in a word, raise errors as :class:`SqlError`, and end at once
    at Ctrl-C. Iteration gives the rows batch by batch while they are computed, for answers that are larger than memory.

    An answer can be taken any number of times. It is computed anew each time and has the same rows, because a dataset is
    seen as it was when it was opened; their order is the same where the statement has an ORDER BY. To keep rows, keep the
    table.
    """

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""

    @property
    def schema(self) -> _pyarrow.Schema:
        """Names and types of the columns, as a ``pyarrow.Schema``."""

    def arrow(self) -> _pyarrow.Table:
        """All rows as a ``pyarrow.Table``, without copies.

        >>> dataset.sql("SELECT 1 AS one").arrow().column_names
        ['one']
        """

    def polars(self) -> _polars.DataFrame:
        """All rows as a ``polars.DataFrame``, without copies."""

    def pandas(self) -> _pandas.DataFrame:
        """All rows as a ``pandas.DataFrame`` with columns of ``pandas.ArrowDtype``, without copies.

        ``answer.arrow().to_pandas()`` gives columns of NumPy's types instead, and copies.
        """

    def numpy(self) -> dict[str, NDArray[Any]]:
        """All columns as NumPy arrays, by name.

        Numbers without NULL that came in one batch are not copied, and cannot be written to then. A NULL among numbers
        becomes NaN; texts and lists become arrays of objects.
        """

    def __iter__(self) -> Iterator[_pyarrow.RecordBatch]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...

@final
class Features:
    """The feature matrix of a query: what classifiers see, as NumPy arrays that share its memory and cannot be written to.

    >>> features = dataset.features("weight")
    >>> features.X.shape == (len(features.y), len(features.names))
    True
    >>> features.trajectories.shape == (len(features.y), len(features.epochs), len(features.statistics))
    True
    >>> sorted(features.classes) == sorted(set(features.examples.polars()["learning_rule"]))
    True
    """

    @property
    def X(self) -> NDArray[_numpy.float32]:
        """The features, ``float32`` of shape ``[examples, features]``: the trajectory of each statistic in turn, and the three
        indicators of depth at the end.
        """

    @property
    def y(self) -> NDArray[_numpy.int64]:
        """The labels, ``int64`` of shape ``[examples]``: which of ``classes`` each example is of."""

    @property
    def trajectories(self) -> NDArray[_numpy.float32]:
        """The features without depth, ``float32`` of shape ``[examples, epochs, statistics]``: ``X`` seen as time series."""

    @property
    def classes(self) -> list[str]:
        """The learning rules, in the order of ``y``."""

    @property
    def names(self) -> list[str]:
        """The names of the features, as in ``weight_abs_median@5`` for that statistic at epoch 5."""

    @property
    def statistics(self) -> list[str]:
        """The names of the statistics, in the order of ``trajectories``."""

    @property
    def epochs(self) -> list[int]:
        """The checkpoints, in the order of ``trajectories``."""

    @property
    def examples(self) -> Answer:
        """Who the examples are, a row each: run, task, architecture, learning rule, layer, depth, and the side of a split."""

    @property
    def train(self) -> NDArray[_numpy.int64]:
        """The numbers of the rows to learn from, where the query is a split: ``X[features.train]``."""

    @property
    def test(self) -> NDArray[_numpy.int64]:
        """The numbers of the rows to test on, where the query is a split."""

    @property
    def excluded(self) -> dict[str, int]:
        """How many examples the query left out, by reason."""

    def __len__(self) -> int: ...

@final
class Identification:
    """How well learning rules are told apart by what was observed.

    >>> found = dataset.identify("weight", splits=2, settings={"n_trees": 20})
    >>> found.accuracy > found.chance
    True
    >>> found.confusion.shape == (len(found.classes), len(found.classes))
    True
    """

    @property
    def accuracy(self) -> float:
        """The share of test examples whose rule was named rightly, the mean over the splits."""

    @property
    def standard_error(self) -> float | None:
        """The standard error of ``accuracy`` over the splits; None for a single one."""

    @property
    def chance(self) -> float:
        """The accuracy to expect from guessing."""

    @property
    def accuracies(self) -> list[float]:
        """The accuracy of every split."""

    @property
    def classes(self) -> list[str]:
        """The learning rules, in the order of ``confusion``."""

    @property
    def confusion(self) -> NDArray[_numpy.int64]:
        """Test examples of all splits, ``int64`` of shape ``[true rule, named rule]``."""

    @property
    def importances(self) -> dict[str, float]:
        """The share of each statistic's trajectory, and of the depth, in what tells the rules apart, the largest first; empty for
        classifiers that cannot tell.
        """

    @property
    def n_runs(self) -> int:
        """The number of runs that the examples come from."""

    @property
    def n_examples(self) -> dict[str, int]:
        """The number of examples, by learning rule."""

    @property
    def result_id(self) -> str:
        """What names the rows in the table ``results``."""

    def to_dict(self) -> dict[str, Any]:
        """All that was found, with every split, as `engram identify --format json` prints it."""

@final
class Reproduction:
    """What came of the study's experiments on a dataset.

    >>> reproduction = dataset.reproduce("figure_2c", quick=True, splits=1)
    >>> list(reproduction.figures)
    ['figure_2c']
    >>> reproduction.results.polars()["classifier"].unique().to_list()
    ['random_forest']
    """

    @property
    def figures(self) -> dict[str, Figure]:
        """The figures that could be drawn, by name."""

    @property
    def left_out(self) -> dict[str, str]:
        """What was left out, figure or experiment, and what the dataset lacks for it."""

    @property
    def results(self) -> Answer:
        """The experiments' rows of the table ``results``, one a split."""

    @property
    def n_run(self) -> int:
        """How many experiments were run."""

    @property
    def n_there(self) -> int:
        """How many experiments were there already, and were not run again."""

@final
class Figure:
    """A figure. Notebooks show it."""

    @property
    def name(self) -> str:
        """Its name, as in ``figure_2a``."""

    @property
    def title(self) -> str:
        """What it shows, in a line."""

    @property
    def caption(self) -> str:
        """What stands below it."""

    @property
    def description(self) -> str:
        """Its numbers in words."""

    @property
    def svg(self) -> str:
        """The drawing, one SVG element."""

    def png(self, scale: float = 3.0) -> bytes:
        """The drawing as a PNG file, ``scale`` pixels a unit of the SVG."""

    def save(self, path: str | PathLike[str]) -> None:
        """Writes the drawing to a file: as PNG where its name ends so, else as SVG."""

    def _repr_svg_(self) -> str: ...
