"""The embedded log itself: one object over the files of a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bus.embedded.consumer import EmbeddedConsumer
from bus.embedded.files import make_folder
from bus.embedded.publishing import Publisher
from bus.embedded.retention import prune
from bus.embedded.storage import Storage
from bus.port import Outgoing, Record, Retention, TopicPartition
from model.clock import Clock, SystemClock
from model.topics import POSTS_DEAD, TOPICS, Topic

MAX_RECORD_BYTES = 4 * 1024 * 1024
MAX_DEAD_BYTES = 128 * 1024 * 1024
ALL_TOPICS = frozenset(topic.name for topic in TOPICS)


class EmbeddedLog:
    """Implements :class:`bus.port.Log` on local files; see :mod:`bus.embedded`.

    ``max_record_bytes`` is the most that key and value of a record may have together;
    a dead letter may have ``max_dead_bytes``, so that what is too large for its topic
    still finds a place there. Records of the ``durable`` topics survive the loss of
    power once they are published, those of others only the death of processes. A stage
    commits its position after it has published, so a topic between two stages should be
    durable whenever its source is.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_record_bytes: int = MAX_RECORD_BYTES,
        max_dead_bytes: int = MAX_DEAD_BYTES,
        durable: frozenset[str] = ALL_TOPICS,
        clock: Clock | None = None,
    ) -> None:
        make_folder(folder)
        self._clock = clock or SystemClock()
        self._storage = Storage(folder, durable)
        self._publisher = Publisher(
            self._storage, limit=max_record_bytes, limits={POSTS_DEAD.name: max_dead_bytes}
        )
        self._consumers: list[EmbeddedConsumer] = []

    def create(self, topic: Topic, *, partitions: int, retention: Retention) -> None:
        """See the port. Also raises ConfigurationError for a topic that cannot be made.

        Several processes may create the same topic at once.
        """
        self._storage.catalogue.create(topic, partitions=partitions, retention=retention)

    def publish(self, records: Sequence[Outgoing]) -> None:
        """See the port.

        Nothing of the call is written when a record is too large, or malformed
        (MalformedRecord): a key that is not Unicode, a derived one without its source.
        LogUnavailable also means that a topic does not exist yet, or that a partition
        has grown to twice its ``max_bytes`` since a group does not read it.
        """
        self._publisher.publish(records, self._clock.now())

    def consumer(self, group: str, topics: Sequence[str]) -> EmbeddedConsumer:
        """See the port. Topics that do not exist yet are waited for.

        The group is remembered: from now on retention keeps what it has not read. To
        end that, delete its folder under ``groups`` while no member runs.
        """
        consumer = EmbeddedConsumer(group, topics, self._storage, self._clock)
        self._consumers.append(consumer)
        return consumer

    def ends(self, topic: str) -> Mapping[int, int]:
        """See the port. Empty while the topic does not exist."""
        return {number: segment.end() for number, segment in self._storage.segments(topic).items()}

    def positions(self, group: str, topic: str) -> Mapping[int, int]:
        """See the port. Empty while the topic does not exist."""
        stored = self._storage.group(group)
        known = {} if stored is None else stored.all()
        return {
            number: max(known.get(TopicPartition(topic, number), 0), segment.first())
            for number, segment in self._storage.segments(topic).items()
        }

    def lag(self, group: str, topic: str) -> int:
        """See the port."""
        ends = self.ends(topic)
        positions = self.positions(group, topic)
        return sum(max(0, end - positions[number]) for number, end in ends.items())

    def read(self, topic: str, partition: int, offset: int, max_records: int) -> list[Record]:
        """See the port. Empty where there is no such partition."""
        where = TopicPartition(topic, partition)
        if where not in self._storage.partitions(topic):
            return []
        return self._storage.segment(where).read(offset, max_records)

    def prune(self, now: int) -> int:
        """See the port. Records that derive from a dropped one go with it, and count."""
        return prune(self._storage, now)

    def close(self) -> None:
        """See the port. Safe to call twice."""
        for consumer in self._consumers:
            consumer.close()
        self._storage.close()
