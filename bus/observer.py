"""Who may look over a worker's shoulder. Stages know nothing of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from bus.port import Outgoing, Record


class BatchSeen(NamedTuple):
    """A batch that a stage is done with, and when (UTC microseconds).

    ``records`` are what it read, or for the first stage what it published. ``failed``
    counts those that became dead letters.
    """

    stage: str
    records: Sequence[Record | Outgoing]
    failed: int
    began_at: int
    ended_at: int


class Tracer(Protocol):
    """Makes traces of batches. Must neither wait nor raise: the work matters more."""

    def batch(self, seen: BatchSeen) -> None:
        """A batch went through."""
        ...
