"""The cyclic garbage collector, taken off the hot path.

Records make no cycles, so the collector would walk over whole batches to find nothing.
What a stage has loaded is frozen, automatic collection is off, and the little that
exceptions and libraries leave behind is collected at intervals.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator

from model.clock import Clock

COLLECT_SECONDS = 30.0


@contextlib.contextmanager
def collecting_by_hand(clock: Clock) -> Iterator[Callable[[], None]]:
    """Takes over from the collector; yields what is to be called between batches."""
    due = clock.monotonic() + COLLECT_SECONDS

    def tend() -> None:
        nonlocal due
        if clock.monotonic() >= due:
            gc.collect()
            due = clock.monotonic() + COLLECT_SECONDS

    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield tend
    finally:
        gc.enable()
        gc.unfreeze()
