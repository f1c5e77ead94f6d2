"""SQL to every library, with equal values and the same memory."""

import gc
import math
import os
import sys
import time
from pathlib import Path

import duckdb
import numpy
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest

import engram

N_MANY = 100_000
MANY = f"SELECT value AS n, sqrt(value) AS root FROM generate_series(1, {N_MANY})"


def test_equal_values_in_every_library(dataset):
    answer = dataset.sql(
        "SELECT run_id, layer, epoch, weight_abs_median FROM trajectories ORDER BY run_id, layer_index, epoch"
    )
    expected = answer.arrow().to_pydict()
    assert len(expected["epoch"]) == 9 * 4 * 3
    assert answer.polars().to_dict(as_series=False) == expected
    assert pyarrow.table(answer).to_pydict() == expected
    assert polars.DataFrame(answer).to_dict(as_series=False) == expected
    assert {name: list(column) for name, column in answer.pandas().items()} == expected
    assert {name: column.tolist() for name, column in answer.numpy().items()} == expected
    assert pyarrow.Table.from_batches(list(answer)).to_pydict() == expected
    duck = duckdb.sql("SELECT * FROM answer ORDER BY run_id, weight_abs_median").fetchall()
    assert sorted(duck) == sorted(zip(*expected.values(), strict=True))


def test_the_values_are_those_of_the_files(dataset, url):
    ours = dataset.sql("SELECT weight_raw_mean FROM trajectories ORDER BY run_id, layer_index, epoch").numpy()
    files = duckdb.sql(
        f"SELECT weight_raw_mean FROM '{url}/trajectories/**/*.parquet' ORDER BY run_id, layer_index, epoch"
    ).fetchnumpy()
    assert numpy.array_equal(ours["weight_raw_mean"], files["weight_raw_mean"])


@pytest.fixture
def rows(dataset, monkeypatch):
    """The object that an answer hands to libraries: the rows as they were computed."""
    handed = []
    with monkeypatch.context() as patched:
        patched.setattr(pyarrow, "table", handed.append)
        dataset.sql(MANY).arrow()
    return handed[0]


def addresses(table, name):
    return [chunk.buffers()[1].address for chunk in table.column(name).chunks]


def test_libraries_share_one_memory(rows):
    table = pyarrow.table(rows)
    frame = polars.DataFrame(rows)
    assert table.num_rows == N_MANY == frame.height
    for name in ("n", "root"):
        ours = addresses(table, name)
        assert ours == addresses(pyarrow.table(rows), name)
        # polars gives its memory away as it is, so that an address tells where it has the column.
        assert ours == [chunk.to_arrow().buffers()[1].address for chunk in frame[name].get_chunks()]


def test_pyarrow_and_pandas_allocate_nothing(dataset):
    answer = dataset.sql(MANY)
    gc.collect()
    before = pyarrow.total_allocated_bytes()
    table = answer.arrow()
    frame = answer.pandas()
    assert table.nbytes >= 16 * N_MANY
    # Some bookkeeping, and no column.
    assert pyarrow.total_allocated_bytes() - before < 10_000
    assert frame["root"].dtype == pandas.ArrowDtype(pyarrow.float64())


def test_numpy_shows_a_batch_where_it_is(dataset):
    column = dataset.sql("SELECT weight_raw_mean FROM trajectories ORDER BY 1").numpy()["weight_raw_mean"]
    assert not column.flags.owndata and not column.flags.writeable


def test_memory_outlives_what_it_came_from(url):
    with engram.open(url) as dataset:
        column = dataset.sql("SELECT weight_raw_mean AS mean FROM trajectories").numpy()["mean"]
        frame = dataset.sql("SELECT weight_raw_mean AS mean FROM trajectories").polars()
        answer = dataset.sql("SELECT count(*) AS n FROM runs")
    del dataset
    gc.collect()
    assert column.sum() == pytest.approx(frame["mean"].sum())
    assert answer.numpy()["n"].tolist() == [9]


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="SKIPPED: memory is told by /proc")
def test_memory_is_given_back(dataset):
    answer = dataset.sql("SELECT value AS n, sqrt(value) AS root FROM generate_series(1, 1000000)")
    takes = [answer.arrow, answer.polars, answer.pandas, answer.numpy, lambda: list(answer)]
    # Allocators keep what the first rounds took.
    for take in takes * 2:
        take()
    before = resident_bytes()
    for take in takes * 6:
        take()
    # Thirty answers of 16 MB.
    assert resident_bytes() - before < 100_000_000


def test_a_stream_that_nobody_takes_ends(dataset):
    capsule = dataset.sql("SELECT count(*) FROM generate_series(1, 1000000000000)").__arrow_c_stream__()
    time.sleep(0.3)
    used = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - used > 0.01
    del capsule
    time.sleep(0.3)
    used = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - used < 0.1


def test_types(dataset):
    answer = dataset.sql("""
        SELECT * FROM (VALUES
            (1, 'NaN'::DOUBLE, [1.5, NULL], arrow_cast('a', 'Dictionary(Int32, Utf8)'), true, NULL),
            (NULL, 0.5, NULL, arrow_cast('b', 'Dictionary(Int32, Utf8)'), false, NULL)
        ) AS t(number, real, list, word, truth, nothing)""")
    table = answer.arrow()
    assert pyarrow.types.is_dictionary(table.schema.field("word").type)
    assert table.schema == answer.schema
    rows = table.to_pylist()
    assert math.isnan(rows[0].pop("real"))
    assert rows[0] == {"number": 1, "list": [1.5, None], "word": "a", "truth": True, "nothing": None}
    assert rows[1] == {"number": None, "real": 0.5, "list": None, "word": "b", "truth": False, "nothing": None}
    frame = answer.polars()
    assert frame["number"].to_list() == [1, None] and frame["list"].to_list() == [[1.5, None], None]
    # NULL is not NaN: both keep what they are.
    assert frame["real"].null_count() == 0 and frame["real"].is_nan().to_list() == [True, False]
    assert frame["word"].cast(polars.String).to_list() == ["a", "b"]
    assert list(answer.pandas()["word"]) == ["a", "b"]
    columns = answer.numpy()
    assert math.isnan(columns["number"][1]) and columns["truth"].tolist() == [True, False]


def test_no_rows(dataset):
    answer = dataset.sql("SELECT run_id, epoch FROM trajectories WHERE false")
    assert answer.arrow().schema.names == answer.polars().columns == list(answer.pandas()) == ["run_id", "epoch"]
    assert answer.polars().height == len(answer.numpy()["epoch"]) == sum(batch.num_rows for batch in answer) == 0


def test_an_answer_is_computed_anew_each_time(dataset):
    answer = dataset.sql("SELECT run_id FROM runs ORDER BY run_id")
    assert answer.polars().equals(answer.polars())
    first, second = iter(answer), iter(answer)
    assert next(first).equals(next(second))
    assert next(first, None) is None and next(first, None) is None


def test_batches_come_while_they_are_computed(dataset):
    endless = dataset.sql("SELECT value FROM generate_series(1, 1000000000000)")
    batches = iter(endless)
    assert next(batches).column(0)[0].as_py() == 1
    assert next(batches).num_rows > 0
    reader = pyarrow.RecordBatchReader.from_stream(endless)
    assert reader.read_next_batch().num_rows > 0
    reader.close()


def test_parameters(dataset):
    def one(sql, params):
        return dataset.sql(f"SELECT {sql} AS one", params).arrow().to_pydict()["one"][0]

    for value in [None, True, 7, -7, 2**62, 0.1, -1e300, 5e-324, "it's -- $1 /* 'é' */ \\", "", [1, 2], ["a", None], []]:
        assert one("$1", [value]) == value
        assert one("$value", {"value": value}) == value
    assert math.isnan(one("$1", [math.nan])) and one("$1", [-math.inf]) == -math.inf
    assert one("5-$1", [-3]) == 8
    assert one("$1", [numpy.float64(0.25)]) == 0.25 and one("$1", [numpy.int32(3)]) == 3
    assert one("$1", [numpy.arange(3)]) == [0, 1, 2]
    assert one("'$1' || $b", {"b": "é"}) == "$1é"
    assert one("$a + $b + $a", {"a": 1, "b": 10}) == 12

    class Word(int):
        def __str__(self):
            return "1; DROP TABLE runs"

    assert one("$1", [Word(3)]) == 3
    # Where a plan has no parameters yet.
    assert dataset.sql("SELECT * FROM features($measure)", {"measure": "weight"}).arrow().num_rows == 36


@pytest.mark.parametrize(
    ("sql", "params", "message"),
    [
        ("SELECT $a", {}, r"no value for the placeholder `\$a`"),
        ("SELECT $1", [], r"no value for the placeholder `\$1`"),
        ("SELECT ?", [1], r"no value for the placeholder `\?`"),
        ("SELECT 1", {"a": 1}, r"no placeholder `\$a`"),
        ("SELECT '$1'", [1], r"no placeholder `\$1`"),
        ("SELECT $1", [object()], "of type object"),
        ("SELECT $1", [2**200], "beyond those of SQL"),
        ("SELECT $1", 5, "a dictionary or a list"),
        ("SELECT $1", "text", "a dictionary or a list"),
    ],
)
def test_parameters_that_do_not_fit(dataset, sql, params, message):
    with pytest.raises(engram.ArgumentError, match=message):
        dataset.sql(sql, params)


def test_named_queries(dataset, command, url, tmp_path):
    assert engram.queries().keys() > {"features", "figure_4a"}
    answer = dataset.query("figure_4a", samples=2, period=1, measure="weight")
    file = tmp_path / "figure_4a.parquet"
    parameters = ("--param", "samples=2", "--param", "period=1", "--param", "measure=weight")
    command("query", "figure_4a", "--at", url, *parameters, "--output", file)
    assert answer.arrow().to_pylist() == pyarrow.parquet.read_table(file).to_pylist()
    for name, params, hint in [("figure_4aa", {}, "did you mean `figure_4a`?"), ("nothing", {}, "engram.queries()")]:
        with pytest.raises(engram.ArgumentError) as raised:
            dataset.query(name, **params)
        assert hint in raised.value.hint
    with pytest.raises(engram.ArgumentError, match="`samples` is `two`, not an integer"):
        dataset.query("figure_4a", samples="two")
    with pytest.raises(engram.ArgumentError, match="no parameter `sample`"):
        dataset.query("figure_4a", sample=2)


def test_a_release(release):
    assert release.n_runs == 2 and "runs" in release.tables and release.damaged == []
    assert sorted(release.runs().polars()["learning_rule"]) == ["adam", "sgdm"]
    assert release.sql("SELECT count(*) AS n FROM recordings").numpy()["n"].tolist() == [0]
