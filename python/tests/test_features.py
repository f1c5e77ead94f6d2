"""Features as NumPy arrays, equal to what SQL gives."""

import gc

import numpy
import pytest

import engram


def test_features_are_those_of_sql(dataset):
    features = dataset.features(["weight", "activation"])
    rows = dataset.sql("SELECT * FROM features('weight', 'activation')").arrow()
    rows = rows.sort_by([(name, "ascending") for name in ("learning_rule", "run_id", "layer_index")]).to_pylist()
    by_example = {(row["run_id"], row["layer"]): row for row in rows}
    examples = features.examples.arrow().to_pylist()
    assert len(examples) == len(features) == len(rows) == 36
    depths = ["early", "middle", "deep"]
    for x, y, example in zip(features.X, features.y, examples, strict=True):
        row = by_example[example["run_id"], example["layer"]]
        indicators = [float(row["depth"] == depth) for depth in depths]
        assert x.tolist() == numpy.float32([*row["features"], *indicators]).tolist()
        assert features.classes[y] == row["learning_rule"] == example["learning_rule"]
        assert (row["statistics"], row["epochs"]) == (features.statistics, features.epochs)
        assert example["side"] is None
    names = [f"{statistic}@{epoch}" for statistic in features.statistics for epoch in features.epochs]
    assert features.names == [*names, "depth_early", "depth_middle", "depth_deep"]
    assert features.excluded == {}
    assert repr(features).startswith("<engram.Features: 36 examples of 3 learning rules; ")


def test_arrays_share_memory_and_cannot_be_written_to(dataset):
    features = dataset.features("weight")
    x, trajectories = features.X, features.trajectories
    assert x.dtype == numpy.float32 and x.shape == (36, 21 * 3 + 3) and x.flags.c_contiguous
    assert features.y.dtype == numpy.int64 and features.y.shape == (36,)
    assert trajectories.shape == (36, 3, 21)
    assert numpy.shares_memory(x, features.X) and numpy.shares_memory(x, trajectories)
    for epoch in range(3):
        for statistic in range(21):
            assert numpy.array_equal(trajectories[:, epoch, statistic], x[:, statistic * 3 + epoch])
    with pytest.raises(ValueError, match="read-only"):
        x[0, 0] = 1
    total = float(x.sum())
    del features, trajectories
    gc.collect()
    assert float(x.sum()) == total


def test_a_split(dataset):
    features = dataset.features(query="SELECT * FROM split(0.25, by => 'run', seed => 3, input => features('weight'))")
    sides = features.examples.numpy()
    for side, rows in [("train", features.train), ("test", features.test)]:
        assert rows.tolist() == numpy.flatnonzero(sides["side"] == side).tolist()
        assert len(rows) > 0
    assert not set(sides["run_id"][features.train]) & set(sides["run_id"][features.test])
    with pytest.raises(engram.ExamplesError) as raised:
        _ = dataset.features().train
    assert "split(" in raised.value.hint


def test_queries_that_give_no_features(dataset):
    with pytest.raises(engram.ExamplesError, match="no column `statistics`") as raised:
        dataset.features(query="SELECT run_id, task, architecture, learning_rule, layer, depth FROM examples")
    assert "queries/features.sql" in raised.value.hint
    with pytest.raises(engram.ExamplesError, match="no example is left"):
        dataset.features(query="SELECT * FROM features('weight') WHERE false")
