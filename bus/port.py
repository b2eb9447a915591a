"""The log port: keyed records in partitions, consumer groups with positions.

Life cycle: a :class:`Log` is opened by the composition root and closed once; closing
closes its consumers. Threading: a log and its consumers belong to one thread; several
processes may open the same log. Ordering: records of one key keep their order, since a
key always goes to the same partition. Every time is UTC in microseconds.

Delivery is at least once, and readers are idempotent. A consumer that dies before
:meth:`Consumer.commit` gets the same records again, or another member of its group does.
A call of :meth:`Log.publish` that failed may have written a part, and a server may write
it even later; published again, that part comes twice, and an earlier word about a key may
come once more behind a later one. Offsets grow within a partition and may leave gaps.

Errors: :class:`~model.errors.LogUnavailable` where the same call may succeed later
(a full disk, a busy file, a broker away), :class:`~model.errors.RecordTooLarge` for a
record over the limit, :class:`~model.errors.MalformedRecord` for one that no log can
take, :class:`~model.errors.ConfigurationError` for a topic or group that cannot be,
:class:`~model.errors.StateError` where a person is needed. Nothing else leaves a back end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from model.topics import Topic


class Record(NamedTuple):
    """A record as it was read.

    ``value`` is the record's own part. For a derived topic ``base`` is the source
    record's value; elsewhere it is empty.
    """

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    base: bytes = b""


class Outgoing(NamedTuple):
    """A record to be published.

    A record of a derived topic names its ``source``, whose partition it takes over, and
    is read together with the source's value. Published twice, the last word comes last;
    whether the first is still read before it is up to the back end.
    """

    topic: str
    key: str
    value: bytes
    source: Record | None = None


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Retention(msgspec.Struct, frozen=True):
    """How long records are kept: by age in microseconds and by size in bytes per partition.

    None is without limit. The embedded log keeps a record that a known consumer group has
    not read yet whatever its age. A server that knows no such rule drops it, so there the
    retention must outlast the longest stop of a reader.
    """

    max_age: int | None = None
    max_bytes: int | None = None


class Consumer(Protocol):
    """One member of a consumer group. Partitions are shared among live members."""

    def poll(self, max_records: int, timeout: float) -> list[Record]:
        """The next records, in order within a partition; waits up to ``timeout`` seconds.

        Returns an empty list when nothing came. Successive polls go on after what was
        handed out, committed or not.
        """
        ...

    def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Store, durably, the offset at which this group goes on, per partition.

        Positions of partitions that this member no longer owns are ignored: their new
        owner decides. While partitions are being handed over they may be stored with the
        next poll; whoever dies before that gets the records again.
        """
        ...

    def rewind(self) -> None:
        """Go back to the last committed positions: what was polled since is polled again."""
        ...

    def pause(self) -> None:
        """Hand out nothing until :meth:`resume`, while keeping the partitions."""
        ...

    def resume(self) -> None:
        """Hand out records again."""
        ...

    def close(self) -> None:
        """Leave the group; its partitions go to the remaining members at once."""
        ...


class Log(Protocol):
    """Topics of keyed records. See the module for the contract."""

    def create(self, topic: Topic, *, partitions: int, retention: Retention) -> None:
        """Create the topic, or leave it as it is; retention is updated.

        A derived topic must have as many partitions as its source.
        """
        ...

    def publish(self, records: Sequence[Outgoing]) -> None:
        """Append the records; returns when they are durable.

        RecordTooLarge and MalformedRecord mean that nothing of this call was written,
        unless it was a server that refused the record: publishing the others again is
        right in either case.
        """
        ...

    def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Join a consumer group. A new group starts at the oldest record."""
        ...

    def ends(self, topic: str) -> Mapping[int, int]:
        """Per partition, the offset that follows its last record."""
        ...

    def positions(self, group: str, topic: str) -> Mapping[int, int]:
        """Per partition, the offset at which the group goes on."""
        ...

    def lag(self, group: str, topic: str) -> int:
        """How many offsets the group is behind, over all partitions."""
        ...

    def read(self, topic: str, partition: int, offset: int, max_records: int) -> list[Record]:
        """Records from an offset on, outside any group: for people who look, not for stages."""
        ...

    def prune(self, now: int) -> int:
        """Drop what retention no longer keeps; returns how many records went.

        A log whose servers do that by themselves returns 0.
        """
        ...

    def close(self) -> None:
        """Release everything; further calls are an error."""
        ...
