"""A chain on a real Kafka that is disturbed: a producer, workers as processes, and the sum.

The producer hands out numbered records as long as it is let, workers copy them, and in
the end every number must have come through, or lie among the dead letters.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from random import Random
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from bus.kafka import KafkaConnection, KafkaLog, KafkaTuning
from bus.letters import letter_for_output, to_dead_topic
from bus.outbox import publish_past_refusals
from bus.port import Outgoing, Record, Retention
from bus.retry import Backoff, Retry
from bus.stage import Result
from bus.worker import Worker, WorkerSettings
from model.clock import SystemClock
from model.dead import DEAD_LETTER
from model.errors import RecordError
from model.topics import ALERT_MATCHES, POSTS_DEAD, POSTS_RAW, TOPICS
from tests.bus.kafka import until

LIMIT = 50_000
GROUP = "copy"
AT_ONCE = 50
PARTITIONS = 4

TUNING = KafkaTuning(
    connect_seconds=2.0,
    request_seconds=2.0,
    patience_seconds=4.0,
    session_seconds=3.0,
    heartbeat_seconds=0.5,
    poll_interval_seconds=20.0,
    metadata_seconds=1.0,
    reconnect_seconds=0.3,
    fetch_wait_seconds=0.2,
)
"""So impatient that an outage of some seconds is longer than every one of its limits."""

_SPAWN = multiprocessing.get_context("spawn")


class Sum(NamedTuple):
    """What became of the numbers that were handed out."""

    handed_out: int
    lost: int
    doubled: int
    dead: int


class Chain:
    """Two workers of one group that copy records, and a producer in a thread.

    ``oversized`` makes the producer slip in a record over the limit now and then.
    """

    def __init__(self, connection: KafkaConnection, *, oversized: bool = False) -> None:
        prefix = f"{uuid.uuid4().hex}."
        self.connection = msgspec.structs.replace(connection, topic_prefix=prefix)
        self._oversized = oversized
        self._stop = _SPAWN.Event()
        self._enough = threading.Event()
        self._handed_out: list[int] = []
        self._producer = threading.Thread(target=self._produce, daemon=True)
        self._workers: list[BaseProcess] = []

    def __enter__(self) -> Self:
        with closing(_open(self.connection)) as log:
            for topic in TOPICS:
                log.create(topic, partitions=PARTITIONS, retention=Retention())
        self._producer.start()
        for _ in range(2):
            self.hire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._enough.set()
        for worker in self._workers:
            worker.kill()
            worker.join()
            worker.close()
        self._producer.join()

    @property
    def handed_out(self) -> int:
        """How many the producer was told to be durable so far."""
        return len(self._handed_out)

    def hire(self) -> None:
        """Start one more worker of the group."""
        worker = _SPAWN.Process(target=_work, args=(self.connection, self._stop))
        worker.start()
        self._workers.append(worker)

    def kill_oldest_worker(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        worker = self._workers.pop(0)
        worker.kill()
        worker.join()
        worker.close()

    def wait_for(self, more: int) -> None:
        """Return once so many more have been handed out."""
        goal = self.handed_out + more
        until(lambda: self.handed_out >= goal, f"{goal} numbers handed out")

    def settle(self) -> Sum:
        """Stop producing, let the workers come to the end, and count."""
        self._enough.set()
        self._producer.join()
        with closing(_open(self.connection)) as log:
            until(lambda: log.lag(GROUP, POSTS_RAW.name) == 0, "an empty lag")
            came = [int(record.key) for record in _read_all(log, ALERT_MATCHES.name)]
            letters = [DEAD_LETTER.decode(r.value) for r in _read_all(log, POSTS_DEAD.name)]
        self._stop.set()
        for worker in self._workers:
            worker.join()
        dead = {int(letter.key) for letter in letters if letter.error == "RecordTooLarge"}
        lost = set(self._handed_out) - set(came) - dead
        return Sum(len(self._handed_out), len(lost), len(came) - len(set(came)), len(dead))

    def _produce(self) -> None:
        clock = SystemClock()
        retry = Retry(
            lambda: Backoff(0.05, 0.5, Random(1)),
            clock,
            stop=bool,
            failed=lambda error: None,
            waiting=lambda: None,
        )

        def instead(refused: Outgoing, error: RecordError) -> Outgoing:
            return to_dead_topic(letter_for_output("producer", refused, error, clock.now()))

        with closing(_open(self.connection)) as log:
            while not self._enough.is_set():
                numbers = range(self.handed_out, self.handed_out + AT_ONCE)
                records = [self._record(number) for number in numbers]
                publish_past_refusals(
                    lambda some: retry(lambda: log.publish(some)), records, instead
                )
                self._handed_out.extend(numbers)
                time.sleep(0.01)

    def _record(self, number: int) -> Outgoing:
        huge = self._oversized and number % 97 == 0
        return Outgoing(POSTS_RAW.name, f"{number}", bytes(LIMIT if huge else 300))


class _Copying:
    """Passes each record on under its key."""

    name = GROUP
    inputs = (POSTS_RAW.name,)

    def process(self, batch: Sequence[Record]) -> Result:
        return Result([Outgoing(ALERT_MATCHES.name, r.key, b"") for r in batch])

    def settle(self, *, force: bool) -> bool:
        return True

    def close(self) -> None:
        """Nothing to release."""


def _work(connection: KafkaConnection, stop: Event) -> None:
    settings = WorkerSettings(retry_ceiling_seconds=0.5)
    with closing(_open(connection)) as log:
        Worker(_Copying(), log, SystemClock(), settings=settings).run(stop.is_set)


def _open(connection: KafkaConnection) -> KafkaLog:
    return KafkaLog(connection, max_record_bytes=LIMIT, clock=SystemClock(), tuning=TUNING)


def _read_all(log: KafkaLog, topic: str) -> list[Record]:
    return [r for p in log.ends(topic) for r in log.read(topic, p, 0, 10_000_000)]
