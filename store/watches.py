"""How far each rule has looked, and why it cannot know where it cannot."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import select

from model.episode import Watch
from store.scope import Scope
from store.statements import insert_new, upsert
from store.tables import WATCHES


class Watches:
    """A row for each rule that was ever run here. Times are UTC microseconds."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def begin(self, rules: Collection[str], now: int) -> None:
        """These rules run from now on; those that were begun before stay as they are."""
        if not rules:
            return
        rows = [
            {"rule_id": rule, "since": now, "judged_until": now, "unsure": ""} for rule in rules
        ]
        with self._scope.writing() as connection:
            connection.execute(insert_new(connection, WATCHES), rows)

    def all(self) -> dict[str, Watch]:
        """Every watch by its rule's id."""
        with self._scope.reading() as connection:
            rows = connection.execute(_ALL).all()
        return {row[0]: Watch(**dict(zip(_FIELDS, row, strict=True))) for row in rows}

    def put(self, watches: Sequence[Watch]) -> None:
        """Replace those of the same rules."""
        if not watches:
            return
        with self._scope.writing() as connection:
            rows = [msgspec.structs.asdict(watch) for watch in watches]
            connection.execute(upsert(connection, WATCHES), rows)


_FIELDS = Watch.__struct_fields__
_ALL = select(*(WATCHES.c[field] for field in _FIELDS))
