"""The alert stages under the worker loop, each in a process of its own."""

from __future__ import annotations

from contextlib import closing
from multiprocessing.synchronize import Event
from pathlib import Path

from alerts.channels import FileChannel
from alerts.deliver import DeliverStage, DeliverySettings
from alerts.route import Router
from alerts.window import WindowStage
from bus.embedded import EmbeddedLog
from bus.stage import Stage
from bus.worker import Worker, WorkerSettings
from model.clock import SECOND, SystemClock
from model.rule import Rule
from store.engine import Store, open_store
from tests.alerts.builders import HISTORIC_AFTER, fixed
from tests.store.faults import patiently

DESK = "desk"
SETTINGS = WorkerSettings(
    max_records=10, tick_seconds=0.05, retry_floor_seconds=0.02, retry_ceiling_seconds=0.2
)
AGAIN_SOON = DeliverySettings(first_wait=SECOND // 10, one_try=SECOND // 2)


def run_window(url: str, rules: list[Rule], log: Path, stopped: Event) -> None:
    """Count matches until asked to stop."""
    with closing(patiently(lambda: open_store(url))) as store:
        router = Router([DESK], [DESK])
        stage = WindowStage(
            store,
            fixed(rules),
            router,
            SystemClock(),
            historic_after=HISTORIC_AFTER,
            watermark=lambda: 0,
        )
        _run(stage, log, stopped)


def run_deliver(url: str, told: Path, log: Path, stopped: Event) -> None:
    """Send what is due into a file until asked to stop."""
    with closing(patiently(lambda: open_store(url))) as store:
        _run(_deliver(store, told), log, stopped)


def _deliver(store: Store, told: Path) -> Stage:
    return DeliverStage(store, [FileChannel(DESK, told)], SystemClock(), AGAIN_SOON)


def _run(stage: Stage, folder: Path, stopped: Event) -> None:
    clock = SystemClock()
    with closing(EmbeddedLog(folder, clock=clock)) as log:
        Worker(stage, log, clock, settings=SETTINGS).run(stopped.is_set)
