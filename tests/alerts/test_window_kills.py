"""A window stage that is killed, doubled, or out of room goes on as if nothing had been."""

from __future__ import annotations

import multiprocessing
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.context import ForkServerContext
from pathlib import Path
from random import Random

import msgspec
import pytest

from alerts.incidents import list_incidents, show
from alerts.route import Router
from alerts.window import WindowStage
from model.clock import MovableClock
from model.errors import StoreUnavailable
from model.incident import GONE_STATES, Match
from store.engine import Store, open_store
from tests.alerts.builders import EVENING, HISTORIC_AFTER, fixed, match, records, rule, withdrawal
from tests.alerts.oracle import expected, shown
from tests.alerts.window_process import work

RULES = [rule("any"), rule("many", kind="frequency", threshold=4)]
BY_ID = {each.id: each for each in RULES}
KILLS = 12


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    """Starts processes that have the imports behind them, so that kills hit the work."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.alerts.window_process"])
    return context


def an_evening(random: Random, posts: int) -> list[Match]:
    """Matches out of order, some edited, some repeated, some taken back."""
    matches = []
    for number in range(posts):
        uid = f"p{number}"
        found = match(
            uid,
            random.uniform(0, 600),
            rule_id=random.choice(RULES).id,
            group=(random.choice(["Guildford", "Woking", "unknown"]),),
            place=random.choice(["Guildford", None]),
        )
        matches.append(found)
        if random.random() < 0.1:
            matches.append(withdrawal(uid))
        if random.random() < 0.1:
            matches.append(msgspec.structs.replace(found, rev=1, event_at=found.event_at + 10**8))
        if random.random() < 0.1:
            matches.append(found)
    random.shuffle(matches)
    return matches


def write(matches: list[Match], file: Path) -> Path:
    file.write_bytes(msgspec.msgpack.encode(matches))
    return file


def check(store: Store, matches: list[Match]) -> None:
    """The incidents are the right ones, each told once, and every name still leads somewhere."""
    assert shown(store) == expected(matches, BY_ID)
    for incident in list_incidents(store, states=None, limit=100_000):
        if incident.state == "merged":
            assert show(store, incident.id).incident.state != "merged"
        if incident.state not in GONE_STATES:
            rows = show(store, incident.id).deliveries
            waiting = Counter(row.channel for row in rows if row.status == "due")
            assert max(waiting.values(), default=0) <= 1


def test_kills_lose_nothing_and_double_nothing(
    context: ForkServerContext, store_url: str, tmp_path: Path
) -> None:
    random = Random(20)
    matches = an_evening(random, 900)
    file = write(matches, tmp_path / "matches")
    kills = 0
    exitcode: int | None = None
    while exitcode != 0:
        process = context.Process(target=work, args=(store_url, RULES, file, "window"))
        process.start()
        process.join(random.uniform(0.01, 0.12) if kills < KILLS else 120)
        if process.exitcode is None:
            process.kill()
            process.join(60)
            kills += 1
        exitcode = process.exitcode
        assert exitcode in {0, -9}
    assert kills > KILLS // 2
    with closing(open_store(store_url)) as store:
        check(store, matches)


def test_two_stages_share_the_work(
    context: ForkServerContext, store_url: str, tmp_path: Path
) -> None:
    matches = an_evening(Random(21), 300)
    halves = [matches[::2], matches[1::2]]
    processes = [
        context.Process(
            target=work,
            args=(store_url, RULES, write(half, tmp_path / f"half-{number}"), f"w{number}"),
        )
        for number, half in enumerate(halves)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    with closing(open_store(store_url)) as store:
        check(store, matches)


@pytest.fixture
def cramped(empty_store: Path, tmp_path: Path) -> Iterator[Store]:
    """A store that has no room left."""
    file = shutil.copy(empty_store, tmp_path)
    with closing(open_store(f"sqlite:///{file}")) as store:
        with store._database.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
        yield store


def test_a_full_store_passes_and_loses_nothing(cramped: Store) -> None:
    matches = an_evening(Random(22), 300)
    stage = WindowStage(
        cramped,
        fixed(RULES),
        Router(["desk"], ["desk"]),
        MovableClock(EVENING),
        historic_after=HISTORIC_AFTER,
        watermark=lambda: 0,
    )
    with pytest.raises(StoreUnavailable, match="full"):
        stage.process(records(matches))
    assert shown(cramped) == set()
    with cramped._database.reading() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    stage.process(records(matches))
    check(cramped, matches)
