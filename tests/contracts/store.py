"""What the operational record must do on every database.

    class TestMyDatabase(StoreContract):
        @pytest.fixture
        def url(self) -> str:
            return "postgresql+psycopg://..."

The database behind ``url`` is empty at the start of each test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.clock import MINUTE
from store.engine import Store, open_store
from tests.contracts.store_builders import RELAXED, entry, incident
from tests.contracts.store_coverage import CoverageContract
from tests.contracts.store_incidents import IncidentContract
from tests.contracts.store_reports import StageReportContract
from tests.contracts.store_series import SeriesContract

states = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
)


class Failure(Exception):
    """What a test raises itself."""


class StoreContract(CoverageContract, IncidentContract, SeriesContract, StageReportContract):
    """Durability, atomicity, and what each repository promises."""

    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        with closing(open_store(url)) as store:
            yield store

    # Transactions

    def test_what_was_written_is_there_after_opening_again(self, url: str, store: Store) -> None:
        store.cursors.save("feeds:news", {"etag": "abc"})
        store.close()
        with closing(open_store(url)) as again:
            assert again.cursors.load("feeds:news") == {"etag": "abc"}

    def test_a_transaction_that_fails_changes_nothing(self, store: Store) -> None:
        def fail() -> None:
            with store.transaction() as tx:
                tx.incidents.put([incident("a")])
                tx.incidents.tell([("a", entry(1, "raised"))])
                tx.cursors.save("feeds:news", {"page": 1})
                raise Failure

        with pytest.raises(Failure):
            fail()
        assert store.incidents.list() == []
        assert store.incidents.timeline("a") == []
        assert store.cursors.load("feeds:news") == {}

    def test_a_transaction_sees_what_it_has_written(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.incidents.put([incident("a")])
            assert tx.incidents.find("a") == incident("a")

    def test_writers_in_several_threads_wait_for_each_other(self, url: str, store: Store) -> None:
        def add(name: str) -> None:
            with closing(open_store(url)) as own:
                for number in range(10):
                    own.coverage.record(name, "live", number, posts=1)

        threads = [Thread(target=add, args=[f"source-{number}"]) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        intervals = store.coverage.intervals(0, MINUTE)
        assert [(i.source, i.posts) for i in intervals] == [(f"source-{n}", 10) for n in range(4)]

    # Cursors

    def test_a_source_that_never_saved_has_no_state(self, store: Store) -> None:
        assert store.cursors.load("feeds:news") == {}

    @given(states, states)
    @RELAXED
    def test_the_last_state_is_loaded(
        self,
        store: Store,
        first: dict[str, str | int | float | None],
        last: dict[str, str | int | float | None],
    ) -> None:
        store.cursors.save("mastodon:surrey", first)
        store.cursors.save("other", first)
        store.cursors.save("mastodon:surrey", last)
        assert store.cursors.load("mastodon:surrey") == last
        assert store.cursors.load("other") == first
