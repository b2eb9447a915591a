"""Who is in a consumer group, and how many partitions each may have.

A member is a locked file. Its name starts with the time of joining, so that all members
agree on an order, and a newcomer is the last in it and moves nobody else's share. It
ends with a hash of the topics: those who read the same topics share their partitions.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import xxhash

from bus.embedded.files import FileLock, file_errors, make_folder, remove_unless_locked
from bus.port import TopicPartition


class Membership:
    """One member's place in its group, from joining until :meth:`leave`."""

    def __init__(self, folder: Path, topics: Sequence[str], joined_at: int) -> None:
        self._folder = folder
        self._members = folder / "members"
        make_folder(self._members)
        self._suffix = "." + xxhash.xxh3_64_hexdigest(" ".join(sorted(topics)).encode())
        self._name = f"{joined_at:020d}-{os.getpid()}-{secrets.token_hex(4)}{self._suffix}"
        self._lock = self._register()

    def share(self, partitions: int) -> int:
        """How many of so many partitions are this member's, given who lives now."""
        members = self._living()
        rank = members.index(self._name)
        return partitions // len(members) + (rank < partitions % len(members))

    def claim(self, where: TopicPartition) -> FileLock | None:
        """Ownership of a partition within the group, if nobody has it."""
        return FileLock.attempt(self._folder / f"{where.topic}-{where.partition}.lock")

    def leave(self) -> None:
        """Be no member any more."""
        (self._members / self._name).unlink(missing_ok=True)
        self._lock.release()

    def _register(self) -> FileLock:
        path = self._members / self._name
        while True:
            lock = FileLock.wait(path)
            if lock.is_on(path):
                return lock
            # Another member looked between our making the file and locking it, took us
            # for dead and removed it.
            lock.release()

    def _living(self) -> list[str]:
        """The names of all live members in order; removes the files of dead ones."""
        with file_errors(self._members):
            others = {path.name for path in self._members.iterdir() if path.suffix == self._suffix}
        others.discard(self._name)
        dead = {name for name in others if remove_unless_locked(self._members / name)}
        return sorted({self._name} | others - dead)
