"""What the keys of series stand for."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, select

from model.episode import Series
from store.scope import Scope
from store.statements import among, chunks, insert_new, pack_group, unpack_group
from store.tables import SERIES


class SeriesNames:
    """The rule and group of each series that ever had a post."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add(self, series: Collection[Series]) -> None:
        """Remember them; known ones stay as they are."""
        if not series:
            return
        rows = [
            {"key": one.key, "rule_id": one.rule_id, "group_values": pack_group(one.group)}
            for one in series
        ]
        with self._scope.writing() as connection:
            connection.execute(insert_new(connection, SERIES), rows)

    def get(self, keys: Collection[int]) -> dict[int, Series]:
        """The series of these keys."""
        found: dict[int, Series] = {}
        with self._scope.reading() as connection:
            for some in chunks(keys):
                for key, rule_id, group in connection.execute(_GET, {"keys": some}):
                    found[key] = Series(rule_id, unpack_group(group))
        return found

    def of_rule(self, rule_id: str) -> list[Series]:
        """Every series of a rule that ever had a post, or that it looked at."""
        with self._scope.reading() as connection:
            rows = connection.execute(_OF_RULE, {"rule": rule_id}).all()
        return [Series(rule_id, unpack_group(group)) for (group,) in rows]


_OF_RULE = (
    select(SERIES.c.group_values)
    .where(SERIES.c.rule_id == bindparam("rule"))
    .order_by(SERIES.c.group_values)
)
_GET = select(SERIES).where(among(SERIES.c.key, "keys"))
