"""What a stage says about itself: counted by the worker, read by whoever watches."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bus.port import Record
from model.clock import SECOND, Clock

STALE_AFTER = 10 * SECOND
"""A stage that has said nothing for so long is hung or dead."""


class StageReport(msgspec.Struct, frozen=True, kw_only=True):
    """One process of one stage, since it started. Times are UTC microseconds.

    ``bytes`` counts what was read, ``retries`` the passing failures, ``dead`` the dead
    letters. ``busy_seconds`` is the time not spent waiting for records,
    ``slowest_batch_seconds`` the longest time that a batch took within about a second
    before the report. ``last_error`` stays until another takes its place.
    """

    stage: str
    pid: int
    started_at: int
    updated_at: int
    records: int = 0
    bytes: int = 0
    batches: int = 0
    outputs: int = 0
    retries: int = 0
    dead: int = 0
    unsettled: int = 0
    busy_seconds: float = 0.0
    slowest_batch_seconds: float = 0.0
    cpu_seconds: float = 0.0
    rss_bytes: int = 0
    last_error: str = ""
    last_error_at: int | None = None

    def is_stale(self, now: int) -> bool:
        """Whether the process has fallen silent."""
        return now - self.updated_at > STALE_AFTER


class Meter:
    """Counts for one worker."""

    def __init__(self, stage: str, clock: Clock) -> None:
        self._stage = stage
        self._clock = clock
        self._started_at = clock.now()
        self._records = 0
        self._bytes = 0
        self._batches = 0
        self._outputs = 0
        self._retries = 0
        self._dead = 0
        self._busy = 0.0
        self._slowest = 0.0
        self._last_error = ""
        self._last_error_at: int | None = None

    def batch(self, records: Sequence[Record], outputs: int, seconds: float) -> None:
        """A batch went through, with so many outputs."""
        self._batches += 1
        self._records += len(records)
        self._bytes += sum(len(record.value) + len(record.base) for record in records)
        self._outputs += outputs
        self._slowest = max(self._slowest, seconds)

    def busy(self, seconds: float) -> None:
        """So long something was done."""
        self._busy += seconds

    def retry(self, error: Exception) -> None:
        """A passing failure."""
        self._retries += 1
        self.error(error)

    def dead(self, error: Exception) -> None:
        """A record became a dead letter."""
        self._dead += 1
        self.error(error)

    def error(self, error: Exception) -> None:
        """Something went wrong."""
        self._last_error = f"{type(error).__name__}: {error}"
        self._last_error_at = self._clock.now()

    def report(self, unsettled: int) -> StageReport:
        """Everything so far."""
        slowest, self._slowest = self._slowest, 0.0
        return StageReport(
            stage=self._stage,
            pid=os.getpid(),
            started_at=self._started_at,
            updated_at=self._clock.now(),
            records=self._records,
            bytes=self._bytes,
            batches=self._batches,
            outputs=self._outputs,
            retries=self._retries,
            dead=self._dead,
            unsettled=unsettled,
            busy_seconds=self._busy,
            slowest_batch_seconds=slowest,
            cpu_seconds=time.process_time(),
            rss_bytes=_resident_bytes(),
            last_error=self._last_error,
            last_error_at=self._last_error_at,
        )


def write_report(folder: Path, report: StageReport) -> None:
    """Leave the report where :func:`read_reports` finds it, in place of the last one.

    A report that cannot be written is left out: the work matters more.
    """
    path = folder / f"{report.stage}-{report.pid}.json"
    draft = path.with_suffix(".draft")
    with contextlib.suppress(OSError):
        draft.write_bytes(encode_report(report))
        draft.replace(path)


def read_reports(folder: Path) -> list[StageReport]:
    """The last report of every process, also of dead ones: see ``StageReport.is_stale``."""
    reports = []
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, msgspec.DecodeError):  # removed, or another version's
            reports.append(decode_report(path.read_bytes()))
    return reports


def clear_reports(folder: Path) -> None:
    """Remove what earlier processes left, before a pipeline starts."""
    for path in folder.glob("*.json"):
        path.unlink(missing_ok=True)


def encode_report(report: StageReport) -> bytes:
    """The report as JSON."""
    # The words of an error may hold half surrogates, which JSON cannot.
    error = report.last_error.encode("utf-8", "backslashreplace").decode()
    return msgspec.json.encode(msgspec.structs.replace(report, last_error=error))


def decode_report(text: bytes | str) -> StageReport:
    """The report that :func:`encode_report` wrote. Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=StageReport)


def _resident_bytes() -> int:
    """Memory in use now; where the system does not say, the most that ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * resource.getpagesize()
