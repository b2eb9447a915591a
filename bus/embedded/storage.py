"""The open files of one log: its topics, partitions and groups."""

from __future__ import annotations

from pathlib import Path

from bus.embedded.catalogue import GROUPS, Catalogue, TopicEntry, check_name
from bus.embedded.positions import Positions
from bus.embedded.segment import Segment
from bus.port import TopicPartition


class Storage:
    """Finds partitions and groups, and keeps what it opened until :meth:`close`."""

    def __init__(self, folder: Path, durable: frozenset[str]) -> None:
        self.catalogue = Catalogue(folder)
        self._groups_folder = folder / GROUPS
        self._durable = durable
        self._segments: dict[TopicPartition, Segment] = {}
        self._groups: dict[str, Positions] = {}

    def segment(self, where: TopicPartition) -> Segment:
        """The partition, opened on first use. It must be one of an existing topic."""
        segment = self._segments.get(where)
        if segment is None:
            segment = self._segments[where] = self._open(where)
        return segment

    def segments(self, topic: str) -> dict[int, Segment]:
        """Every partition of a topic; none while it does not exist."""
        return {where.partition: self.segment(where) for where in self.partitions(topic)}

    def partitions(self, topic: str) -> list[TopicPartition]:
        """The names of a topic's partitions; none while it does not exist."""
        entry = self.catalogue.find(topic)
        return [] if entry is None else _partitions(entry)

    def derived_from(self, topic: str) -> list[str]:
        """The topics that derive from this one."""
        return [entry.name for entry in self.catalogue.all() if entry.derives_from == topic]

    def forget(self, where: TopicPartition) -> None:
        """Close a partition, so that its next use opens the file again."""
        segment = self._segments.pop(where, None)
        if segment is not None:
            segment.close()

    def group_folder(self, group: str) -> Path:
        """Where a group's files are."""
        check_name(group)
        return self._groups_folder / group

    def group(self, name: str) -> Positions | None:
        """The stored positions of a group, or None when nobody has ever joined it."""
        positions = self._groups.get(name) or Positions.find(self.group_folder(name))
        if positions is not None:
            self._groups[name] = positions
        return positions

    def groups(self) -> dict[str, Positions]:
        """Every group that somebody has ever joined."""
        names = sorted(path.name for path in self._groups_folder.glob("*"))
        return {name: found for name in names if (found := self.group(name)) is not None}

    def close(self) -> None:
        """Close every file."""
        for segment in self._segments.values():
            segment.close()
        for positions in self._groups.values():
            positions.close()

    def _open(self, where: TopicPartition) -> Segment:
        entry = self.catalogue.find(where.topic)
        assert entry is not None
        path = self.catalogue.segment_path
        source = entry.derives_from and path(entry.derives_from, where.partition)
        return Segment(
            where,
            path(*where),
            source=source or None,
            durable=where.topic in self._durable,
        )


def _partitions(entry: TopicEntry) -> list[TopicPartition]:
    return [TopicPartition(entry.name, number) for number in range(entry.partitions)]
