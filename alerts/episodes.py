"""Episodes as pure functions: joining them, splitting them, finding their alarm.

The episodes of a series depend on which posts it has, and not on the order in which they
came: joining is commutative and associative. So late posts, repetitions and restarts
cannot change what is shown.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from alerts.kinds.port import Runs
from model.episode import Contribution, Episode, Series, Spot
from store.contributions import Neighbours


def lone(series: Series, post: Contribution, detector: Runs, historic_after: int) -> Episode:
    """The episode of a single post. A post collected more than ``historic_after``
    microseconds after its own time is not fresh."""
    at = post.event_at
    return Episode(
        series=series,
        first_at=at,
        last_at=at,
        posts=1,
        alarm_at=detector.alarm((at,)),
        fresh=post.collected_at - at <= historic_after,
        spot=None if post.place is None else Spot(at, post.place, post.lat, post.lon),
    )


def join(one: Episode, other: Episode) -> Episode:
    """Both episodes as one. They belong to one series and have no post in common."""
    return Episode(
        series=one.series,
        first_at=min(one.first_at, other.first_at),
        last_at=max(one.last_at, other.last_at),
        posts=one.posts + other.posts,
        alarm_at=_earlier_time(one.alarm_at, other.alarm_at),
        fresh=one.fresh or other.fresh,
        spot=earlier_spot(one.spot, other.spot),
    )


def weave(episodes: Iterable[Episode], window: int) -> list[Episode]:
    """Join those episodes of a series that are no further apart than the window."""
    woven: list[Episode] = []
    for episode in sorted(episodes, key=_start):
        if woven and episode.first_at - woven[-1].last_at <= window:
            woven[-1] = join(woven[-1], episode)
        else:
            woven.append(episode)
    return woven


def with_alarm(episode: Episode, times: Sequence[int], detector: Runs) -> Episode:
    """The episode with its alarm, if it has one by now.

    ``times`` are event times of the series' live posts, in order: at least those within
    a window of the posts that are new.
    """
    if episode.alarm_at is not None:
        return episode
    first, after = bisect_left(times, episode.first_at), bisect_right(times, episode.last_at)
    return replace(episode, alarm_at=detector.alarm(times[first:after]))


def shrink(
    episode: Episode, lost: Mapping[int, Neighbours], posts: int, detector: Runs
) -> Episode | None:
    """The episode without some posts; ``posts`` of it are left, at least one.

    ``lost`` maps the event times of those that went to the live posts next to them.
    None if that is not enough to tell, and the posts must be read again: the episode came
    apart, or lost what gave alarm or the place. In a long episode that is rare.
    """
    inside = {at: _inside(episode, neighbours) for at, neighbours in lost.items()}
    apart = any(_gap(neighbours) > detector.window for neighbours in inside.values())
    if apart or (episode.spot is not None and episode.spot.at in lost):
        return None
    first_at = inside[episode.first_at].after if episode.first_at in lost else episode.first_at
    last_at = inside[episode.last_at].before if episode.last_at in lost else episode.last_at
    if first_at is None or last_at is None:
        return None
    alarm_at = episode.alarm_at
    if alarm_at is not None and any(0 <= at - alarm_at <= detector.window for at in lost):
        alarm_at = detector.alarm((first_at,))
        if alarm_at is None:
            return None
    return replace(episode, first_at=first_at, last_at=last_at, posts=posts, alarm_at=alarm_at)


def _start(episode: Episode) -> int:
    return episode.first_at


def _earlier_time(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)


def earlier_spot(one: Spot | None, other: Spot | None) -> Spot | None:
    """The spot of the earlier post, whichever there is."""
    if one is None or other is None:
        return one if other is None else other
    return min(one, other, key=_when_and_where)


def _when_and_where(spot: Spot) -> tuple[int, str]:
    return spot.at, spot.name


def _inside(episode: Episode, neighbours: Neighbours) -> Neighbours:
    before, after = neighbours
    return Neighbours(
        before if before is not None and before >= episode.first_at else None,
        after if after is not None and after <= episode.last_at else None,
    )


def _gap(neighbours: Neighbours) -> int:
    before, after = neighbours
    return 0 if before is None or after is None else after - before
