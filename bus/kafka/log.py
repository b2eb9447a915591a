"""The log in Kafka: one object over the clients of one process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bus.kafka.cluster import Cluster
from bus.kafka.connection import KafkaConnection, KafkaTuning
from bus.kafka.consumer import KafkaMember
from bus.kafka.frame import Frame
from bus.kafka.publishing import Publisher
from bus.kafka.reader import Reader
from bus.kafka.topics import topic_settings
from bus.port import Outgoing, Record, Retention
from model.clock import Clock
from model.errors import ConfigurationError
from model.topics import POSTS_DEAD, TOPICS, Topic


class KafkaLog:
    """Implements :class:`bus.port.Log` on Kafka; see :mod:`bus.kafka`.

    ``max_record_bytes`` is the most that key and value of a record may have together.
    Connects when it is first needed, and anew after a failure, so it can be opened while
    every broker is away.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        max_record_bytes: int,
        clock: Clock,
        tuning: KafkaTuning | None = None,
    ) -> None:
        connection.check()
        self._connection = connection
        self._tuning = tuning or KafkaTuning()
        self._clock = clock
        self._derived = {t.name: t.derives_from for t in TOPICS if t.derives_from is not None}
        dead = max(max_record_bytes, self._tuning.max_dead_bytes)
        self._frame = Frame(self._derived, limit=max_record_bytes, limits={POSTS_DEAD.name: dead})
        self._cluster = Cluster(connection, self._tuning, clock)
        self._reader = Reader(connection, self._tuning, clock)
        self._publisher = Publisher(
            connection,
            self._tuning,
            clock,
            self._frame,
            max_request_bytes=max(dead, 2 * max_record_bytes),
        )
        self._members: list[KafkaMember] = []

    def create(self, topic: Topic, *, partitions: int, retention: Retention) -> None:
        """See the port. Several processes may create the same topic at once.

        Only what differs is changed, so a user without the right to change topics can
        work on those that somebody else has made.
        """
        if topic.derives_from is not None:
            self._check_source(topic.name, topic.derives_from, partitions)
            self._derived[topic.name] = topic.derives_from
        wanted = topic_settings(topic, retention, self._frame.limit(topic.name))
        if not self._cluster.partitions(topic.name):
            self._cluster.create(topic.name, partitions, wanted)
        there = self._cluster.settings(topic.name)
        differing = {key: value for key, value in wanted.items() if there.get(key) != value}
        if differing:
            self._cluster.change(topic.name, differing)

    def publish(self, records: Sequence[Outgoing]) -> None:
        """See the port.

        After LogUnavailable a part of the call may be written, and so it may be after
        RecordTooLarge and MalformedRecord where it was a broker that refused: publishing
        again what should be there repeats records.
        """
        self._publisher.publish(records)

    def consumer(self, group: str, topics: Sequence[str]) -> KafkaMember:
        """See the port. Topics that do not exist yet are waited for."""
        member = KafkaMember(self._connection, self._tuning, self._clock, group, topics)
        self._members.append(member)
        return member

    def ends(self, topic: str) -> Mapping[int, int]:
        """See the port. Empty while the topic does not exist."""
        return self._cluster.end_offsets(topic)

    def positions(self, group: str, topic: str) -> Mapping[int, int]:
        """See the port. Empty while the topic does not exist."""
        known = self._cluster.committed(group, topic)
        return {
            number: max(known.get(number, 0), first)
            for number, first in self._cluster.first_offsets(topic).items()
        }

    def lag(self, group: str, topic: str) -> int:
        """See the port. Asked often, so it asks the cluster for no more than it needs."""
        ends = self.ends(topic)
        known = self._cluster.committed(group, topic) if ends else {}
        if all(known.get(number, 0) >= end for number, end in ends.items()):
            return 0
        first = self._cluster.first_offsets(topic)
        return sum(
            max(0, end - max(known.get(number, 0), first.get(number, 0)))
            for number, end in ends.items()
        )

    def read(self, topic: str, partition: int, offset: int, max_records: int) -> list[Record]:
        """See the port. Empty where there is no such partition."""
        end = self.ends(topic).get(partition, 0)
        if offset >= end:
            return []
        return self._reader.read(topic, partition, offset, end, max_records)

    def prune(self, now: int) -> int:  # noqa: ARG002  the port's
        """See the port. Always 0: the brokers drop what a topic's retention ends."""
        return 0

    def close(self) -> None:
        """See the port. Safe to call twice."""
        for member in self._members:
            member.close()
        self._publisher.close()
        self._reader.close()
        self._cluster.close()

    def _check_source(self, name: str, source: str, partitions: int) -> None:
        found = len(self._cluster.partitions(source))
        if not found:
            cause = f"its source {source} does not exist"
        elif source in self._derived:
            cause = f"its source {source} is itself derived"
        elif found != partitions:
            cause = f"its source {source} has {found}"
        else:
            return
        raise ConfigurationError(
            f"topic {name} cannot be created with {partitions} partitions",
            cause=cause,
            remedy="Create the source first, with as many partitions",
        )
