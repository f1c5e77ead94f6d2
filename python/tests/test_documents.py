"""The tutorial and the guide, run as a reader runs them: cell by cell, beside the dataset that they name."""

import ast
import re
import shutil
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

# The dataset of `make demo`, which these tests have a smaller one for.
DATASET = "target/demo/sweep"


@pytest.fixture
def beside(url, tmp_path, monkeypatch):
    """A folder with the dataset in it."""
    shutil.copytree(url, tmp_path / DATASET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(cells, name):
    """Runs cells in one namespace, and gives what each shows: the value of its last line."""
    namespace = {"__name__": "__main__"}
    shown = []
    for number, cell in enumerate(cells, 1):
        body = ast.parse(cell)
        last = body.body.pop() if isinstance(body.body[-1], ast.Expr) else None
        place = f"<{name}, cell {number}>"
        exec(compile(body, place, "exec"), namespace)
        shown.append(eval(compile(ast.Expression(last.value), place, "eval"), namespace) if last else None)
    return shown, namespace


def test_tutorial(beside, capsys):
    text = (REPOSITORY / "python/tutorial.py").read_text()
    parts = re.split(r"^# %%(.*)$", text, flags=re.MULTILINE)
    assert parts[0] == ""
    kinds = list(zip(parts[1::2], parts[2::2], strict=True))
    assert all(
        line == "" or line.startswith("#") for kind, cell in kinds if "markdown" in kind for line in cell.splitlines()
    )
    shown, namespace = run([cell for kind, cell in kinds if "markdown" not in kind], "tutorial.py")
    assert repr(shown[0]) == "<engram.Dataset at target/demo/sweep: 9 runs>"
    assert shown[-1] is None
    assert namespace["n_rows"] == 9 * 4 * 3 * 45
    assert namespace["found"].accuracy > namespace["found"].chance
    assert "did you mean `learning_rule`?" in capsys.readouterr().out


@pytest.mark.parametrize("document", ["docs/python.md", "python/README.md"])
def test_document(beside, document):
    text = (REPOSITORY / document).read_text()
    cells = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert cells
    run(cells, document)
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        if not link.startswith("https://"):
            assert (REPOSITORY / document).parent.joinpath(link).exists(), link
