"""Writing the embedded index.

tantivy's writer works in the background and is of no more use after any failure: it may
even report later commits as done while it has thrown their documents away. So after a
failure it is dropped, and the next call opens a new one and writes everything since the
last commit again, from the entries that are kept for that.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from index.embedded.engine import EngineWriter, Guard, Query, count, discard
from index.embedded.events import apply
from index.embedded.folder import Folder
from index.embedded.memory import Memory
from index.embedded.schema import SCHEMA, UID
from index.events import decode
from index.lifecycle import Standing
from index.port import Entry, Rejected
from model.errors import IndexUnavailable

HEAP_BYTES = 64 * 1024 * 1024


class TantivyWriter:
    """The writer of an index in a folder; one at a time, in one thread.

    ``heap_bytes`` is what tantivy gathers in memory before it writes a segment. What was
    written since the last commit is kept in memory until then, so that
    :class:`~model.errors.IndexUnavailable`, raised by any method, means: call it again
    later, nothing is lost. Opening raises StateLocked, StateNotWritable and StateCorrupt.
    """

    def __init__(self, folder: Path, *, heap_bytes: int = HEAP_BYTES) -> None:
        self._folder = Folder(folder)
        self._heap_bytes = heap_bytes
        self._guard = Guard(self._folder.segments)
        self._uncommitted: list[Entry] = []
        with contextlib.ExitStack() as undo:
            lock = self._folder.lock()
            undo.callback(lock.release)
            self._memory = Memory(self._folder.memory)
            undo.callback(self._memory.close)
            self._index = self._folder.open()
            self._engine: EngineWriter | None = self._start()
            self._closing = undo.pop_all()

    def write(self, entries: Sequence[Entry]) -> list[Rejected]:
        """Create, replace if newer, or remove, according to each post's operation."""
        with self._engine_at_work() as engine:
            events, rejected = decode(entries)
            apply(events, self._memory, engine)
        self._uncommitted += entries
        return rejected

    def commit(self) -> None:
        """Make what was written durable and searchable."""
        if not self._uncommitted:
            return
        with self._engine_at_work() as engine:
            self._memory.commit()
            engine.commit()
        self._uncommitted.clear()

    def erase(self, uids: Sequence[str]) -> int:
        """Remove these posts for good, durably, and keep them out should they come again.

        Returns how many were there. tantivy hides their bytes at once, and drops them
        from the disk when it next merges the segment that holds them.
        """
        self.commit()
        with self._engine_at_work() as engine:
            self._index.reload()
            erased = Query.term_set_query(SCHEMA, UID, list(uids))
            found = count(self._index.searcher(), erased)
            known = self._memory.standings(set(uids))
            self._memory.remember(
                {uid: known.get(uid, Standing())._replace(shown=-1, deleted=True) for uid in uids}
            )
            engine.delete_documents_by_query(erased)
            self._memory.commit()
            engine.commit()
        return found

    def close(self) -> None:
        """Commit and release everything. Raises IndexUnavailable if the commit fails; what
        it should have written must then be read again from the log."""
        try:
            self.commit()
        finally:
            self._engine = None
            self._closing.close()

    @contextlib.contextmanager
    def _engine_at_work(self) -> Iterator[EngineWriter]:
        """tantivy's writer, replaced first if it failed before; dropped if it fails now."""
        try:
            with self._guard:
                yield self._engine or self._recovered()
        except BaseException:
            self._abandon()
            raise

    def _recovered(self) -> EngineWriter:
        """A new writer, to which everything since the last commit was given again."""
        self._index = self._folder.open()
        self._engine = self._start()
        events, _ = decode(self._uncommitted)
        apply(events, self._memory, self._engine)
        return self._engine

    def _abandon(self) -> None:
        if self._engine is not None:
            discard(self._engine)
            self._engine = None
        with contextlib.suppress(IndexUnavailable):
            self._memory.rollback()

    def _start(self) -> EngineWriter:
        with self._guard:
            return self._index.writer(heap_size=self._heap_bytes, num_threads=1)
