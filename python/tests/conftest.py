"""What the tests ask: a release that is kept in the repository, and a sweep of nine small networks, trained in some seconds."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

import engram

# What a shell starts in the background ignores Ctrl-C, and Python keeps to that; some of the tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).parents[2]

SWEEP = """
name = "python"
epochs = 2
checkpoint_every = 1
learning_rules = ["sgdm", "adam", "feedback_alignment"]
batch_sizes = [64]
model_seeds = [0, 1, 2]
dataset_seeds = [0]

[observation]
n_stimuli = 32

[[networks]]
task = { name = "digits" }
architectures = ["knet4"]
initialization = "fan_in"
learning_rates = { sgdm = 0.2, adam = 0.004, feedback_alignment = 0.2 }
"""


@pytest.fixture(scope="session")
def command():
    """The command `engram` of the same build, with arguments, and what it prints."""
    path = os.environ.get("ENGRAM_COMMAND")
    assert path and Path(path).is_file(), "ENGRAM_COMMAND names the command `engram`: `make test-python` does that"

    def run(*arguments):
        done = subprocess.run([path, *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def url(command, tmp_path_factory):
    """Where the sweep's dataset is."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "sweep.toml").write_text(SWEEP)
    command("generate", folder / "sweep.toml", "--to", folder / "dataset", "--workers", "2")
    return str(folder / "dataset")


@pytest.fixture
def dataset(url):
    with engram.open(url) as dataset:
        yield dataset


@pytest.fixture
def release(tmp_path):
    """The kept release, with its results beside the tests."""
    with engram.open(REPOSITORY / "tests/releases/1.1", results=tmp_path / "results") as release:
        yield release
