"""What is published comes back, by itself and joined to its source."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bus.port import Log, Outgoing, Record, Retention
from model.errors import ConfigurationError, MalformedRecord, RecordTooLarge
from model.topics import Topic
from tests.contracts.log_bench import (
    AWKWARD_KEYS,
    KEEP,
    PARTITIONS,
    LogBench,
    after,
    by_key,
    gather,
    numbered,
)
from tests.contracts.log_processes import until


class RecordContract(LogBench):
    """What is published comes back, by itself and joined to its source."""

    def test_a_record_comes_back_as_it_was_published(
        self, log: Log, topic: Topic, group: str
    ) -> None:
        values = {key: f"value of {key}".encode() + bytes(range(256)) for key in AWKWARD_KEYS}
        log.publish([Outgoing(topic.name, key, value) for key, value in values.items()])
        records = gather(log.consumer(group, [topic.name]), len(values))
        assert {record.key: record.value for record in records} == values
        assert {(record.topic, record.base) for record in records} == {(topic.name, b"")}

    def test_an_empty_value_and_an_empty_call_are_allowed(
        self, log: Log, topic: Topic, group: str
    ) -> None:
        log.publish([])
        log.publish([Outgoing(topic.name, "k", b"")])
        assert [r.value for r in gather(log.consumer(group, [topic.name]), 1)] == [b""]

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,  # each back end inherits the test
        ],
    )
    @given(st.lists(st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=50)), max_size=8)))
    def test_each_key_keeps_its_order_whatever_is_published(
        self, log: Log, batches: list[list[tuple[str, bytes]]]
    ) -> None:
        topic = Topic(f"contract-{uuid.uuid4().hex}")
        log.create(topic, partitions=2, retention=KEEP)
        expected: dict[str, list[bytes]] = {}
        for batch in batches:
            log.publish([Outgoing(topic.name, key, value) for key, value in batch])
            for key, value in batch:
                expected.setdefault(key, []).append(value)
        found = [r for p in log.ends(topic.name) for r in log.read(topic.name, p, 0, 1_000)]
        assert by_key(found) == expected

    def test_a_key_stays_in_its_partition_and_keys_are_spread(
        self, log: Log, topic: Topic, group: str
    ) -> None:
        keys = [f"x:main:{n}" for n in range(100)]
        log.publish(numbered(topic, keys, 300))
        records = gather(log.consumer(group, [topic.name]), 300)
        where = {(record.key, record.partition) for record in records}
        assert len(where) == len(keys)
        assert {partition for _, partition in where} == set(range(PARTITIONS))

    def test_offsets_grow_within_a_partition(self, log: Log, topic: Topic, group: str) -> None:
        log.publish(numbered(topic, "abcdefgh", 200))
        last = dict.fromkeys(range(PARTITIONS), -1)
        for record in gather(log.consumer(group, [topic.name]), 200):
            assert record.offset > last[record.partition]
            last[record.partition] = record.offset

    def test_too_large_a_record_is_named_and_nothing_of_its_call_is_written(
        self, log: Log, topic: Topic
    ) -> None:
        huge = bytes(200_000_000)
        with pytest.raises(RecordTooLarge, match=r"'giant'.*20000000\d"):
            log.publish([Outgoing(topic.name, "small", b"1"), Outgoing(topic.name, "giant", huge)])
        assert set(log.ends(topic.name).values()) == {0}

    def test_a_key_that_is_no_unicode_is_refused_and_nothing_is_written(
        self, log: Log, topic: Topic
    ) -> None:
        with pytest.raises(MalformedRecord, match="udc80"):
            log.publish([Outgoing(topic.name, "a", b"1"), Outgoing(topic.name, "\udc80", b"2")])
        assert set(log.ends(topic.name).values()) == {0}

    def test_creating_a_topic_again_leaves_it_as_it_is(self, log: Log, topic: Topic) -> None:
        log.publish(numbered(topic, "abc", 30))
        log.create(topic, partitions=PARTITIONS + 3, retention=Retention(max_age=1))
        ends = log.ends(topic.name)
        assert len(ends) == PARTITIONS
        assert sum(ends.values()) == 30

    def test_a_derived_topic_must_fit_its_source(self, log: Log, topic: Topic) -> None:
        other = Topic(f"{topic.name}.other", derives_from=topic.name)
        with pytest.raises(ConfigurationError):
            log.create(other, partitions=PARTITIONS + 1, retention=KEEP)

    def test_a_topic_that_another_creates_is_found(self, log: Log, other: Log, group: str) -> None:
        topic = Topic(f"contract-{uuid.uuid4().hex}")
        consumer = other.consumer(group, [topic.name])
        assert consumer.poll(10, 0.0) == []
        log.create(topic, partitions=2, retention=KEEP)
        log.publish(numbered(topic, "ab", 10))
        assert len(gather(consumer, 10)) == 10

    def test_ends_positions_and_lag_agree(self, log: Log, topic: Topic, group: str) -> None:
        assert log.lag(group, topic.name) == 0
        log.publish(numbered(topic, "abcdefgh", 100))
        assert sum(log.ends(topic.name).values()) == 100
        assert log.lag(group, topic.name) == 100
        consumer = log.consumer(group, [topic.name])
        records = gather(consumer, 100)
        assert log.lag(group, topic.name) == 100
        consumer.commit(after(records[:40]))
        assert log.lag(group, topic.name) == 60
        consumer.commit(after(records))
        assert log.positions(group, topic.name) == log.ends(topic.name)
        assert log.lag(group, topic.name) == 0

    def test_looking_moves_no_group(self, log: Log, topic: Topic, group: str) -> None:
        log.publish(numbered(topic, "a", 10))
        partition = next(p for p, end in log.ends(topic.name).items() if end)
        assert [r.value for r in log.read(topic.name, partition, 4, 3)] == [b"4", b"5", b"6"]
        assert log.read(topic.name, partition, 10, 3) == []
        assert len(gather(log.consumer(group, [topic.name]), 10)) == 10

    def test_a_topic_that_nobody_created_is_empty(self, log: Log, group: str) -> None:
        name = f"contract-{uuid.uuid4().hex}"
        assert dict(log.ends(name)) == {}
        assert log.lag(group, name) == 0
        assert log.read(name, 0, 0, 10) == []

    def test_a_derived_record_comes_with_its_source(
        self, log: Log, topic: Topic, derived: Topic, group: str
    ) -> None:
        log.publish(numbered(topic, "abcdefgh", 50))
        sources = gather(log.consumer(group, [topic.name]), 50)
        log.publish([Outgoing(derived.name, s.key, b"+" + s.value, s) for s in sources])
        for record in gather(log.consumer(f"{group}-2", [derived.name]), 50):
            assert record.topic == derived.name
            assert record.value == b"+" + record.base

    def test_a_derived_topic_may_have_holes(
        self, log: Log, topic: Topic, derived: Topic, group: str
    ) -> None:
        log.publish(numbered(topic, "abcdefgh", 500))
        sources = gather(log.consumer(group, [topic.name]), 500)
        kept = [source for source in sources if int(source.value) % 7 == 0]
        log.publish([Outgoing(derived.name, s.key, b"+" + s.value, s) for s in kept])
        group = f"{group}-2"
        consumer = log.consumer(group, [derived.name])
        records = gather(consumer, len(kept))
        assert sorted(r.base for r in records) == sorted(s.value for s in kept)
        assert all(record.value == b"+" + record.base for record in records)
        consumer.commit(after(records))
        assert log.lag(group, derived.name) == 0

    def test_deriving_again_leaves_the_last_word_last(
        self, log: Log, topic: Topic, derived: Topic, group: str
    ) -> None:
        log.publish(numbered(topic, "a", 6))
        sources = gather(log.consumer(group, [topic.name]), 6)
        once = [Outgoing(derived.name, s.key, b"once", s) for s in sources[:4]]
        twice = [Outgoing(derived.name, s.key, b"twice", s) for s in sources[2:]]
        log.publish(once)
        log.publish(twice)
        consumer = log.consumer(f"{group}-2", [derived.name])
        latest: dict[bytes, bytes] = {}

        def read_to_the_end() -> bool:
            latest.update((record.base, record.value) for record in consumer.poll(100, 0.1))
            return [latest.get(s.value) for s in sources] == [b"once"] * 2 + [b"twice"] * 4

        until(read_to_the_end, "the last word about each source")

    def test_a_derived_record_without_its_source_is_refused(
        self, log: Log, topic: Topic, derived: Topic
    ) -> None:
        stranger = Record("elsewhere", 0, 0, "k", b"")
        for source in (None, stranger):
            with pytest.raises(MalformedRecord):
                log.publish([Outgoing(derived.name, "k", b"v", source)])
        assert set(log.ends(derived.name).values()) == {0}
