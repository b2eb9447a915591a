"""What the ledger of coverage must do on every database."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model.clock import MINUTE
from model.coverage import CoverageInterval, CoverageState
from store.coverage import UNHEARD
from store.engine import Store
from tests.contracts.store_builders import RELAXED

seen_as: st.SearchStrategy[CoverageState] = st.sampled_from(["live", "degraded", "blind"])
spans = st.tuples(st.integers(0, 60), st.integers(1, 30))
reports = st.tuples(seen_as, st.integers(0, 60), st.integers(0, 3))


class CoverageContract:
    """Intervals without gap or overlap, and no claim that outlives its source."""

    def test_the_same_state_prolongs_the_interval(self, store: Store) -> None:
        store.coverage.record("news", "live", 10 * MINUTE, posts=3)
        store.coverage.record("news", "live", 20 * MINUTE, posts=4)
        assert store.coverage.intervals(0, 21 * MINUTE) == [
            CoverageInterval(source="news", state="live", since=10 * MINUTE, posts=7)
        ]

    def test_another_state_or_reason_opens_the_next_interval(self, store: Store) -> None:
        store.coverage.record("news", "live", 1 * MINUTE, posts=3)
        store.coverage.record("news", "blind", 2 * MINUTE, "refused")
        store.coverage.record("news", "blind", 3 * MINUTE, "no network")
        store.coverage.record("news", "live", 4 * MINUTE, posts=1)
        seen = [
            (i.state, i.since, i.until, i.reason) for i in store.coverage.intervals(0, 5 * MINUTE)
        ]
        assert seen == [
            ("live", 1 * MINUTE, 2 * MINUTE, ""),
            ("blind", 2 * MINUTE, 3 * MINUTE, "refused"),
            ("blind", 3 * MINUTE, 4 * MINUTE, "no network"),
            ("live", 4 * MINUTE, None, ""),
        ]

    def test_silence_is_blind_from_when_the_source_broke_its_promise(self, store: Store) -> None:
        store.coverage.record("news", "live", 0, posts=3, heard_within=5 * MINUTE)
        assert [i.state for i in store.coverage.intervals(0, 5 * MINUTE)] == ["live"]
        assert store.coverage.intervals(0, 30 * MINUTE) == [
            CoverageInterval(source="news", state="live", since=0, until=5 * MINUTE, posts=3),
            CoverageInterval(source="news", state="blind", since=5 * MINUTE, reason=UNHEARD),
        ]
        assert [i.state for i in store.coverage.intervals(29 * MINUTE, 30 * MINUTE)] == ["blind"]

    def test_a_source_that_comes_back_leaves_its_silence_on_record(self, store: Store) -> None:
        store.coverage.record("news", "live", 0, heard_within=5 * MINUTE)
        store.coverage.record("news", "live", 20 * MINUTE)
        seen = [(i.state, i.since, i.until) for i in store.coverage.intervals(0, 21 * MINUTE)]
        assert seen == [
            ("live", 0, 5 * MINUTE),
            ("blind", 5 * MINUTE, 20 * MINUTE),
            ("live", 20 * MINUTE, None),
        ]

    def test_a_clock_that_is_set_back_neither_overlaps_nor_reverses(self, store: Store) -> None:
        store.coverage.record("news", "live", 10 * MINUTE, posts=1)
        store.coverage.record("news", "degraded", 8 * MINUTE, "slow", posts=2)
        seen = [
            (i.state, i.since, i.until, i.posts) for i in store.coverage.intervals(0, 11 * MINUTE)
        ]
        assert seen == [
            ("live", 10 * MINUTE, 10 * MINUTE, 1),
            ("degraded", 10 * MINUTE, None, 2),
        ]

    def test_intervals_are_those_that_touch_the_span(self, store: Store) -> None:
        for minute, reason in enumerate("abcd"):
            store.coverage.record("news", "degraded", minute * MINUTE, reason)
        seen = store.coverage.intervals(1 * MINUTE, 3 * MINUTE)
        assert [i.reason for i in seen] == ["b", "c"]

    def test_what_was_blind_is_filled_from_history(self, store: Store) -> None:
        store.coverage.record("x", "live", 0, posts=5)
        store.coverage.record("x", "blind", 10 * MINUTE, "no network")
        store.coverage.record("x", "live", 14 * MINUTE, posts=3)
        store.coverage.amend("x", 9 * MINUTE, 15 * MINUTE, "backfilled", "read again")
        seen = [
            (i.state, i.since, i.until, i.posts) for i in store.coverage.intervals(0, 16 * MINUTE)
        ]
        assert seen == [
            ("live", 0, 9 * MINUTE, 5),
            ("backfilled", 9 * MINUTE, 15 * MINUTE, 0),
            ("live", 15 * MINUTE, None, 3),
        ]

    def test_a_gap_within_a_live_time_leaves_both_ends_live(self, store: Store) -> None:
        store.coverage.record("x", "live", 0, posts=5)
        store.coverage.amend("x", 2 * MINUTE, 3 * MINUTE, "blind", "lost")
        store.coverage.record("x", "live", 5 * MINUTE, posts=1)
        seen = [
            (i.state, i.since, i.until, i.posts) for i in store.coverage.intervals(0, 6 * MINUTE)
        ]
        assert seen == [
            ("live", 0, 2 * MINUTE, 5),
            ("blind", 2 * MINUTE, 3 * MINUTE, 0),
            ("live", 3 * MINUTE, None, 1),
        ]

    def test_nothing_is_amended_of_a_source_that_never_reported(self, store: Store) -> None:
        store.coverage.record("other", "live", 0)
        store.coverage.amend("x", 0, MINUTE, "blind", "lost")
        assert {i.source for i in store.coverage.intervals(0, 2 * MINUTE)} == {"other"}

    @given(st.lists(reports, min_size=1, max_size=8), st.lists(spans, max_size=5))
    @RELAXED
    def test_amending_leaves_neither_gap_nor_overlap_and_every_post(
        self,
        store: Store,
        reports: list[tuple[CoverageState, int, int]],
        spans: list[tuple[int, int]],
    ) -> None:
        source = f"source-{len(store.coverage.intervals(0, 2**60))}"
        for state, minute, posts in reports:
            store.coverage.record(source, state, minute * MINUTE, posts=posts)
        for start, length in spans:
            store.coverage.amend(source, start * MINUTE, (start + length) * MINUTE, "backfilled")
        everything = store.coverage.intervals(-1, 10_000 * MINUTE)
        mine = [interval for interval in everything if interval.source == source]
        assert [i.until for i in mine[:-1]] == [i.since for i in mine[1:]]
        assert sum(i.posts for i in mine) == sum(posts for _, _, posts in reports)

    @given(st.lists(reports, min_size=1, max_size=12))
    @RELAXED
    def test_a_ledger_has_neither_gap_nor_overlap(
        self, store: Store, reports: list[tuple[CoverageState, int, int]]
    ) -> None:
        source = f"source-{len(store.coverage.intervals(0, 2**60))}"
        for state, minute, posts in reports:
            store.coverage.record(source, state, minute * MINUTE, posts=posts)
        everything = store.coverage.intervals(-1, 10_000 * MINUTE)
        mine = [interval for interval in everything if interval.source == source]
        assert [i.until for i in mine[:-1]] == [i.since for i in mine[1:]]
        assert mine[-1].until is None
        assert sum(i.posts for i in mine) == sum(posts for _, _, posts in reports)
