"""Members of a group: shares, hand-over, and what is left when one dies."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bus.embedded import EmbeddedLog
from bus.embedded.membership import Membership
from bus.port import Consumer, TopicPartition
from model.clock import SECOND, MovableClock
from tests.bus.logs import SOURCE, after, create, fill, numbers

GROUP = "readers"


@pytest.fixture
def log(tmp_path: Path, clock: MovableClock) -> Iterator[EmbeddedLog]:
    with closing(EmbeddedLog(tmp_path, clock=clock)) as log:
        create(log, SOURCE, partitions=4)
        yield log


@pytest.fixture
def other(log: EmbeddedLog, tmp_path: Path, clock: MovableClock) -> Iterator[EmbeddedLog]:
    with closing(EmbeddedLog(tmp_path, clock=clock)) as other:
        yield other


def owned(log: EmbeddedLog, consumer: Consumer, clock: MovableClock) -> set[int]:
    """The partitions from which the consumer reads once it has reviewed its share."""
    clock.advance(2 * SECOND)
    consumer.poll(1, 0.0)
    fill(log, SOURCE, range(100))
    records = consumer.poll(10_000, 0.0)
    consumer.commit(after(records))
    return {record.partition for record in records}


def test_a_single_member_owns_everything(log: EmbeddedLog, clock: MovableClock) -> None:
    assert owned(log, log.consumer(GROUP, [SOURCE.name]), clock) == {0, 1, 2, 3}


def test_a_newcomer_gets_a_partition_only_once_its_records_are_committed(
    log: EmbeddedLog, other: EmbeddedLog, clock: MovableClock
) -> None:
    fill(log, SOURCE, range(100))
    old = log.consumer(GROUP, [SOURCE.name])
    batch = old.poll(1_000, 0.0)
    new = other.consumer(GROUP, [SOURCE.name])
    clock.advance(2 * SECOND)
    assert old.poll(1_000, 0.0) == []
    assert new.poll(1_000, 0.0) == []  # the old member still works on all of them
    old.commit(after(batch))
    fill(log, SOURCE, range(100, 200))
    clock.advance(2 * SECOND)
    mine, theirs = old.poll(1_000, 0.0), new.poll(1_000, 0.0)
    assert len({record.partition for record in mine}) == 2
    assert len({record.partition for record in theirs}) == 2
    assert sorted(numbers(mine + theirs)) == list(range(100, 200))


def test_a_newcomer_repeats_what_its_predecessor_dropped(
    log: EmbeddedLog, other: EmbeddedLog, clock: MovableClock
) -> None:
    fill(log, SOURCE, range(100))
    old = log.consumer(GROUP, [SOURCE.name])
    old.poll(1_000, 0.0)
    new = other.consumer(GROUP, [SOURCE.name])
    clock.advance(2 * SECOND)
    old.poll(1_000, 0.0)
    old.rewind()
    clock.advance(2 * SECOND)
    again = old.poll(1_000, 0.0) + new.poll(1_000, 0.0)
    assert sorted(numbers(again)) == list(range(100))


def test_a_share_that_grows_back_is_kept(
    log: EmbeddedLog, other: EmbeddedLog, clock: MovableClock
) -> None:
    fill(log, SOURCE, range(100))
    old = log.consumer(GROUP, [SOURCE.name])
    batch = old.poll(1_000, 0.0)
    new = other.consumer(GROUP, [SOURCE.name])
    clock.advance(2 * SECOND)
    old.poll(1_000, 0.0)  # half is on its way out
    new.close()
    clock.advance(2 * SECOND)
    old.poll(1_000, 0.0)
    old.commit(after(batch))
    assert owned(log, old, clock) == {0, 1, 2, 3}


@pytest.mark.parametrize("members", range(1, 7))
def test_shares_are_even_and_add_up(tmp_path: Path, members: int) -> None:
    group = [Membership(tmp_path, ["t"], joined_at) for joined_at in range(members)]
    shares = [member.share(4) for member in group]
    for member in group:
        member.leave()
    assert sum(shares) == 4
    assert max(shares) - min(shares) <= 1


def test_members_that_read_other_topics_take_no_share(
    log: EmbeddedLog, other: EmbeddedLog, clock: MovableClock
) -> None:
    other.consumer(GROUP, ["something.else"])
    assert owned(log, log.consumer(GROUP, [SOURCE.name]), clock) == {0, 1, 2, 3}


def test_a_dead_member_counts_no_more_and_leaves_nothing_behind(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from bus.embedded.membership import Membership;"
        "Membership(Path(sys.argv[1]), ['t'], 1); os.kill(os.getpid(), signal.SIGKILL)"
    )
    member = Membership(tmp_path, ["t"], 0)
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert len(list((tmp_path / "members").iterdir())) == 2
    assert member.share(4) == 4
    assert len(list((tmp_path / "members").iterdir())) == 1
    member.leave()


def test_a_newcomer_is_not_taken_for_dead_while_it_registers(tmp_path: Path) -> None:
    """Another member looks for dead ones all the time, and may catch it before its lock."""
    watcher = Membership(tmp_path, ["t"], 0)
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            watcher.share(4)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        for joined_at in range(1, 500):
            member = Membership(tmp_path, ["t"], joined_at)
            assert member.share(2) == 1
            assert watcher.share(2) == 1
            member.leave()
    finally:
        done.set()
        thread.join()
        watcher.leave()


def test_a_file_that_lost_its_end_is_read_from_there(log: EmbeddedLog, clock: MovableClock) -> None:
    """As after a loss of power, when a topic that is not durable is behind a position."""
    fill(log, SOURCE, range(100))
    ahead = log.consumer(GROUP, [SOURCE.name])
    ahead.poll(1_000, 0.0)
    ahead.commit({TopicPartition(SOURCE.name, p): 1_000 for p in range(4)})
    ahead.close()
    consumer = log.consumer(GROUP, [SOURCE.name])
    consumer.poll(1_000, 0.0)
    fill(log, SOURCE, range(100, 200))
    assert sorted(numbers(consumer.poll(1_000, 0.0))) == list(range(100, 200))
