"""Is it well, and if not, where: in sentences, the worst first.

The alert rules of ``deploy/prometheus/`` ask the same questions with the same limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from desk.health import Health
from model.clock import SECOND

OLDEST_SECONDS = 60
"""A post that has waited so long for a stage is late."""
DISK_FREE_BYTES = 5_000_000_000
"""Less room than this is too little to be at ease."""


class Trouble(NamedTuple):
    """Something that is not well: what it is about, and the whole in a sentence.
    ``is_silence`` says that it is nothing but a stage that does not run."""

    about: str
    words: str
    is_silence: bool = False


def troubles(health: Health) -> list[Trouble]:
    """What is not well; empty when all is."""
    return [
        *(Trouble("damage", words) for words in health.damage),
        *_silent(health),
        *_late(health),
        *_undelivered(health),
        *_blind(health),
        *_rest(health),
    ]


def _silent(health: Health) -> Iterator[Trouble]:
    for stage in health.stages:
        if stage.processes == 0:
            words = f"{stage.stage} is silent: none of its processes has reported for ten seconds"
            yield Trouble(f"{stage.stage} silent", words, is_silence=True)


def _late(health: Health) -> Iterator[Trouble]:
    for backlog in health.backlogs:
        if backlog.oldest_at is None:
            continue
        waited = (health.at - backlog.oldest_at) // SECOND
        if waited > OLDEST_SECONDS:
            behind = f"a post has waited {_span(waited)}, {backlog.lag or 0:,} records to go"
            yield Trouble(f"{backlog.group} late", f"{backlog.group} is late: {behind}")


def _undelivered(health: Health) -> Iterator[Trouble]:
    if health.deliveries_waiting:
        words = f"messages not delivered: {health.deliveries_waiting:,} (tocsin alerts list)"
        yield Trouble("deliveries", words)


def _blind(health: Health) -> Iterator[Trouble]:
    for interval in health.coverage:
        if interval.state in ("blind", "degraded"):
            because = f": {interval.reason}" if interval.reason else ""
            words = f"{interval.source} is {interval.state}{because}"
            yield Trouble(f"{interval.source} {interval.state}", words)


def _rest(health: Health) -> Iterator[Trouble]:
    if health.dead_letters:
        yield Trouble("dead letters", f"dead letters: {health.dead_letters:,} (tocsin dead list)")
    if health.disk_free < DISK_FREE_BYTES:
        room = f"{health.disk_free / 1e9:,.1f} GB free on disk"
        yield Trouble("disk", f"{room}: make room, or lower log.keep_days")


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60:,} min"
