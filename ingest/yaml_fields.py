"""YAML with the line of every field, so that an error can say where to look.

The file is read as a tree of nodes rather than into dictionaries: so a field that
stands twice is seen, and one broken entry does not take the others with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_NULL = "tag:yaml.org,2002:null"


class Broken(Exception):
    """Something in the file is not as it must be: where, and what."""

    def __init__(self, line: int, field: str, cause: str) -> None:
        super().__init__(line, field, cause)
        self.line = line
        self.field = field
        self.cause = cause


class Field(NamedTuple):
    """A field's value, and the line on which the field begins."""

    value: Node
    line: int


def parse(text: str) -> Field | None:
    """The whole document, None if it is empty. Raises Broken."""
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Broken(line, "", f"no valid YAML: {error.problem}") from error
    except YAMLError as error:
        raise Broken(1, "", f"no valid YAML: {error}") from error
    return None if node is None else _beginning(node)


def items(field: Field, name: str) -> Iterator[Field]:
    """The items of a list, none for an empty value. Raises Broken for anything else."""
    if field.value.tag == _NULL:
        return
    if not isinstance(field.value, SequenceNode):
        raise Broken(field.line, name, "must be a list")
    yield from map(_beginning, field.value.value)


def fields(field: Field, name: str) -> dict[str, Field]:
    """The fields of a mapping. Raises Broken for anything else, or a field given twice."""
    if not isinstance(field.value, MappingNode):
        raise Broken(field.line, name, "must be a mapping of fields to values")
    found: dict[str, Field] = {}
    for key, value in field.value.value:
        inner, line = scalar(_beginning(key), name), _beginning(key).line
        if inner in found:
            raise Broken(line, inner, "stands twice")
        found[inner] = Field(value, line)
    return found


def scalar(field: Field, name: str) -> str:
    """A single value as it is written. Raises Broken for anything else."""
    if not isinstance(field.value, ScalarNode):
        raise Broken(field.line, name, "must be a single value")
    return "" if field.value.tag == _NULL else str(field.value.value).strip()


def _beginning(node: Node) -> Field:
    return Field(node, int(node.start_mark.line) + 1)
