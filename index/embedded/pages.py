"""One page of hits in the order of a search.

Posts are sorted by their own time and, where that is the same, by uid; "newest" is the
exact reverse of "oldest". A page goes on after the last post of the one before, so that
posts that arrive meanwhile are neither shown twice nor skipped. By relevance there is no
lasting order, and a page goes on by counting.
"""

from __future__ import annotations

from typing import NamedTuple

from index.cursor import Cursor, digest
from index.embedded.compile import in_span
from index.embedded.engine import DocAddress, Order, Query, Searcher, count
from index.embedded.schema import ENRICHMENT_BYTES, POST_BYTES, TIME, UID
from index.port import Hit, SearchRequest
from model.enriched import ENRICHMENT
from model.post import POST


class Page(NamedTuple):
    """The hits of a page, and the cursor of the next one if there is more."""

    hits: tuple[Hit, ...]
    following: Cursor | None


def page(searcher: Searcher, query: Query, request: SearchRequest, after: Cursor | None) -> Page:
    """The page that follows ``after``, or the first."""
    if request.limit < 1:
        return Page((), None)
    if request.sort == "relevance":
        return _by_relevance(searcher, query, request, after)
    return _by_time(searcher, query, request, after)


def read_hit(searcher: Searcher, address: DocAddress) -> Hit:
    """A hit, decoded from the bytes that were stored."""
    stored = searcher.doc(address)
    post: bytes = stored.get_all(POST_BYTES)[0]
    enrichment: bytes = stored.get_all(ENRICHMENT_BYTES)[0]
    return Hit(POST.decode(post), ENRICHMENT.decode(enrichment))


def _by_relevance(
    searcher: Searcher, query: Query, request: SearchRequest, after: Cursor | None
) -> Page:
    shown = after.shown if after else 0
    found = searcher.search(query, limit=request.limit + 1, offset=shown, count=False).hits
    hits = tuple(read_hit(searcher, address) for _, address in found[: request.limit])
    more = len(found) > request.limit
    return Page(hits, Cursor(digest(request), shown=shown + len(hits)) if more else None)


class _Found(NamedTuple):
    time: int
    uid: str
    hit: Hit


def _by_time(
    searcher: Searcher, query: Query, request: SearchRequest, after: Cursor | None
) -> Page:
    timeline = _Timeline(searcher, query, newest_first=request.sort == "newest")
    found = timeline.after(after, request.limit + 1)
    shown = found[: request.limit]
    last = shown[-1] if len(found) > len(shown) else None
    following = Cursor(digest(request), last.time, last.uid) if last else None
    return Page(tuple(f.hit for f in shown), following)


class _Timeline:
    """The hits of a query in the order of time and uid, or backwards."""

    def __init__(self, searcher: Searcher, query: Query, *, newest_first: bool) -> None:
        self._searcher = searcher
        self._query = query
        self._newest_first = newest_first
        self._order = Order.Desc if newest_first else Order.Asc

    def after(self, cursor: Cursor | None, wanted: int) -> list[_Found]:
        """The next hits: first the rest of the cursor's own moment, then what is beyond."""
        if cursor is None:
            return self._beyond(self._query, wanted)
        found = self._at(cursor.time, wanted, after=cursor.uid)
        if len(found) < wanted:
            found += self._beyond(self._past(cursor.time), wanted - len(found))
        return found

    def _past(self, time: int) -> Query:
        if self._newest_first:
            return in_span(self._query, None, time)
        return in_span(self._query, time + 1, None)

    def _beyond(self, query: Query, wanted: int) -> list[_Found]:
        """The first hits of a query.

        tantivy sorts by time alone, so of the last moment it may have picked any; that
        moment is asked for again by uid.
        """
        hits = self._searcher.search(
            query, limit=wanted, order_by_field=TIME, order=self._order, count=False
        ).hits
        cut = hits[-1][0] if len(hits) == wanted else None
        found = [self._read(time, address) for time, address in hits if time != cut]
        found.sort(key=lambda f: (f.time, f.uid), reverse=self._newest_first)
        if cut is not None:
            found += self._at(cut, wanted - len(found))
        return found

    def _at(self, time: int, wanted: int, *, after: str | None = None) -> list[_Found]:
        """Hits of one moment by uid, beyond the uid ``after``."""
        query = in_span(self._query, time, time + 1)
        # tantivy knows no ranges of text, so those up to ``after`` are fetched as well.
        limit = wanted if after is None else max(1, count(self._searcher, query))
        hits = self._searcher.search(
            query, limit=limit, order_by_field=UID, order=self._order, count=False
        ).hits
        beyond = [address for uid, address in hits if after is None or self._follows(uid, after)]
        return [self._read(time, address) for address in beyond[:wanted]]

    def _follows(self, uid: str, other: str) -> bool:
        return uid < other if self._newest_first else uid > other

    def _read(self, time: int, address: DocAddress) -> _Found:
        hit = read_hit(self._searcher, address)
        return _Found(time, hit.post.uid, hit)
