"""Searching the embedded index."""

from __future__ import annotations

from pathlib import Path

from index.cursor import cursor_of
from index.embedded.compile import engine_query, in_span
from index.embedded.engine import Guard, Index, Order, Query, Searcher, count
from index.embedded.folder import Folder, Stamp
from index.embedded.pages import page, read_hit
from index.embedded.schema import SCHEMA, TIME
from index.port import Bucket, Hit, SearchPage, SearchRequest, TopField
from index.query.ast import Keyword
from model.errors import QueryError

MAX_BUCKETS = 10_000
MAX_TOP = 10_000
_EVERY_VALUE = 1_000_000
"""Values that tantivy counts per segment before it drops the rarer ones."""


class TantivyIndex:
    """The index in a folder, for reading; any number of processes may.

    Every call sees the last commit. A folder without an index is an empty one. Raises
    IndexUnavailable and StateCorrupt.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Folder(folder)
        self._guard = Guard(self._folder.segments)
        self._index: Index | None = None
        self._stamp = self._folder.stamp()
        self._searcher = self._opened(self._stamp)

    def search(self, request: SearchRequest) -> SearchPage:
        """One page of posts."""
        after = cursor_of(request)
        query = _query(request)
        searcher = self._refreshed()
        with self._guard:
            total = count(searcher, query)
            hits, following = page(searcher, query, request, after)
        return SearchPage(hits, total, following.text() if following else None)

    def count(self, request: SearchRequest) -> int:
        """How many posts there are; limit, sort and cursor are ignored."""
        query = _query(request)
        searcher = self._refreshed()
        with self._guard:
            return count(searcher, query)

    def over_time(self, request: SearchRequest, interval: int) -> list[Bucket]:
        """Counts per interval (microseconds), oldest first, empty intervals included."""
        if interval < 1:
            raise QueryError("an interval must be longer than nothing")
        query = _query(request)
        searcher = self._refreshed()
        with self._guard:
            ends = _ends(searcher, query, request)
            if ends is None:
                return []
            first, last = ends[0] // interval, ends[1] // interval
            if last - first >= MAX_BUCKETS:
                raise QueryError(
                    f"{last - first + 1:,} intervals are too many",
                    hint="Give since and until, or a longer interval",
                )
            counts = _counts_over_time(searcher, query, interval)
        return [Bucket(n * interval, counts.get(n, 0)) for n in range(first, last + 1)]

    def top(self, request: SearchRequest, field: TopField, limit: int) -> list[Bucket]:
        """The commonest values of a field, most first, ties by value."""
        if limit < 1:
            return []
        query = _query(request)
        searcher = self._refreshed()
        terms = {"field": field, "size": min(limit, MAX_TOP), "segment_size": _EVERY_VALUE}
        with self._guard:
            found = searcher.aggregate(query, {"top": {"terms": terms}})
        buckets = [Bucket(b["key"], b["doc_count"]) for b in found["top"]["buckets"]]
        return sorted(buckets, key=lambda bucket: (-bucket.count, bucket.key))

    def get(self, uid: str) -> Hit | None:
        """One post, or None if it is not there or was removed."""
        searcher = self._refreshed()
        with self._guard:
            found = searcher.search(engine_query(Keyword("uid", uid)), limit=1, count=False).hits
            return read_hit(searcher, found[0][1]) if found else None

    def close(self) -> None:
        """Release everything."""
        self._index = None
        self._stamp = None
        self._searcher = Index(SCHEMA).searcher()

    def _refreshed(self) -> Searcher:
        """A searcher on the last commit; the same one as long as there was no other."""
        stamp = self._folder.stamp()
        if stamp != self._stamp:
            self._searcher = self._opened(stamp)
            self._stamp = stamp
        return self._searcher

    def _opened(self, stamp: Stamp | None) -> Searcher:
        with self._guard:
            if stamp is None:
                self._folder.check_whole()
                self._index = None
                return Index(SCHEMA).searcher()
            if self._index is None:
                self._index = self._folder.open()
            self._index.reload()
            return self._index.searcher()


def _query(request: SearchRequest) -> Query:
    """The query within its time span. Raises QueryError for what tantivy cannot run."""
    try:
        return in_span(engine_query(request.query), request.since, request.until)
    except ValueError as error:
        raise QueryError("the index cannot search for this", hint=str(error)) from error


def _ends(searcher: Searcher, query: Query, request: SearchRequest) -> tuple[int, int] | None:
    """The first and the last moment to count; None if there is nothing between them."""
    first, last = request.since, None if request.until is None else request.until - 1
    if first is None:
        first = _outermost(searcher, query, Order.Asc)
    if last is None:
        last = _outermost(searcher, query, Order.Desc)
    return None if first is None or last is None or first > last else (first, last)


def _outermost(searcher: Searcher, query: Query, order: Order) -> int | None:
    hits = searcher.search(query, limit=1, order_by_field=TIME, order=order, count=False).hits
    return int(hits[0][0]) if hits else None


def _counts_over_time(searcher: Searcher, query: Query, interval: int) -> dict[int, int]:
    """Counts by the number of the interval since 1970; exact for the years 1685 to 2255,
    beyond which tantivy's floating point blurs a boundary by microseconds."""
    histogram = {"field": TIME, "interval": interval, "min_doc_count": 1}
    found = searcher.aggregate(query, {"time": {"histogram": histogram}})
    return {round(b["key"] / interval): b["doc_count"] for b in found["time"]["buckets"]}
