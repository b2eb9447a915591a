"""``burst``: far more people speak up than at the same hour of earlier weeks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from alerts.kinds.keys import SOURCES, in_words, number, options, whole
from alerts.kinds.outbreak import Baseline, threshold, voices
from alerts.kinds.port import Judge, Kind, Ring, Stretch, View
from alerts.kinds.sliding import EVER, Lookout, step_of
from model.clock import DAY, HOUR
from model.rule import Rule

WEEK = 7 * DAY
_ENOUGH_WEEKS = 3
"""With fewer weeks, what was heard in the day before is taken too."""
_AROUND = HOUR
"""The hours beside the same hour of an earlier week are taken too."""
_HOURS_A_WEEK = 3
_GUARD = HOUR
"""What is so recent may belong to the burst itself."""


class BurstOptions(msgspec.Struct, frozen=True):
    """``false_alarms`` is how many a week chance may raise in a group, ``weeks`` how far
    back the rule compares, ``expected`` the voices of a window where nothing is known,
    ``least`` the fewest that ring."""

    false_alarms: float = 0.1
    weeks: int = 6
    expected: float = 0.5
    least: int = 4


class Onset:
    """Judges moments at even distances at which something was just posted.

    A week has a fixed number of such moments. The mean number of moments that ring by
    chance is their number times the chance of one, whether or not they depend on each
    other; an incident needs one, so that its rate is at most ``false_alarms`` a week.
    """

    grace = None

    def __init__(self, window: int, chosen: BurstOptions) -> None:
        self.window = window
        self._chosen = chosen
        self.step = step_of(window)
        self.chance = chosen.false_alarms / (WEEK / self.step)

    def affected(self, view: View, at: int) -> Sequence[Stretch]:
        """The moments that count the post, and those for which it is history."""
        last = view.before(EVER) or at
        first = view.after(-1)
        if at < view.since and (first is None or at <= first):
            # The first post of all decides how far back there is a history.
            return (Stretch(at, EVER),)
        reaches = [(0, self.window + self.step), (0, DAY + 2 * HOUR)]
        reaches += [
            (w * WEEK - 2 * HOUR, w * WEEK + 2 * HOUR) for w in range(1, self._chosen.weeks + 1)
        ]
        end = last + self.step
        return [
            Stretch(at + first, min(at + until + self.window, end))
            for first, until in reaches
            if at + first <= end
        ]

    def rings(self, view: View, stretch: Stretch) -> list[Ring]:
        lookout = Lookout(view, stretch, self.window + self.step)
        ceilings: dict[int, int] = {}
        return [
            ring
            for at in self._moments(lookout, stretch)
            for ring in self._judged(view, lookout, at, ceilings)
        ]

    def _moments(self, lookout: Lookout, stretch: Stretch) -> list[int]:
        """The moments of the stretch that follow a post."""
        due = {-(-post.event_at // self.step) * self.step for post in lookout.posts}
        return sorted(at for at in due if stretch.first <= at <= stretch.last)

    def _judged(
        self, view: View, lookout: Lookout, at: int, ceilings: dict[int, int]
    ) -> Iterator[Ring]:
        span = lookout.between(at - self.window + 1, at)
        if span.size < self._chosen.least:
            return
        count = voices(lookout.posts[span.start : span.end])
        if count < self._chosen.least:
            return
        hour = at // HOUR
        if hour not in ceilings:
            ceilings[hour] = self.ceiling(view, hour * HOUR)
        if count >= ceilings[hour]:
            yield Ring(at, lookout.at(span.start))

    def ceiling(self, view: View, hour: int) -> int:
        """How many voices ring in the hour that begins at this moment."""
        baseline = self._baseline(view, hour)
        return threshold(baseline, self._chosen.expected, self.chance)

    def _baseline(self, view: View, hour: int) -> Baseline:
        known_from = view.since
        first = view.after(-1)
        if first is not None:
            known_from = min(known_from, first)
        counts: list[int] = []
        weeks = 0
        for back in range(1, self._chosen.weeks + 1):
            start, end = hour - back * WEEK - _AROUND, hour - back * WEEK + HOUR + _AROUND
            if start >= known_from and not view.blind(start, end):
                weeks += 1
                counts += self._counts(view, start, end)
        if weeks < _ENOUGH_WEEKS:
            start, end = max(known_from, hour - DAY - _GUARD), hour - _GUARD
            if end - start >= HOUR and not view.blind(start, end):
                counts += self._counts(view, start, end)
        return Baseline(counts, weeks * _HOURS_A_WEEK)

    def _counts(self, view: View, start: int, end: int) -> list[int]:
        """The voices of the windows, one after the other, of a span."""
        posts = view.posts(start, end - 1)
        size = max(1, (end - start) // self.window)
        windows: list[list[int]] = [[] for _ in range(size)]
        for position, post in enumerate(posts):
            place = (post.event_at - start) // self.window
            if place < size:
                windows[place].append(position)
        return [voices(posts[position] for position in window) for window in windows]


def _detector(rule: Rule) -> Judge:
    return Onset(rule.window, options(rule, BurstOptions))


def _faults(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.window > HOUR:
        yield "window", "must be at most 1h: it is compared with the same hour of earlier weeks"


def _when(rule: Rule) -> str:
    chosen = options(rule, BurstOptions)
    return (
        f"when more people speak up within {in_words(rule.window)} than chance explains after the "
        f"same hour of {chosen.weeks} weeks; by chance at most {chosen.false_alarms:g} a week"
    )


BURST = Kind(
    name="burst",
    meaning="far more than at the same hour of earlier weeks",
    keys={
        "false_alarms": number(
            "how many incidents a week chance may raise in each group, as 0.1 (left out)",
            exclusiveMinimum=0,
            maximum=100,
        ),
        "weeks": whole("how many weeks back it compares, as 6 (left out)", 1, 26),
        "expected": number(
            "the voices of a window where nothing is known, as 0.5 (left out)",
            exclusiveMinimum=0,
            maximum=10_000,
        ),
        "least": whole("the fewest voices that ring, as 4 (left out)", 2, 10_000),
        "sources": SOURCES,
    },
    detector=_detector,
    when=_when,
    late="A late post counts in its own time, and in the history of the weeks that follow",
    faults=_faults,
)
