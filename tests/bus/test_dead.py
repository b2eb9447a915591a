"""Dead letters: listed, shown, retried once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.dead import DeadLetters, RetryRefused
from bus.embedded import EmbeddedLog
from bus.letters import letter_for_record, to_dead_topic
from bus.port import Outgoing, Record
from model.clock import SECOND, MovableClock
from model.dead import DEAD_LETTER, DeadLetter
from model.topics import POSTS_DEAD, POSTS_ENRICHED, POSTS_RAW, TOPICS
from tests.bus.logs import create, fill, numbers, read_all

ERROR = ValueError("it broke")


@pytest.fixture
def log(tmp_path: Path, clock: MovableClock) -> Iterator[EmbeddedLog]:
    with closing(EmbeddedLog(tmp_path, clock=clock)) as log:
        create(log, *TOPICS, partitions=2)
        yield log


@pytest.fixture
def letters(log: EmbeddedLog, clock: MovableClock) -> DeadLetters:
    return DeadLetters(log, clock)


def bury(log: EmbeddedLog, clock: MovableClock, numbers: range) -> None:
    """A dead letter for each number, a second apart."""
    for number in numbers:
        clock.advance(SECOND)
        record = Record(POSTS_RAW.name, 0, number, f"k{number}", b"%d" % number)
        log.publish([to_dead_topic(letter_for_record("stage", record, ERROR, clock.now()))])


def test_the_newest_come_first_over_all_partitions(
    log: EmbeddedLog, letters: DeadLetters, clock: MovableClock
) -> None:
    bury(log, clock, range(30))
    assert {record.partition for record in read_all(log, POSTS_DEAD)} == {0, 1}
    assert [entry.letter.original for entry in letters.newest(3)] == [b"29", b"28", b"27"]
    assert len(letters.newest(1_000)) == 30
    assert len(list(letters.all())) == 30


def test_without_any_there_are_none(letters: DeadLetters) -> None:
    assert letters.newest(10) == []
    assert list(letters.all()) == []


def test_one_is_found_by_its_place(
    log: EmbeddedLog, letters: DeadLetters, clock: MovableClock
) -> None:
    bury(log, clock, range(10))
    for entry in letters.newest(10):
        assert letters.get(entry.partition, entry.offset) == entry
    with pytest.raises(RetryRefused, match="no dead letter 0:77"):
        letters.get(0, 77)


def test_a_retry_publishes_the_original_and_is_remembered(
    log: EmbeddedLog, letters: DeadLetters, clock: MovableClock
) -> None:
    bury(log, clock, range(2))
    entry = letters.newest(1)[0]
    letters.retry(entry)
    (again,) = read_all(log, POSTS_RAW)
    assert (again.key, again.value) == ("k1", b"1")
    assert [entry.retried for entry in letters.newest(2)] == [True, False]
    with pytest.raises(RetryRefused, match="already"):
        letters.retry(entry)
    assert numbers(read_all(log, POSTS_RAW)) == [1]
    letters.retry(entry, again=True)
    assert numbers(read_all(log, POSTS_RAW)) == [1, 1]


def test_a_derived_record_is_retried_from_its_source(
    log: EmbeddedLog, letters: DeadLetters, clock: MovableClock
) -> None:
    record = Record(POSTS_ENRICHED.name, 0, 5, "k", b"added", base=b"the post")
    log.publish([to_dead_topic(letter_for_record("index", record, ERROR, clock.now()))])
    letters.retry(letters.newest(1)[0])
    assert [r.value for r in read_all(log, POSTS_RAW)] == [b"the post"]
    assert read_all(log, POSTS_ENRICHED) == []


def test_input_that_never_became_a_record_cannot_be_retried(
    log: EmbeddedLog, letters: DeadLetters
) -> None:
    letter = DeadLetter(
        stage="ingest",
        error="MalformedRecord",
        cause="half a line",
        original=b'{"id": 1',
        failed_at=1,
        origin="posts.jsonl line 7",
    )
    log.publish([to_dead_topic(letter)])
    with pytest.raises(RetryRefused, match=r"posts\.jsonl line 7"):
        letters.retry(letters.newest(1)[0])


def test_a_letter_of_a_newer_version_does_not_hide_the_others(
    log: EmbeddedLog, letters: DeadLetters, clock: MovableClock
) -> None:
    bury(log, clock, range(2))
    newer = DEAD_LETTER.encode(letters.newest(1)[0].letter).replace(b"dead/1", b"dead/9")
    log.publish([Outgoing(POSTS_DEAD.name, "k", newer)])
    entries = letters.newest(10)
    assert len(entries) == 3
    assert entries[-1].letter.error == "UnknownSchema"
    assert entries[-1].letter.original == newer


@given(
    key=st.text(st.characters()),
    cause=st.text(st.characters()),
    value=st.binary(max_size=100),
    offset=st.integers(0, 2**62),
)
def test_any_failure_makes_a_letter_that_can_be_read(
    key: str, cause: str, value: bytes, offset: int
) -> None:
    record = Record(POSTS_RAW.name, 1, offset, key, value)
    outgoing = to_dead_topic(letter_for_record("stage", record, ValueError(cause), 7))
    letter = DEAD_LETTER.decode(outgoing.value)
    outgoing.key.encode()
    assert (letter.original, letter.offset, letter.failed_at) == (value, offset, 7)


def test_filling_does_not_disturb_the_letters(log: EmbeddedLog, letters: DeadLetters) -> None:
    fill(log, POSTS_RAW, range(10))
    assert letters.newest(10) == []
