"""Searching Elasticsearch."""

from __future__ import annotations

from typing import Any

from index.cursor import Cursor, cursor_of, digest
from index.elastic.aggregate import first_and_last, over_time, top
from index.elastic.client import Server
from index.elastic.compile import Dsl, compiled
from index.elastic.connection import ElasticConnection
from index.elastic.document import id_of, read_hit
from index.elastic.names import Names
from index.elastic.scan import KEEP_ALIVE, close_view, open_view
from index.elastic.schema import ENRICHMENT_BYTES, ID, POST_BYTES, TIME
from index.port import Bucket, Hit, SearchPage, SearchRequest, TopField
from model.errors import QueryError, StateCorrupt

MAX_PAGE = 5_000
"""Hits of one page, whatever the request says; the cursor leads to the others."""

MAX_BUCKETS = 10_000
MAX_TOP = 10_000

_STORED = [POST_BYTES, ENRICHMENT_BYTES]


class ElasticIndex:
    """The index, for reading; any number of processes may. Belongs to one thread.

    Opens no connection before the first call. Every call sees the last commit; an index
    that nobody has written to is an empty one.

    By time, a page goes on after the time and uid of the last post: an order that lasts,
    so nothing has to be held open, and what was erased meanwhile does not come back. By
    relevance there is no such order, and the pages are those of a point in time, which
    Elasticsearch holds for two minutes after each page.
    """

    def __init__(self, connection: ElasticConnection) -> None:
        self._server = Server(connection)
        self._posts = Names(connection.prefix, connection.daily_from).posts

    def search(self, request: SearchRequest) -> SearchPage:
        """One page of posts."""
        after = cursor_of(request)
        query = _query(request)
        if request.limit < 1:
            return SearchPage((), self._count(query))
        if request.sort == "relevance":
            return self._by_relevance(request, query, after)
        return self._by_time(request, query, after)

    def count(self, request: SearchRequest) -> int:
        """How many posts there are; limit, sort and cursor are ignored."""
        return self._count(_query(request))

    def over_time(self, request: SearchRequest, interval: int) -> list[Bucket]:
        """Counts per interval (microseconds), oldest first, empty intervals included."""
        if interval < 1:
            raise QueryError("an interval must be longer than nothing")
        query = _query(request)
        ends = first_and_last(self._ask, query, request)
        if ends is None:
            return []
        first, last = ends[0] // interval, ends[1] // interval
        if last - first >= MAX_BUCKETS:
            raise QueryError(
                f"{last - first + 1:,} intervals are too many",
                hint="Give since and until, or a longer interval",
            )
        counts = over_time(self._ask, query, interval)
        return [Bucket(n * interval, counts.get(n, 0)) for n in range(first, last + 1)]

    def top(self, request: SearchRequest, field: TopField, limit: int) -> list[Bucket]:
        """The commonest values of a field, most first, ties by value."""
        if limit < 1:
            return []
        return top(self._ask, _query(request), field, min(limit, MAX_TOP))

    def get(self, uid: str) -> Hit | None:
        """One post, or None if it is not there or was removed."""
        body = {"query": {"ids": {"values": [id_of(uid)]}}, "size": 1, "_source": _STORED}
        hits = self._ask(body)["hits"]["hits"]
        return read_hit(hits[0]["_source"]) if hits else None

    def close(self) -> None:
        """Release everything."""
        self._server.close()

    def _by_time(self, request: SearchRequest, query: Dsl, after: Cursor | None) -> SearchPage:
        direction = "desc" if request.sort == "newest" else "asc"
        body = _page(request, query) | {"sort": [{TIME: direction}, {ID: direction}]}
        if after is not None:
            body["search_after"] = [after.time, after.uid]
        found = self._ask(body)["hits"]
        hits, last = _shown(found["hits"], body["size"])
        following = Cursor(digest(request), time=last[0], uid=last[1]) if last else None
        return _made(hits, found, following)

    def _by_relevance(self, request: SearchRequest, query: Dsl, after: Cursor | None) -> SearchPage:
        view = after.view if after else open_view(self._server, self._posts)
        body = _page(request, query) | {
            "pit": {"id": view, "keep_alive": KEEP_ALIVE},
            "sort": [{"_score": "desc"}, {"_shard_doc": "asc"}],
        }
        if after is not None:
            body["search_after"] = after.mark
        found = self._view_ask(body)["hits"]
        hits, last = _shown(found["hits"], body["size"])
        if last is None:
            close_view(self._server, view)
            return _made(hits, found, None)
        mark = (float(last[0]), int(last[1]))
        return _made(hits, found, Cursor(digest(request), view=view, mark=mark))

    def _count(self, query: Dsl) -> int:
        reply = self._server.ask(
            "POST", f"/{self._posts}/_count", {"query": query}, ignore_unavailable="true"
        )
        return int(reply.body["count"])

    def _ask(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._server.search(body, self._posts)

    def _view_ask(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._server.search(body)
        except StateCorrupt as error:
            raise QueryError(
                "the cursor is too old", hint="Start again at the first page"
            ) from error


def _query(request: SearchRequest) -> Dsl:
    return compiled(request.query, request.since, request.until)


def _page(request: SearchRequest, query: Dsl) -> dict[str, Any]:
    """A search for one hit more than is shown, which tells whether there is another page."""
    return {
        "query": query,
        "size": min(request.limit, MAX_PAGE) + 1,
        "_source": _STORED,
        "track_total_hits": True,
    }


def _shown(found: list[dict[str, Any]], size: int) -> tuple[list[dict[str, Any]], list[Any] | None]:
    """The hits to be shown, and the place of the last of them if there are more."""
    if len(found) < size:
        return found, None
    return found[:-1], found[-2]["sort"]


def _made(hits: list[dict[str, Any]], found: dict[str, Any], cursor: Cursor | None) -> SearchPage:
    return SearchPage(
        tuple(read_hit(hit["_source"]) for hit in hits),
        found["total"]["value"],
        cursor.text() if cursor else None,
    )
