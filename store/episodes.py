"""Episodes as the window stage last saw them: its working memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from model.episode import Episode, Series, Spot
from store.scope import Scope
from store.statements import among, chunks, unpack_group
from store.tables import EPISODES, SERIES


class Episodes:
    """The episodes of every series; within a series they never overlap.

    The series themselves have been added before.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def near(self, series: Collection[int], first_at: int, last_at: int) -> list[Episode]:
        """The episodes of these series that touch a span of event time, ends inclusive,
        in order within a series."""
        found: list[Episode] = []
        with self._scope.reading() as connection:
            for some in chunks(series):
                span = {"keys": some, "from_at": first_at, "to_at": last_at}
                found += map(_episode, connection.execute(_NEAR, span))
        return found

    def replace(self, gone: Collection[Episode], come: Collection[Episode]) -> None:
        """Put ``come`` in the place of ``gone``."""
        # Most episodes only grow, and changing a row costs half of removing and adding one.
        starts = {(episode.series, episode.first_at): episode for episode in gone}
        changed, added = [], []
        for episode in come:
            old = starts.pop((episode.series, episode.first_at), None)
            if old is None:
                added.append(_row(episode))
            else:
                changed.append(_key(old) | _state(episode))
        with self._scope.writing() as connection:
            if starts:
                connection.execute(_DELETE, [_key(episode) for episode in starts.values()])
            if changed:
                connection.execute(_CHANGE, changed)
            if added:
                connection.execute(insert(EPISODES), added)


_COLUMNS = ("first_at", "last_at", "posts", "alarm_at", "fresh", "spot_at", "place", "lat", "lon")
_NEAR = (
    select(SERIES.c.rule_id, SERIES.c.group_values, *(EPISODES.c[name] for name in _COLUMNS))
    .join_from(EPISODES, SERIES, EPISODES.c.series == SERIES.c.key)
    .where(among(EPISODES.c.series, "keys"))
    .where(EPISODES.c.last_at >= bindparam("from_at"), EPISODES.c.first_at <= bindparam("to_at"))
    .order_by(EPISODES.c.series, EPISODES.c.last_at)
)
_SAME = (EPISODES.c.series == bindparam("of"), EPISODES.c.last_at == bindparam("ended_at"))
_DELETE = delete(EPISODES).where(*_SAME)
_CHANGE = update(EPISODES).where(*_SAME)


def _key(episode: Episode) -> dict[str, object]:
    return {"of": episode.series.key, "ended_at": episode.last_at}


def _row(episode: Episode) -> dict[str, object]:
    return _state(episode) | {"series": episode.series.key, "first_at": episode.first_at}


def _state(episode: Episode) -> dict[str, object]:
    spot = episode.spot
    return {
        "last_at": episode.last_at,
        "posts": episode.posts,
        "alarm_at": episode.alarm_at,
        "fresh": episode.fresh,
        "spot_at": spot.at if spot else None,
        "place": spot.name if spot else None,
        "lat": spot.lat if spot else None,
        "lon": spot.lon if spot else None,
    }


def _episode(row: Sequence[Any]) -> Episode:
    rule_id, group, first_at, last_at, posts, alarm_at, fresh, spot_at, place, lat, lon = row
    return Episode(
        series=Series(rule_id, unpack_group(group)),
        first_at=first_at,
        last_at=last_at,
        posts=posts,
        alarm_at=alarm_at,
        fresh=fresh,
        spot=None if spot_at is None else Spot(spot_at, place, lat, lon),
    )
