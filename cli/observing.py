"""How a process is watched: its log, its page for Prometheus, its traces."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

import msgspec
import structlog

from bus.metrics import StageReport
from bus.observer import Tracer
from cli.wiring import Wiring
from config.settings import Settings, secret_values
from desk.health import Health
from observe.logs import configure_logs

WATCH = "watch"
"""The process that looks at the whole; no stage."""

_LOG = structlog.get_logger(__name__)


class Observation:
    """Where a process's reports go: to the place that the board reads and to its own page."""

    def __init__(self, keep: Callable[[StageReport], None]) -> None:
        self._keep = keep
        self._report_shown: Callable[[StageReport], None] | None = None
        self._health_shown: Callable[[Health], None] | None = None
        self._port = 0
        self.tracer: Tracer | None = None

    def report(self, report: StageReport) -> None:
        """The process has taken stock of itself."""
        if self._port:
            report = msgspec.structs.replace(report, metrics_port=self._port)
        self._keep(report)
        if self._report_shown is not None:
            self._report_shown(report)

    def health(self, health: Health) -> None:
        """The process has looked at the whole."""
        if self._health_shown is not None:
            self._health_shown(health)

    def show(
        self,
        port: int,
        report: Callable[[StageReport], None],
        health: Callable[[Health], None],
    ) -> None:
        """From now on also show both on the page that is served on ``port``."""
        self._port = port
        self._report_shown = report
        self._health_shown = health


@contextlib.contextmanager
def observing(wiring: Wiring, stage: str) -> Iterator[Observation]:
    """Watch this process while the block runs, as far as the settings ask for it."""
    set_up_logs(wiring.settings, stage)
    observation = Observation(wiring.report)
    with contextlib.ExitStack() as stack:
        metrics, traces = wiring.settings.metrics, wiring.settings.traces
        if metrics.port:
            from observe.endpoint import Endpoint
            from observe.page import Page

            page = Page(wiring.clock)
            endpoint = Endpoint(page, metrics.address, metrics.port)
            stack.callback(endpoint.close)
            observation.show(endpoint.port, page.report, page.health)
            _LOG.info("metrics are served", address=metrics.address, port=endpoint.port)
        if traces.endpoint:
            from observe.traces import open_tracer

            tracer = open_tracer(traces.endpoint, stage, traces.share)
            stack.callback(tracer.close)
            observation.tracer = tracer
        yield observation


def set_up_logs(settings: Settings, stage: str = "") -> None:
    """Set up the log of this process as the settings say."""
    configure_logs(
        settings.logs.level,
        settings.logs.format,
        secrets=secret_values(settings),
        fields={"stage": stage or None, "pid": os.getpid()},
    )
