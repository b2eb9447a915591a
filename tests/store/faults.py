"""Work on the operational record in processes of their own, for tests that disturb it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TypeVar

from model.errors import TransientError
from store.engine import Store, open_store

T = TypeVar("T")

WAIT_SECONDS = 120.0


def open_and_save(url: str, name: str) -> None:
    """Open the record, whatever state it is in, and leave a cursor."""
    with closing(open_store(url)) as opened:
        opened.cursors.save(name, {"ready": 1})


def count_up(url: str, name: str, turns: int) -> None:
    """Read a number and write the next one, in one transaction each time.

    A turn that meets a passing failure is repeated: the number may already be written,
    and is then not written again.
    """
    opened = patiently(lambda: open_store(url))
    with closing(opened):
        for turn in range(1, turns + 1):
            patiently(partial(_take, opened, name, turn))


def total(store: Store) -> int:
    """How many turns were taken by all processes."""
    turns = store.cursors.load("total").get("turns", 0)
    assert isinstance(turns, int)
    return turns


def _take(store: Store, name: str, turn: int) -> None:
    with store.transaction() as tx:
        if tx.cursors.load(name).get("turn", 0) != turn:
            tx.cursors.save(name, {"turn": turn})
            turns = tx.cursors.load("total").get("turns", 0)
            assert isinstance(turns, int)
            tx.cursors.save("total", {"turns": turns + 1})


def patiently(action: Callable[[], T]) -> T:
    """Try until it works, as the worker loop does. Only passing failures are forgiven."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return action()
        except TransientError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
