"""The predicate, tantivy and Elasticsearch give the same answers to random questions about
random posts, and count alike."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.elastic import ElasticConnection, ElasticIndex, ElasticWriter
from index.embedded import TantivyIndex, TantivyWriter
from index.fields import Fields
from index.port import IndexWriter, SearchIndex, SearchRequest, TopField
from index.query.ast import MatchAll, Node
from index.query.parse import parse
from index.query.predicate import compile_predicate
from model.clock import DAY
from model.errors import QueryError
from tests.contracts.index_posts import MOMENTS, entries_of, queries, seen, tokenize
from tests.contracts.index_support import SERIAL, counted, found, store

EXAMPLES = 20
QUERIES = 25
TYPED = (
    "fire OR flood -film",
    '"fire at the mill"',
    '"fire mill"~2 OR #mill',
    "f* AND NOT (film OR @sid)",
    "place:guildford OR place:stok*",
    'near:"51.236,-0.570~5km" OR has:geotag',
    "tension.weapons:>0.5 OR tension:hate",
    "likes:[1 TO 10} is:edited",
    "caf? OR 🔥",
    "kind:comment OR lang:cy",
)


class Sides(NamedTuple):
    """The same posts in every engine, and what rules see of them."""

    writers: tuple[IndexWriter, ...]
    indexes: tuple[SearchIndex, ...]
    posts: dict[str, Fields]

    def satisfying(self, query: Node) -> set[str]:
        """The ids that the predicate finds."""
        predicate = compile_predicate(query)
        return {uid for uid, fields in self.posts.items() if predicate(fields)}


@pytest.fixture
def sides(tmp_path: Path, elastic: ElasticConnection) -> Iterator[Sides]:
    with contextlib.ExitStack() as opened:
        close = opened.enter_context
        writers = (TantivyWriter(tmp_path / "index"), ElasticWriter(elastic))
        indexes = (TantivyIndex(tmp_path / "index"), ElasticIndex(elastic))
        for part in (*writers, *indexes):
            close(contextlib.closing(part))
        yield Sides(writers, indexes, {})


def add(sides: Sides, data: st.DataObject) -> None:
    """Some more posts, the same on every side."""
    uids = [f"x:main:{next(SERIAL)}" for _ in range(data.draw(st.integers(1, 8)))]
    written = [data.draw(entries_of(uid), label=uid) for uid in uids]
    for writer in sides.writers:
        store(writer, *written)
    sides.posts.update(zip(uids, map(seen, written), strict=True))


def check(sides: Sides, query: Node) -> None:
    """Every side finds the same posts for a query."""
    expected = sides.satisfying(query)
    for index in sides.indexes:
        assert found(index, query) == expected, (index, query)


def test_they_find_the_same(sides: Sides) -> None:
    compared = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(data=st.data())
    def compare(data: st.DataObject) -> None:
        nonlocal compared
        add(sides, data)
        asked = data.draw(st.lists(queries, min_size=QUERIES, max_size=QUERIES), label="queries")
        for query in (*asked, *(parse(text, tokenize) for text in TYPED)):
            check(sides, query)
            compared += 1

    compare()
    assert compared >= EXAMPLES * QUERIES


@pytest.mark.parametrize("interval", [DAY, 3_650 * DAY])
def test_they_count_the_same(sides: Sides, interval: int) -> None:
    fields: tuple[TopField, ...] = get_args(TopField)

    @settings(
        max_examples=8,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(data=st.data())
    def compare(data: st.DataObject) -> None:
        add(sides, data)
        since, until = sorted(data.draw(st.tuples(*[st.sampled_from(MOMENTS)] * 2)))
        for query in (MatchAll(), *data.draw(st.lists(queries, min_size=3, max_size=3))):
            request = SearchRequest(query=query, since=since, until=until)
            for field in fields:
                answers = [counted(index.top(request, field, 5)) for index in sides.indexes]
                assert answers[0] == answers[1], (field, query)
            series = [over_time(index, request, interval) for index in sides.indexes]
            assert series[0] == series[1], query

    compare()


def over_time(
    index: SearchIndex, request: SearchRequest, interval: int
) -> list[tuple[str | int, int]] | str:
    """The series, or why there is none."""
    try:
        return counted(index.over_time(request, interval))
    except QueryError as error:
        return error.what
