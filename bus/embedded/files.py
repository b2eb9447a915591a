"""Plain files of the log: errors translated, and locks that die with their holder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from model.errors import LogUnavailable, StateNotWritable

_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextlib.contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turns an OSError about this path into StateNotWritable or LogUnavailable."""
    try:
        yield
    except OSError as error:
        cause = error.strerror or str(error)
        if error.errno in _REFUSED:
            raise StateNotWritable(
                f"{path} cannot be written",
                cause=cause,
                remedy="Correct the permissions of the file and its folder",
            ) from error
        raise LogUnavailable(
            f"{path} cannot be used now",
            cause=cause,
            remedy="Look for a full disk or too many open files",
        ) from error


def make_folder(path: Path) -> None:
    """The folder with its parents, readable by its owner alone."""
    with file_errors(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """The file with this content, durably: readers see the old or the new, never a part."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with file_errors(path):
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


class FileLock:
    """An exclusive flock(2) on a file. The kernel releases it when the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def wait(cls, path: Path) -> FileLock:
        """The lock, as soon as its holder gives it back."""
        with file_errors(path):
            return cls(_locked(path, fcntl.LOCK_EX))

    @classmethod
    def attempt(cls, path: Path) -> FileLock | None:
        """The lock if nobody holds it."""
        with file_errors(path):
            try:
                return cls(_locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB))
            except BlockingIOError:
                return None

    def is_on(self, path: Path) -> bool:
        """Whether the path still names the file that was locked."""
        try:
            return os.path.samestat(path.stat(), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give the lock back. Call it once."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def remove_unless_locked(path: Path) -> bool:
    """Remove a file on which nobody holds the lock; returns whether it is gone.

    Asks by a shared lock, so that two who ask at once do not take each other for
    holders, and removes under it, so that nobody can lock the file in between.
    """
    with file_errors(path):
        try:
            lock = FileLock(_locked(path, fcntl.LOCK_SH | fcntl.LOCK_NB, create=0))
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        with lock:
            gone = lock.is_on(path)  # if not, its owner has made it anew
            if gone:
                path.unlink(missing_ok=True)
        return gone


def _locked(path: Path, operation: int, create: int = os.O_CREAT) -> int:
    descriptor = os.open(path, os.O_RDWR | create, 0o600)
    try:
        fcntl.flock(descriptor, operation)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
