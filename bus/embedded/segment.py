"""The file of one partition: records by offset, and the offset that comes next."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from bus.embedded.database import Database
from bus.port import Record, TopicPartition

_SCHEMA = (
    """CREATE TABLE records (
        offset INTEGER PRIMARY KEY, at INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL
    )""",
    # Kept beside the records, so that an offset is not used again once they are gone.
    "CREATE TABLE next (offset INTEGER NOT NULL)",
    "INSERT INTO next VALUES (0)",
)
_READ = "SELECT offset, key, value FROM records WHERE offset >= ? ORDER BY offset LIMIT ?"
# SQLite opens the snapshot of the main file before that of an attached one, and a source
# record is committed before what derives from it: the join cannot miss a live source.
_READ_JOINED = """
    SELECT r.offset, r.key, r.value, coalesce(s.value, x'')
    FROM main.records r LEFT JOIN source.records s ON s.offset = r.offset
    WHERE r.offset >= ? ORDER BY r.offset LIMIT ?
"""

Row = tuple[int | None, str, bytes]
"""Offset (None: whatever comes next), key and value."""


class Segment:
    """One partition of one topic, stored in one file. Belongs to one thread.

    ``source`` is the file of the same partition of the topic that this one derives from.
    """

    def __init__(
        self, where: TopicPartition, path: Path, *, source: Path | None, durable: bool
    ) -> None:
        self._where = where
        self._path = path
        self._source = source
        self._database = Database(path, durable=durable)

    @staticmethod
    def create(path: Path) -> None:
        """Make an empty partition file, unless it is there already."""
        Database.create(path, _SCHEMA)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction around :meth:`write`."""
        with self._database.writing():
            yield

    def write(self, at: int, rows: Sequence[Row]) -> None:
        """Store rows as published ``at`` UTC microseconds.

        A row with an offset takes the place of what is there, one without is appended.
        """
        end = self.end()
        placed = []
        for offset, key, value in rows:
            place = end if offset is None else offset
            placed.append((place, at, key, value))
            if place >= end:
                end = place + 1
        self._database.run_many("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", placed)
        self._database.run("UPDATE next SET offset = ?", (end,))

    def read(self, offset: int, limit: int) -> list[Record]:
        """At most ``limit`` records from an offset on, with their base where they have one."""
        topic, partition = self._where
        if self._source is None:
            rows = self._database.rows(_READ, (offset, limit))
        else:
            rows = self._joined.rows(_READ_JOINED, (offset, limit))
        return [Record(topic, partition, *row) for row in rows]

    def first(self) -> int:
        """The offset of the oldest record, or of the next one when there is none."""
        return self._database.number(
            "SELECT coalesce((SELECT min(offset) FROM records), (SELECT offset FROM next))"
        )

    def end(self) -> int:
        """The offset that the next record will have, or for a derived topic may have."""
        return self._database.number("SELECT offset FROM next")

    def live_bytes(self) -> int:
        """Bytes of the file that are in use. Dropped records leave room that is used again."""
        pages = self._database.number("PRAGMA page_count")
        free = self._database.number("PRAGMA freelist_count")
        return (pages - free) * self._database.number("PRAGMA page_size")

    def first_since(self, at: int) -> int:
        """The offset of the oldest record published ``at`` or later; the end if none was."""
        return self._database.number(
            "SELECT coalesce((SELECT offset FROM records WHERE at >= ? ORDER BY offset LIMIT 1),"
            " (SELECT offset FROM next))",
            (at,),
        )

    def step(self, limit: int, before: int) -> int:
        """Where to cut off the oldest ``limit`` records that lie before an offset."""
        return self._database.number(
            "SELECT coalesce(max(offset) + 1, 0) FROM"
            " (SELECT offset FROM records WHERE offset < ? ORDER BY offset LIMIT ?)",
            (before, limit),
        )

    def drop(self, before: int) -> int:
        """Remove the records before an offset; returns how many."""
        return self._database.run("DELETE FROM records WHERE offset < ?", (before,))

    def close(self) -> None:
        """Close the file."""
        self._database.close()
        if "_joined" in self.__dict__:
            self._joined.close()

    @cached_property
    def _joined(self) -> Database:
        """A second connection that also sees the source. It only reads: a write
        transaction on it would lock the source's file as well."""
        assert self._source is not None
        database = Database(self._path, durable=False)
        database.attach(self._source, "source")
        return database
