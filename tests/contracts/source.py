"""What every source must do: apply it by a subclass that says how one is made.

    class TestMySource(SourceContract):
        @pytest.fixture
        def make_source(self) -> MakeSource:
            return lambda: MySource(address)

        @pytest.fixture
        def expected(self) -> list[str]:
            return ["platform:instance:1", ...]

``make_source`` makes a new source over the same content each time it is called: at
least seven items, one of them bad. ``expected`` are the uids in the order in which they
come.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from ingest.port import Batch, Source, State
from model.clock import DAY, MINUTE
from model.post import POST, post_event_id

MakeSource = Callable[[], Source]

NOW = 1_795_000_000_000_000
PATIENCE = 100
"""Calls after which a source must have handed out all it has."""


def drained(source: Source, max_items: int, now: int = NOW) -> list[Batch]:
    """Every batch until the source has finished or wants to be left alone."""
    batches = []
    for _ in range(PATIENCE):
        batches.append(source.fetch(now, max_items))
        if batches[-1].finished or batches[-1].wait:
            return batches
    raise AssertionError(f"{source.name} still has more after {PATIENCE} calls")


def uids(batches: list[Batch]) -> list[str]:
    """The uids of all posts, in order."""
    return [post.uid for batch in batches for post in batch.posts]


class SourceContract:
    """The contract of :class:`ingest.port.Source`."""

    def read(self, source: Source, state: State, max_items: int = 500) -> list[Batch]:
        """Open, drain and close."""
        source.open(state)
        try:
            return drained(source, max_items)
        finally:
            source.close()

    def test_everything_comes_once_and_in_order(
        self, make_source: MakeSource, expected: list[str]
    ) -> None:
        assert uids(self.read(make_source(), {})) == expected

    @pytest.mark.parametrize("max_items", [1, 2, 3])
    def test_a_batch_has_no_more_items_than_asked_for(
        self, make_source: MakeSource, expected: list[str], max_items: int
    ) -> None:
        batches = self.read(make_source(), {}, max_items)

        assert max(len(batch.posts) + len(batch.bad) for batch in batches) <= max_items
        assert uids(batches) == expected

    def test_a_bad_item_is_handed_out_with_its_bytes_origin_and_cause(
        self, make_source: MakeSource
    ) -> None:
        bad = [item for batch in self.read(make_source(), {}) for item in batch.bad]

        assert len(bad) == 1
        assert all((bad[0].original, bad[0].origin, bad[0].error, bad[0].cause))

    def test_it_goes_on_from_any_state_that_it_gave(
        self, make_source: MakeSource, expected: list[str]
    ) -> None:
        batches = self.read(make_source(), {}, 2)
        for count, batch in enumerate(batches, 1):
            if batch.finished:
                continue
            rest = self.read(make_source(), batch.state)
            assert uids(batches[:count]) + uids(rest) == expected

    def test_states_survive_json(self, make_source: MakeSource, expected: list[str]) -> None:
        first = self.read(make_source(), {}, 2)[0]
        state: State = msgspec.json.decode(msgspec.json.encode(first.state))
        assert uids([first]) + uids(self.read(make_source(), state)) == expected

    def test_reading_again_gives_the_same_events(self, make_source: MakeSource) -> None:
        once = [post for batch in self.read(make_source(), {}) for post in batch.posts]
        again = [post for batch in self.read(make_source(), {}) for post in batch.posts]
        assert [post.event_id for post in once] == [post.event_id for post in again]
        assert all(post.event_id == post_event_id(post.uid, post.op, post.rev) for post in once)

    def test_posts_carry_their_source_their_bytes_and_when_they_were_collected(
        self, make_source: MakeSource
    ) -> None:
        source = make_source()
        for batch in self.read(source, {}):
            for post in batch.posts:
                assert post.delivery is not None
                assert post.delivery.source == source.name
                assert post.raw is not None
                assert post.raw.data
                assert post.collected_at == NOW
                assert POST.decode(POST.encode(post)) == post

    def test_a_source_can_be_opened_again_after_it_was_closed(
        self, make_source: MakeSource, expected: list[str]
    ) -> None:
        source = make_source()
        first = self.read(source, {}, 2)[0]
        source.close()
        assert uids([first]) + uids(self.read(source, first.state)) == expected

    def test_time_that_passes_between_calls_changes_nothing(
        self, make_source: MakeSource, expected: list[str]
    ) -> None:
        source = make_source()
        source.open({})
        batches = [source.fetch(NOW, 2), source.fetch(NOW + MINUTE, 2)]
        batches += drained(source, 500, NOW + DAY)
        source.close()
        assert uids(batches) == expected
