"""How fast this machine is just now: a fixed loop that does nothing but count."""

from __future__ import annotations

import time

ROUNDS = 5_000_000


def loop_seconds() -> float:
    """CPU seconds of the fixed loop, the best of three."""
    return min(_once() for _ in range(3))


def _once() -> float:
    started = time.process_time()
    total = 0
    for number in range(ROUNDS):
        total += number
    assert total == ROUNDS * (ROUNDS - 1) // 2
    return time.process_time() - started
