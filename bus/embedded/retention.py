"""What the log keeps and drops: by age and size, and never what a group still needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bus.embedded.catalogue import TopicEntry
from bus.embedded.segment import Segment
from bus.embedded.storage import Storage
from bus.port import TopicPartition
from model.errors import LogUnavailable, StateCorrupt

DROP_AT_ONCE = 1_000
"""Records dropped in one transaction, so that producers hardly wait."""

OVERDRAFT = 2
"""A partition may grow to so many times its ``max_bytes`` while a group lags behind."""


class Reader(NamedTuple):
    """A group as retention sees it: what it has joined, and where it is."""

    group: str
    topics: set[str]
    positions: Mapping[TopicPartition, int]


def prune(storage: Storage, now: int) -> int:
    """Drop what the topics' retention no longer keeps; returns how many records went.

    A source record and what derives from it go together: a record of a derived topic is
    worth nothing without its base. Raises StateCorrupt for a damaged partition, after
    the others are pruned.
    """
    readers = _readers(storage)
    entries = storage.catalogue.all()
    # Derived topics first: their own, shorter retention leaves less to drop with the source.
    entries.sort(key=lambda entry: entry.derives_from is None)
    dropped = 0
    damage: StateCorrupt | None = None
    for entry in entries:
        for where in storage.partitions(entry.name):
            try:
                dropped += _prune_partition(storage, entry, where, readers, now)
            except StateCorrupt as error:
                damage = error
    if damage is not None:
        raise damage
    return dropped


def check_room(storage: Storage, entry: TopicEntry, where: TopicPartition) -> None:
    """Raises LogUnavailable when a partition is far over its size.

    That happens when a group that does not read keeps it from being pruned. Better the
    producers wait than records go unread.
    """
    limit = entry.retention.max_bytes
    if limit is None or storage.segment(where).live_bytes() <= OVERDRAFT * limit:
        return
    positions = {
        reader.group: position
        for reader in _readers(storage)
        for position in _needed_from(where, _with_derived(storage, entry), [reader])
    }
    what = f"partition {where.partition} of {where.topic} is full"
    if not positions:
        raise LogUnavailable(what, cause="it is waiting to be pruned")
    last = min(positions, key=positions.__getitem__)
    raise LogUnavailable(
        what,
        cause=f"group {last} has not read it",
        remedy=f"Start what reads as {last}, raise the size that the log may keep, or, if the"
        f" group is not used any more, delete {storage.group_folder(last)}",
    )


def _prune_partition(
    storage: Storage,
    entry: TopicEntry,
    where: TopicPartition,
    readers: Sequence[Reader],
    now: int,
) -> int:
    topics = _with_derived(storage, entry)
    segment = storage.segment(where)
    together = [storage.segment(TopicPartition(name, where.partition)) for name in topics]
    needed = min(_needed_from(where, topics, readers), default=segment.end())
    dropped = 0
    if entry.retention.max_age is not None:
        too_old = min(needed, segment.first_since(now - entry.retention.max_age))
        while cut := segment.step(DROP_AT_ONCE, before=too_old):
            dropped += _drop(together, cut)
    if (limit := entry.retention.max_bytes) is not None:
        while segment.live_bytes() > limit and (cut := segment.step(DROP_AT_ONCE, before=needed)):
            dropped += _drop(together, cut)
    return dropped


def _drop(segments: Sequence[Segment], before: int) -> int:
    """Drop from all of these. The source comes last: nobody may read what derives from a
    record without finding that record."""
    return sum(segment.drop(before) for segment in segments)


def _with_derived(storage: Storage, entry: TopicEntry) -> list[str]:
    """The topics that derive from this one, and it at the end."""
    return [*storage.derived_from(entry.name), entry.name]


def _needed_from(
    where: TopicPartition, topics: Sequence[str], readers: Sequence[Reader]
) -> list[int]:
    """From which offset on each reader of these topics needs the partition."""
    return [
        reader.positions.get(TopicPartition(topic, where.partition), 0)
        for reader in readers
        for topic in topics
        if topic in reader.topics
    ]


def _readers(storage: Storage) -> list[Reader]:
    return [
        Reader(name, positions.topics(), positions.all())
        for name, positions in storage.groups().items()
    ]
