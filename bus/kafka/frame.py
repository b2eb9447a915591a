"""What a record of ours is inside Kafka, and how it comes back.

The key is UTF-8 and the value is the record's own bytes. A record of a derived topic
carries its source's bytes behind its own, and the header ``own`` says, as a decimal
number, how many bytes are its own: so a record tells by itself how it is read, and a
person with Kafka's own tools sees both parts as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from bus.checks import checked_key, checked_source
from bus.partitioning import partition_of
from bus.port import Outgoing, Record

OWN = "own"

Headers = list[tuple[str, bytes]]


class Message(NamedTuple):
    """A record with the partition that it goes to."""

    record: Outgoing
    partition: int
    key: bytes
    value: bytes
    headers: Headers


class Arrived(Protocol):
    """A record as the client library hands it out."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Frame:
    """Makes messages of records.

    ``derived`` has the source topic of each derived one. ``limit`` is how many bytes key
    and value of a record may have together, without its source's bytes; ``limits`` has
    the topics for which it is another.
    """

    def __init__(
        self, derived: Mapping[str, str], *, limit: int, limits: Mapping[str, int]
    ) -> None:
        self._derived = derived
        self._limit = limit
        self._limits = limits

    def limit(self, topic: str) -> int:
        """How many bytes key and value of a record in Kafka may have, its source's included."""
        own = self._limits.get(topic, self._limit)
        source = self._derived.get(topic)
        return own if source is None else own + self.limit(source)

    def message(self, record: Outgoing, partitions: Callable[[str], int]) -> Message:
        """The message; ``partitions`` counts those of a topic.

        Raises RecordTooLarge and MalformedRecord.
        """
        key = checked_key(record, self._limits.get(record.topic, self._limit))
        derives_from = self._derived.get(record.topic)
        if derives_from is None:
            partition = partition_of(key, partitions(record.topic))
            return Message(record, partition, key, record.value, [])
        source = checked_source(record, derives_from)
        own = b"%d" % len(record.value)
        return Message(record, source.partition, key, record.value + source.value, [(OWN, own)])


def record_from(arrived: Arrived, topic: str, partition: int) -> Record:
    """The record as our port has it.

    What another program wrote is read as far as it goes: no key is the empty one, bytes
    that are no UTF-8 become escapes, and a value without our header is all its own.
    """
    key = (arrived.key or b"").decode("utf-8", "backslashreplace")
    value = arrived.value or b""
    for name, content in arrived.headers:
        if name == OWN and content.isdigit():
            own = int(content)
            return Record(topic, partition, arrived.offset, key, value[:own], value[own:])
    return Record(topic, partition, arrived.offset, key, value)
