"""One source on its way into the log: a step at a time, with all that can go wrong.

A step fetches a batch, publishes it, and stores the source's state only then. A batch
that could not be published or whose state could not be stored is kept and tried again;
nothing more is fetched meanwhile, so the order of a source is the order of the log.
"""

from __future__ import annotations

from random import Random

import msgspec
import structlog

from bus.retry import Backoff
from ingest.port import (
    Batch,
    ConnectionFailed,
    CredentialRefused,
    CursorStore,
    Source,
    SourceGone,
    State,
)
from ingest.publish import Counts, Publisher
from ingest.sightings import Sightings
from model.clock import Clock
from model.coverage import CoverageState
from model.errors import ConfigurationError, StateError, TocsinError, TransientError

_LOG = structlog.get_logger(__name__)
_FINAL = (CredentialRefused, SourceGone, ConfigurationError, StateError)


class LanePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a lane batches and waits, in items and seconds.

    After a failure the source is left alone for a random time whose limit doubles from
    the floor to the ceiling, but never for less than the floor, nor for less than the
    other side asks for, up to its own ceiling. ``publish_*`` is the same for the log.
    """

    batch_items: int = 500
    failure_floor: float = 5.0
    failure_ceiling: float = 600.0
    retry_after_ceiling: float = 21_600.0
    publish_floor: float = 0.1
    publish_ceiling: float = 30.0


class Lane:
    """One source. :meth:`step` is called when the lane is due, until it has ended.

    ``authorised_until`` is when the authority for the source runs out (UTC microseconds).
    """

    def __init__(
        self,
        source: Source,
        publisher: Publisher,
        cursors: CursorStore,
        sightings: Sightings,
        clock: Clock,
        *,
        policy: LanePolicy,
        random: Random,
        authorised_until: int | None,
    ) -> None:
        self.name = source.name
        self.sightings = sightings
        self.counts = Counts()
        self.error: TocsinError | None = None
        self._source = source
        self._publisher = publisher
        self._cursors = cursors
        self._clock = clock
        self._policy = policy
        self._authorised_until = authorised_until
        self._failures = Backoff(policy.failure_floor, policy.failure_ceiling, random)
        self._refusals = Backoff(policy.publish_floor, policy.publish_ceiling, random)
        self._opened = False
        self._saved: State = {}
        self._batch: Batch | None = None
        self._published = False

    def step(self) -> float | None:
        """Go on; returns the seconds until the next step, or None if this was the last."""
        now = self._clock.now()
        try:
            return self._advance(now)
        except ConnectionFailed as error:
            return self._wait_for_source(error, now)
        except _FINAL as error:
            self._give_up(error, now)
            return None
        except TransientError as error:
            self.sightings.failed(now, str(error))
            return max(self._policy.publish_floor, self._refusals.next())
        except Exception as error:  # noqa: BLE001  a fault in one source must not silence the others
            _LOG.exception("source failed unforeseen", source=self.name)
            cause = f"{type(error).__name__}: {error}"
            return self._wait_for_source(ConnectionFailed(self.name, cause=cause), now)

    def stop(self) -> None:
        """End the lane where it stands; what is not saved will be fetched again."""
        self._source.close()
        self.sightings.ended(self._clock.now(), "blind", "the collector was stopped")

    def _advance(self, now: int) -> float | None:
        if self._batch is None:
            if self._authorised_until is not None and now >= self._authorised_until:
                self._end("not_authorised", "the authority for the source has run out", now)
                return None
            self._batch = self._fetch(now)
            self._published = False
        return self._deliver(self._batch, now)

    def _fetch(self, now: int) -> Batch:
        if not self._opened:
            self._saved = self._cursors.load(self.name)
            self._source.open(self._saved)
            self._opened = True
        return self._source.fetch(now, self._policy.batch_items)

    def _deliver(self, batch: Batch, now: int) -> float | None:
        if not self._published:
            self.counts += self._publisher.publish(batch, self.name)
            self._published = True
        if batch.state != self._saved:
            self._cursors.save(self.name, batch.state)
            self._saved = batch.state
        self._batch = None
        self._refusals.reset()
        if batch.heard:
            self._failures.reset()
            self.sightings.succeeded(now, len(batch.posts))
        for gap in batch.gaps:
            self.sightings.amended(gap)
        if not batch.finished:
            return batch.wait
        self._end("backfilled", "read to its end", now)
        return None

    def _wait_for_source(self, error: ConnectionFailed, now: int) -> float:
        self._source.close()
        self._opened = False
        self.sightings.failed(now, str(error))
        asked = min(error.retry_after or 0.0, self._policy.retry_after_ceiling)
        return max(self._policy.failure_floor, self._failures.next(), asked)

    def _give_up(self, error: TocsinError, now: int) -> None:
        self.error = error
        refused = isinstance(error, CredentialRefused)
        self._end("not_authorised" if refused else "blind", str(error), now)

    def _end(self, state: CoverageState, reason: str, now: int) -> None:
        self._source.close()
        self.sightings.ended(now, state, reason)
