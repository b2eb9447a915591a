"""Stages for the tests of the worker loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bus.port import Outgoing, Record
from bus.stage import Result
from model.topics import ALERT_MATCHES, POSTS_RAW

Process = Callable[[Sequence[Record]], Result]


def swallow(batch: Sequence[Record]) -> Result:
    """Take everything and give nothing."""
    return Result()


def copy(batch: Sequence[Record]) -> Result:
    """Publish every record again, as a match."""
    return Result([Outgoing(ALERT_MATCHES.name, r.key, r.value) for r in batch])


class Journalling:
    """A stage that does what a function does, and remembers how it was called.

    It settles when ``settles`` says so; ``settles`` is told whether it is forced.
    """

    def __init__(
        self,
        process: Process = swallow,
        *,
        name: str = "tested",
        inputs: tuple[str, ...] = (POSTS_RAW.name,),
        settles: Callable[[bool], bool] = lambda _: True,
    ) -> None:
        self._process = process
        self._name = name
        self._inputs = inputs
        self._settles = settles
        self.batches: list[list[Record]] = []
        self.ticks = 0
        self.settled: list[bool] = []
        self.closed = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def inputs(self) -> tuple[str, ...]:
        return self._inputs

    @property
    def records(self) -> list[Record]:
        """Everything that it was given, in every attempt."""
        return [record for batch in self.batches for record in batch]

    def process(self, batch: Sequence[Record]) -> Result:
        if batch:
            self.batches.append(list(batch))
        else:
            self.ticks += 1
        return self._process(batch)

    def settle(self, *, force: bool) -> bool:
        self.settled.append(force)
        return self._settles(force)

    def close(self) -> None:
        self.closed += 1
