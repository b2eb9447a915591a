"""The page that Prometheus reads: the last report of this process, the last look at the whole.

The working thread hands over frozen records; the thread that answers Prometheus reads
them. Nothing is locked and nothing waits.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric

from bus.metrics import StageReport
from desk.health import Health
from model.clock import SECOND, Clock
from observe.pipeline_metrics import pipeline_families
from observe.stage_metrics import stage_families

SILENT_AFTER = 60 * SECOND
"""A process that has taken no stock of itself for so long is taken for hung."""


class Page:
    """What one process shows. Safe to read from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard_at: int | None = None
        self._report: StageReport | None = None
        self._health: Health | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def report(self, report: StageReport) -> None:
        """Show this from now on of the process itself."""
        self._report = report
        self._heard_at = self._clock.now()

    def health(self, health: Health) -> None:
        """Show this from now on of the whole."""
        self._health = health
        self._heard_at = self._clock.now()

    def text(self) -> bytes:
        """The page in Prometheus's text format."""
        return generate_latest(self._registry)

    @property
    def alive(self) -> bool:
        """Whether the working thread has lately said anything."""
        return self._heard_at is not None and self._clock.now() - self._heard_at < SILENT_AFTER

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        if self._report is not None:
            yield from stage_families(self._report)
        if self._health is not None:
            yield from pipeline_families(self._health)
