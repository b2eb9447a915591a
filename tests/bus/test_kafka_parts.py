"""The parts of the log in Kafka that need no broker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from bus.kafka import KafkaConnection, KafkaLog
from bus.kafka import errors as tables
from bus.kafka.buffers import Buffers
from bus.kafka.errors import translated
from bus.kafka.frame import Frame, record_from
from bus.kafka.library import KafkaError, error_classes
from bus.kafka.topics import topic_settings
from bus.port import Outgoing, Record, Retention, TopicPartition
from model.clock import DAY, HOUR, MINUTE, SystemClock
from model.errors import (
    ConfigurationError,
    LogUnavailable,
    MalformedRecord,
    RecordTooLarge,
)
from model.topics import Topic
from tests.bus.kafka import TUNING
from tests.servers.ports import free_ports

SECRET = "not-to-be-seen"
HERE = ("127.0.0.1:9092",)
HURRIED = msgspec.structs.replace(TUNING, connect_seconds=0.3)


class Arrived(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def named(kind: str) -> type[KafkaError]:
    return next(each for each in error_classes() if each.__name__ == kind)


def test_every_error_of_the_library_stands_in_one_table() -> None:
    known = [tables.TOO_LARGE, tables.MALFORMED, tables.CONFIGURATION, tables.TRANSIENT]
    names = {kind.__name__ for kind in error_classes()}
    assert len(names) > 100
    assert names - frozenset().union(*known) == set(), "classify these, which are new"
    assert frozenset().union(*known) - names == set(), "these are no more"
    assert sum(map(len, known)) == len(names), "one stands in two tables"


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("MessageSizeTooLargeError", RecordTooLarge),
        ("InvalidRecordError", MalformedRecord),
        ("TopicAuthorizationFailedError", ConfigurationError),
        ("SaslAuthenticationFailedError", ConfigurationError),
        ("KafkaTimeoutError", LogUnavailable),
        ("NotEnoughReplicasError", LogUnavailable),
        ("KafkaConnectionError", LogUnavailable),
    ],
)
def test_an_error_becomes_ours_and_keeps_its_cause(kind: str, ours: type[Exception]) -> None:
    error = translated(named(kind)("because"), "it was not done")
    assert type(error) is ours
    assert str(error).startswith("it was not done: ")
    assert "because" in str(error)


def test_no_secret_is_printed() -> None:
    connection = KafkaConnection(
        bootstrap_servers=HERE,
        security_protocol="SASL_SSL",
        sasl_mechanism="PLAIN",
        username="tocsin",
        password=SECRET,
        token=lambda: SECRET,
    )
    for shown in (repr(connection), str(connection), f"{connection}"):
        assert SECRET not in shown
        assert "username='tocsin'" in shown
        assert "password=***" in shown


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"bootstrap_servers": ()}, "no bootstrap server"),
        ({"replication_factor": 0}, "replication factor"),
        ({"security_protocol": "SASL_SSL"}, "SASL_SSL does not go with the SASL mechanism None"),
        ({"sasl_mechanism": "PLAIN"}, "PLAINTEXT does not go with the SASL mechanism PLAIN"),
        ({"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-256"}, "a user name"),
        ({"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"}, "tokens"),
        ({"key_file": Path("key.pem")}, "without the certificate file"),
    ],
)
def test_fields_that_do_not_fit_are_refused_at_once(fields: dict[str, Any], cause: str) -> None:
    connection = KafkaConnection(**{"bootstrap_servers": HERE, **fields})
    with pytest.raises(ConfigurationError, match=cause):
        KafkaLog(connection, max_record_bytes=1_000, clock=SystemClock())


@pytest.mark.parametrize("field", ["ca_file", "certificate_file"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_used_is_named(
    field: str, content: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.pem"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    fields: dict[str, Any] = {field: file}
    connection = KafkaConnection(bootstrap_servers=HERE, security_protocol="SSL", **fields)
    with pytest.raises(ConfigurationError, match=r"wrong\.pem"):
        connection.tls_context()


@pytest.mark.parametrize(
    "act",
    [
        lambda log: log.publish([Outgoing("t", "k", b"v")]),
        lambda log: log.consumer("g", ["t"]),
        lambda log: log.ends("t"),
        lambda log: log.lag("g", "t"),
    ],
)
def test_without_a_broker_the_log_is_unavailable_and_says_why(
    act: Callable[[KafkaLog], object],
) -> None:
    """It can be opened and closed all the same."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    connection = KafkaConnection(bootstrap_servers=(address,))
    log = KafkaLog(connection, max_record_bytes=1_000, clock=SystemClock(), tuning=HURRIED)
    with pytest.raises(LogUnavailable, match=rf"{address}.*refused"):
        act(log)
    log.close()


def test_a_derived_message_carries_its_source_and_comes_apart_again() -> None:
    frame = Frame({"more": "posts"}, limit=100, limits={})
    source = Record("posts", 3, 17, "k", b"the source")
    message = frame.message(Outgoing("more", "k", b"own", source), lambda _: 8)
    assert message.partition == 3
    arrived = Arrived(5, message.key, message.value, message.headers)
    assert record_from(arrived, "more", 3) == Record("more", 3, 5, "k", b"own", b"the source")


def test_what_other_programs_wrote_is_read_as_far_as_it_goes() -> None:
    odd = [("own", b"x"), ("other", b"1")]
    assert record_from(Arrived(0, None, None, []), "t", 0) == Record("t", 0, 0, "", b"")
    assert record_from(Arrived(1, b"\xff", b"v", odd), "t", 0) == Record("t", 0, 1, "\\xff", b"v")
    beyond = Arrived(2, b"k", b"value", [("own", b"99")])
    assert record_from(beyond, "t", 0) == Record("t", 0, 2, "k", b"value", b"")


def test_a_derived_topic_has_room_for_the_largest_source() -> None:
    frame = Frame({"more": "posts"}, limit=100, limits={"dead": 5_000})
    assert [frame.limit(topic) for topic in ("posts", "more", "dead")] == [100, 200, 5_000]
    source = Record("posts", 0, 0, "k", bytes(99))
    frame.message(Outgoing("more", "k", bytes(99), source), lambda _: 1)
    with pytest.raises(RecordTooLarge):
        frame.message(Outgoing("more", "k", bytes(100), source), lambda _: 1)


def records(partition: int, *offsets: int) -> list[Record]:
    return [Record("t", partition, offset, "", b"") for offset in offsets]


def test_partitions_take_turns() -> None:
    buffers = Buffers()
    for partition in range(3):
        buffers.add(TopicPartition("t", partition), records(partition, *range(10)))
    assert [{r.partition for r in buffers.take(4)} for _ in range(3)] == [{0}, {1}, {2}]
    assert len(buffers) == 18
    rest = buffers.take(100)
    assert len(rest) == 18
    assert len(buffers) == 0
    assert [r.offset for r in rest if r.partition == 0] == [4, 5, 6, 7, 8, 9]


def test_what_was_fetched_before_reading_went_back_is_dropped() -> None:
    buffers = Buffers()
    here = TopicPartition("t", 0)
    buffers.add(here, records(0, 5, 6, 7))
    buffers.add(here, records(0, 3, 4, 5))
    assert len(buffers) == 3
    assert [record.offset for record in buffers.take(10)] == [3, 4, 5]


def test_a_partition_that_went_away_is_forgotten() -> None:
    buffers = Buffers()
    buffers.add(TopicPartition("t", 0), records(0, 1, 2))
    buffers.add(TopicPartition("t", 1), records(1, 1))
    buffers.drop([TopicPartition("t", 0), TopicPartition("t", 9)])
    assert len(buffers) == 1
    assert [record.partition for record in buffers.take(10)] == [1]


def test_a_partition_is_exhausted_once_nothing_waits_behind_what_was_taken() -> None:
    buffers = Buffers()
    here = TopicPartition("t", 0)
    buffers.add(here, records(0, 5, 6))
    assert buffers.take(1)[0].offset == 5
    assert not buffers.exhausted_at(here, 6)
    buffers.take(1)
    assert buffers.exhausted_at(here, 7)
    assert not buffers.exhausted_at(here, 6)
    buffers.drop([here])
    assert not buffers.exhausted_at(here, 7)


def test_a_topic_is_set_up_so_that_nothing_outlives_its_time_by_much() -> None:
    assert topic_settings(Topic("t"), Retention(), 1_000) == {
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "max.message.bytes": "66536",
        "cleanup.policy": "delete",
    }
    kept = topic_settings(Topic("t", compacted=True), Retention(max_age=DAY, max_bytes=7), 1_000)
    assert kept["retention.ms"] == "86400000"
    assert kept["retention.bytes"] == "7"
    assert kept["cleanup.policy"] == "compact,delete"
    assert kept["segment.ms"] == str(3 * HOUR // 1_000)
    for age, closed in ((1, MINUTE), (100 * DAY, DAY)):
        settings = topic_settings(Topic("t"), Retention(max_age=age), 1_000)
        assert settings["segment.ms"] == str(closed // 1_000)
