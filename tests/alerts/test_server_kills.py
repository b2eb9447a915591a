"""Window and deliver go on over a database server that is killed and restarted under them."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from bus.embedded import EmbeddedLog
from bus.port import Outgoing
from model.clock import SystemClock
from model.incident import MATCH, Match
from model.topics import ALERT_MATCHES, GROUP_WINDOW, POSTS_DEAD
from store.engine import Store, open_store
from store.tables import METADATA
from tests.alerts.stage_process import run_deliver, run_window
from tests.alerts.test_window_kills import RULES, an_evening, check
from tests.bus.logs import create
from tests.servers.postgresql import PostgresServer
from tests.store.faults import patiently

SECONDS = 120.0
KILLS = 8


@pytest.fixture
def url(postgresql_server: PostgresServer, reused_database: str) -> str:
    return postgresql_server.emptied(reused_database, list(METADATA.tables))


def publish(log: EmbeddedLog, matches: list[Match]) -> None:
    create(log, ALERT_MATCHES, POSTS_DEAD)
    log.publish([Outgoing(ALERT_MATCHES.name, m.uid, MATCH.encode(m)) for m in matches])


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def due(store: Store) -> int:
    """Messages that still wait to be sent."""
    now = SystemClock().now() + 10**12
    return len(store.deliveries.due("desk", now, 1_000_000))


def disturb(server: PostgresServer, counted: Callable[[], int], end: int) -> int:
    """Kill or restart the server each time that something was counted; how often it was."""
    kills = 0
    while kills < KILLS and (before := counted()) < end:
        wait_until(lambda: counted() > before)
        if kills % 2:
            server.stop()
        else:
            server.process.kill()
        server.start()
        kills += 1
    return kills


def test_incidents_are_those_of_an_undisturbed_evening(
    postgresql_server: PostgresServer, url: str, tmp_path: Path
) -> None:
    matches = an_evening(Random(23), 500)
    folder, told = tmp_path / "log", tmp_path / "told"
    context = multiprocessing.get_context("spawn")
    stopped = context.Event()
    processes = [
        context.Process(target=run_window, args=(url, RULES, folder, stopped)),
        context.Process(target=run_deliver, args=(url, told, folder, stopped)),
    ]
    with closing(EmbeddedLog(folder, clock=SystemClock())) as log:
        publish(log, matches)
        for process in processes:
            process.start()
        (end,) = log.ends(ALERT_MATCHES.name).values()
        kills = disturb(
            postgresql_server, lambda: log.positions(GROUP_WINDOW, ALERT_MATCHES.name)[0], end
        )
        wait_until(lambda: log.lag(GROUP_WINDOW, ALERT_MATCHES.name) == 0)
        with closing(open_store(url)) as store:
            wait_until(lambda: patiently(lambda: due(store)) == 0)
            stopped.set()
            for process in processes:
                process.join(SECONDS)
            assert [process.exitcode for process in processes] == [0, 0]
            assert kills > 1
            assert sum(log.ends(POSTS_DEAD.name).values()) == 0
            check(store, matches)
            ids = [incident.id for incident in store.incidents.list(limit=100_000)]
            rows = store.deliveries.of_incidents(ids)
    accepted = [row for row in rows if row.status == "accepted"]
    assert {row.status for row in rows} <= {"accepted", "cancelled"}
    assert len(told.read_text(encoding="utf-8").splitlines()) >= len(accepted) > 0
