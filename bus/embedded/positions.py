"""Where a consumer group goes on, in a file of its own.

So groups never wait for each other, nor for the producers. A stored position survives
the death of any process; with the power some of the last may go, and then records come
twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from bus.embedded.database import Database
from bus.embedded.files import FileLock, make_folder
from bus.port import TopicPartition

_FILE = "positions.db"
_SCHEMA = (
    """CREATE TABLE positions (
        topic TEXT, partition INTEGER, offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)
    ) WITHOUT ROWID""",
    # Remembered apart from positions, so that retention waits for a group that has
    # joined and read nothing yet.
    "CREATE TABLE subscriptions (topic TEXT PRIMARY KEY) WITHOUT ROWID",
)


class Positions:
    """The stored positions of one group. Any process may read them while members write."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, durable=False)

    @classmethod
    def join(cls, folder: Path, topics: Sequence[str]) -> Positions:
        """The group's positions, created when missing, with these topics subscribed."""
        make_folder(folder)
        with FileLock.wait(folder / "create.lock"):
            Database.create(folder / _FILE, _SCHEMA)
        with contextlib.ExitStack() as undo:
            positions = cls(folder / _FILE)
            undo.callback(positions.close)
            positions._subscribe(topics)
            undo.pop_all()
        return positions

    @classmethod
    def find(cls, folder: Path) -> Positions | None:
        """The positions of a group that somebody has joined before, otherwise None."""
        return cls(folder / _FILE) if (folder / _FILE).exists() else None

    def topics(self) -> set[str]:
        """The topics that the group has ever joined."""
        return {topic for (topic,) in self._database.rows("SELECT topic FROM subscriptions")}

    def of(self, where: TopicPartition) -> int:
        """The stored position of one partition; 0 when none is."""
        return self._database.number(
            "SELECT coalesce((SELECT offset FROM positions WHERE topic = ? AND partition = ?), 0)",
            where,
        )

    def all(self) -> dict[TopicPartition, int]:
        """Every stored position."""
        rows = self._database.rows("SELECT topic, partition, offset FROM positions")
        return {TopicPartition(topic, partition): offset for topic, partition, offset in rows}

    def store(self, positions: Mapping[TopicPartition, int]) -> None:
        """Store these positions, all or none."""
        with self._database.writing():
            self._database.run_many(
                "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)",
                [(*where, offset) for where, offset in positions.items()],
            )

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _subscribe(self, topics: Sequence[str]) -> None:
        with self._database.writing():
            self._database.run_many(
                "INSERT OR IGNORE INTO subscriptions VALUES (?)", [(topic,) for topic in topics]
            )
