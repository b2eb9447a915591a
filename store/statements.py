"""Statements that every repository needs, the same on each database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cache, lru_cache
from itertools import islice
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Insert, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

_INSERTS: dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
_CHUNK = 500
"""Values in one list of a statement: few enough for every database's limit."""


def chunks(values: Collection[T]) -> Iterator[list[T]]:
    """The values in runs that a statement can hold."""
    rest = iter(values)
    while some := list(islice(rest, _CHUNK)):
        yield some


def among(column: Column[Any], name: str) -> ColumnElement[bool]:
    """The column holds one of the values in the list that is bound to ``name``."""
    return column.in_(bindparam(name, expanding=True))


def upsert(connection: Connection, table: Table) -> Insert:
    """An insert that replaces the row of the same key."""
    return _upsert(connection.dialect.name, table)


def insert_new(connection: Connection, table: Table) -> Insert:
    """An insert that leaves a row of the same key as it is."""
    return _insert_new(connection.dialect.name, table)


@cache
def _upsert(dialect: str, table: Table) -> Insert:
    statement = _INSERTS[dialect](table)
    replaced = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
    return statement.on_conflict_do_update(index_elements=table.primary_key, set_=replaced)


@cache
def _insert_new(dialect: str, table: Table) -> Insert:
    return _INSERTS[dialect](table).on_conflict_do_nothing(index_elements=table.primary_key)


_GROUP = msgspec.json.Decoder(tuple[str, ...])


def pack_group(group: tuple[str, ...]) -> str:
    """The values of a group in one column, as a JSON list."""
    return msgspec.json.encode(group).decode()


@lru_cache(maxsize=4_096)
def unpack_group(packed: str) -> tuple[str, ...]:
    """The values that :func:`pack_group` packed."""
    return _GROUP.decode(packed)
