"""Errors are exceptions that say what, where, and what can be done."""

import pickle
import traceback

import pyarrow
import pytest

import engram


def raised(kind, work):
    with pytest.raises(kind) as raised:
        work()
    assert type(raised.value) is kind and isinstance(raised.value, engram.Error)
    return raised.value


def test_sql_says_where_and_what_was_meant(dataset):
    error = raised(engram.SqlError, lambda: dataset.sql("SELECT run_id,\n  learning_rul FROM runs"))
    assert (error.line, error.column) == (2, 3)
    assert error.hint == "did you mean `learning_rule`?"
    assert "there is no column `learning_rul`" in str(error) and "^^^" in str(error)
    assert "hint: did you mean" in "".join(traceback.format_exception(error))


def test_sql_that_writes_is_refused(dataset):
    error = raised(engram.SqlError, lambda: dataset.sql("CREATE TABLE a AS SELECT 1"))
    assert "only reads" in str(error) and "write_parquet" in error.hint


def test_hints_are_not_for_the_command(dataset, tmp_path):
    works = {
        engram.SqlError: lambda: dataset.sql("DROP TABLE runs"),
        engram.ArgumentError: lambda: dataset.query("nothing"),
        engram.DatasetError: lambda: engram.open(tmp_path / "nothing"),
    }
    for kind, work in works.items():
        hint = raised(kind, work).hint
        assert not [option for option in ("--at", "--allow-write", "--list", "--format") if option in hint], hint


@pytest.mark.parametrize("take", ["arrow", "polars", "pandas", "numpy", "__iter__"])
def test_rows_that_cannot_be_computed(dataset, take):
    answer = dataset.sql("SELECT 1 / (epoch - epoch) FROM trajectories")
    error = raised(engram.SqlError, lambda: list(getattr(answer, take)()))
    assert "Divide by zero" in str(error) and error.line is None


def test_rows_that_cannot_be_computed_for_another_library(dataset):
    with pytest.raises(pyarrow.ArrowInvalid, match="Divide by zero"):
        pyarrow.table(dataset.sql("SELECT 1 / (epoch - epoch) FROM trajectories"))


def test_a_place_without_a_dataset(tmp_path):
    error = raised(engram.DatasetError, lambda: engram.open(tmp_path / "nothing"))
    assert "there is no dataset" in str(error) and "another place" in error.hint
    assert raised(engram.DatasetError, lambda: engram.open("ftp://somewhere/data")).hint


def test_a_damaged_file(url, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(url, copy)
    file = next(copy.glob("trajectories/**/*.parquet"))
    file.write_bytes(file.read_bytes()[:-100])
    error = raised(engram.DatasetError, lambda: engram.open(copy))
    assert file.name in str(error) and error.hint
    with engram.open(copy, skip_damaged=True) as dataset:
        assert dataset.n_runs == 8
        [(name, reason)] = dataset.damaged
        assert file.name in name and reason


def test_too_little_memory(url):
    with engram.open(url, memory_limit=100_000, threads=2) as dataset:
        join = "SELECT count(*) FROM trajectories a JOIN trajectories b USING (epoch) GROUP BY a.run_id, b.layer, a.loss"
        join = join.replace("a.loss", "a.weight_raw_mean, b.weight_raw_mean")
        error = raised(engram.SqlError, lambda: dataset.sql(join).arrow())
    assert "memory" in str(error) and "`memory_limit`" in error.hint


def test_arguments(dataset, url):
    assert isinstance(raised(engram.ArgumentError, lambda: engram.open(url, threads=0)), ValueError)
    assert "`weight`" in raised(engram.ArgumentError, lambda: dataset.features("wieght")).hint
    both = raised(engram.ArgumentError, lambda: dataset.features("weight", query="SELECT 1"))
    assert "both" in str(both)
    with pytest.raises(TypeError):
        engram.open(url, 5)


def test_a_closed_dataset(url):
    dataset = engram.open(url)
    assert repr(dataset).endswith(": 9 runs>")
    dataset.close()
    dataset.close()
    assert repr(dataset).endswith(": closed>")
    assert "closed" in str(raised(engram.Error, lambda: dataset.sql("SELECT 1")))
    assert "closed" in str(raised(engram.Error, dataset.__enter__))


def test_errors_travel_between_processes(dataset):
    error = raised(engram.SqlError, lambda: dataset.sql("SELECT x FROM runs"))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is engram.SqlError
    assert (str(copy), copy.hint, copy.line, copy.column) == (str(error), error.hint, error.line, error.column)
    assert engram.SqlError.__module__ == "engram"
