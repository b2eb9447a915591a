"""What becomes of one post when something happened to it, and what must be done about it.

Pure functions: given what is known of a post and the events of a batch, the new knowledge
and the version to be shown. The same events decided again give the same, so that a batch
that was cut off can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from index.elastic.document import drop_post, put_post
from index.elastic.names import Names
from index.events import Event
from index.lifecycle import NONE, UNKNOWN, Standing, judge


class Mark(NamedTuple):
    """The state of a stored standing, for optimistic locking."""

    seq_no: int
    primary_term: int


class Known(NamedTuple):
    """What is stored of a post.

    ``version`` grows with each change of the standing and is that of the post's document.
    ``periods`` are those in which a copy may be, that of the newest first. ``mark`` is
    None where nothing is stored yet.
    """

    standing: Standing = UNKNOWN
    version: int = 0
    periods: tuple[str, ...] = ()
    mark: Mark | None = None


class Decision(NamedTuple):
    """The next knowledge of a post, and the event whose version it shows from now on;
    None where the version stays, or no version may be seen."""

    uid: str
    before: Known
    after: Known
    winner: Event | None = None

    @property
    def is_new(self) -> bool:
        """Whether there is anything to be stored."""
        return self.after != self.before

    def items(self, names: Names) -> list[bytes]:
        """What has to be done to the post's documents."""
        periods = self.after.periods
        if self.winner is None:
            gone = periods if self.after.standing.hidden else ()
            return [self._drop(names, period) for period in gone]
        put = put_post(names.alias(periods[0]), self.after.version, self.winner)
        return [put, *(self._drop(names, period) for period in periods[1:])]

    def _drop(self, names: Names, period: str) -> bytes:
        return drop_post(names.alias(period), self.after.version, self.uid)


Decide = Callable[[Known], Decision]


def decide(uid: str, events: Sequence[Event], names: Names) -> Decide:
    """The decision on the events of one post, in the order in which they came."""

    def decision(known: Known) -> Decision:
        standing, winner = known.standing, None
        for event in events:
            standing, verdict = judge(standing, event.post.op, event.post.rev)
            if verdict != "ignore":
                winner = event if verdict == "show" else None
        periods = known.periods
        if winner is not None:
            period = names.period(winner.post.event_at)
            periods = (period, *(other for other in periods if other != period))
        return _decision(uid, known, standing, periods, winner)

    return decision


def erase(uid: str) -> Decide:
    """The decision that a post is gone for good."""

    def decision(known: Known) -> Decision:
        standing = known.standing._replace(shown=NONE, deleted=True)
        return _decision(uid, known, standing, known.periods, None)

    return decision


def _decision(
    uid: str, known: Known, standing: Standing, periods: tuple[str, ...], winner: Event | None
) -> Decision:
    after = known._replace(standing=standing, periods=periods)
    if after != known or known.mark is None:
        after = after._replace(version=known.version + 1)
    return Decision(uid, known, after, winner)
