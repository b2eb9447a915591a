"""Searching and counting indexed posts, always together with what the sources saw.

An answer carries the coverage of its time span: no posts while a source was blind is
not the same as no posts.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from desk.access import Caller, admit
from index.highlight import highlights
from index.port import Bucket, Hit, SearchIndex, SearchPage, SearchRequest, TopField
from index.query.ast import And, Near, Node
from model.clock import Clock
from model.coverage import CoverageInterval
from store.engine import Store

Parse = Callable[[str], Node]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What an analyst asks. Times are UTC microseconds; ``near`` is latitude and
    longitude in degrees and a radius in metres."""

    query: str
    since: int | None = None
    until: int | None = None
    near: tuple[float, float, float] | None = None
    area: str | None = None
    limit: int = 20
    cursor: str | None = None


class Finding(msgspec.Struct, frozen=True):
    """A post, and the spans of its text (code points) that the query asked for."""

    hit: Hit
    highlights: tuple[tuple[int, int], ...]


class Answer(msgspec.Struct, frozen=True):
    """One page of findings with the coverage of the time that was asked about."""

    findings: tuple[Finding, ...]
    total: int
    cursor: str | None
    coverage: tuple[CoverageInterval, ...]


class SearchDesk:
    """The analyst's search."""

    def __init__(self, index: SearchIndex, store: Store, parse: Parse, clock: Clock) -> None:
        self._index = index
        self._store = store
        self._parse = parse
        self._clock = clock

    def search(self, caller: Caller, question: Question) -> Answer:
        """One page of posts, newest first. Raises QueryError for what cannot be understood."""
        admit(caller, "search posts")
        request = self._request(question)
        page: SearchPage = self._index.search(request)
        findings = tuple(self._finding(request.query, hit) for hit in page.hits)
        return Answer(findings, page.total, page.cursor, self._coverage(question))

    def count(self, caller: Caller, question: Question) -> int:
        """How many posts there are."""
        admit(caller, "count posts")
        return self._index.count(self._request(question))

    def over_time(self, caller: Caller, question: Question, interval: int) -> list[Bucket]:
        """Counts per interval of this many microseconds."""
        admit(caller, "count posts")
        return self._index.over_time(self._request(question), interval)

    def top(
        self, caller: Caller, question: Question, field: TopField, limit: int = 20
    ) -> list[Bucket]:
        """The commonest values of a field."""
        admit(caller, "count posts")
        return self._index.top(self._request(question), field, limit)

    def _request(self, question: Question) -> SearchRequest:
        nodes = [self._parse(question.query)]
        if question.near is not None:
            nodes.append(Near(*question.near))
        if question.area is not None:
            nodes.append(self._parse(f'area:"{question.area}"'))
        return SearchRequest(
            query=nodes[0] if len(nodes) == 1 else And(tuple(nodes)),
            since=question.since,
            until=question.until,
            limit=question.limit,
            cursor=question.cursor,
        )

    def _finding(self, query: Node, hit: Hit) -> Finding:
        return Finding(hit, tuple(highlights(query, hit.post.text or "", hit.enrichment)))

    def _coverage(self, question: Question) -> tuple[CoverageInterval, ...]:
        until = self._clock.now() if question.until is None else question.until
        return tuple(self._store.coverage.intervals(question.since or 0, until))
