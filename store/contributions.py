"""Which posts made which series."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Integer, bindparam, delete, func, select

from model.episode import Contribution, Figures, Spot
from store.scope import Scope
from store.statements import among, chunks, pack_group, unpack_group, upsert
from store.tables import CONTRIBUTIONS


class Neighbours(NamedTuple):
    """The nearest live posts of a series at or before a time, and at or after it."""

    before: int | None
    after: int | None


class Contributions:
    """Posts by series. Those that were withdrawn stay, without their words, but only
    the others are live. Times are UTC microseconds."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def of_posts(self, uids: Collection[str]) -> list[Contribution]:
        """Every contribution of these posts, the withdrawn ones included."""
        found: list[Contribution] = []
        with self._scope.reading() as connection:
            for some in chunks(uids):
                found += _contributions(connection.execute(_OF_POSTS, {"uids": some}))
        return found

    def of_accounts(self, accounts: Collection[int]) -> list[Contribution]:
        """Every contribution of the posts of these accounts, the withdrawn ones included."""
        found: list[Contribution] = []
        with self._scope.reading() as connection:
            for some in chunks(accounts):
                found += _contributions(connection.execute(_OF_ACCOUNTS, {"accounts": some}))
        return found

    def within(self, series: int, first_at: int, last_at: int) -> list[Contribution]:
        """The live posts of a series from one event time to another, both inclusive,
        oldest first."""
        span = {"series": series, "first_at": first_at, "last_at": last_at}
        with self._scope.reading() as connection:
            return _contributions(connection.execute(_WITHIN, span))

    def latest(self, series: int, first_at: int, last_at: int, limit: int) -> list[Contribution]:
        """The last posts of a series in a span of event time, ends inclusive, newest first.

        Those that were taken back are among them, without their words.
        """
        span = {"series": series, "first_at": first_at, "last_at": last_at, "most": limit}
        with self._scope.reading() as connection:
            return _contributions(connection.execute(_LATEST, span))

    def times(
        self, series: Collection[int], first_at: int, last_at: int
    ) -> Sequence[tuple[int, int]]:
        """Series and event time of the live posts in a span, both ends inclusive, in order."""
        found: list[tuple[int, int]] = []
        with self._scope.reading() as connection:
            for some in chunks(series):
                span = {"series": some, "first_at": first_at, "last_at": last_at}
                found += [(key, at) for key, at in connection.execute(_TIMES, span)]
        return found

    def neighbours(self, series: int, at: int) -> Neighbours:
        """The live posts nearest to an event time."""
        with self._scope.reading() as connection:
            before, after = connection.execute(_NEIGHBOURS, {"series": series, "at": at}).one()
        return Neighbours(before, after)

    def figures(self, series: int, first_at: int, last_at: int, historic_after: int) -> Figures:
        """What the live posts of a series in a span come to, both ends inclusive.

        A post collected more than ``historic_after`` microseconds after its own time is
        not fresh.
        """
        span = {"series": series, "first_at": first_at, "last_at": last_at}
        with self._scope.reading() as connection:
            posts, delay = connection.execute(_COUNTED, span).one()
            spot = connection.execute(_SPOT, span).one_or_none()
        fresh = delay is not None and delay <= historic_after
        return Figures(posts, fresh, None if spot is None else Spot(*spot))

    def bounds(self, series: int) -> Neighbours:
        """The event times of the first and the last live post of a series."""
        with self._scope.reading() as connection:
            first, last = connection.execute(_BOUNDS, {"series": series}).one()
        return Neighbours(first, last)

    def put(self, contributions: Sequence[Contribution]) -> None:
        """Add them, replacing what the same posts contributed to the same series."""
        if not contributions:
            return
        rows = [_row(contribution) for contribution in contributions]
        with self._scope.writing() as connection:
            connection.execute(upsert(connection, CONTRIBUTIONS), rows)

    def drop(self, contributions: Sequence[Contribution]) -> None:
        """Remove them, to make room for what replaces them."""
        if contributions:
            keys = [{"post": post.uid, "of": post.series} for post in contributions]
            with self._scope.writing() as connection:
                connection.execute(_DROP, keys)


_POST = CONTRIBUTIONS.c
_FIELDS = Contribution.__struct_fields__
_LIVE = _POST.withdrawn_at.is_(None)
_SPAN = _POST.event_at.between(bindparam("first_at"), bindparam("last_at"))
_IN_SERIES = _POST.series == bindparam("series")

_ALL = select(*(_POST["field_values" if f == "values" else f] for f in _FIELDS))
_VALUES = _FIELDS.index("values")
_OF_POSTS = _ALL.where(among(_POST.uid, "uids"))
_OF_ACCOUNTS = _ALL.where(among(_POST.account, "accounts"))
_WITHIN = _ALL.where(_LIVE, _IN_SERIES, _SPAN).order_by(_POST.event_at, _POST.uid)
_LATEST = (
    _ALL.where(_IN_SERIES, _SPAN)
    .order_by(_POST.event_at.desc(), _POST.uid)
    .limit(bindparam("most", type_=Integer))
)
_TIMES = (
    select(_POST.series, _POST.event_at)
    .where(_LIVE, among(_POST.series, "series"), _SPAN)
    .order_by(_POST.series, _POST.event_at)
)
_NEIGHBOURS = select(
    select(func.max(_POST.event_at))
    .where(_LIVE, _IN_SERIES, _POST.event_at <= bindparam("at"))
    .scalar_subquery(),
    select(func.min(_POST.event_at))
    .where(_LIVE, _IN_SERIES, _POST.event_at >= bindparam("at"))
    .scalar_subquery(),
)
_OF_SPAN = (_LIVE, _IN_SERIES, _SPAN)
_COUNTED = select(func.count(), func.min(_POST.collected_at - _POST.event_at)).where(*_OF_SPAN)
_SPOT = (
    select(_POST.event_at, _POST.place, _POST.lat, _POST.lon)
    .where(*_OF_SPAN, _POST.place.is_not(None))
    .order_by(_POST.event_at, _POST.place)
    .limit(1)
)
_BOUNDS = select(func.min(_POST.event_at), func.max(_POST.event_at)).where(_LIVE, _IN_SERIES)
_DROP = delete(CONTRIBUTIONS).where(_POST.uid == bindparam("post"), _POST.series == bindparam("of"))


def _contributions(rows: Iterable[Sequence[Any]]) -> list[Contribution]:
    return [_contribution(row) for row in rows]


def _contribution(row: Sequence[Any]) -> Contribution:
    fields = dict(zip(_FIELDS, row, strict=True))
    packed = row[_VALUES]
    fields["values"] = unpack_group(packed) if packed else ()
    return Contribution(**fields)


def _row(contribution: Contribution) -> dict[str, object]:
    row = msgspec.structs.asdict(contribution)
    values = row.pop("values")
    row["field_values"] = pack_group(values) if values else None
    return row
