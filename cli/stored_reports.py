"""Stage reports in the operational record, for processes that share no folder."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

import msgspec

from bus.metrics import StageReport, decode_report, encode_report
from model.clock import Clock
from model.errors import TransientError
from store.engine import Store

QUIET_SECONDS = 30.0
"""How long nothing is reported after a failure, so that a server which is away, and takes its
time to say so, does not hold up a stage that can work without it."""


class StoredReports:
    """One row for each process of each machine (or container), named after both."""

    def __init__(
        self, store: Callable[[], Store], clock: Clock, machine: str = socket.gethostname()
    ) -> None:
        self._store = store
        self._clock = clock
        self._machine = f"{machine}/"
        self._quiet_until = 0.0

    def put(self, report: StageReport) -> None:
        """Replace the row of this process."""
        if self._clock.monotonic() < self._quiet_until:
            return
        name = f"{self._machine}{report.stage}-{report.pid}"
        text = encode_report(report).decode()
        try:
            self._store().stage_reports.put(name, report.updated_at, text)
        except TransientError:
            self._quiet_until = self._clock.monotonic() + QUIET_SECONDS

    def last(self) -> list[StageReport]:
        """Every row that this version can read. Raises StoreUnavailable."""
        reports = []
        for text in self._store().stage_reports.all():
            with contextlib.suppress(msgspec.DecodeError):  # another version's
                reports.append(decode_report(text))
        return reports

    def clear(self) -> None:
        """Remove the rows of this machine. Raises StoreUnavailable."""
        self._store().stage_reports.forget(self._machine)
