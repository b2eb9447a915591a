"""The back ends of each profile: which log, which index, and where reports are left.

What is opened here is closed by whoever asked for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bus.port import Log
from bus.reports import FolderReports, Reports
from cli.state import StateFolder
from config.settings import Settings
from model.clock import Clock

if TYPE_CHECKING:
    from index.port import IndexWriter, SearchIndex


class Backends(Protocol):
    """What differs from profile to profile."""

    @property
    def partitions(self) -> int:
        """Partitions per topic, hence how many processes of a stage can share the work."""
        ...

    def log(self) -> Log:
        """The log."""
        ...

    def search_index(self) -> SearchIndex:
        """The index, for reading."""
        ...

    def index_writer(self) -> IndexWriter:
        """The index, for writing."""
        ...

    def reports(self) -> Reports:
        """Where stages leave what they say of themselves."""
        ...


class EmbeddedBackends:
    """Files in the state folder; no server."""

    def __init__(self, settings: Settings, state: StateFolder, clock: Clock) -> None:
        self._settings = settings
        self._state = state
        self._clock = clock

    @property
    def partitions(self) -> int:
        """As the embedded log has."""
        return self._settings.log.partitions

    def log(self) -> Log:
        """SQLite files."""
        from bus.embedded import EmbeddedLog

        self._state.prepare()
        limit = self._settings.log.max_record_bytes
        return EmbeddedLog(self._state.log, max_record_bytes=limit, clock=self._clock)

    def search_index(self) -> SearchIndex:
        """Tantivy."""
        from index.embedded import TantivyIndex

        return TantivyIndex(self._state.index)

    def index_writer(self) -> IndexWriter:
        """Tantivy, of which there can be one writer."""
        from index.embedded import TantivyWriter

        return TantivyWriter(self._state.index)

    def reports(self) -> Reports:
        """Files beside the log: every process is on this machine."""
        return FolderReports(self._state.reports)
