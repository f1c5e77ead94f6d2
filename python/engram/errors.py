"""What engram raises.

An error's text says what happened and where. What can be done about it is its ``hint``, which tracebacks show below the text.
"""

from __future__ import annotations

__all__ = ["ArgumentError", "DatasetError", "Error", "ExamplesError", "InternalError", "SqlError"]


class Error(Exception):
    """What engram cannot do, and what can be done about it.

    Attributes:
        hint: what can be done about it, or None.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.hint = hint
        if hint is not None:
            self.add_note(f"hint: {hint}")

    def __str__(self) -> str:
        return str(self.args[0])


class SqlError(Error):
    """SQL that does not parse, names what is not there, or fails while it runs.

    Attributes:
        line: the line of the SQL, from 1, or None where it is not known.
        column: the character of the line, from 1, or None where it is not known.
    """

    def __init__(
        self, message: str, hint: str | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(message, hint)
        # What a copy is made from.
        self.args = (message, hint, line, column)
        self.line = line
        self.column = column


class DatasetError(Error):
    """A place without a dataset, or a dataset that cannot be read or written."""


class ExamplesError(Error):
    """A query that gives no feature matrix, or examples that nothing can be learned from."""


class ArgumentError(Error, ValueError):
    """An argument that names what does not exist, or is out of range."""


class InternalError(Error):
    """A defect of engram."""
