"""The port of stage reports: where processes leave what they say of themselves.

Putting a report never fails: one that cannot be kept is left out, since the work matters
more. Reading raises StoreUnavailable where the place is a server that does not answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from bus.metrics import StageReport, clear_reports, read_reports, write_report


class Reports(Protocol):
    """The last report of each process. See the module for the contract."""

    def put(self, report: StageReport) -> None:
        """Keep the report in place of the last one of its process."""
        ...

    def last(self) -> list[StageReport]:
        """The last report of every process, also of dead ones: see ``StageReport.is_stale``."""
        ...

    def clear(self) -> None:
        """Forget what earlier processes of this machine left, before a pipeline starts."""
        ...


class FolderReports:
    """Files in a folder, for processes of one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, report: StageReport) -> None:
        """Write its file."""
        write_report(self._folder, report)

    def last(self) -> list[StageReport]:
        """Read every file."""
        return read_reports(self._folder)

    def clear(self) -> None:
        """Remove every file."""
        clear_reports(self._folder)
