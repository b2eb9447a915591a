"""The one place that watches a stage at work: counts, times, and words for the log.

The worker loop tells its meter what happens; the stage knows nothing of it. Whatever is
done here per batch must stay small: posts are looked at by sample, and rates and shares
are worked out once a second.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import structlog

from bus.distribution import Distribution, Stopwatches
from bus.metrics import StageReport
from bus.passage import passage, sample
from bus.port import Outgoing, Record
from model.clock import SECOND, Clock

RECENT_SECONDS = 30.0
"""How far back rates and recent times reach."""

NAMED_FAILURES = 20
"""Dead letters that are named in the log between two reports; a flood is only counted."""

_LOG = structlog.get_logger(__name__)
_MOST_IN_HAND = 2_000


class _Mark(NamedTuple):
    monotonic: float
    records: int
    post_times: Distribution


class Meter:
    """Counts for one process of one stage."""

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
        self._unnamed = 0
        self._named = 0
        self._busy = 0.0
        self._slowest = 0.0
        self._last_error = ""
        self._last_error_at: int | None = None
        self._batch_times = Stopwatches()
        self._post_times = Stopwatches()
        self._in_hand: list[int] = []
        self._marks = deque([_Mark(clock.monotonic(), 0, Distribution())])

    def polled(self, batch: Sequence[Record]) -> None:
        """A batch is in hand."""
        if len(self._in_hand) < _MOST_IN_HAND:
            seen = (passage(record) for record in sample(batch))
            self._in_hand += [s.collected_at for s in seen if s and s.collected_at is not None]

    def batch(self, records: Sequence[Record | Outgoing], outputs: int, seconds: float) -> None:
        """A batch went through, with so many outputs."""
        self._batches += 1
        self._records += len(records)
        self._bytes += sum(map(_size, records))
        self._outputs += outputs
        self._slowest = max(self._slowest, seconds)
        self._batch_times.observe(seconds)

    def committed(self) -> None:
        """Everything in hand is handled for good."""
        now = self._clock.now()
        for collected_at in self._in_hand:
            self._post_times.observe((now - collected_at) / SECOND)
        self._in_hand.clear()

    def busy(self, seconds: float) -> None:
        """So long something was done."""
        self._busy += seconds

    def retry(self, error: Exception) -> None:
        """A passing failure."""
        self._retries += 1
        self.error(error)
        _LOG.warning("trying again", stage=self._stage, error=self._last_error)

    def dead(self, error: Exception | str, record: Record | Outgoing) -> None:
        """A record became a dead letter."""
        self._dead += 1
        self.error(error)
        if self._named >= NAMED_FAILURES:
            self._unnamed += 1
            return
        self._named += 1
        about = passage(record)
        _LOG.warning(
            "dead letter",
            stage=self._stage,
            trace_id=about.trace if about else None,
            topic=record.topic,
            error=self._last_error,
        )

    def error(self, error: Exception | str) -> None:
        """Something went wrong: an exception, or words of the same form."""
        self._last_error = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        self._last_error_at = self._clock.now()

    def report(self, unsettled: int) -> StageReport:
        """Everything so far."""
        self._tell_unnamed()
        slowest, self._slowest = self._slowest, 0.0
        post_times = self._post_times.read()
        now = _Mark(self._clock.monotonic(), self._records, post_times)
        since = self._mark(now)
        elapsed = now.monotonic - since.monotonic
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
            batch_times=self._batch_times.read(),
            post_times=post_times,
            recent_post_times=post_times.since(since.post_times),
            rate=(now.records - since.records) / elapsed if elapsed > 0 else 0.0,
            oldest_at=min(self._in_hand, default=None),
        )

    def _mark(self, now: _Mark) -> _Mark:
        """Remember the present, and give the moment that lies half a minute back."""
        self._marks.append(now)
        while len(self._marks) > 2 and now.monotonic - self._marks[1].monotonic >= RECENT_SECONDS:
            self._marks.popleft()
        return self._marks[0]

    def _tell_unnamed(self) -> None:
        if self._unnamed:
            _LOG.warning("more dead letters", stage=self._stage, count=self._unnamed)
        self._named = self._unnamed = 0


def _size(record: Record | Outgoing) -> int:
    return len(record.value) + (len(record.base) if isinstance(record, Record) else 0)


def _resident_bytes() -> int:
    """Memory in use now; where the system does not say, the most that ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * resource.getpagesize()
