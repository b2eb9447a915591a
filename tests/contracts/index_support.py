"""What the suites of the index share: how it is opened, written and asked."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, settings

from index.port import (
    Bucket,
    Entry,
    IndexWriter,
    SearchIndex,
    SearchPage,
    SearchRequest,
)
from index.query.ast import Node
from model.enriched import Place, PlaceOrigin
from model.post import Operation
from tests.contracts.index_posts import (
    entry,
    made,
)

SERIAL = itertools.count()
"""Numbers for ids that no other example of a test has used."""

SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
"""What is right about a suite that several back ends inherit, each with its own fixtures."""

MODERATE = settings(max_examples=40, suppress_health_check=SHARED)


class BackEnd(NamedTuple):
    """How an index is opened. Each call is another handle on the same index."""

    writer: Callable[[], IndexWriter]
    reader: Callable[[], SearchIndex]


class IndexCase:
    """The fixtures of every suite."""

    @pytest.fixture
    def back_end(self) -> BackEnd:
        """How the index of one test is opened; empty at first."""
        raise NotImplementedError

    @pytest.fixture
    def writer(self, back_end: BackEnd) -> Iterator[IndexWriter]:
        with contextlib.closing(back_end.writer()) as writer:
            yield writer

    @pytest.fixture
    def index(self, back_end: BackEnd, writer: IndexWriter) -> Iterator[SearchIndex]:
        with contextlib.closing(back_end.reader()) as index:
            yield index


def store(writer: IndexWriter, *written: Entry) -> None:
    """Write and commit."""
    assert writer.write(written) == []
    writer.commit()


def event(op: Operation, rev: int, uid: str = "x:main:1") -> Entry:
    """An event of one post, whose text says which."""
    return entry(made(uid, f"{op} {rev}", op=op, rev=rev))


def shown(index: SearchIndex, uid: str = "x:main:1") -> str | None:
    """The text of the post, None if it is not there."""
    hit = index.get(uid)
    return None if hit is None else hit.post.text


def found(index: SearchIndex, query: Node) -> set[str]:
    """The ids of all posts that a search finds."""
    request = SearchRequest(query=query, limit=1_000)
    return {hit.post.uid for page in pages(index, request) for hit in page.hits}


def pages(index: SearchIndex, request: SearchRequest) -> Iterator[SearchPage]:
    page = index.search(request)
    yield page
    passed: set[str] = set()
    while page.cursor is not None:
        assert page.cursor not in passed, "the pages go round in a circle"
        passed.add(page.cursor)
        page = index.search(after(request, page.cursor))
        yield page


def after(request: SearchRequest, cursor: str | None) -> SearchRequest:
    assert cursor is not None
    return msgspec.structs.replace(request, cursor=cursor)


def counted(buckets: list[Bucket]) -> list[tuple[str | int, int]]:
    return [(bucket.key, bucket.count) for bucket in buckets]


def somewhere(
    lat: float, lon: float, origin: PlaceOrigin = "mention", name: str = "somewhere"
) -> Place:
    return Place(
        start=0, end=0, text=name, name=name, kind="city", confidence=1.0, lat=lat, lon=lon,
        origin=origin,
    )  # fmt: skip
