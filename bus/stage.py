"""What a stage is: a function from a batch of records to their outcome.

A stage knows neither Kafka nor Elasticsearch, and never sleeps, retries, commits or
dead-letters: the worker loop does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from bus.port import Outgoing, Record
from model.errors import RecordError


class Reject(NamedTuple):
    """A record that can never be processed, and why."""

    record: Record
    error: RecordError


class Result(NamedTuple):
    """What became of a batch: records to publish, and records for the dead letters."""

    outputs: Sequence[Outgoing] = ()
    rejects: Sequence[Reject] = ()


class Stage(Protocol):
    """One stage of the chain. Belongs to one thread."""

    @property
    def name(self) -> str:
        """What metrics and dead letters call the stage; also its consumer group."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """The topics that it reads; empty for a stage that only acts on time."""
        ...

    def process(self, batch: Sequence[Record]) -> Result:
        """Process a batch; an empty one is a tick of the clock.

        Processing the same records again must do no harm. Raises TransientError when
        the same call may succeed later; any other exception makes the worker try the
        records one by one and dead-letter those that still fail.
        """
        ...

    def settle(self, *, force: bool) -> bool:
        """Whether the effects of everything processed so far are durable.

        A stage that gathers effects before writing them may say no until enough has
        come together; ``force`` demands it now. Raises TransientError.
        """
        ...

    def close(self) -> None:
        """Release what the stage holds. Called once, after a last forced settle."""
        ...
