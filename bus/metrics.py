"""What a stage says about itself: counted by its meter, read by whoever watches.

A report is the one account of a process. The files below, the page for Prometheus, the
board and ``tocsin status`` are its readers, and none of them counts anything itself.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from bus.distribution import Distribution
from model.clock import SECOND

STALE_AFTER = 10 * SECOND
"""A stage that has said nothing for so long is hung or dead."""


class StageReport(msgspec.Struct, frozen=True, kw_only=True):
    """One process of one stage, since it started. Times are UTC microseconds.

    ``bytes`` counts what was read, ``retries`` the passing failures, ``dead`` the dead
    letters. ``busy_seconds`` is the time not spent waiting for records,
    ``slowest_batch_seconds`` the longest time that a batch took within about a second
    before the report. ``last_error`` stays until another takes its place.

    ``batch_times`` holds how long each batch took, ``post_times`` how long after its
    collection a post was handled for good, from a sample of each batch. ``rate`` (records
    a second) and ``recent_post_times`` are about the last half minute. ``oldest_at`` is
    when the oldest post in hand was collected; None where nothing is in hand.
    ``metrics_port`` is where this process answers Prometheus, 0 where it does not.
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
    batch_times: Distribution = Distribution()
    post_times: Distribution = Distribution()
    recent_post_times: Distribution = Distribution()
    rate: float = 0.0
    oldest_at: int | None = None
    metrics_port: int = 0

    def is_stale(self, now: int) -> bool:
        """Whether the process has fallen silent."""
        return now - self.updated_at > STALE_AFTER


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
