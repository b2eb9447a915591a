"""Letting go of old posts by whole indices, and of the memory of posts that are long gone.

Elasticsearch's own life cycle management is not used: what is deleted and when is for
this system to decide, to log and to answer for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog

from index.elastic.bulk import OK, Bulk
from index.elastic.client import MISSING, Server
from index.elastic.connection import ElasticConnection
from index.elastic.document import action
from index.elastic.layout import Layout
from index.elastic.names import period_end
from index.elastic.scan import scan
from model.clock import SystemClock, to_datetime

_LOG = structlog.get_logger(__name__)
_AT_ONCE = 1_000

Hit = dict[str, Any]


def drop_before(connection: ElasticConnection, moment: int) -> list[str]:
    """Delete every index all of whose posts stand before a moment (UTC microseconds).

    Returns the names of the indices that were deleted, oldest first. A day is kept until
    it is over; the posts before ``daily_from`` until their year is.
    """
    server = Server(connection)
    try:
        layout = Layout(server, connection)
        old = sorted(
            (end, index)
            for period, index in layout.periods().items()
            if (end := period_end(period)) is not None and end <= moment
        )
        for end, index in old:
            server.ask("DELETE", f"/{index}", accept=frozenset({MISSING}))
            _LOG.info("index deleted", index=index, posts_before=_date(end))
    finally:
        server.close()
    return [index for _, index in old]


def forget_before(connection: ElasticConnection, moment: int) -> int:
    """Forget the standings that last changed before a moment (UTC microseconds), of posts
    of which no index holds a copy. Returns how many.

    A forgotten deletion no longer keeps its post out. So the moment must lie before the
    oldest record that the log, or an archive that may be read in again, still holds.
    """
    server = Server(connection)
    try:
        layout = Layout(server, connection)
        standings = layout.names.standings
        server.ask("POST", f"/{standings}/_refresh", ignore_unavailable="true")
        held = set(layout.periods())
        old = scan(server, standings, {"range": {"at": {"lt": moment}}}, source=["periods"])
        gone = (hit for hit in old if held.isdisjoint(hit["_source"]["periods"]))
        forgotten = _delete(Bulk(server, SystemClock()), standings, gone)
        _LOG.info("standings forgotten", count=forgotten, older_than=_date(moment))
    finally:
        server.close()
    return forgotten


def _delete(bulk: Bulk, index: str, hits: Iterable[Hit]) -> int:
    """Delete documents that have not changed since they were found."""
    items = [
        action(
            "delete",
            index,
            hit["_id"],
            if_seq_no=hit["_seq_no"],
            if_primary_term=hit["_primary_term"],
        )
        for hit in hits
    ]
    return sum(
        outcome.status < OK
        for start in range(0, len(items), _AT_ONCE)
        for outcome in bulk.send(items[start : start + _AT_ONCE])
    )


def _date(moment: int) -> str:
    return to_datetime(moment).date().isoformat()
