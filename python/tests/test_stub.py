"""The stub: names, arguments, defaults and words are those of the library.

The words are written once, beside the code. ENGRAM_WRITE_REFERENCE=1 copies them into the stub, where editors look for them.
"""

import ast
import inspect
import os
from pathlib import Path

import engram

STUB = Path(__file__).parents[1] / "engram/_engram.pyi"

OWN = [
    kind
    for name in engram.__all__
    if inspect.isclass(kind := getattr(engram, name)) and not issubclass(kind, Exception)
]


def public(names):
    return {name for name in names if not name.startswith("_")}


def parameters(function):
    """Names, kinds and defaults of a function of the stub, as `inspect` has them."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    found = [(argument.arg, "POSITIONAL", default) for argument, default in zip(positional, defaults, strict=True)]
    if arguments.vararg:
        found.append((arguments.vararg.arg, "VAR_POSITIONAL", None))
    found += [
        (argument.arg, "KEYWORD_ONLY", default)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg:
        found.append((arguments.kwarg.arg, "VAR_KEYWORD", None))
    return [
        (name, kind, inspect.Parameter.empty if default is None else ast.literal_eval(default))
        for name, kind, default in found
    ]


def parameters_at_run_time(function):
    kinds = {
        inspect.Parameter.POSITIONAL_ONLY: "POSITIONAL",
        inspect.Parameter.POSITIONAL_OR_KEYWORD: "POSITIONAL",
    }
    return [
        (parameter.name, kinds.get(parameter.kind, parameter.kind.name), parameter.default)
        for parameter in inspect.signature(function).parameters.values()
    ]


def test_the_stub_tells_what_there_is():
    tree = ast.parse(STUB.read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(classes) == {kind.__name__ for kind in OWN}
    assert set(functions) == {name for name in engram.__all__ if inspect.isbuiltin(getattr(engram, name))}
    for name, function in functions.items():
        assert parameters(function) == parameters_at_run_time(getattr(engram, name)), name
    for name, declared in classes.items():
        kind = getattr(engram, name)
        members = {node.name: node for node in declared.body if isinstance(node, ast.FunctionDef)}
        assert public(members) == public(vars(kind)), name
        for member, node in members.items():
            there = inspect.getattr_static(kind, member)
            is_property = any(isinstance(mark, ast.Name) and mark.id == "property" for mark in node.decorator_list)
            assert inspect.isgetsetdescriptor(there) == is_property, f"{name}.{member}"
            if not is_property:
                assert parameters(node) == parameters_at_run_time(there), f"{name}.{member}"


def with_words(text):
    """A stub with the library's words below every public name, and nothing else changed."""
    source = text.encode()
    line_starts = [0]
    for line in source.splitlines(keepends=True):
        line_starts.append(line_starts[-1] + len(line))

    def docstring(there, column):
        indent = "\n" + " " * (column + 4)
        told = inspect.cleandoc(there.__doc__)
        assert '"""' not in told and "\\" not in told, there
        lines = [f'"""{told}"""'] if "\n" not in told else [*f'"""{told}'.splitlines(), '"""']
        return "".join(indent + line if line else "\n" for line in lines)

    def edits(body, owner):
        for node in body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
                continue
            first = node.body[0]
            # A body of one expression is `...` or the words; of a class only words are one.
            is_replaced = isinstance(first, ast.Expr)
            end = line_starts[first.end_lineno - 1] + first.end_col_offset if is_replaced else None
            begin = source.rindex(b":", 0, line_starts[first.lineno - 1] + first.col_offset) + 1
            if isinstance(node, ast.ClassDef):
                begin = source.index(b":", line_starts[node.lineno - 1]) + 1
            there = getattr(owner, node.name) if owner is engram else inspect.getattr_static(owner, node.name)
            yield begin, end or begin, docstring(there, node.col_offset) + ("" if is_replaced else "\n")
            if isinstance(node, ast.ClassDef):
                yield from edits(node.body, there)

    for begin, end, words in sorted(edits(ast.parse(text).body, engram), reverse=True):
        source = source[:begin] + words.encode() + source[end:]
    return source.decode()


def test_the_stub_has_the_words():
    text = STUB.read_text()
    expected = with_words(text)
    if os.environ.get("ENGRAM_WRITE_REFERENCE") == "1":
        STUB.write_text(expected)
        text = expected
    assert text == expected, "ENGRAM_WRITE_REFERENCE=1 make test-python writes the words into the stub"
    assert with_words(expected) == expected
