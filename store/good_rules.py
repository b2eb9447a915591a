"""The last good version of each rule, for when its file is broken by an edit."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import bindparam, delete, select

from store.scope import Scope
from store.statements import upsert
from store.tables import GOOD_RULES


class GoodRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it was last read without fault.

    ``definition`` is the rule encoded as JSON, ``loaded_at`` when it was read (UTC
    microseconds), ``file`` and ``line`` where it stood.
    """

    rule_id: str
    version: str
    file: str
    line: int
    definition: str
    loaded_at: int


class GoodRules:
    """One row a rule."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def all(self) -> dict[str, GoodRule]:
        """The last good version of every rule, by id."""
        with self._scope.reading() as connection:
            rows = connection.execute(_ALL).all()
        return {row[0]: GoodRule(**dict(zip(_FIELDS, row, strict=True))) for row in rows}

    def put(self, rules: Sequence[GoodRule]) -> None:
        """Replace those of the same ids."""
        if not rules:
            return
        with self._scope.writing() as connection:
            rows = [msgspec.structs.asdict(rule) for rule in rules]
            connection.execute(upsert(connection, GOOD_RULES), rows)

    def forget(self, rules: Collection[str]) -> None:
        """These rules were taken away on purpose."""
        if rules:
            with self._scope.writing() as connection:
                connection.execute(_FORGET, [{"of": rule} for rule in rules])


_FIELDS = GoodRule.__struct_fields__
_ALL = select(*(GOOD_RULES.c[field] for field in _FIELDS))
_FORGET = delete(GOOD_RULES).where(GOOD_RULES.c.rule_id == bindparam("of"))
