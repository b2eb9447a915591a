"""Messages on their way to the brokers: in bounded portions, each acknowledgement looked at."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from bus.checks import described
from bus.kafka.client import open_producer
from bus.kafka.connection import KafkaConnection, KafkaTuning
from bus.kafka.errors import kafka_errors, translated
from bus.kafka.frame import Frame, Message
from bus.kafka.library import KafkaError, KafkaProducer
from bus.port import Outgoing
from model.clock import Clock
from model.errors import ConfigurationError, LogUnavailable, TocsinError

_CLOSE_SECONDS = 1.0


class Lost(NamedTuple):
    """A message that was not acknowledged, and why."""

    message: Message
    error: KafkaError


class Publisher:
    """Publishes through one producer, which is replaced after any failure.

    ``max_request_bytes`` is the most that one record may have, of whatever topic.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        tuning: KafkaTuning,
        clock: Clock,
        frame: Frame,
        *,
        max_request_bytes: int,
    ) -> None:
        self._connection = connection
        self._tuning = tuning
        self._clock = clock
        self._frame = frame
        self._max_request_bytes = max_request_bytes
        self._producer: KafkaProducer | None = None

    def publish(self, records: Sequence[Outgoing]) -> None:
        """See the port. All records are checked before any is sent.

        What is not acknowledged is sent again by a new producer until patience is over.
        """
        deadline = self._clock.monotonic() + self._tuning.patience_seconds
        partitions = functools.cache(self._partitions)
        messages = [self._frame.message(record, partitions) for record in records]
        for portion in _portions(messages, self._tuning.in_flight_bytes):
            missing = portion
            while missing:
                missing = self._send(missing, deadline)

    def close(self) -> None:
        """Release the connections. Safe to call twice."""
        producer, self._producer = self._producer, None
        if producer is not None:
            # Nobody waits for what is still under way, if anything is.
            with contextlib.suppress(KafkaError):
                producer.close(_CLOSE_SECONDS)

    def _send(self, messages: Sequence[Message], deadline: float) -> list[Message]:
        """Returns what must be sent again: per partition all from the first that was lost
        on, so that the last word about a key stays the last. Raises once it is too late,
        or where a broker refuses for good."""
        lost = self._try(messages)
        if not lost:
            return []
        self.close()
        errors = [_error(each) for each in lost]
        final = next((error for error in errors if not isinstance(error, LogUnavailable)), None)
        if final is not None:
            raise final
        if self._clock.monotonic() >= deadline:
            raise errors[0]
        return _from_first_lost(messages, {id(each.message) for each in lost})

    def _try(self, messages: Sequence[Message]) -> list[Lost]:
        producer = self._open()
        sent: list[tuple[Message, Any]] = []
        lost: list[Lost] = []
        for message in messages:
            try:
                sent.append((message, self._hand_over(producer, message)))
            except KafkaError as error:
                lost.append(Lost(message, error))
        # flush() does not say what became of a record, so each future is asked.
        with contextlib.suppress(KafkaError):
            producer.flush(self._tuning.patience_seconds)
        longest = self._tuning.patience_seconds + self._tuning.request_seconds
        for message, future in sent:
            try:
                future.get(longest)
            except KafkaError as error:
                lost.append(Lost(message, error))
        return lost

    def _hand_over(self, producer: KafkaProducer, message: Message) -> Any:
        record = message.record
        try:
            return producer.send(
                self._connection.named(record.topic),
                key=message.key,
                value=message.value,
                headers=message.headers,
                partition=message.partition,
            )
        except ValueError as error:
            raise ConfigurationError(
                f"{described(record)} cannot be published",
                cause=str(error),
                remedy="A derived topic needs as many partitions as its source",
            ) from error

    def _partitions(self, topic: str) -> int:
        with kafka_errors(f"topic {topic} is not known to Kafka, or no broker answers"):
            return len(self._open().partitions_for(self._connection.named(topic)))

    def _open(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = open_producer(self._connection, self._tuning, self._max_request_bytes)
        return self._producer


def _portions(messages: Sequence[Message], max_bytes: int) -> Iterator[Sequence[Message]]:
    """The messages in their order, in runs of so many bytes, or of a single larger one."""
    start = size = 0
    for number, message in enumerate(messages):
        size += len(message.key) + len(message.value)
        if size > max_bytes and number > start:
            yield messages[start:number]
            start, size = number, len(message.key) + len(message.value)
    yield messages[start:]


def _from_first_lost(messages: Sequence[Message], lost: set[int]) -> list[Message]:
    broken: set[tuple[str, int]] = set()
    again = []
    for message in messages:
        where = (message.record.topic, message.partition)
        if id(message) in lost:
            broken.add(where)
        if where in broken:
            again.append(message)
    return again


def _error(lost: Lost) -> TocsinError:
    return translated(lost.error, f"{described(lost.message.record)} was not published")
