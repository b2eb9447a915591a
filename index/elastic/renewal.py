"""Moving old posts under a new mapping, while they are searched.

A mapping cannot be changed in place. But every document holds both records of its post
untouched, so that a new one can be made of it at any time, without the log. One index
after another is renewed: writing to it is blocked, its documents are made anew in a second
index, the aliases change over in one step, and the old index is deleted. Searching goes on
all the while; the indexer's writes to that period are refused, and repeated until the new
index is there.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import structlog

from index.elastic import schema
from index.elastic.alphabet import as_bytes
from index.elastic.bulk import OK, Bulk, check
from index.elastic.client import MISSING, Server
from index.elastic.connection import ElasticConnection
from index.elastic.document import put_post
from index.elastic.layout import Layout
from index.elastic.scan import scan
from index.events import Event, decode
from index.port import Entry
from model.clock import SystemClock
from model.errors import StateCorrupt

_LOG = structlog.get_logger(__name__)
_AT_ONCE = 1_000
_STORED = [schema.POST_BYTES, schema.ENRICHMENT_BYTES]


def outdated(connection: ElasticConnection) -> list[str]:
    """The periods whose index has an older mapping than this version makes."""
    server = Server(connection)
    try:
        layout = Layout(server, connection)
        current = layout.names.index
        periods = layout.periods().items()
        return sorted(p for p, index in periods if index != current(p, schema.VERSION))
    finally:
        server.close()


def renew(connection: ElasticConnection, period: str, *, version: int = schema.VERSION) -> int:
    """Put the posts of a period under the mapping of this version; how many there are.

    One that was cut off is begun again. Does nothing if the period has that mapping.
    Raises StateCorrupt if the copy does not hold every post; the old index then stays.
    """
    server = Server(connection)
    try:
        return _Renewal(server, connection, period, version).run()
    finally:
        server.close()


class _Renewal:
    """The renewal of one period."""

    def __init__(
        self, server: Server, connection: ElasticConnection, period: str, version: int
    ) -> None:
        self._server = server
        self._layout = Layout(server, connection)
        self._bulk = Bulk(server, SystemClock())
        self._period = period
        self._version = version

    def run(self) -> int:
        names = self._layout.names
        old = self._layout.periods().get(self._period)
        new = names.index(self._period, self._version)
        if old is None or old == new:
            return 0
        self._layout.prepare()
        self._server.ask("DELETE", f"/{new}", accept=frozenset({MISSING}))
        self._layout.create(self._period, aliases=(), version=self._version)
        self._server.ask("PUT", f"/{old}/_block/write")
        try:
            self._server.ask("POST", f"/{old}/_refresh")
            copied = self._copied(old, new)
        except BaseException:
            self._unblock(old)
            raise
        self._change_over(old, new)
        _LOG.info("index renewed", old=old, new=new, posts=copied)
        return copied

    def _copied(self, old: str, new: str) -> int:
        hits = scan(self._server, old, {"match_all": {}}, source=_STORED)
        count = 0
        while some := list(itertools.islice(hits, _AT_ONCE)):
            check(self._bulk.send(list(_items(some, new))), lambda outcome: outcome.status >= OK)
            count += len(some)
        self._server.ask("POST", f"/{new}/_refresh")
        held = self._server.ask("GET", f"/{new}/_count").body["count"]
        if held != count:
            raise StateCorrupt(f"the index {new}", cause=f"it holds {held} of {count} posts")
        return count

    def _change_over(self, old: str, new: str) -> None:
        names = self._layout.names
        steps: list[dict[str, Any]] = [
            {"add": {"index": new, "alias": alias}}
            for alias in (names.alias(self._period), names.posts)
        ]
        steps.append({"remove_index": {"index": old}})
        self._server.ask("POST", "/_aliases", {"actions": steps})

    def _unblock(self, index: str) -> None:
        self._server.ask("PUT", f"/{index}/_settings", {"index.blocks.write": None})


def _items(hits: list[dict[str, Any]], index: str) -> Iterator[bytes]:
    """Each document made anew under the version that it has."""
    entries = [Entry(*(as_bytes(hit["_source"][part]) for part in _STORED)) for hit in hits]
    events: list[Event]
    events, rejected = decode(entries)
    if rejected:
        raise StateCorrupt("a stored post", cause=rejected[0].cause)
    for event, hit in zip(events, hits, strict=True):
        yield put_post(index, hit["_version"], event)
