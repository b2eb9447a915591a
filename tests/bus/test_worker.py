"""The worker loop: settling, time, stopping and reports."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bus.embedded import EmbeddedLog
from bus.port import Outgoing, Record
from bus.stage import Result
from bus.worker import Worker, WorkerSettings
from model.clock import SECOND, MovableClock
from model.errors import IndexUnavailable, StateCorrupt
from model.topics import ALERT_MATCHES, POSTS_DEAD, POSTS_RAW
from tests.bus.logs import after, create, fill, numbers, read_all
from tests.bus.runner import LONG, Runner, dead, poisoned_by
from tests.bus.stages import Journalling, copy, swallow


def test_nothing_is_committed_before_the_stage_has_settled(log: EmbeddedLog, run: Runner) -> None:
    fill(log, POSTS_RAW, range(30))
    positions: list[int] = []

    def settles(force: bool) -> bool:
        positions.append(log.positions("tested", POSTS_RAW.name)[0])
        return len(stage.records) >= 30

    stage = Journalling(settles=settles)
    run.until_read(stage, WorkerSettings(max_records=10))
    assert positions[:3] == [0, 0, 0]
    assert log.positions("tested", POSTS_RAW.name) == {0: 30}


def test_a_stage_that_does_not_settle_is_made_to_after_a_while(
    log: EmbeddedLog, run: Runner, clock: MovableClock
) -> None:
    fill(log, POSTS_RAW, range(10))
    stage = Journalling(settles=lambda force: force)
    clock.advance(100 * SECOND)
    started = clock.monotonic()
    run.until_read(stage, WorkerSettings(max_unsettled_seconds=7.0))
    assert 7.0 <= clock.monotonic() - started < 9.0


def test_no_more_is_read_while_too_much_is_unsettled(
    log: EmbeddedLog, run: Runner, clock: MovableClock
) -> None:
    fill(log, POSTS_RAW, range(1_000))
    most = 0
    taken = 0

    def settles(force: bool) -> bool:
        nonlocal most, taken
        most = max(most, len(stage.records) - taken)
        if force and clock.monotonic() > 100:
            taken = len(stage.records)
            return True
        return False

    stage = Journalling(settles=settles)
    settings = WorkerSettings(max_records=50, max_unsettled=200, max_unsettled_seconds=LONG)
    run(stage, lambda: clock.monotonic() > 90, settings)
    assert len(stage.records) == 200
    assert stage.ticks > 50  # it goes on acting on time
    stage = Journalling(settles=settles)
    most = taken = 0
    run.until_read(stage, settings)
    assert most == 200


def test_stopping_forces_a_last_settle_and_commits_it(log: EmbeddedLog, run: Runner) -> None:
    fill(log, POSTS_RAW, range(10))
    stage = Journalling(settles=lambda force: force)
    run(stage, lambda: bool(stage.batches))
    assert stage.settled[-1] is True
    assert stage.closed == 1
    assert log.lag(stage.name, POSTS_RAW.name) == 0


def test_what_is_not_settled_at_the_end_comes_again(log: EmbeddedLog, run: Runner) -> None:
    fill(log, POSTS_RAW, range(10))
    stage = Journalling(settles=lambda force: False)
    run(stage, lambda: bool(stage.batches))
    again = Journalling()
    run.until_read(again)
    assert again.records == stage.records


def test_a_small_batch_waits_for_company_and_a_full_one_does_not(
    log: EmbeddedLog, tmp_path: Path
) -> None:
    class Trickle(MovableClock):
        """While somebody sleeps, records come in: one every ten milliseconds."""

        published = 0

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            count = round(seconds / 0.01)
            fill(log, POSTS_RAW, range(self.published, self.published + count))
            self.published += count

    clock = Trickle()
    stage = Journalling()
    settings = WorkerSettings(linger_seconds=0.5, max_records=200)
    with closing(EmbeddedLog(tmp_path, clock=clock)) as view:
        Worker(stage, view, clock, settings=settings).run(lambda: len(stage.batches) == 3)
    assert all(len(batch) >= 50 for batch in stage.batches)
    before = clock.monotonic()
    fill(log, POSTS_RAW, range(5_000))
    full = Journalling(name="full")
    with closing(EmbeddedLog(tmp_path, clock=clock)) as view:
        Worker(full, view, clock, settings=settings).run(lambda: len(full.batches) == 20)
    assert {len(batch) for batch in full.batches} == {200}
    assert clock.monotonic() == before


def test_a_stage_without_input_acts_on_time_and_publishes(
    log: EmbeddedLog, run: Runner, clock: MovableClock
) -> None:
    beat = Outgoing(ALERT_MATCHES.name, "beat", b"1")
    stage = Journalling(lambda batch: Result([beat]), inputs=())
    run(stage, lambda: clock.monotonic() >= 60, WorkerSettings(tick_seconds=2.0))
    assert 28 <= stage.ticks <= 31
    assert len(read_all(log, ALERT_MATCHES)) == stage.ticks


def test_a_busy_stage_still_gets_its_ticks(
    log: EmbeddedLog, run: Runner, clock: MovableClock
) -> None:
    fill(log, POSTS_RAW, range(100))

    def slowly(batch: Sequence[Record]) -> Result:
        clock.advance(len(batch) * SECOND // 2)
        return Result()

    stage = Journalling(slowly)
    run.until_read(stage, WorkerSettings(max_records=10))
    assert stage.ticks >= 9


def test_a_tick_that_fails_is_reported_and_the_records_flow(log: EmbeddedLog, run: Runner) -> None:
    fill(log, POSTS_RAW, range(10))

    def process(batch: Sequence[Record]) -> Result:
        if not batch:
            raise RuntimeError("the clock struck thirteen")
        return copy(batch)

    stage = Journalling(process)
    run(stage, lambda: stage.ticks >= 3)
    assert numbers(read_all(log, ALERT_MATCHES)) == list(range(10))
    assert "RuntimeError: the clock struck thirteen" in run.reports[-1].last_error
    assert dead(log) == []


def test_stopping_does_not_wait_for_what_is_away(
    log: EmbeddedLog, run: Runner, clock: MovableClock
) -> None:
    fill(log, POSTS_RAW, range(10))

    def process(batch: Sequence[Record]) -> Result:
        raise IndexUnavailable("the index is away")

    stage = Journalling(process)
    settings = WorkerSettings(retry_floor_seconds=1_000.0, retry_ceiling_seconds=1_000.0)
    run(stage, lambda: clock.monotonic() >= 5.0, settings)
    assert clock.monotonic() < 5.5
    assert stage.closed == 1
    assert log.lag(stage.name, POSTS_RAW.name) == 10


def test_a_stage_that_needs_a_person_ends_the_run_and_commits_nothing(
    log: EmbeddedLog, run: Runner
) -> None:
    fill(log, POSTS_RAW, range(10))

    def process(batch: Sequence[Record]) -> Result:
        raise StateCorrupt("the index is damaged")

    stage = Journalling(process)
    with pytest.raises(StateCorrupt):
        run(stage, lambda: False)
    assert stage.closed == 1
    assert dead(log) == []
    assert log.lag(stage.name, POSTS_RAW.name) == 10
    taken_over = log.consumer(stage.name, stage.inputs)  # the partitions are free again
    assert len(taken_over.poll(100, 5.0)) == 10


def test_damage_to_one_partition_is_reported_and_the_others_flow(
    tmp_path: Path, clock: MovableClock
) -> None:
    with closing(EmbeddedLog(tmp_path / "log", clock=clock)) as log:
        create(log, POSTS_RAW, partitions=2)
        create(log, ALERT_MATCHES, POSTS_DEAD)
        fill(log, POSTS_RAW, range(1_000))
        expected = numbers(log.read(POSTS_RAW.name, 1, 0, 1_000))
    (tmp_path / "log" / POSTS_RAW.name / "0.db").write_bytes(b"\xa5" * 50_000)
    with closing(EmbeddedLog(tmp_path / "log", clock=clock)) as log:
        stage = Journalling(copy)
        runner = Runner(log, clock)
        runner(stage, lambda: clock.monotonic() > 30)
        assert numbers(read_all(log, ALERT_MATCHES)) == expected
        assert "0.db is damaged" in runner.reports[-1].last_error


def test_reports_come_about_every_second_and_count_everything(
    log: EmbeddedLog, run: Runner, clock: MovableClock
) -> None:
    fill(log, POSTS_RAW, range(100))
    stage = Journalling(poisoned_by(5), name="copier")
    started = clock.now()
    run(stage, lambda: clock.monotonic() >= 20)
    assert 18 <= len(run.reports) <= 22
    last = run.reports[-1]
    assert (last.stage, last.records, last.outputs, last.dead) == ("copier", 100, 99, 1)
    assert last.bytes == sum(len(record.value) for record in read_all(log, POSTS_RAW))
    assert last.started_at == started
    assert last.updated_at == clock.now()
    assert last.rss_bytes > 1_000_000
    assert last.unsettled == 0


def test_a_report_comes_while_a_retry_waits(
    log: EmbeddedLog, run: Runner, clock: MovableClock
) -> None:
    fill(log, POSTS_RAW, range(10))

    def process(batch: Sequence[Record]) -> Result:
        raise IndexUnavailable("the index is away")

    settings = WorkerSettings(retry_floor_seconds=1_000.0, retry_ceiling_seconds=1_000.0)
    run(Journalling(process), lambda: clock.monotonic() >= 30.0, settings)
    assert len(run.reports) >= 28


def test_the_collector_is_as_it_was_when_the_run_is_over(log: EmbeddedLog, run: Runner) -> None:
    enabled_within: list[bool] = []

    def process(batch: Sequence[Record]) -> Result:
        enabled_within.append(gc.isenabled())
        return swallow(batch)

    stage = Journalling(process)
    run(stage, lambda: stage.ticks > 0)
    assert enabled_within[0] is False
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_consumer_of_another_group_is_not_disturbed(log: EmbeddedLog, run: Runner) -> None:
    fill(log, POSTS_RAW, range(10))
    other = log.consumer("other", [POSTS_RAW.name])
    other.commit(after(other.poll(4, 1.0)))
    run.until_read(Journalling())
    assert log.lag("other", POSTS_RAW.name) == 6
