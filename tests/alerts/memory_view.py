"""What a judge sees of a series, from a list: the oracle of the stored one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alerts.kinds.port import Judge, Stretch
from alerts.kinds.table import detector
from model.episode import Contribution, Series
from model.incident import Match, incident_id
from model.rule import Rule
from tests.alerts.oracle import Shown, living

END = 2**50


class MemoryView:
    """Posts in memory, watched by somebody from ``watched`` on."""

    def __init__(
        self,
        posts: Iterable[Contribution],
        *,
        group: tuple[str, ...] = (),
        since: int = 0,
        watched: int = -(2**62),
    ) -> None:
        self.group = group
        self.since = since
        self._posts = sorted(posts, key=lambda post: (post.event_at, post.uid))
        self._watched = watched

    def posts(self, first: int, last: int) -> Sequence[Contribution]:
        return [post for post in self._posts if first <= post.event_at <= last]

    def before(self, at: int) -> int | None:
        return max((p.event_at for p in self._posts if p.event_at < at), default=None)

    def after(self, at: int) -> int | None:
        return min((p.event_at for p in self._posts if p.event_at > at), default=None)

    def seen(self, first: int, last: int) -> bool:
        return first >= self._watched

    def blind(self, first: int, last: int) -> bool:
        return False


def contribution(match: Match) -> Contribution:
    """The match as it counts in its series."""
    return Contribution(
        series=Series(match.rule_id, match.group).key,
        uid=match.uid,
        account=match.account,
        rev=match.rev,
        event_at=match.event_at,
        collected_at=match.collected_at,
        recorded_at=0,
        excerpt=match.excerpt,
        place=match.place,
        lat=match.lat,
        lon=match.lon,
        cluster=match.cluster,
        values=match.values,
        number=match.number,
    )


def judged(
    matches: Iterable[Match], rule: Rule, *, since: int, until: int, watched: int = -(2**62)
) -> set[Shown]:
    """The live incidents of a judged rule: every moment is judged once, from all posts."""
    judge = detector(rule)
    assert isinstance(judge, Judge)
    found: set[Shown] = set()
    series = living(list(matches))
    if judge.grace is not None and not rule.group_by:
        series.setdefault((rule.id, ()), {})
    for (rule_id, group), posts in series.items():
        if rule_id != rule.id:
            continue
        kept = [contribution(post) for post in posts.values()]
        view = MemoryView(kept, group=group, since=since, watched=watched)
        first = since + 1 if judge.grace is not None else 0
        rings = judge.rings(view, Stretch(first, until))
        runs: list[list[int]] = []
        for ring in rings:
            if runs and ring.at - runs[-1][1] <= judge.window:
                runs[-1][1] = ring.at
            else:
                runs.append([ring.since, ring.at])
        for start, end in runs:
            count = sum(start <= post.event_at <= end for post in kept)
            found.add(Shown(incident_id(rule_id, group, start), count, start, end))
    return found
