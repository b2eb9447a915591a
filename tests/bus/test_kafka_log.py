"""What the log in Kafka does beyond the contract, on a real broker."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing

import msgspec
import pytest

from bus.dead import DeadLetters
from bus.kafka import KafkaConnection, KafkaLog
from bus.kafka.cluster import Cluster
from bus.kafka.library import KafkaPartition, KafkaProducer
from bus.partitioning import partition_of
from bus.port import Outgoing, Record, Retention, TopicPartition
from bus.stage import Result
from bus.worker import Worker
from cli.replaying import wait_until_processed
from desk.health import CONSUMERS
from model.clock import DAY, HOUR, SystemClock
from model.errors import LogUnavailable, RecordTooLarge
from model.topics import ALERT_MATCHES, POSTS_DEAD, POSTS_ENRICHED, POSTS_RAW, TOPICS, Topic
from tests.bus.kafka import (
    LIMIT,
    TUNING,
    connection_to,
    gather,
    new_topic,
    numbered,
    open_log,
    until,
)
from tests.bus.stages import Journalling, copy
from tests.servers.kafka import KafkaServer

KEEP = Retention()


@pytest.fixture
def connection(kafka_server: KafkaServer) -> KafkaConnection:
    """With a prefix of its own for each test, as another installation would have."""
    prefix = f"{uuid.uuid4().hex}."
    return msgspec.structs.replace(connection_to(kafka_server), topic_prefix=prefix)


@pytest.fixture
def log(connection: KafkaConnection) -> Iterator[KafkaLog]:
    with closing(open_log(connection)) as log:
        yield log


@pytest.fixture
def cluster(connection: KafkaConnection) -> Iterator[Cluster]:
    with closing(Cluster(connection, TUNING, SystemClock())) as cluster:
        yield cluster


def work(log: KafkaLog, stage: Journalling, stop: Callable[[], bool]) -> None:
    Worker(stage, log, SystemClock()).run(stop)


def read_all(log: KafkaLog, topic: Topic) -> list[Record]:
    return [r for p in log.ends(topic.name) for r in log.read(topic.name, p, 0, 100_000)]


def test_installations_with_other_prefixes_see_nothing_of_each_other(
    log: KafkaLog, kafka_server: KafkaServer
) -> None:
    topic = new_topic(log)
    log.publish(numbered(topic, range(3)))
    consumer = log.consumer("readers", [topic.name])
    assert {record.topic for record in gather(consumer, 3)} == {topic.name}
    with closing(open_log(connection_to(kafka_server))) as other:
        assert other.ends(topic.name) == {}


def test_a_topic_gets_its_settings_and_another_call_changes_them(
    log: KafkaLog, cluster: Cluster
) -> None:
    topic = Topic("kept", compacted=True)
    log.create(topic, partitions=3, retention=Retention(max_age=8 * DAY, max_bytes=10**9))
    found = cluster.settings("kept")
    assert found["retention.ms"] == str(8 * DAY // 1_000)
    assert found["retention.bytes"] == str(10**9)
    assert found["segment.ms"] == str(DAY // 1_000)
    assert found["cleanup.policy"] == "compact,delete"
    assert int(found["max.message.bytes"]) > LIMIT
    log.create(topic, partitions=3, retention=Retention(max_age=16 * HOUR))
    found = cluster.settings("kept")
    assert found["retention.ms"] == str(16 * HOUR // 1_000)
    assert found["retention.bytes"] == "-1"
    assert found["segment.ms"] == str(2 * HOUR // 1_000)


def test_a_key_has_the_partition_that_it_has_in_the_embedded_log(log: KafkaLog) -> None:
    topic = new_topic(log, partitions=5)
    log.publish(numbered(topic, range(50)))
    for record in read_all(log, topic):
        assert record.partition == partition_of(record.key.encode(), 5)


def test_a_large_call_goes_out_in_portions_and_in_order(connection: KafkaConnection) -> None:
    tuning = msgspec.structs.replace(TUNING, in_flight_bytes=50_000)
    with closing(open_log(connection, tuning)) as log:
        topic = new_topic(log, partitions=1)
        log.publish(numbered(topic, range(500), size=1_000))
        assert [int(record.value) for record in read_all(log, topic)] == list(range(500))


def test_a_dead_letter_may_be_larger_than_what_it_is_about(log: KafkaLog) -> None:
    log.create(POSTS_DEAD, partitions=1, retention=KEEP)
    log.publish([Outgoing(POSTS_DEAD.name, "k", bytes(20 * LIMIT))])
    assert len(read_all(log, POSTS_DEAD)[0].value) == 20 * LIMIT


def test_what_a_broker_refuses_becomes_a_dead_letter_and_stops_nothing(
    log: KafkaLog, cluster: Cluster
) -> None:
    """The broker's limit is lower than ours, so that only it can tell."""
    for topic in TOPICS:
        log.create(topic, partitions=1, retention=KEEP)
    cluster.change(ALERT_MATCHES.name, {"max.message.bytes": "20000"})
    log.publish(numbered(POSTS_RAW, range(20)))
    huge = uuid.uuid4().bytes * 4_000  # repeats itself, so that it would fit when compressed
    noise = b"".join(uuid.uuid4().bytes for _ in range(4_000))
    log.publish([Outgoing(POSTS_RAW.name, "huge", huge), Outgoing(POSTS_RAW.name, "noise", noise)])
    log.publish(numbered(POSTS_RAW, range(20, 40)))
    stage = Journalling(copy, name="tested")
    work(log, stage, lambda: log.lag("tested", POSTS_RAW.name) == 0)
    values = [record.value for record in read_all(log, ALERT_MATCHES)]
    assert set(values) == {huge, *(b"%d" % n for n in range(40))}
    (entry,) = DeadLetters(log, SystemClock()).newest(10)
    assert entry.letter.error == "RecordTooLarge"
    assert entry.letter.key == "noise"
    assert entry.letter.original == noise
    assert "MessageSizeTooLarge" in entry.letter.cause


def test_the_producer_goes_on_after_a_refusal(log: KafkaLog, cluster: Cluster) -> None:
    topic = new_topic(log, partitions=1)
    cluster.change(topic.name, {"max.message.bytes": "20000"})
    noise = b"".join(uuid.uuid4().bytes for _ in range(4_000))
    with pytest.raises(RecordTooLarge, match="'k'"):
        log.publish([Outgoing(topic.name, "k", noise)])
    log.publish(numbered(topic, range(3)))
    assert [record.value for record in read_all(log, topic)] == [b"0", b"1", b"2"]


def test_a_retried_dead_letter_is_published_once_more_and_marked(log: KafkaLog) -> None:
    for topic in TOPICS:
        log.create(topic, partitions=1, retention=KEEP)
    log.publish(numbered(POSTS_RAW, [1]))
    letters = DeadLetters(log, SystemClock())

    def broken(batch: object) -> Result:
        raise ZeroDivisionError("as it happens")

    def stop() -> bool:
        return log.lag("tested", POSTS_RAW.name) == 0

    work(log, Journalling(lambda batch: broken(batch) if batch else Result()), stop)
    (entry,) = letters.newest(10)
    letters.retry(entry)
    assert [record.value for record in read_all(log, POSTS_RAW)] == [b"1", b"1"]
    assert letters.get(entry.partition, entry.offset).retried


def test_a_topic_that_nobody_created_is_waited_for(connection: KafkaConnection) -> None:
    tuning = msgspec.structs.replace(TUNING, request_seconds=1.0, patience_seconds=2.0)
    with closing(open_log(connection, tuning)) as log:
        with pytest.raises(LogUnavailable, match="topic late is not known"):
            log.publish([Outgoing("late", "k", b"v")])
        log.create(Topic("late"), partitions=1, retention=KEEP)
        log.publish([Outgoing("late", "k", b"v")])


def test_offsets_without_a_record_are_no_lag(
    log: KafkaLog, connection: KafkaConnection, kafka_server: KafkaServer
) -> None:
    """Another program's transaction leaves a mark behind its records."""
    topic = new_topic(log, partitions=1)
    producer = KafkaProducer(
        bootstrap_servers=kafka_server.address, transactional_id=uuid.uuid4().hex
    )
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(connection.named(topic.name), key=b"k", value=b"v")
    producer.commit_transaction()
    producer.close()
    consumer = log.consumer("readers", [topic.name])
    (record,) = gather(consumer, 1)
    assert log.ends(topic.name) == {0: 2}

    def caught_up() -> bool:
        consumer.commit({TopicPartition(topic.name, 0): record.offset + 1})
        assert consumer.poll(10, 0.1) == []
        return log.lag("readers", topic.name) == 0

    until(caught_up, "an empty lag")
    assert log.read(topic.name, 0, 1, 10) == []


def test_a_group_that_was_outlived_by_retention_goes_on_at_the_oldest_record(
    log: KafkaLog, cluster: Cluster, connection: KafkaConnection
) -> None:
    topic = new_topic(log, partitions=1)
    log.publish(numbered(topic, range(10)))
    there = KafkaPartition(connection.named(topic.name), 0)
    cluster._ask("records cannot be deleted", lambda admin: admin.delete_records({there: 6}))
    assert log.positions("readers", topic.name) == {0: 6}
    assert log.lag("readers", topic.name) == 4
    assert [int(r.value) for r in log.read(topic.name, 0, 0, 10)] == [6, 7, 8, 9]
    consumer = log.consumer("readers", [topic.name])
    assert [int(r.value) for r in gather(consumer, 4)] == [6, 7, 8, 9]


def test_pausing_outlasts_a_hand_over(log: KafkaLog, connection: KafkaConnection) -> None:
    topic = new_topic(log)
    log.publish(numbered(topic, range(10)))
    paused = log.consumer("readers", [topic.name])
    gather(paused, 10)
    paused.pause()
    with closing(open_log(connection)) as other:
        second = other.consumer("readers", [topic.name])
        seen: list[Record] = []

        def shared() -> bool:
            log.publish(numbered(topic, range(10)))
            assert paused.poll(100, 0.1) == []
            seen.extend(second.poll(100, 0.1))
            return bool(seen)

        until(shared, "a partition for the newcomer")
    log.publish(numbered(topic, range(10)))
    for _ in range(10):
        assert paused.poll(100, 0.1) == []
    paused.resume()
    gather(paused, 10)


def test_waiting_for_the_chain_ends_when_everything_is_processed(
    connection: KafkaConnection, log: KafkaLog
) -> None:
    """What ``tocsin replay --wait`` relies on."""
    for topic in TOPICS:
        log.create(topic, partitions=2, retention=KEEP)
    log.publish(numbered(POSTS_RAW, range(300)))
    done = threading.Event()
    stages = [
        Journalling(_passing_on(topic), name=group, inputs=(topic,)) for group, topic in CONSUMERS
    ]

    def run(stage: Journalling) -> None:
        with closing(open_log(connection)) as own:
            work(own, stage, done.is_set)

    threads = [threading.Thread(target=run, args=(stage,)) for stage in stages]
    for thread in threads:
        thread.start()
    try:
        assert wait_until_processed(log, SystemClock(), lambda: False)
        for stage in stages:
            keys = {record.key for record in stage.records}
            assert keys == {f"k{n}" for n in range(300)}, stage.name
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _passing_on(topic: str) -> Callable[[object], Result]:
    """What the stage that reads this topic gives to the next."""

    def process(batch: object) -> Result:
        assert isinstance(batch, list | tuple)
        if topic == POSTS_RAW.name:
            return Result([Outgoing(POSTS_ENRICHED.name, r.key, b"+", r) for r in batch])
        if topic == POSTS_ENRICHED.name:
            return Result([Outgoing(ALERT_MATCHES.name, r.key, r.base) for r in batch])
        return Result()

    return process
