"""The state folder: where everything lies, that it can be written, and whose it is."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from model.errors import StateLocked, StateNotWritable

_PRIVATE = 0o700
_BUSY_HINT = "Stop it first, or name another state folder with TOCSIN_STATE"


class StateFolder:
    """The paths inside a state folder. Creating the object touches nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def log(self) -> Path:
        """The embedded log: one file per topic partition."""
        return self.root / "log"

    @property
    def index(self) -> Path:
        """The embedded search index."""
        return self.root / "index"

    @property
    def store(self) -> Path:
        """The operational record, an SQLite file."""
        return self.root / "store.db"

    @property
    def cache(self) -> Path:
        """What can be rebuilt: the compiled gazetteer."""
        return self.root / "cache"

    @property
    def gazetteers(self) -> Path:
        """Gazetteers that were imported."""
        return self.root / "gazetteers"

    @property
    def reports(self) -> Path:
        """What each running stage says of itself."""
        return self.root / "run"

    @property
    def output(self) -> Path:
        """What the supervised processes print."""
        return self.root / "output"

    @property
    def demo_mark(self) -> Path:
        """Stands while the folder holds nothing but a demo."""
        return self.root / "demo"

    def prepare(self) -> None:
        """Create the folders, readable by their owner alone.

        Raises StateNotWritable when that is not possible, also for want of room.
        """
        try:
            for folder in self._folders:
                folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            probe = self.root / f".probe-{os.getpid()}"
            probe.write_bytes(b"\0" * 4096)
            probe.unlink()
        except OSError as error:
            raise StateNotWritable(
                f"the state folder {self.root} cannot be written",
                cause=error.strerror or str(error),
                remedy="Make room or correct its permissions, or name another with TOCSIN_STATE",
            ) from error

    @property
    def _folders(self) -> tuple[Path, ...]:
        own = (self.log, self.index, self.cache, self.gazetteers, self.reports, self.output)
        return (self.root, *own)

    @contextlib.contextmanager
    def owned(self) -> Iterator[None]:
        """Hold the folder for one supervised pipeline.

        The kernel gives the lock back when the process ends, however it ends. Raises
        StateLocked, naming the process, when another pipeline holds it.
        """
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StateLocked(
                    f"the state folder {self.root} is in use",
                    cause=f"a pipeline runs on it (process {self._holder()})",
                    remedy=_BUSY_HINT,
                ) from error
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            yield
        finally:
            os.close(descriptor)

    def free_bytes(self) -> int:
        """Room left on the disk where the folder lies."""
        return shutil.disk_usage(self.root).free

    def in_use(self) -> bool:
        """Whether a supervised pipeline runs on this folder."""
        try:
            descriptor = os.open(self._lock, os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    @property
    def _lock(self) -> Path:
        return self.root / "pipeline.lock"

    def _holder(self) -> str:
        try:
            return self._lock.read_text(encoding="ascii") or "unknown"
        except OSError:
            return "unknown"
