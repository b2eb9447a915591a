"""Is it well, and if not, where: stages, their lag, and the sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from bus.metrics import StageReport
from bus.port import Log
from desk.access import Caller, admit
from model.clock import SECOND, Clock
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

SILENT_AFTER = 10 * SECOND
"""A stage that has not reported for this long is taken for dead."""


class StageHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One stage over all its processes.

    ``lag`` counts records not yet committed; None where damage hides it.
    """

    stage: str
    processes: int
    records: int
    lag: int | None
    retries: int
    dead: int
    memory_bytes: int
    cpu_seconds: float
    last_error: str


class Health(msgspec.Struct, frozen=True):
    """The state of the pipeline now."""

    stages: tuple[StageHealth, ...]
    coverage: tuple[CoverageInterval, ...]
    dead_letters: int
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
        self, log: Log, store: Store, reports: Callable[[], Sequence[StageReport]], clock: Clock
    ) -> None:
        self._log = log
        self._store = store
        self._reports = reports
        self._clock = clock

    def look(self, caller: Caller) -> Health:
        """The state of every stage and source."""
        admit(caller, "look at the pipeline")
        now = self._clock.now()
        reports = [r for r in self._reports() if now - r.updated_at < SILENT_AFTER]
        lags = {group: self._lag(group, topic) for group, topic in CONSUMERS}
        names = [*lags, *sorted({r.stage for r in reports} - set(lags))]
        stages = tuple(
            _health(name, [r for r in reports if r.stage == name], lags.get(name, 0))
            for name in names
        )
        coverage = tuple(self._store.coverage.intervals(now, now))
        return Health(stages, coverage, self._dead_letters(), tuple(self._damage()))

    def _lag(self, group: str, topic: str) -> int | None:
        """None where a damaged partition hides it."""
        try:
            return self._log.lag(group, topic)
        except StateCorrupt:
            return None

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
    return StageHealth(
        stage=stage,
        processes=len(reports),
        records=sum(r.records for r in reports),
        lag=lag,
        retries=sum(r.retries for r in reports),
        dead=sum(r.dead for r in reports),
        memory_bytes=sum(r.rss_bytes for r in reports),
        cpu_seconds=sum(r.cpu_seconds for r in reports),
        last_error=next((r.last_error for r in reports if r.last_error), ""),
    )
