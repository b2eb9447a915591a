"""Writing, replacing and removing posts."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.erasing import erase_found, posts_of_author, posts_of_day
from index.port import (
    Entry,
    IndexWriter,
    SearchIndex,
    SearchRequest,
)
from index.query.ast import MatchAll, Term
from model.clock import DAY
from tests.contracts.index_history import Event, batches, histories, outcomes
from tests.contracts.index_posts import (
    enriched,
    entries,
    entry,
    made,
)
from tests.contracts.index_support import (
    MODERATE,
    SERIAL,
    BackEnd,
    IndexCase,
    event,
    found,
    shown,
    store,
)


class WritingContract(IndexCase):
    """The part of the suite on writing."""

    def test_a_commit_makes_posts_searchable_for_readers_that_are_open(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        writer.write([entry(made(text="fire at the mill"))])
        assert index.count(SearchRequest()) == 0
        writer.commit()
        assert index.count(SearchRequest(query=Term("mill"))) == 1

    def test_records_come_back_untouched(self, writer: IndexWriter, index: SearchIndex) -> None:
        post = made(text="Fire at the Mill!\0 \u202eabc 🔥", at=-(2**62), html="<b>")
        added = enriched(post.text or "", lang="en", cluster=2**64 - 1)
        store(writer, entry(post, added))
        hit = index.get(post.uid)
        assert hit is not None
        assert (hit.post, hit.enrichment) == (post, added)

    def test_the_same_post_twice_is_one(self, writer: IndexWriter, index: SearchIndex) -> None:
        store(writer, entry(made()), entry(made()))
        store(writer, entry(made()))
        assert index.count(SearchRequest()) == 1

    def test_a_bad_entry_is_an_outcome_and_the_rest_is_written(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        good = entry(made("x:main:2"))
        rejected = writer.write(
            [
                Entry(b"no record", good.enrichment),
                good,
                Entry(entry(made("x:main:3")).post, b""),
                entry(made("")),
                entry(made("x:main:" + "9" * 70_000)),
                entry(made("x:main:4", op="account_delete")),
            ]
        )
        writer.commit()
        assert [r.position for r in rejected] == [0, 2, 3, 4, 5]
        assert all(r.cause for r in rejected)
        assert found(index, MatchAll()) == {"x:main:2"}

    def test_a_rejected_version_leaves_the_one_before(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        store(writer, entry(made(text="first")))
        writer.write([Entry(entry(made(text="second", op="edit", rev=5)).post, b"broken")])
        store(writer, entry(made(text="third", op="edit", rev=1)))
        assert shown(index) == "third"

    @pytest.mark.parametrize(
        ("events", "text"),
        [
            ([("create", 0), ("edit", 1)], "edit 1"),
            ([("edit", 1), ("create", 0)], "edit 1"),
            ([("edit", 2), ("edit", 1), ("create", 0)], "edit 2"),
            ([("create", 0), ("delete", 0)], None),
            ([("delete", 0), ("create", 0)], None),
            ([("delete", 0), ("edit", 7), ("restore", 9)], None),
            ([("create", 0), ("withhold", 1)], None),
            ([("withhold", 1), ("create", 0)], None),
            ([("edit", 3), ("withhold", 0)], None),
            ([("withhold", 0), ("edit", 3)], None),
            ([("create", 0), ("withhold", 1), ("restore", 2)], "restore 2"),
            ([("restore", 2), ("withhold", 1), ("create", 0)], "restore 2"),
            ([("create", 0), ("restore", 1), ("withhold", 1)], None),
            ([("create", 0), ("withhold", 1), ("restore", 2), ("withhold", 3)], None),
            ([("withhold", 1), ("restore", 2), ("edit", 3)], "edit 3"),
        ],
    )
    @pytest.mark.parametrize("in_one_batch", [True, False])
    def test_what_becomes_of_a_post(
        self,
        writer: IndexWriter,
        index: SearchIndex,
        events: Sequence[Event],
        text: str | None,
        in_one_batch: bool,
    ) -> None:
        batch = [event(op, rev) for op, rev in events]
        for some in [batch] if in_one_batch else [[one] for one in batch]:
            store(writer, *some)
        assert shown(index) == text
        assert index.count(SearchRequest()) == (0 if text is None else 1)

    def test_memory_outlives_the_writer(self, back_end: BackEnd) -> None:
        for written in (event("delete", 0), event("create", 0)):
            with contextlib.closing(back_end.writer()) as writer:
                writer.write([written])
        with contextlib.closing(back_end.reader()) as index:
            assert index.get("x:main:1") is None

    @MODERATE
    @given(data=st.data())
    def test_the_order_of_events_does_not_matter(
        self, writer: IndexWriter, index: SearchIndex, data: st.DataObject
    ) -> None:
        uid = f"x:main:{next(SERIAL)}"
        history = data.draw(histories(), label="history")
        for batch in data.draw(batches(history), label="batches"):
            store(writer, *(event(op, rev, uid) for op, rev in batch))
        hit = index.get(uid)
        assert (hit.post.text if hit else None) in outcomes(history)

    def test_a_deleted_account_takes_its_posts_along(
        self, writer: IndexWriter, index: SearchIndex
    ) -> None:
        store(
            writer,
            *entries(
                [
                    made("x:main:1", author="7"),
                    made("x:main:2", author="7"),
                    made("x:main:3", author="8"),
                    made("reddit:main:4", author="7"),
                    made("x:other:5", author="7"),
                    made("x:main:6", author="7", op="edit", rev=2),
                ]
            ),
        )
        store(writer, entry(made("x:main:account", author="7", op="account_delete")))
        store(writer, entry(made("x:main:late", author="7")))
        store(writer, entry(made("x:main:6", author="7", op="restore", rev=3)))
        assert found(index, MatchAll()) == {"x:main:3", "reddit:main:4", "x:other:5"}

    def test_erasing(self, writer: IndexWriter, index: SearchIndex) -> None:
        store(writer, *entries([made("x:main:1"), made("x:main:2")]))
        writer.write([entry(made("x:main:3"))])
        assert writer.erase(["x:main:1", "x:main:3", "x:main:never"]) == 2
        assert found(index, MatchAll()) == {"x:main:2"}
        store(writer, *entries([made("x:main:1", op="restore", rev=9), made("x:main:never")]))
        assert found(index, MatchAll()) == {"x:main:2"}
        assert writer.erase(["x:main:1"]) == 0

    def test_erasing_an_author_or_a_day(self, writer: IndexWriter, index: SearchIndex) -> None:
        written = [
            made(f"x:main:{n}", "fire", at=n * DAY // 2, author="7" if n % 2 else "8")
            for n in range(8)
        ]
        writer.write(entries(written))
        assert erase_found(index, writer, posts_of_day(DAY + 5)) == 2
        assert erase_found(index, writer, posts_of_day(DAY + 5)) == 0
        assert erase_found(index, writer, posts_of_author("@7")) == 3
        assert found(index, MatchAll()) == {"x:main:0", "x:main:4", "x:main:6"}
        store(writer, *entries(written))
        assert found(index, MatchAll()) == {"x:main:0", "x:main:4", "x:main:6"}
