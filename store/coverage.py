"""The ledger of what each source saw, and when it was blind.

A collector that dies says nothing, so silence must not read as calm: what a source
reported is believed for a limited time, and what follows is blind until it reports again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update

from model.clock import MINUTE
from model.coverage import CoverageInterval, CoverageState
from store.scope import Scope
from store.tables import COVERAGE

UNHEARD = "nothing was heard of the source"
"""The reason of the blind intervals that the ledger itself adds."""

_SIGHTED: frozenset[CoverageState] = frozenset({"live", "degraded"})
"""Claims to see something now, which are believed for a time only. What was filled from
history stays filled."""


class Coverage:
    """Intervals per source, without gap or overlap since its first report.

    Times are UTC microseconds.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def record(
        self,
        source: str,
        state: CoverageState,
        at: int,
        reason: str = "",
        posts: int = 0,
        *,
        heard_within: int = 15 * MINUTE,
    ) -> None:
        """The source is in ``state`` at ``at`` and brought ``posts`` since its last report.

        The same state and reason again prolong the current interval; others close it and
        open the next. ``heard_within`` is how soon the source promises to report again:
        after that it counts as blind until it does. A time before the current interval,
        as an adjusted clock gives, counts as that interval's beginning.
        """
        with self._scope.writing() as connection:
            current = _current(connection, source)
            if current is not None:
                at = max(at, current.since)
                stale = _is_stale(current, at)
                if (current.state, current.reason) == (state, reason) and not stale:
                    _prolong(connection, current, at + heard_within, posts)
                    return
                _close(connection, current, current.trusted_until if stale else at)
                if stale:
                    _blind(connection, current, at)
            values = {"source": source, "state": state, "since": at, "reason": reason}
            promise = {"trusted_until": at + heard_within, "posts": posts}
            connection.execute(insert(COVERAGE), values | promise)

    def amend(
        self, source: str, since: int, until: int, state: CoverageState, reason: str = ""
    ) -> None:
        """Say otherwise of a time that has passed, from ``since`` to ``until`` (exclusive).

        What was blind has been filled from history, or what seemed live has a gap. Only
        what the ledger holds of the source is amended; the posts of an interval that is
        replaced whole count for the new one.
        """
        with self._scope.writing() as connection:
            rows = _overlapping(connection, source, since, until)
            if not rows:
                return
            since = max(since, rows[0].since)
            last = rows[-1].until
            until = until if last is None else min(until, last)
            posts = sum(_cut_out(connection, row, since, until) for row in rows)
            values = {"source": source, "state": state, "since": since, "until": until}
            more = {"reason": reason, "posts": posts, "trusted_until": until}
            connection.execute(insert(COVERAGE), values | more)

    def intervals(self, since: int, until: int) -> list[CoverageInterval]:
        """What every source saw from ``since`` to ``until`` (exclusive), by source and time.

        Intervals are whole, also where they begin before ``since``; one that goes on ends
        in None. ``until`` is at most the present: a source that has not kept its promise
        to report by then is blind from the moment it broke it.
        """
        overlapping = (
            select(COVERAGE)
            .where(COVERAGE.c.since < until)
            .where(or_(COVERAGE.c.until.is_(None), COVERAGE.c.until > since))
            .order_by(COVERAGE.c.source, COVERAGE.c.since, COVERAGE.c.id)
        )
        with self._scope.reading() as connection:
            rows = [_Kept._make(row) for row in connection.execute(overlapping)]
        believed = [interval for row in rows for interval in _believed(row, until)]
        return [i for i in believed if i.until is None or i.until > since]


class _Kept(NamedTuple):
    """An interval as its row holds it."""

    id: int
    source: str
    state: CoverageState
    since: int
    until: int | None
    trusted_until: int
    reason: str
    posts: int


def _current(connection: Connection, source: str) -> _Kept | None:
    unfinished = select(COVERAGE).where(COVERAGE.c.source == source, COVERAGE.c.until.is_(None))
    row = connection.execute(unfinished).one_or_none()
    return None if row is None else _Kept._make(row)


def _is_stale(interval: _Kept, at: int) -> bool:
    return interval.state in _SIGHTED and interval.trusted_until < at


def _prolong(connection: Connection, interval: _Kept, trusted_until: int, posts: int) -> None:
    change = update(COVERAGE).where(COVERAGE.c.id == interval.id)
    values = {"trusted_until": trusted_until, "posts": interval.posts + posts}
    connection.execute(change.values(values))


def _close(connection: Connection, interval: _Kept, at: int) -> None:
    row = COVERAGE.c.id == interval.id
    if interval.since == at and not interval.posts:
        connection.execute(delete(COVERAGE).where(row))
    else:
        connection.execute(update(COVERAGE).where(row).values(until=at))


def _blind(connection: Connection, stale: _Kept, until: int) -> None:
    gap = {"state": "blind", "since": stale.trusted_until, "until": until, "reason": UNHEARD}
    nothing = {"trusted_until": until, "posts": 0}
    connection.execute(insert(COVERAGE), {"source": stale.source} | gap | nothing)


def _overlapping(connection: Connection, source: str, since: int, until: int) -> list[_Kept]:
    rows = (
        select(COVERAGE)
        .where(COVERAGE.c.source == source, COVERAGE.c.since < until)
        .where(or_(COVERAGE.c.until.is_(None), COVERAGE.c.until > since))
        .order_by(COVERAGE.c.since, COVERAGE.c.id)
    )
    return [_Kept._make(row) for row in connection.execute(rows)]


def _cut_out(connection: Connection, row: _Kept, since: int, until: int) -> int:
    """Take a span out of an interval; returns the posts of one of which nothing is left."""
    mine = COVERAGE.c.id == row.id
    before, after = row.since < since, row.until is None or row.until > until
    if before:
        connection.execute(update(COVERAGE).where(mine).values(until=since))
        if after:
            rest = row._asdict() | {"since": until, "posts": 0}
            del rest["id"]
            connection.execute(insert(COVERAGE), rest)
    elif after:
        connection.execute(update(COVERAGE).where(mine).values(since=until))
    else:
        connection.execute(delete(COVERAGE).where(mine))
        return row.posts
    return 0


def _believed(row: _Kept, until: int) -> Iterator[CoverageInterval]:
    stale = row.until is None and _is_stale(row, until)
    yield CoverageInterval(
        source=row.source,
        state=row.state,
        since=row.since,
        until=row.trusted_until if stale else row.until,
        reason=row.reason,
        posts=row.posts,
    )
    if stale:
        yield CoverageInterval(
            source=row.source, state="blind", since=row.trusted_until, reason=UNHEARD
        )
