"""Judged kinds go on as if nothing had been, after a kill at any moment."""

from __future__ import annotations

import multiprocessing
import time
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import msgspec

from model.clock import MovableClock
from store.engine import open_store
from tests.alerts.builders import Window
from tests.alerts.judged_rules import JUDGED, START
from tests.alerts.memory_view import judged
from tests.alerts.oracle import shown
from tests.alerts.test_judged_any_order import AFTERWARDS, an_evening, horizon
from tests.alerts.window_process import POSITION, work

KILLS = 12


def test_kills_lose_nothing_and_double_nothing(empty: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.alerts.window_process"])
    draw = Random(31)
    evenings = {rule_id: an_evening(draw, rule_id, 20) for rule_id in JUDGED}
    matches = [
        msgspec.structs.replace(each, uid=f"{rule_id}-{each.uid}")
        for rule_id, evening in evenings.items()
        for each in evening
    ]
    draw.shuffle(matches)
    database = tmp_path / "store.db"
    database.write_bytes(empty.read_bytes())
    url = f"sqlite:///{database}"
    rules = list(JUDGED.values())
    with closing(open_store(url)) as store:
        store.coverage.record("stream", "live", START - 10**10, heard_within=2**50)
        for rule in rules:
            store.watches.begin(rule.id, START)
    file = tmp_path / "matches"
    file.write_bytes(msgspec.msgpack.encode(matches))
    for kill in range(1, KILLS + 1):
        process = context.Process(target=work, args=(url, rules, file, "window"))
        process.start()
        # However fast the machine: as far as this, and then at some moment of what follows.
        _await_position(url, kill * len(matches) // (2 * KILLS), process)
        time.sleep(draw.uniform(0, 0.02))
        process.kill()
        process.join(60)
    process = context.Process(target=work, args=(url, rules, file, "window"))
    process.start()
    process.join(240)
    assert process.exitcode == 0
    with closing(open_store(url)) as store:
        Window(store, rules, MovableClock(AFTERWARDS)).tick()
        expected = [judged(matches, rule, since=START, until=horizon(rule)) for rule in rules]
        assert shown(store) == set().union(*expected)


def _await_position(url: str, position: int, process: BaseProcess) -> None:
    with closing(open_store(url)) as store:
        while process.exitcode is None:
            reached = store.cursors.load("window").get(POSITION, 0)
            if isinstance(reached, int) and reached >= position:
                return
            time.sleep(0.005)
