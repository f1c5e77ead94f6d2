"""Experiments give what the command gives."""

import json
import shutil
import xml.etree.ElementTree as ElementTree

import numpy
import pytest

import engram


@pytest.fixture
def copies(url, tmp_path):
    """The dataset twice: results of the one are not there for the other."""
    for name in ("ours", "theirs"):
        shutil.copytree(url, tmp_path / name)
    with engram.open(tmp_path / "ours") as dataset:
        yield dataset, tmp_path / "theirs"


def test_identify_is_the_commands(copies, command):
    dataset, theirs = copies
    asked = ("--measure", "weight,activation", "--splits", 3, "--split-by", "run", "--seed", 5, "--trees", 30)
    expected = json.loads(command("identify", "--at", theirs, *asked, "--format", "json"))
    progress = []
    found = dataset.identify(
        ["weight", "activation"],
        splits=3,
        split_by="run",
        seed=5,
        settings={"n_trees": 30},
        progress=lambda *news: progress.append(news),
    )
    assert progress == [(1, 3, "identify"), (2, 3, "identify"), (3, 3, "identify")]
    ours = found.to_dict()
    assert ours.pop("result_file") != expected.pop("result_file")
    assert ours == expected
    assert found.accuracy == expected["accuracy"]["mean"]
    assert found.standard_error == expected["accuracy"]["standard_error"]
    assert found.chance == pytest.approx(1 / 3)
    assert found.accuracies == [split["accuracy"] for split in expected["splits"]]
    assert found.classes == expected["classes"] == ["sgdm", "adam", "feedback_alignment"]
    assert found.confusion.ravel().tolist() == expected["confusion"]["counts"]
    assert list(found.importances) == [group["name"] for group in expected["importances"]]
    assert found.n_examples == {"sgdm": 12, "adam": 12, "feedback_alignment": 12} and found.n_runs == 9
    assert "3 splits" in repr(found)
    # The table shows them without being asked to.
    rows = dataset.sql("SELECT accuracy FROM results WHERE result_id = $1 ORDER BY split", [found.result_id])
    assert rows.numpy()["accuracy"].tolist() == found.accuracies


def test_a_model_is_saved(copies, tmp_path):
    dataset, _ = copies
    model = tmp_path / "model.json"
    dataset.identify("weight", splits=2, classifier="naive_bayes", save=model)
    assert json.loads(model.read_text())


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"classifier": "forest"}, engram.ArgumentError, "no classifier `forest`"),
        ({"settings": {"trees": 5}}, engram.ArgumentError, "unknown field `trees`"),
        ({"settings": {"n_trees": 0}}, engram.ArgumentError, "`n_trees` is 0"),
        ({"settings": {"n_trees": "many"}}, engram.ArgumentError, "invalid type"),
        ({"split_by": "layer"}, engram.ArgumentError, "`layer` is nothing to split by"),
        ({"test_fraction": 1.5}, engram.ExamplesError, "1.5"),
        ({"splits": 0}, engram.ExamplesError, "split"),
    ],
)
def test_what_cannot_be_identified(dataset, arguments, kind, message):
    with pytest.raises(kind, match=message):
        dataset.identify("weight", **arguments)


def test_one_rule_is_nothing_to_tell(dataset):
    with pytest.raises(engram.ExamplesError, match="nothing to tell apart") as raised:
        dataset.identify(query="SELECT * FROM features('weight') WHERE learning_rule = 'adam'")
    assert raised.value.hint


def test_a_trainer_that_is_not_there(dataset, monkeypatch):
    monkeypatch.setenv("ENGRAM_TRAINER", "/nowhere/engram-trainer")
    with pytest.raises(engram.Error, match="/nowhere/engram-trainer") as raised:
        dataset.identify("weight", splits=1, classifier="conv1d_mlp")
    assert "ENGRAM_TRAINER" in raised.value.hint


def test_reproduce_is_the_commands(copies, command, tmp_path):
    dataset, theirs = copies
    command("reproduce", "figure_2c", "figure_3", "--quick", "--splits", 2, "--at", theirs, "--to", tmp_path / "figures")
    progress = []
    found = dataset.reproduce(
        ["figure_2c", "figure_3"], quick=True, splits=2, progress=lambda *news: progress.append(news)
    )
    assert [news[:2] for news in progress] == [(1, 2), (2, 2)] and "figure_2a" in progress[0][2]
    assert (found.n_run, found.n_there, found.left_out) == (1, 0, {})
    assert list(found.figures) == ["figure_2c", "figure_3"]
    for name, figure in found.figures.items():
        assert figure.name == name and figure.title and figure.caption and figure.description
        assert figure.svg == (tmp_path / "figures" / f"{name}.svg").read_text() == figure._repr_svg_()
        assert ElementTree.fromstring(figure.svg).tag.endswith("svg")
        for ending, begin in [("svg", b"<svg"), ("png", b"\x89PNG")]:
            figure.save(tmp_path / f"figure.{ending}")
            assert (tmp_path / f"figure.{ending}").read_bytes().startswith(begin)
        assert figure.png() == (tmp_path / "figures" / f"{name}.png").read_bytes()
    with engram.open(theirs) as dataset_of_the_command:
        expected = dataset_of_the_command.sql("SELECT * FROM results ORDER BY result_id, split").arrow()
    assert found.results.arrow() == expected
    again = dataset.reproduce("figure_2c", quick=True, splits=2)
    assert (again.n_run, again.n_there) == (0, 1)
    assert again.figures["figure_2c"].svg == found.figures["figure_2c"].svg


def test_what_a_dataset_cannot_show_is_said(release):
    found = release.reproduce(["figure_2b", "figure_5"], quick=True)
    assert found.figures == {} and found.results.arrow().num_rows == 0
    assert "second architecture" in found.left_out["figure_2b"]
    assert "feedback_alignment" in found.left_out["figure_5"]


def test_what_cannot_be_reproduced(dataset):
    with pytest.raises(engram.ArgumentError, match="no figure `figure_2`") as raised:
        dataset.reproduce("figure_2")
    assert "did you mean" in raised.value.hint
    with pytest.raises(engram.ArgumentError, match="at least one split"):
        dataset.reproduce("figure_2a", splits=0)
    with pytest.raises(engram.ArgumentError, match="at .* pixels"):
        figure = dataset.reproduce("figure_2c", quick=True, splits=1).figures["figure_2c"]
        figure.png(scale=0)


def test_a_confusion_is_counts(dataset):
    found = dataset.identify("weight", splits=2, settings={"n_trees": 10})
    assert found.confusion.dtype == numpy.int64
    assert found.confusion.trace() / found.confusion.sum() == pytest.approx(found.accuracy)
