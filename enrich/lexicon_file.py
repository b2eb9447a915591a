"""Reading one file of the lexicon: YAML whose every value knows its line and column."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError


class Problem(NamedTuple):
    """What is wrong in a file, at which line and column (both from 1)."""

    file: Path
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class Wrong(Exception):
    """Something in the file is not as it should be."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Node(NamedTuple):
    """A value of the file with its place."""

    file: Path
    value: object
    line: int = 1
    column: int = 1

    def wrong(self, message: str, *, shift: int = 0) -> Wrong:
        """An error at this place, or ``shift`` columns to its right."""
        return Wrong(Problem(self.file, self.line, self.column + shift, message))

    def fields(self, allowed: frozenset[str]) -> dict[str, Node]:
        """The fields of a mapping. Raises Wrong for another value or an unknown field."""
        fields: dict[str, Node] = {}
        for key, node in self.items():
            if key not in allowed:
                known = ", ".join(sorted(allowed))
                raise node.wrong(f"unknown field {key!r}; known are {known}")
            fields[key] = node
        return fields

    def items(self) -> Iterator[tuple[str, Node]]:
        """The pairs of a mapping. Raises Wrong for another value."""
        value = self.value
        if not isinstance(value, CommentedMap):
            raise self.wrong("a mapping is expected here")
        for key in value:
            line, column = value.lc.value(key)
            yield str(key), Node(self.file, value[key], line + 1, column + 1)

    def elements(self) -> Iterator[Node]:
        """The elements of a list. Raises Wrong for another value."""
        value = self.value
        if not isinstance(value, CommentedSeq):
            raise self.wrong("a list is expected here")
        for at, element in enumerate(value):
            line, column = value.lc.item(at)
            yield Node(self.file, element, line + 1, column + 1)

    def text(self) -> str:
        """A text that is not empty. Raises Wrong for another value."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.wrong("a text is expected here")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """A list of texts. Raises Wrong for another value."""
        return tuple(node.text() for node in self.elements())

    def number(self, low: float, high: float) -> float:
        """A number within bounds. Raises Wrong for another value."""
        value = self.value
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise self.wrong(f"a number from {low:g} to {high:g} is expected here")
        return float(value)

    def flag(self) -> bool:
        """True or false. Raises Wrong for another value."""
        if not isinstance(self.value, bool):
            raise self.wrong("true or false is expected here")
        return self.value

    def choice(self, allowed: tuple[str, ...]) -> str:
        """One of several words. Raises Wrong for another value."""
        if self.value not in allowed:
            raise self.wrong(f"one of {', '.join(allowed)} is expected here")
        return str(self.value)


def read_file(file: Path) -> Node:
    """The content of a file. Raises Wrong if it is no YAML or cannot be read."""
    try:
        content = YAML(typ="rt").load(file.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = str(error.problem or "this is no YAML")
        raise Wrong(Problem(file, line, column, message)) from error
    except (YAMLError, OSError, UnicodeDecodeError) as error:
        raise Wrong(Problem(file, 1, 1, str(error))) from error
    return Node(file, content)
