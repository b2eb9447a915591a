"""Counting posts over time and by value."""

from __future__ import annotations

from collections import Counter

import pytest

from index.port import (
    IndexWriter,
    SearchIndex,
    SearchRequest,
    TopField,
)
from index.query.ast import And, Keyword, MatchAll, Not, Term
from model.clock import DAY, HOUR
from model.enriched import Tension
from model.errors import QueryError
from tests.contracts.index_posts import (
    enriched,
    entries,
    entry,
    made,
)
from tests.contracts.index_support import (
    IndexCase,
    counted,
    somewhere,
    store,
)


class CountingContract(IndexCase):
    """The part of the suite on counting."""

    def test_counts_over_time_include_empty_intervals(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        times = (-1, 0, HOUR - 1, 3 * HOUR)
        store(writer, *entries(made(f"x:main:{n}", at=at) for n, at in enumerate(times)))
        assert counted(index.over_time(SearchRequest(), HOUR)) == [
            (-HOUR, 1), (0, 2), (HOUR, 0), (2 * HOUR, 0), (3 * HOUR, 1),
        ]  # fmt: skip
        spanned = SearchRequest(since=-2 * HOUR, until=HOUR)
        assert counted(index.over_time(spanned, HOUR)) == [(-2 * HOUR, 0), (-HOUR, 1), (0, 2)]
        assert index.over_time(SearchRequest(since=5, until=5), HOUR) == []
        nothing = SearchRequest(query=Term("none"), since=0, until=HOUR)
        assert counted(index.over_time(nothing, HOUR)) == [(0, 0)]

    def test_extreme_dates_break_nothing(self, writer: IndexWriter, index: SearchIndex) -> None:
        times = (253_402_300_799_999_999, -62_135_596_800_000_000, 0)
        store(writer, *entries(made(f"x:main:{n}", at=at) for n, at in enumerate(times)))
        assert index.search(SearchRequest(limit=1)).hits[0].post.uid == "x:main:0"
        with pytest.raises(QueryError, match="intervals"):
            index.over_time(SearchRequest(), HOUR)
        assert sum(b.count for b in index.over_time(SearchRequest(), 3_650 * DAY)) == 3
        assert counted(index.over_time(SearchRequest(since=0, until=DAY), DAY)) == [(0, 1)]
        with pytest.raises(QueryError):
            index.over_time(SearchRequest(), 0)

    @pytest.mark.parametrize("field", ["place", "tension", "platform", "lang", "hashtag"])
    def test_top_values_are_exact_and_ties_go_by_value(
        self, writer: IndexWriter, index: SearchIndex, field: TopField
    ) -> None:
        counter: Counter[str] = Counter()
        for n in range(240):
            name = f"v{n * n % 37}"
            counter[name] += 1
            tension = (Tension(name, 0.5),)
            added = enriched("", places=(somewhere(0, 0, name=name),), lang=name, tension=tension)
            writer.write([entry(made(f"{name}:main:{n}", hashtags=(f"#{name}", name)), added)])
            if n % 50 == 0:
                writer.commit()
        writer.commit()
        expected = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
        for limit in (0, 1, 5, 100):
            got = index.top(SearchRequest(), field, limit)
            assert [(bucket.key, bucket.count) for bucket in got] == expected[:limit]
        assert index.top(SearchRequest(query=Not(MatchAll())), field, 5) == []

    def test_counts_obey_the_query(self, writer: IndexWriter, index: SearchIndex) -> None:
        store(writer, *entries([made("x:main:1", "fire"), made("reddit:main:2", "flood")]))
        request = SearchRequest(query=And((Term("fire"), Keyword("platform", "x"))))
        assert [(b.key, b.count) for b in index.top(request, "platform", 5)] == [("x", 1)]
