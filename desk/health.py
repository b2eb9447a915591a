"""Is it well, and if not, where: stages, their lag, and the sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from bus.distribution import Distribution
from bus.metrics import StageReport
from bus.passage import passage
from bus.port import Log
from desk.access import Caller, admit
from model.clock import MINUTE, Clock
from model.coverage import CoverageInterval
from model.errors import StateCorrupt
from model.topics import (
    ALERT_MATCHES,
    GROUP_ENRICH,
    GROUP_INDEX,
    GROUP_MATCH,
    GROUP_WINDOW,
    POSTS_DEAD,
    POSTS_ENRICHED,
    POSTS_RAW,
    TOPICS,
)

if TYPE_CHECKING:
    from store.engine import Store

CONSUMERS = (
    (GROUP_ENRICH, POSTS_RAW.name),
    (GROUP_INDEX, POSTS_ENRICHED.name),
    (GROUP_MATCH, POSTS_ENRICHED.name),
    (GROUP_WINDOW, ALERT_MATCHES.name),
)
"""Which stage reads which topic, in the order of the chain."""


class StageHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One stage over all its processes.

    ``lag`` counts records not yet committed; None where damage hides it. ``rate`` is
    records a second, ``p50_seconds`` and ``p99_seconds`` are from a post's collection
    until the stage had handled it, all three over the last half minute and None where
    nothing came.
    """

    stage: str
    processes: int
    records: int
    rate: float
    lag: int | None
    p50_seconds: float | None
    p99_seconds: float | None
    retries: int
    dead: int
    memory_bytes: int
    cpu_seconds: float
    last_error: str


class Backlog(msgspec.Struct, frozen=True):
    """What a consumer group has still to do in a topic: how many records (None where damage
    hides it), and when the oldest post among them was collected (None if there is none)."""

    group: str
    topic: str
    lag: int | None
    oldest_at: int | None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the pipeline ``at`` a moment (UTC microseconds).

    ``deliveries_waiting`` counts messages that were due a minute ago and are not accepted,
    ``disk_free`` bytes where the state lies.
    """

    at: int
    stages: tuple[StageHealth, ...]
    backlogs: tuple[Backlog, ...]
    coverage: tuple[CoverageInterval, ...]
    dead_letters: int
    deliveries_waiting: int
    disk_free: int
    damage: tuple[str, ...] = ()

    @property
    def idle(self) -> bool:
        """Whether every stage has caught up."""
        return all(stage.lag == 0 for stage in self.stages)

    @property
    def records(self) -> int:
        """Records processed by all stages since they started."""
        return sum(stage.records for stage in self.stages)


class HealthDesk:
    """The ops engineer's view."""

    def __init__(
        self,
        log: Log,
        store: Store,
        reports: Callable[[], Sequence[StageReport]],
        clock: Clock,
        disk_free: Callable[[], int],
    ) -> None:
        self._log = log
        self._store = store
        self._reports = reports
        self._clock = clock
        self._disk_free = disk_free

    def look(self, caller: Caller) -> Health:
        """The state of every stage and source."""
        admit(caller, "look at the pipeline")
        now = self._clock.now()
        reports = [report for report in self._reports() if not report.is_stale(now)]
        backlogs = tuple(self._backlog(group, topic) for group, topic in CONSUMERS)
        lags = {backlog.group: backlog.lag for backlog in backlogs}
        names = [*lags, *sorted({r.stage for r in reports} - set(lags))]
        return Health(
            at=now,
            stages=tuple(
                _health(name, [r for r in reports if r.stage == name], lags.get(name, 0))
                for name in names
            ),
            backlogs=backlogs,
            coverage=tuple(self._store.coverage.intervals(now, now)),
            dead_letters=self._dead_letters(),
            deliveries_waiting=self._store.deliveries.waiting(now - MINUTE),
            disk_free=self._disk_free(),
            damage=tuple(self._damage()),
        )

    def _backlog(self, group: str, topic: str) -> Backlog:
        """A damaged partition hides what is in it."""
        try:
            lag = self._log.lag(group, topic)
            oldest = min(self._waiting(group, topic), default=None) if lag else None
        except StateCorrupt:
            return Backlog(group, topic, None, None)
        return Backlog(group, topic, lag, oldest)

    def _waiting(self, group: str, topic: str) -> Iterator[int]:
        """When the next post of each partition was collected."""
        ends = self._log.ends(topic)
        for partition, position in self._log.positions(group, topic).items():
            if position < ends.get(partition, 0):
                for record in self._log.read(topic, partition, position, 1):
                    about = passage(record)
                    if about is not None and about.collected_at is not None:
                        yield about.collected_at

    def _dead_letters(self) -> int:
        try:
            return sum(self._log.ends(POSTS_DEAD.name).values())
        except StateCorrupt:
            return 0

    def _damage(self) -> Iterator[str]:
        """What is damaged, topic by topic, in words."""
        for topic in TOPICS:
            try:
                self._log.ends(topic.name)
            except StateCorrupt as error:
                yield str(error)


def _health(stage: str, reports: Sequence[StageReport], lag: int | None) -> StageHealth:
    times = sum((r.recent_post_times for r in reports), start=Distribution())
    return StageHealth(
        stage=stage,
        processes=len(reports),
        records=sum(r.records for r in reports),
        rate=sum(r.rate for r in reports),
        lag=lag,
        p50_seconds=times.quantile(0.5),
        p99_seconds=times.quantile(0.99),
        retries=sum(r.retries for r in reports),
        dead=sum(r.dead for r in reports),
        memory_bytes=sum(r.rss_bytes for r in reports),
        cpu_seconds=sum(r.cpu_seconds for r in reports),
        last_error=next((r.last_error for r in reports if r.last_error), ""),
    )
