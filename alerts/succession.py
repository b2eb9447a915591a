"""Which incident goes on as which, when late posts and withdrawals move the episodes.

An incident is named after the start of its episode. So a late post that comes first, or
one that closes the gap between two, gives the whole a new name; and a withdrawal may
shorten an episode or break it in two. Pure functions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from model.episode import Episode, Series
from model.incident import incident_id


class Succession(NamedTuple):
    """An episode that gives alarm, the name of its incident, and the names of the incidents
    whose posts it holds."""

    id: str
    episode: Episode
    predecessors: tuple[str, ...]


class End(NamedTuple):
    """An incident that is no more: which one took over, or None, and the posts that are
    left in its span."""

    id: str
    heir: str | None
    posts: int


def name_of(episode: Episode) -> str:
    """The name of the episode's incident."""
    return _name(episode.series, episode.first_at)


@lru_cache(maxsize=16_384)
def _name(series: Series, first_at: int) -> str:
    return incident_id(series.rule_id, series.group, first_at)


def successions(
    gone: Collection[Episode], come: Collection[Episode]
) -> tuple[list[Succession], list[End]]:
    """What becomes of the incidents of the episodes that went, and of those that came."""
    before, after = _by_series(gone), _by_series(come)
    risen: list[Succession] = []
    ended: list[End] = []
    for series in before | after:
        old = [episode for episode in before[series] if episode.alarm_at is not None]
        new = [
            _succession(episode, old) for episode in after[series] if episode.alarm_at is not None
        ]
        names = {succession.id for succession in new}
        risen += new
        ended += [_end(e, new, after[series]) for e in old if name_of(e) not in names]
    return risen, ended


def _succession(episode: Episode, old: list[Episode]) -> Succession:
    predecessors = tuple(name_of(other) for other in old if _overlap(episode, other))
    return Succession(name_of(episode), episode, predecessors)


def _end(episode: Episode, new: list[Succession], left: list[Episode]) -> End:
    heirs = (heir.id for heir in new if _overlap(heir.episode, episode))
    posts = sum(other.posts for other in left if _overlap(other, episode))
    return End(name_of(episode), next(heirs, None), posts)


def _overlap(one: Episode, other: Episode) -> bool:
    return one.first_at <= other.last_at and other.first_at <= one.last_at


def _by_series(episodes: Collection[Episode]) -> defaultdict[Series, list[Episode]]:
    grouped: defaultdict[Series, list[Episode]] = defaultdict(list)
    for episode in sorted(episodes, key=attrgetter("first_at")):
        grouped[episode.series].append(episode)
    return grouped
