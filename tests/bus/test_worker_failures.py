"""The worker loop: what fails stops nothing else, and nothing of it is lost."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from bus.embedded import EmbeddedLog
from bus.port import Outgoing, Record
from bus.retry import Backoff
from bus.stage import Reject, Result
from bus.worker import WorkerSettings
from model.clock import MovableClock
from model.errors import IndexUnavailable, MalformedRecord
from model.topics import ALERT_MATCHES, POSTS_ENRICHED, POSTS_RAW, TOPICS
from tests.bus.logs import create, fill, numbers, read_all
from tests.bus.runner import LIMIT, Runner, dead, poisoned_by
from tests.bus.stages import Journalling, copy


def test_a_poisoned_record_alone_is_dead_lettered_and_its_batch_flows_in_order(
    log: EmbeddedLog, run: Runner, clock: MovableClock
) -> None:
    fill(log, POSTS_RAW, range(300))
    stage = Journalling(poisoned_by(17, 18, 299), name="copier")
    run.until_read(stage)
    healthy = [n for n in range(300) if n not in {17, 18, 299}]
    assert numbers(read_all(log, ALERT_MATCHES)) == healthy
    letters = dead(log)
    assert [(letter.offset, letter.original) for letter in letters] == [
        (17, b"17"),
        (18, b"18"),
        (299, b"299"),
    ]
    first = letters[0]
    assert (first.stage, first.error, first.cause) == (
        "copier",
        "ZeroDivisionError",
        "cannot digest 17",
    )
    assert (first.topic, first.partition, first.key) == (POSTS_RAW.name, 0, "k17")
    assert first.failed_at == clock.now()


def test_finding_the_poison_takes_few_calls(log: EmbeddedLog, run: Runner) -> None:
    fill(log, POSTS_RAW, range(500))
    stage = Journalling(poisoned_by(123))
    run.until_read(stage)
    assert len(stage.batches) < 25


def test_a_record_that_the_stage_rejects_is_dead_lettered(log: EmbeddedLog, run: Runner) -> None:
    fill(log, POSTS_RAW, range(10))

    def reject_odd(batch: Sequence[Record]) -> Result:
        odd = [r for r in batch if int(r.value) % 2]
        error = MalformedRecord("a post", cause="it is odd")
        return Result(
            copy([r for r in batch if r not in odd]).outputs, [Reject(r, error) for r in odd]
        )

    run.until_read(Journalling(reject_odd))
    assert numbers(read_all(log, ALERT_MATCHES)) == [0, 2, 4, 6, 8]
    assert [letter.original for letter in dead(log)] == [b"1", b"3", b"5", b"7", b"9"]
    assert {letter.error for letter in dead(log)} == {"MalformedRecord"}


def test_of_a_derived_record_the_source_is_kept(log: EmbeddedLog, run: Runner) -> None:
    fill(log, POSTS_RAW, [5])
    (source,) = read_all(log, POSTS_RAW)
    log.publish([Outgoing(POSTS_ENRICHED.name, source.key, b"added", source)])

    def fail(batch: Sequence[Record]) -> Result:
        raise ValueError(len(batch))

    stage = Journalling(fail, inputs=(POSTS_ENRICHED.name,))
    run(stage, lambda: bool(dead(log)))
    assert dead(log)[0].original == b"5"
    assert dead(log)[0].topic == POSTS_ENRICHED.name


def test_an_error_whose_words_are_no_unicode_still_makes_a_letter(
    log: EmbeddedLog, run: Runner
) -> None:
    fill(log, POSTS_RAW, [1])

    def fail(batch: Sequence[Record]) -> Result:
        if batch:
            raise ValueError("half a pair: \ud83d")
        return Result()

    run.until_read(Journalling(fail))
    assert dead(log)[0].cause == r"half a pair: \ud83d"


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (Outgoing(ALERT_MATCHES.name, "k", bytes(LIMIT)), "RecordTooLarge"),
        (Outgoing(ALERT_MATCHES.name, "\udc80", b"x"), "MalformedRecord"),
    ],
)
def test_an_output_that_the_log_refuses_is_dead_lettered_and_the_others_flow_in_order(
    log: EmbeddedLog, run: Runner, refused: Outgoing, error: str
) -> None:
    fill(log, POSTS_RAW, range(100))

    def process(batch: Sequence[Record]) -> Result:
        outputs = list(copy(batch).outputs)
        return Result([*outputs[:40], refused, *outputs[40:]] if batch else ())

    run.until_read(Journalling(process))
    assert numbers(read_all(log, ALERT_MATCHES)) == list(range(100))
    (letter,) = dead(log)
    assert (letter.error, letter.topic, letter.original) == (error, refused.topic, refused.value)
    assert letter.offset is None


def test_a_derived_output_that_is_too_large_blames_its_source(
    log: EmbeddedLog, run: Runner
) -> None:
    fill(log, POSTS_RAW, range(3))

    def process(batch: Sequence[Record]) -> Result:
        return Result(
            [
                Outgoing(POSTS_ENRICHED.name, r.key, bytes(LIMIT if r.offset == 1 else 10), r)
                for r in batch
            ]
        )

    run.until_read(Journalling(process))
    (letter,) = dead(log)
    assert (letter.topic, letter.offset, letter.original) == (POSTS_RAW.name, 1, b"1")
    assert [record.base for record in read_all(log, POSTS_ENRICHED)] == [b"0", b"2"]


def test_an_output_too_large_even_for_the_dead_letters_is_cut_and_says_so(
    tmp_path: Path, clock: MovableClock
) -> None:
    with closing(
        EmbeddedLog(tmp_path / "small", max_record_bytes=4_000, max_dead_bytes=8_000, clock=clock)
    ) as log:
        create(log, *TOPICS)
        fill(log, POSTS_RAW, [1])
        huge = Outgoing(ALERT_MATCHES.name, "k" * 50_000, b"x" * 50_000)
        stage = Journalling(lambda batch: Result([huge] if batch else ()))
        Runner(log, clock).until_read(stage)
        (letter,) = dead(log)
        kept = len(letter.original)
        assert 0 < kept < 8_000
        assert f"cut to {kept} bytes" in letter.cause
        assert letter.topic is None  # half a record must not be retried


def test_a_passing_failure_is_retried_with_the_same_batch_after_growing_random_waits(
    log: EmbeddedLog, run: Runner, clock: MovableClock
) -> None:
    fill(log, POSTS_RAW, range(20))
    calls: list[float] = []

    def process(batch: Sequence[Record]) -> Result:
        if batch:
            calls.append(clock.monotonic())
            if len(calls) <= 12:
                raise IndexUnavailable("the index is away")
        return copy(batch)

    stage = Journalling(process)
    settings = WorkerSettings(retry_floor_seconds=0.1, retry_ceiling_seconds=30.0)
    run(stage, lambda: log.lag(stage.name, POSTS_RAW.name) == 0, settings, seed=7)
    assert all(batch == stage.batches[0] for batch in stage.batches)
    assert numbers(read_all(log, ALERT_MATCHES)) == list(range(20))
    assert dead(log) == []
    backoff = Backoff(0.1, 30.0, Random(7))
    waits = [later - earlier for earlier, later in itertools.pairwise(calls)]
    assert waits == pytest.approx([backoff.next() for _ in waits], abs=0.01)
    assert run.reports[-1].retries == 12
    assert "the index is away" in run.reports[-1].last_error


def test_the_retried_record_of_a_poisoned_batch_is_not_lost_either(
    log: EmbeddedLog, run: Runner
) -> None:
    fill(log, POSTS_RAW, range(8))
    away = 5

    def process(batch: Sequence[Record]) -> Result:
        nonlocal away
        if len(batch) == 1 and away:
            away -= 1
            raise IndexUnavailable("the index is away")
        return poisoned_by(3)(batch)

    run.until_read(Journalling(process))
    assert numbers(read_all(log, ALERT_MATCHES)) == [0, 1, 2, 4, 5, 6, 7]
    assert [letter.original for letter in dead(log)] == [b"3"]


def test_publishing_waits_until_the_log_takes_it(tmp_path: Path, clock: MovableClock) -> None:
    with closing(EmbeddedLog(tmp_path / "bare", clock=clock)) as log:
        create(log, POSTS_RAW)
        fill(log, POSTS_RAW, range(5))
        stage = Journalling(copy)

        def until() -> bool:
            if clock.monotonic() > 60:
                create(log, ALERT_MATCHES)
            return log.lag(stage.name, POSTS_RAW.name) == 0

        Runner(log, clock)(stage, until)
        assert numbers(read_all(log, ALERT_MATCHES)) == list(range(5))
        assert len(stage.batches) == 1  # what was processed is kept while publishing waits


def test_settling_and_committing_are_retried(
    log: EmbeddedLog, run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stage settles at the third try; then somebody blocks the group's positions."""
    monkeypatch.setattr("bus.embedded.database.BUSY_SECONDS", 0.01)
    fill(log, POSTS_RAW, range(5))
    stage = Journalling(settles=lambda force: settles())
    log.consumer(stage.name, stage.inputs).close()
    path = tmp_path / "groups" / stage.name / "positions.db"
    tries = 0
    with closing(sqlite3.connect(path, isolation_level=None)) as blocker:

        def settles() -> bool:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise IndexUnavailable("the index is away")
            if tries == 3:
                blocker.execute("BEGIN IMMEDIATE")
            return True

        def until() -> bool:
            if run.reports and "positions.db is busy" in run.reports[-1].last_error:
                blocker.rollback()
            return log.lag(stage.name, POSTS_RAW.name) == 0

        run(stage, until)
    assert run.reports[-1].retries >= 3
    assert len(stage.batches) == 1
