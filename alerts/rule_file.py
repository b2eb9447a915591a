"""A rule file as YAML, with the line and column of everything in it.

The file is read as a tree of nodes rather than into dictionaries, so that a key which
stands twice is seen, and so that one broken rule does not take the others with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Plain: TypeAlias = bool | int | float | str | list["Plain"] | dict[str, "Plain"] | None
"""A value as JSON knows it."""

_FRACTION = re.compile(r"[+-]?[0-9]{1,15}\.[0-9]{1,15}")

Path: TypeAlias = tuple[str | int, ...]
"""How to reach a value: keys of mappings and positions in lists."""


class Position(NamedTuple):
    """A place in a file; both count from 1."""

    line: int
    column: int


class Fault(NamedTuple):
    """Something that is not as it must be. ``field`` is empty where no field is to blame."""

    position: Position
    field: str
    message: str


class Entry(NamedTuple):
    """A rule as it is written: its values, and where each value and key begins."""

    values: dict[str, Plain]
    positions: Mapping[Path, Position]
    keys: Mapping[Path, Position]

    def locate(self, path: Path) -> Position:
        """Where the value stands, or else the nearest thing around it."""
        while path not in self.positions:
            path = path[:-1]
        return self.positions[path]


def read_entries(text: str) -> Iterator[Entry | Fault]:
    """The rules of a file, which is one rule or a list of them, and what is wrong with it."""
    try:
        root: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        yield Fault(_at(error.problem_mark), "", f"no valid YAML: {error.problem}")
        return
    except (YAMLError, RecursionError) as error:
        yield Fault(Position(1, 1), "", f"no valid YAML: {error}")
        return
    if root is None:
        yield Fault(Position(1, 1), "", "the file holds no rule")
        return
    for node in root.value if isinstance(root, SequenceNode) else [root]:
        yield _entry(node)


def within(text: str, start: Position, value: str, offset: int) -> Position:
    """Where a character of a value stands, or where the value starts if the file writes it
    in another way, as over several lines."""
    line = text.split("\n")[start.line - 1]
    for quote in (0, 1):
        column = start.column + quote
        if line.startswith(value, column - 1):
            return Position(start.line, column + offset)
    return start


def _entry(node: Node) -> Entry | Fault:
    if not isinstance(node, MappingNode):
        return Fault(_at(node.start_mark), "", "a rule must be a mapping of keys to values")
    reader = _Reader()
    try:
        values = reader.mapping(node, ())
    except RecursionError:
        return Fault(_at(node.start_mark), "", "the rule is nested too deeply, or in itself")
    except _Broken as error:
        return error.fault
    return Entry(values, reader.positions, reader.keys)


class _Broken(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class _Reader:
    """Turns nodes into values, and writes down where they stood."""

    def __init__(self) -> None:
        self.positions: dict[Path, Position] = {}
        self.keys: dict[Path, Position] = {}

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Plain]:
        self.positions[path] = _at(node.start_mark)
        values: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            position = _at(key_node.start_mark)
            if not isinstance(key_node, ScalarNode):
                raise _Broken(Fault(position, "", "a key must be a single word"))
            key = str(key_node.value)
            if key in values:
                raise _Broken(Fault(position, key, "stands twice"))
            self.keys[*path, key] = position
            values[key] = self._value(value_node, (*path, key))
            if values[key] is None:
                # What is left out stands, for YAML, where the next thing begins.
                self.positions[*path, key] = position
        return values

    def _value(self, node: Node, path: Path) -> Plain:
        self.positions[path] = _at(node.start_mark)
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return _scalar(node)


def _scalar(node: Node) -> Plain:
    """Numbers and truth values; anything else, dates included, as it is written."""
    text = str(node.value)
    kind = (node.tag or "").rpartition(":")[2]
    if kind == "float" and _FRACTION.fullmatch(text):
        return float(text)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    return int(text) if kind == "int" and text.lstrip("-").isdecimal() else text


def _at(mark: StreamMark | None) -> Position:
    return Position(1, 1) if mark is None else Position(mark.line + 1, mark.column + 1)
