"""How far each rule has looked, and why it cannot know where it cannot."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam, select

from model.episode import Watch
from store.scope import Scope
from store.statements import insert_new, upsert
from store.tables import WATCHES


class Watches:
    """A row for each rule that was ever run here. Times are UTC microseconds."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def begin(self, rule_id: str, now: int) -> Watch:
        """How far the rule has looked: from now on, unless it was begun before."""
        row = {"rule_id": rule_id, "since": now, "judged_until": now, "unsure": ""}
        with self._scope.writing() as connection:
            found = connection.execute(_ONE, {"rule": rule_id}).one_or_none()
            if found is None:
                connection.execute(insert_new(connection, WATCHES), row)
                found = connection.execute(_ONE, {"rule": rule_id}).one()
        return Watch(**dict(zip(_FIELDS, found, strict=True)))

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
_ONE = _ALL.where(WATCHES.c.rule_id == bindparam("rule"))
