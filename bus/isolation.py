"""One poisoned record must not stop its batch: finds it, and lets the others through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bus.port import Outgoing, Record
from bus.retry import Stopped
from bus.stage import Result
from model.errors import ConfigurationError, StateError, TransientError


class Failure(NamedTuple):
    """What went wrong, with which record; with none when a tick of the clock failed."""

    record: Record | None
    error: Exception


class Outcome(NamedTuple):
    """What a batch gave, in its order, and which of its records failed."""

    outputs: list[Outgoing]
    failures: list[Failure]


NO_FAULT_OF_THE_RECORD = (TransientError, StateError, ConfigurationError, Stopped)


def isolate(process: Callable[[Sequence[Record]], Result], batch: Sequence[Record]) -> Outcome:
    """Process the batch; when that fails, its halves, down to the single record.

    So a poisoned record costs some twenty calls in a batch of a thousand, and all others
    are processed in their order. What says nothing about a record is passed on: passing
    failures, and those that need a person.
    """
    try:
        result = process(batch)
    except NO_FAULT_OF_THE_RECORD:
        raise
    except Exception as error:  # noqa: BLE001  a record may break a stage in any way at all
        if len(batch) <= 1:
            return Outcome([], [Failure(batch[0] if batch else None, error)])
        middle = len(batch) // 2
        first = isolate(process, batch[:middle])
        second = isolate(process, batch[middle:])
        return Outcome(first.outputs + second.outputs, first.failures + second.failures)
    return Outcome(
        list(result.outputs), [Failure(reject.record, reject.error) for reject in result.rejects]
    )
