"""Sources that run in threads of their own: none waits for another, none is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from ingest.background import Background, Crew
from ingest.port import Batch, ConnectionFailed, State
from tests.ingest.parts import START, ScriptedSource, post

PATIENCE = 120.0


class HeldSource(ScriptedSource):
    """A source whose calls wait until they are let go."""

    def __init__(self, acts: list[Batch | Exception]) -> None:
        super().__init__(acts)
        self.gate = threading.Event()
        self.inside = 0
        self.most_inside = 0

    def fetch(self, now: int, max_items: int) -> Batch:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        assert self.gate.wait(PATIENCE)
        self.inside -= 1
        return super().fetch(now, max_items)


def fetched(source: Background, wanted: Callable[[Batch], bool]) -> Batch:
    """The first batch that is as wanted."""
    deadline = time.monotonic() + PATIENCE
    while not wanted(batch := source.fetch(START, 500)):
        assert time.monotonic() < deadline
        time.sleep(batch.wait)
    return batch


def test_a_call_under_way_is_not_waited_for_and_says_nothing_of_coverage() -> None:
    held = HeldSource([Batch(posts=(post(1),))])
    source = Background(held, Crew(1))
    source.open({})
    before = [source.fetch(START, 500) for _ in range(20)]
    assert not any(batch.heard or batch.posts for batch in before)
    held.gate.set()
    assert fetched(source, lambda batch: batch.heard).posts == (post(1),)
    assert held.most_inside == 1


def test_a_slow_source_holds_up_no_other() -> None:
    crew = Crew(2)
    slow, quick = HeldSource([]), ScriptedSource([Batch(posts=(post(1),))], "test:quick")
    one, other = Background(slow, crew), Background(quick, crew)
    one.open({})
    other.open({})
    one.fetch(START, 500)
    assert fetched(other, lambda batch: batch.heard).posts == (post(1),)
    assert not one.fetch(START, 500).heard
    slow.gate.set()


def test_what_goes_wrong_comes_out_where_the_runner_looks() -> None:
    held = HeldSource([ConnectionFailed("nobody there"), Batch(posts=(post(1),))])
    held.gate.set()
    source = Background(held, Crew(1))
    source.open({"next": 0})
    with pytest.raises(ConnectionFailed, match="nobody there"):
        fetched(source, lambda batch: batch.heard)
    source.close()
    source.open({"next": 0})
    batch = fetched(source, lambda batch: batch.heard)
    assert batch.posts == (post(1),)
    assert batch.state == {"next": 1}


def test_what_was_fetched_but_not_taken_is_fetched_again() -> None:
    held = HeldSource([Batch(posts=(post(1),))])
    crew = Crew(1)
    source = Background(held, crew)
    source.open({})
    source.fetch(START, 500)
    source.close()
    held.gate.set()
    source.open({})
    assert fetched(source, lambda batch: batch.heard).posts == (post(1),)
    assert held.opened[-1] == {}


def test_a_closed_source_is_closed_once_its_call_has_come_back() -> None:
    held = HeldSource([Batch()])
    source = Background(held, Crew(1))
    source.open({})
    while held.inside == 0:
        source.fetch(START, 500)
        time.sleep(0.001)
    closed = held.closed
    source.close()
    assert held.closed == closed
    held.gate.set()
    deadline = time.monotonic() + PATIENCE
    while held.closed == closed:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_the_state_stays_what_it_was_while_nothing_comes() -> None:
    held = HeldSource([])
    source = Background(held, Crew(1))
    state: State = {"next": 0, "mark": "here"}
    source.open(state)
    assert source.fetch(START, 500).state == state
    held.gate.set()
