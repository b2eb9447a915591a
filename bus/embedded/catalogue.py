"""Which topics there are: found by every process that opens the same folder."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from bus.embedded.files import FileLock, make_folder, replace_file
from bus.embedded.segment import Segment
from bus.port import Retention
from model.errors import ConfigurationError, StateCorrupt
from model.topics import Topic

GROUPS = "groups"
_ENTRY = "topic.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class TopicEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What ``topic.json`` holds."""

    name: str
    partitions: int
    derives_from: str | None = None
    retention: Retention = Retention()


class Catalogue:
    """The topics of one folder. An entry, once found, is not read again: its partitions
    never change, and a changed retention holds for the processes started after it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._found: dict[str, TopicEntry] = {}

    def find(self, name: str) -> TopicEntry | None:
        """The topic, or None while nobody has created it. Raises StateCorrupt."""
        entry = self._found.get(name) or self._load(name)
        if entry is not None:
            self._found[name] = entry
        return entry

    def all(self) -> list[TopicEntry]:
        """Every topic as it is on the disk now."""
        names = sorted(path.parent.name for path in self.folder.glob(f"*/{_ENTRY}"))
        return [entry for name in names if (entry := self._load(name)) is not None]

    def create(self, topic: Topic, *, partitions: int, retention: Retention) -> None:
        """Make the topic with its partition files, or update its retention.

        Raises ConfigurationError for a name that cannot be a folder's, no partitions,
        or a derived topic that does not fit its source.
        """
        check_name(topic.name)
        make_folder(self.folder / topic.name)
        with FileLock.wait(self.folder / "create.lock"):
            known = self._load(topic.name)
            if known is None:
                known = self._new_entry(topic, partitions)
                for partition in range(partitions):
                    Segment.create(self.segment_path(topic.name, partition))
            entry = msgspec.structs.replace(known, retention=retention)
            replace_file(self._entry_path(topic.name), msgspec.json.encode(entry))
            self._found[topic.name] = entry

    def segment_path(self, topic: str, partition: int) -> Path:
        """The file of one partition."""
        return self.folder / topic / f"{partition}.db"

    def _new_entry(self, topic: Topic, partitions: int) -> TopicEntry:
        if partitions < 1:
            raise ConfigurationError(f"topic {topic.name} needs at least one partition")
        if topic.derives_from is not None:
            self._check_source(topic.name, topic.derives_from, partitions)
        return TopicEntry(name=topic.name, partitions=partitions, derives_from=topic.derives_from)

    def _check_source(self, name: str, source_name: str, partitions: int) -> None:
        source = self.find(source_name)
        if source is None:
            cause = f"its source {source_name} does not exist"
        elif source.derives_from is not None:
            cause = f"its source {source_name} is itself derived"
        elif source.partitions != partitions:
            cause = f"its source {source_name} has {source.partitions}"
        else:
            return
        raise ConfigurationError(
            f"topic {name} cannot be created with {partitions} partitions",
            cause=cause,
            remedy="Create the source first, with as many partitions",
        )

    def _load(self, name: str) -> TopicEntry | None:
        path = self._entry_path(name)
        try:
            return msgspec.json.decode(path.read_bytes(), type=TopicEntry)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise StateCorrupt(
                f"{path} cannot be read", cause=str(error), remedy="Restore it from a backup"
            ) from error

    def _entry_path(self, name: str) -> Path:
        return self.folder / name / _ENTRY


def check_name(name: str) -> None:
    """Raises ConfigurationError unless the name of a topic or group can be a folder's."""
    if not _NAME.fullmatch(name) or name == GROUPS:
        raise ConfigurationError(
            f"{name!r} cannot name a topic or group",
            cause="small letters, digits, dots, hyphens and underscores may stand there",
        )
