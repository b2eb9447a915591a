"""Searching and counting posts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.port import (
    IndexWriter,
    SearchIndex,
    SearchRequest,
    Sort,
)
from index.query.ast import Keyword, Near, Phrase, Range, Term
from index.query.predicate import compile_predicate
from model.clock import HOUR
from model.enriched import Tension
from model.errors import QueryError
from model.post import Geo, Metrics
from tests.contracts.index_posts import (
    enriched,
    entries,
    entries_of,
    entry,
    made,
    queries,
    seen,
)
from tests.contracts.index_support import (
    MODERATE,
    SERIAL,
    SHARED,
    IndexCase,
    after,
    found,
    pages,
    somewhere,
    store,
)


class SearchingContract(IndexCase):
    """The part of the suite on searching."""

    def test_an_index_without_posts_answers(self, index: SearchIndex) -> None:
        request = SearchRequest()
        page = index.search(request)
        assert (page.hits, page.total, page.cursor) == ((), 0, None)
        assert index.count(request) == 0
        assert index.over_time(request, HOUR) == []
        assert index.top(request, "place", 5) == []
        assert index.get("x:main:1") is None

    def test_since_is_inclusive_and_until_exclusive(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        store(writer, *entries(made(f"x:main:{at}", at=at) for at in (9, 10, 19, 20)))
        assert index.count(SearchRequest(since=10, until=20)) == 2
        assert index.count(SearchRequest(since=20)) == 1
        assert index.count(SearchRequest(until=10)) == 1
        assert index.count(SearchRequest(since=-(2**70), until=2**70)) == 4

    def test_a_post_stands_at_its_own_time(self, writer: IndexWriter, index: SearchIndex) -> None:
        store(
            writer,
            *entries(
                [
                    made("x:main:1", at=100, observed_at=1, collected_at=2),
                    made("x:main:2", at=None, observed_at=200, collected_at=3),
                    made("x:main:3", at=None, collected_at=300),
                    made("x:main:4", at=None),
                ]
            ),
        )
        hits = index.search(SearchRequest(sort="oldest")).hits
        assert [hit.post.uid[-1] for hit in hits] == ["4", "1", "2", "3"]

    def test_by_relevance_the_post_that_says_it_more_often_comes_first(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        texts = ["fire and much else besides", "fire fire fire", "nothing"]
        store(writer, *entries(made(f"x:main:{n}", text) for n, text in enumerate(texts)))
        request = SearchRequest(query=Term("fire"), sort="relevance", limit=1)
        first = index.search(request)
        assert [hit.post.text for hit in first.hits] == ["fire fire fire"]
        second = index.search(after(request, first.cursor))
        assert [hit.post.text for hit in second.hits] == ["fire and much else besides"]
        assert second.cursor is None

    @MODERATE
    @given(
        times=st.lists(st.sampled_from([0, 5, -5, 10**15]), max_size=14),
        limit=st.integers(1, 5),
        sort=st.sampled_from(["newest", "oldest"]),
    )
    def test_pages_show_each_post_once_in_order(
        self,
        writer: IndexWriter,
        index: SearchIndex,
        times: list[int],
        limit: int,
        sort: Sort,
    ) -> None:
        source = f"s{next(SERIAL)}"
        order = sorted((at, f"x:{source}:{(n * 7) % 10}{n}") for n, at in enumerate(times))
        store(writer, *entries(made(uid, at=at, community=source) for at, uid in order))
        request = SearchRequest(query=Keyword("community", source), limit=limit, sort=sort)
        turned = list(pages(index, request))
        assert all(page.total == len(times) for page in turned)
        expected = [uid for _, uid in (order if sort == "oldest" else reversed(order))]
        assert [hit.post.uid for page in turned for hit in page.hits] == expected
        assert all(len(page.hits) == limit for page in turned[:-1])

    def test_posts_that_arrive_between_pages_move_nothing(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        store(writer, *entries(made(f"x:main:{n}", at=50) for n in range(1, 7)))
        request = SearchRequest(limit=3)
        first = index.search(request)
        store(writer, *entries([made("x:main:9", at=50), made("x:main:8", at=60)]))
        second = index.search(after(request, first.cursor))
        assert [hit.post.uid[-1] for hit in first.hits] == ["6", "5", "4"]
        assert [hit.post.uid[-1] for hit in second.hits] == ["3", "2", "1"]
        assert second.cursor is None

    def test_a_cursor_fits_its_own_search_alone(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        store(writer, *entries([made("x:main:1", "fire"), made("x:main:2", "fire")]))
        cursor = index.search(SearchRequest(query=Term("fire"), limit=1)).cursor
        assert cursor is not None
        with pytest.raises(QueryError, match="another search"):
            index.search(SearchRequest(query=Term("flood"), limit=1, cursor=cursor))
        for broken in ("", "!", cursor[:-5], "é", "AAAA"):
            with pytest.raises(QueryError, match="cursor"):
                index.search(SearchRequest(query=Term("fire"), limit=1, cursor=broken))

    def test_a_page_without_posts_stillcounted(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        store(writer, entry(made()))
        page = index.search(SearchRequest(limit=0))
        assert (page.hits, page.total, page.cursor) == ((), 1, None)

    def test_near_means_any_place_but_that_of_the_profile(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        guildford, woking = (51.236, -0.570), (51.319, -0.558)
        store(
            writer,
            entry(
                made("x:main:1"), enriched("", places=(somewhere(*woking), somewhere(*guildford)))
            ),
            entry(made("x:main:2"), enriched("", places=(somewhere(*guildford, "profile"),))),
            entry(made("x:main:3", geo=Geo(*guildford))),
            entry(made("x:main:4"), enriched("", places=(somewhere(*woking),))),
        )
        assert found(index, Near(*guildford, 2_000)) == {"x:main:1", "x:main:3"}
        assert found(index, Near(*guildford, 20_000)) == {"x:main:1", "x:main:3", "x:main:4"}
        with pytest.raises(QueryError):
            index.count(SearchRequest(query=Near(95, 0, 2_000)))

    def test_a_phrase_does_not_reach_into_the_hashtags(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        store(writer, entry(made(text="we march #MillRoad", at=1)))
        assert found(index, Term("road")) == {"x:main:1"}
        assert found(index, Phrase(("mill", "road"))) == {"x:main:1"}
        assert found(index, Phrase(("#millroad", "mill"))) == set()

    @pytest.mark.parametrize(
        ("field", "numbers", "ends"),
        [
            ("likes", (0, 1, 5, 6, 2**40), (None, -1.0, 0.0, 1.0, 4.5, 5.0, 6.0, 2.0**40)),
            ("tension.hate", (0.0, 0.25, 0.5, 1.0), (None, 0.0, 0.25, 0.3, 0.5, 1.0)),
        ],
    )
    def test_ranges(
        self,
        writer: IndexWriter,
        index: SearchIndex,
        field: str,
        numbers: Sequence[float],
        ends: Sequence[float | None],
    ) -> None:
        for n, number in enumerate(numbers):
            added = enriched("", tension=(Tension("hate", number),) if number <= 1 else ())
            store(writer, entry(made(f"x:main:{n}", metrics=Metrics(likes=int(number))), added))
        store(writer, entry(made("x:main:without")))
        for low, high, *include in itertools.product(ends, ends, (True, False), (True, False)):
            expected = {
                f"x:main:{n}"
                for n, number in enumerate(numbers)
                if (low is None or number > low or (include[0] and number == low))
                and (high is None or number < high or (include[1] and number == high))
            }
            assert found(index, Range(field, low, high, *include)) == expected

    @settings(max_examples=50, suppress_health_check=SHARED)
    @given(data=st.data())
    def test_search_and_predicate_agree(
        self,
        writer: IndexWriter,
        index: SearchIndex,
        data: st.DataObject,
    ) -> None:
        batch = {
            uid: data.draw(entries_of(uid), label=uid)
            for uid in (f"x:main:{next(SERIAL)}" for _ in range(data.draw(st.integers(1, 8))))
        }
        store(writer, *batch.values())
        known = {uid: seen(written) for uid, written in batch.items()}
        for query in data.draw(st.lists(queries, min_size=5, max_size=20), label="queries"):
            predicate = compile_predicate(query)
            expected = {uid for uid, fields in known.items() if predicate(fields)}
            assert found(index, query) & known.keys() == expected, query
