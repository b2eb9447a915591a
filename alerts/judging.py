"""Keeping the stored episodes in step with what the judges say.

A judged episode is a run of moments that ring, no two further apart than the rule's
window. What a post changes is judged anew, and the rest of the episodes around it is
left as it stands: no moment before a post depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from alerts.kinds.port import Judge, Ring, Stretch
from alerts.tracking import Tracker
from alerts.view import Sight, StoredView
from model.episode import Episode, Series, Watch
from store.engine import Repositories


class _Run(NamedTuple):
    """Moments that ring, as far as they are known: the first, the last, and where the first
    post is that the first rings for."""

    first: int
    last: int
    since: int


class Bench:
    """The judge of one rule at work in one transaction.

    A judge that waits says nothing about what lies after ``watch.judged_until``; everybody
    else may judge up to the end of time.
    """

    def __init__(
        self,
        tx: Repositories,
        tracker: Tracker,
        judge: Judge,
        watch: Watch,
        *,
        sight: Sight,
        now: int,
        historic_after: int,
    ) -> None:
        self._tx = tx
        self._tracker = tracker
        self._judge = judge
        self._watch = watch
        self._now = now
        self._historic_after = historic_after
        self._horizon = 2**62 if judge.grace is None else watch.judged_until
        self._sight = sight

    def correct(self, series: Series, times: Iterable[int]) -> None:
        """Posts of these event times came or went; the store has them as they are now."""
        view = self._view(series)
        touched = {stretch for at in set(times) for stretch in self._judge.affected(view, at)}
        for stretch in _joined(touched):
            last = min(stretch.last, self._horizon)
            if stretch.first <= last:
                self._settle(series, view, Stretch(stretch.first, last))

    def judge(self, series: Series, stretch: Stretch) -> None:
        """Judge a stretch that was never judged."""
        self._settle(series, self._view(series), stretch)

    def _view(self, series: Series) -> StoredView:
        return StoredView(self._tx, series, self._watch.since, self._sight)

    def _settle(self, series: Series, view: StoredView, stretch: Stretch) -> None:
        pause = self._judge.window
        near = self._tx.episodes.near(
            [series.key], stretch.first - 2 * pause, stretch.last + 2 * pause
        )
        # A rule that was of another kind may have left runs that never rang.
        old = [episode for episode in near if episode.alarm_at is not None]
        wider = _widened(stretch, old, pause)
        rings = self._judge.rings(view, wider)
        runs = _woven([*map(_lone, rings), *_kept(old, wider, stretch, rings)], pause)
        come = [self._episode(series, run) for run in runs]
        unchanged = set(come).intersection(old)
        self._tracker.replace(
            [episode for episode in near if episode not in unchanged],
            [episode for episode in come if episode not in unchanged],
        )

    def _episode(self, series: Series, run: _Run) -> Episode:
        found = self._tx.contributions.figures(
            series.key, run.since, run.last, self._historic_after
        )
        silent = not found.posts and self._now - run.first <= self._historic_after
        return Episode(
            series=series,
            first_at=run.since,
            last_at=run.last,
            posts=found.posts,
            alarm_at=run.first,
            fresh=found.fresh or silent,
            spot=found.spot,
        )


def _first(episode: Episode) -> int:
    """The first moment of a judged episode that rings."""
    return episode.first_at if episode.alarm_at is None else episode.alarm_at


def _widened(stretch: Stretch, old: Sequence[Episode], pause: int) -> Stretch:
    """The stretch, wide enough to hold a moment that rings and stays as it is of each
    episode that reaches beyond it: such a moment is at most a pause away."""
    first, last = stretch
    if any(_first(episode) < stretch.first <= episode.last_at for episode in old):
        first -= pause
    if any(_first(episode) <= stretch.last < episode.last_at for episode in old):
        last += pause
    return Stretch(first, last)


def _kept(
    old: Sequence[Episode], wider: Stretch, stretch: Stretch, rings: Sequence[Ring]
) -> Iterable[_Run]:
    """What stays as it is of the old episodes, outside of what was judged anew."""
    before = [ring.at for ring in rings if ring.at < stretch.first]
    after = [ring.at for ring in rings if ring.at > stretch.last]
    for episode in old:
        first, last, since = _first(episode), episode.last_at, episode.first_at
        if first < wider.first:
            joint = next((at for at in before if at <= last), last)
            yield _Run(first, min(last, joint), since)
        if last > wider.last:
            joint = next((at for at in reversed(after) if at >= first), first)
            yield _Run(max(first, joint), last, since if joint <= first else joint)


def _lone(ring: Ring) -> _Run:
    return _Run(ring.at, ring.at, ring.since)


def _woven(runs: Iterable[_Run], pause: int) -> list[_Run]:
    """The runs, those joined that are no further apart than the pause."""
    woven: list[_Run] = []
    for run in sorted(runs):
        if woven and run.first - woven[-1].last <= pause:
            joined = woven[-1]
            woven[-1] = _Run(joined.first, max(joined.last, run.last), joined.since)
        else:
            woven.append(run)
    return woven


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same stretches of time without overlaps."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches):
        if joined and stretch.first <= joined[-1].last + 1:
            joined[-1] = Stretch(joined[-1].first, max(joined[-1].last, stretch.last))
        else:
            joined.append(stretch)
    return joined
