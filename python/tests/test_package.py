"""The package as it is installed: its words, its library."""

import doctest
import importlib.metadata
import inspect
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import engram

INSTALLED = Path(engram.__file__).parent
LIBRARY = INSTALLED / "_engram.abi3.so"

CLASSES = [getattr(engram, name) for name in engram.__all__ if inspect.isclass(getattr(engram, name))]
OWN = [kind for kind in CLASSES if not issubclass(kind, Exception)]


def public(names):
    return {name for name in names if not name.startswith("_")}


def test_it_is_the_installed_one():
    assert Path(sys.prefix) in INSTALLED.parents
    assert (INSTALLED / "py.typed").is_file()
    distribution = importlib.metadata.distribution("engram")
    assert distribution.version == engram.__version__
    assert "\nTag: cp311-abi3-" in distribution.read_text("WHEEL")
    licences = [path.name for path in distribution.files if path.parent.name == "licenses"]
    assert sorted(licences) == ["LICENSE-APACHE", "LICENSE-MIT"]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_everything_has_words(kind):
    assert kind.__module__ == "engram"
    assert kind.__doc__
    for name in public(vars(kind)):
        assert getattr(kind, name).__doc__, name


def examples():
    finder = doctest.DocTestParser()
    texts = {"engram": engram.__doc__}
    for name in ("open", "queries"):
        texts[name] = getattr(engram, name).__doc__
    for kind in OWN:
        texts[kind.__name__] = kind.__doc__
        texts |= {f"{kind.__name__}.{name}": getattr(kind, name).__doc__ for name in public(vars(kind))}
    tests = (finder.get_doctest(inspect.cleandoc(text), {}, name, None, 0) for name, text in texts.items())
    return [test for test in tests if test.examples]


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_examples_of_the_words(example, url, dataset):
    example.globs = {"engram": engram, "dataset": dataset, "url": url}
    told = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=told.append)
    assert not told, "".join(told)


def test_there_are_examples():
    assert len(examples()) > 8


def needed():
    if sys.platform != "linux":
        pytest.skip("SKIPPED: libraries are told by readelf")
    told = subprocess.run(["readelf", "--dynamic", "--wide", LIBRARY], capture_output=True, text=True, check=True)
    return [line.split("[")[1].rstrip("]\n") for line in told.stdout.splitlines() if "(NEEDED)" in line]


def test_it_is_linked_to_the_system_alone():
    known = ("ld-linux", "libc.so", "libgcc_s", "libm.so", "libstdc++", "libpthread", "libdl", "librt")
    assert [name for name in needed() if not name.startswith(known)] == []


def test_it_needs_no_library_to_be_imported():
    blocked = "import sys; sys.modules.update(dict.fromkeys(['numpy', 'pyarrow', 'polars', 'pandas'])); import engram"
    assert subprocess.run([sys.executable, "-P", "-c", blocked]).returncode == 0


def test_a_library_that_is_not_there_is_named(dataset, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError) as raised:
        dataset.sql("SELECT 1").polars()
    assert raised.value.__notes__ == ["hint: pip install 'engram[polars]'"]


def test_error_classes_are_typed():
    hints = typing.get_type_hints(engram.SqlError.__init__)
    assert hints["line"] == int | None
