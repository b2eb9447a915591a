"""Judging moments by what lies in the window up to them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from alerts.kinds.port import Ring, Stretch, View
from model.clock import MINUTE, SECOND
from model.episode import Contribution

EVER = 2**62
"""After everything, in microseconds."""

_FINEST_GRID = 10 * SECOND
_COARSEST_GRID = 10 * MINUTE


class Span(NamedTuple):
    """A run of posts by their positions in a list, end exclusive."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many posts."""
        return self.end - self.start


class Lookout:
    """The posts around a stretch, and where in them the windows of its moments begin and
    end. A window holds the posts up to ``window`` before its moment, ends inclusive."""

    def __init__(self, view: View, stretch: Stretch, window: int, *, back: int = 1) -> None:
        self.posts: Sequence[Contribution] = view.posts(stretch.first - back * window, stretch.last)
        self._times = [post.event_at for post in self.posts]
        self._window = window
        self._stretch = stretch

    def moments(self) -> list[int]:
        """The different event times of the posts of the stretch."""
        start = bisect_left(self._times, self._stretch.first)
        return sorted(set(self._times[start:]))

    def window(self, at: int) -> Span:
        """The posts of the window that ends at this moment."""
        return self.between(at - self._window, at)

    def window_before(self, at: int) -> Span:
        """The posts of the window that ends where that of this moment begins."""
        start = at - self._window
        return Span(bisect_left(self._times, start - self._window), bisect_left(self._times, start))

    def between(self, first: int, last: int) -> Span:
        """The posts from one moment to another, both inclusive."""
        return Span(bisect_left(self._times, first), bisect_right(self._times, last))

    def at(self, position: int) -> int:
        """The event time of a post."""
        return self._times[position]


Verdict: TypeAlias = Callable[[View, Lookout, int], int | None]
"""Whether a moment rings: the event time of the first post that it rings for, or None."""


def reaching(view: View, at: int, reach: int, *, to_the_end: bool) -> tuple[Stretch, ...]:
    """The moments from this one on that a post may change: so far, or, where it matters when
    a series begins and nothing is before this, all that follow."""
    endless = to_the_end and view.before(at) is None
    return (Stretch(at, EVER if endless else at + reach),)


class ByPost:
    """Judges every moment at which something was posted.

    ``back`` is how many windows before its moment a verdict looks at. With ``from_start``
    it also asks when the series began.
    """

    step = 0
    grace = None

    def __init__(
        self, window: int, verdict: Verdict, *, back: int = 1, from_start: bool = False
    ) -> None:
        self.window = window
        self._verdict = verdict
        self._back = back
        self._from_start = from_start

    def affected(self, view: View, at: int) -> Sequence[Stretch]:
        return reaching(view, at, self._back * self.window, to_the_end=self._from_start)

    def rings(self, view: View, stretch: Stretch) -> list[Ring]:
        lookout = Lookout(view, stretch, self.window, back=self._back)
        judged = ((at, self._verdict(view, lookout, at)) for at in lookout.moments())
        return [Ring(at, since) for at, since in judged if since is not None]


class ByGrid:
    """Judges moments at even distances, so that silence is seen too.

    A moment is judged only if the sources of the rule were watched for the ``back``
    windows before it, and if the rule ran by then; in a group, only once it was heard of,
    and for ``forget`` after it was last (0 is for ever).
    """

    def __init__(
        self, window: int, verdict: Verdict, *, grace: int, back: int = 1, forget: int = 0
    ) -> None:
        self.window = window
        self._verdict = verdict
        self.grace = grace
        self._back = back
        self._forget = forget
        self.step = step_of(window)

    def affected(self, view: View, at: int) -> Sequence[Stretch]:
        reach = max(self._back * self.window, self._forget) + self.step
        return reaching(view, at, reach, to_the_end=True)

    def rings(self, view: View, stretch: Stretch) -> list[Ring]:
        lookout = Lookout(view, stretch, self.window, back=self._back)
        return [ring for at in self._moments(stretch) for ring in self._judged(view, lookout, at)]

    def _moments(self, stretch: Stretch) -> range:
        first = -(-stretch.first // self.step) * self.step
        return range(first, stretch.last + 1, self.step)

    def _judged(self, view: View, lookout: Lookout, at: int) -> Iterator[Ring]:
        start = at - self._back * self.window
        if start < view.since or not view.seen(start, at + self.grace) or self._gone(view, at):
            return
        since = self._verdict(view, lookout, at)
        if since is not None:
            yield Ring(at, since)

    def _gone(self, view: View, at: int) -> bool:
        """Whether a group was never heard of, or not for so long that it is not missed."""
        if not view.group:
            return False
        last = view.before(at)
        return last is None or (self._forget > 0 and at - last > self._forget)


def step_of(window: int) -> int:
    """The distance of the moments at which silence is looked for: a twelfth of the window,
    from ten seconds to ten minutes."""
    return max(_FINEST_GRID, min(window // 12, _COARSEST_GRID))
