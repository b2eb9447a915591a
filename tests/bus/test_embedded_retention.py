"""Retention drops what is old or too much, and nothing that a group still needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.embedded import EmbeddedLog
from bus.port import Consumer, Outgoing, Retention
from model.clock import DAY, HOUR, MovableClock
from model.errors import LogUnavailable, StateCorrupt
from tests.bus.logs import DERIVED, SOURCE, after, create, fill, numbers, read_all

GROUP = "readers"
A_DAY = Retention(max_age=DAY)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(100 * DAY)


@pytest.fixture
def log(tmp_path: Path, clock: MovableClock) -> Iterator[EmbeddedLog]:
    with closing(EmbeddedLog(tmp_path, clock=clock)) as log:
        yield log


def derive(log: EmbeddedLog, consumer: Consumer) -> None:
    """Do what an enricher does with all that there is."""
    records = consumer.poll(100_000, 0.0)
    log.publish([Outgoing(DERIVED.name, r.key, b"+" + r.value, r) for r in records])
    consumer.commit(after(records))


def test_old_records_go_and_young_ones_stay(log: EmbeddedLog, clock: MovableClock) -> None:
    create(log, SOURCE, partitions=3, retention=A_DAY)
    fill(log, SOURCE, range(50))
    clock.advance(20 * HOUR)
    fill(log, SOURCE, range(50, 80))
    clock.advance(5 * HOUR)
    assert log.prune(clock.now()) == 50
    assert sorted(numbers(read_all(log, SOURCE))) == list(range(50, 80))
    assert log.prune(clock.now()) == 0


def test_an_offset_is_never_used_again(log: EmbeddedLog, clock: MovableClock) -> None:
    create(log, SOURCE, retention=A_DAY)
    fill(log, SOURCE, range(50))
    clock.advance(2 * DAY)
    assert log.prune(clock.now()) == 50
    fill(log, SOURCE, [50])
    assert [record.offset for record in read_all(log, SOURCE)] == [50]


def test_a_group_that_comes_late_starts_at_what_is_left(
    log: EmbeddedLog, clock: MovableClock
) -> None:
    create(log, SOURCE, retention=A_DAY)
    fill(log, SOURCE, range(50))
    clock.advance(2 * DAY)
    log.prune(clock.now())
    fill(log, SOURCE, range(50, 60))
    assert log.positions(GROUP, SOURCE.name) == {0: 50}
    assert log.lag(GROUP, SOURCE.name) == 10
    assert numbers(log.consumer(GROUP, [SOURCE.name]).poll(100, 0.0)) == list(range(50, 60))


def test_what_a_group_has_not_read_stays_whatever_its_age(
    log: EmbeddedLog, clock: MovableClock
) -> None:
    create(log, SOURCE, retention=A_DAY)
    fill(log, SOURCE, range(50))
    consumer = log.consumer(GROUP, [SOURCE.name])  # has joined, and read nothing yet
    clock.advance(2 * DAY)
    assert log.prune(clock.now()) == 0
    consumer.commit(after(consumer.poll(20, 0.0)))
    assert log.prune(clock.now()) == 20
    assert numbers(consumer.poll(100, 0.0)) == list(range(20, 50))


def test_a_source_stays_while_a_reader_of_what_derives_from_it_needs_it(
    log: EmbeddedLog, clock: MovableClock
) -> None:
    create(log, SOURCE, DERIVED, retention=A_DAY)
    fill(log, SOURCE, range(50))
    derive(log, log.consumer("enrichers", [SOURCE.name]))
    reader = log.consumer(GROUP, [DERIVED.name])
    reader.commit(after(reader.poll(30, 0.0)))
    clock.advance(2 * DAY)
    assert log.prune(clock.now()) == 60  # thirty of each
    assert [int(record.base) for record in reader.poll(100, 0.0)] == list(range(30, 50))


def test_no_derived_record_is_left_without_its_source(
    log: EmbeddedLog, clock: MovableClock
) -> None:
    create(log, SOURCE, retention=A_DAY)
    create(log, DERIVED)
    fill(log, SOURCE, range(50))
    derive(log, log.consumer("enrichers", [SOURCE.name]))
    clock.advance(2 * DAY)
    log.prune(clock.now())
    assert read_all(log, SOURCE) == []
    assert read_all(log, DERIVED) == []


def test_a_partition_is_kept_to_its_size(log: EmbeddedLog, clock: MovableClock) -> None:
    create(log, SOURCE, retention=Retention(max_bytes=2_000_000))
    for start in range(0, 12_000, 1_000):
        fill(log, SOURCE, range(start, start + 1_000), size=1_000)
        log.prune(clock.now())
    left = numbers(read_all(log, SOURCE))
    assert left == list(range(left[0], 12_000))
    assert 500 < len(left) < 2_000


def test_producers_wait_rather_than_overrun_a_group_that_does_not_read(
    log: EmbeddedLog, clock: MovableClock
) -> None:
    create(log, SOURCE, retention=Retention(max_bytes=1_000_000))
    consumer = log.consumer("sleepers", [SOURCE.name])

    def overrun() -> None:
        for number in range(100_000):
            fill(log, SOURCE, [number], size=10_000)
            log.prune(clock.now())

    with pytest.raises(LogUnavailable, match=r"sleepers has not read.*groups/sleepers"):
        overrun()
    records = consumer.poll(100_000, 0.0)
    assert numbers(records) == list(range(len(records)))
    consumer.commit(after(records))
    log.prune(clock.now())
    fill(log, SOURCE, [len(records)])


def test_a_damaged_partition_does_not_keep_the_others_from_being_pruned(
    log: EmbeddedLog, clock: MovableClock, tmp_path: Path
) -> None:
    create(log, SOURCE, partitions=2, retention=A_DAY)
    fill(log, SOURCE, range(1_000))
    log.close()
    (tmp_path / SOURCE.name / "0.db").write_bytes(b"\xa5" * 50_000)
    clock.advance(2 * DAY)
    with closing(EmbeddedLog(tmp_path, clock=clock)) as damaged:
        with pytest.raises(StateCorrupt, match=r"0\.db"):
            damaged.prune(clock.now())
        assert damaged.read(SOURCE.name, 1, 0, 1_000) == []


def test_dropped_text_is_not_left_in_the_file(
    log: EmbeddedLog, clock: MovableClock, tmp_path: Path
) -> None:
    create(log, SOURCE, retention=A_DAY)
    log.publish([Outgoing(SOURCE.name, "k", b"a very particular sentence") for _ in range(500)])
    clock.advance(2 * DAY)
    log.prune(clock.now())
    log.close()  # empties the write-ahead file into the partition's
    files = [path.read_bytes() for path in (tmp_path / SOURCE.name).iterdir()]
    assert not any(b"particular sentence" in content for content in files)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["publish", "derive", "read", "prune", "wait"]), max_size=30))
def test_retention_never_outruns_a_reader(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """Whatever happens in whatever order, the last reader gets every record and its base."""
    clock = MovableClock(100 * DAY)
    published, seen = 0, []
    with closing(EmbeddedLog(tmp_path_factory.mktemp("log"), clock=clock)) as log:
        create(log, SOURCE, DERIVED, retention=Retention(max_age=HOUR, max_bytes=50_000))
        enricher = log.consumer("enrichers", [SOURCE.name])
        reader = log.consumer(GROUP, [DERIVED.name])
        for step in [*steps, "derive", "read", "prune"]:
            if step == "publish":
                fill(log, SOURCE, range(published, published + 7))
                published += 7
            elif step == "derive":
                derive(log, enricher)
            elif step == "read":
                records = reader.poll(10_000, 0.0)
                seen += [int(record.base) for record in records]
                reader.commit(after(records))
            elif step == "prune":
                log.prune(clock.now())
            else:
                clock.advance(2 * HOUR)
    assert seen == list(range(published))
