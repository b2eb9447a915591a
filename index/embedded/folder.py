"""The folder of an index: its paths, its opening, and the lock of the one that writes."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TypeAlias

from index.embedded.engine import REBUILD, Guard, Index
from index.embedded.schema import SCHEMA
from model.errors import StateCorrupt, StateLocked, StateNotWritable

Stamp: TypeAlias = tuple[int, int, int]


class Folder:
    """The paths inside the folder of an index."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.segments = root / "segments"
        self.meta = self.segments / "meta.json"
        self.memory = root / "revisions.db"

    def lock(self) -> WriterLock:
        """Make the folder and lock it for writing.

        Raises StateNotWritable, and StateLocked while another process writes.
        """
        try:
            self.segments.mkdir(parents=True, exist_ok=True)
            return WriterLock(self.root / "writer.lock")
        except OSError as error:
            raise self.not_writable(error) from error

    def not_writable(self, error: OSError) -> StateNotWritable:
        """The error of a folder in which nothing can be changed."""
        return StateNotWritable(
            f"the search index in {self.root} cannot be written",
            cause=str(error),
            remedy="Give Tocsin a state folder that it may write, on a disk with room",
        )

    def open(self) -> Index:
        """Open the index, or make it if there is none. Raises what :class:`Guard` does."""
        self.check_whole()
        with Guard(self.segments):
            return Index(SCHEMA, path=str(self.segments))

    def stamp(self) -> Stamp | None:
        """Something that is different after each commit; None while there is no index."""
        try:
            status = self.meta.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def check_whole(self) -> None:
        """Raise StateCorrupt if the list of segments is gone: the index would seem empty."""
        if not self.meta.exists() and any(self.segments.glob("*.store")):
            raise StateCorrupt(
                f"{self.meta} of the search index", cause="it is missing", remedy=REBUILD
            )


def set_aside(root: Path, destination: Path) -> None:
    """Move a damaged index away, so that the next writer begins an empty one.

    What is remembered of removed posts stays: they must not come back when the log is
    read again. Raises StateLocked while a process writes, and StateNotWritable.
    """
    folder = Folder(root)
    lock = folder.lock()
    try:
        folder.segments.rename(destination)
    except OSError as error:
        raise folder.not_writable(error) from error
    finally:
        lock.release()


class WriterLock:
    """A locked file that holds the process id of its owner.

    The kernel gives the lock back when the process ends, however it ends.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, str(os.getpid()).encode(), 0)
        except BlockingIOError as error:
            owner = os.pread(self._file, 20, 0).decode(errors="replace")
            os.close(self._file)
            raise StateLocked(
                f"the search index in {path.parent} is taken",
                cause=f"process {owner or 'unknown'} writes to it",
                remedy="Stop that process first; one at a time may write",
            ) from error
        except OSError:
            os.close(self._file)
            raise

    def release(self) -> None:
        """Let others write."""
        os.close(self._file)
