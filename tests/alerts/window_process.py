"""A window stage in a process of its own, which a test can kill."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec

from alerts.route import Router
from alerts.window import WindowStage
from model.clock import SystemClock
from model.incident import Match
from model.rule import Rule
from store.engine import open_store
from tests.alerts.builders import HISTORIC_AFTER, fixed, records

POSITION = "position"
BATCH = 2

_MATCHES = msgspec.msgpack.Decoder(list[Match])


def work(url: str, rules: list[Rule], matches: Path, name: str) -> None:
    """Count the matches of a file, going on from where the last process stored its position.

    The position is stored after the batch, as the worker loop does: what is killed in
    between is counted again.
    """
    everything = _MATCHES.decode(matches.read_bytes())
    with closing(open_store(url)) as store:
        stage = WindowStage(
            store,
            fixed(rules),
            Router(["desk"], ["desk"]),
            SystemClock(),
            historic_after=HISTORIC_AFTER,
            watermark=lambda: 0,
        )
        position = store.cursors.load(name).get(POSITION)
        start = position if isinstance(position, int) else 0
        for at in range(start, len(everything), BATCH):
            assert not stage.process(records(everything[at : at + BATCH])).rejects
            store.cursors.save(name, {POSITION: at + BATCH})
