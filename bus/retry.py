"""Waiting between tries: exponential back-off with full jitter, and giving up to stop.

Full jitter spreads many processes that failed together over the whole wait, so that
they do not come back together: Brooker, "Exponential Backoff And Jitter", AWS
Architecture Blog, 2015.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

from model.clock import Clock
from model.errors import TransientError

GLANCE_SECONDS = 0.1
"""How long a wait goes on before it looks again whether to stop."""

T = TypeVar("T")


class Stopped(Exception):
    """The wait for another try was cut short because the process is asked to stop."""


class Backoff:
    """Waits in seconds: each random between zero and a ceiling that doubles every time."""

    def __init__(self, floor: float, ceiling: float, random: Random) -> None:
        self._floor = floor
        self._ceiling = ceiling
        self._random = random
        self._tries = 0

    def next(self) -> float:
        """The wait after one more failure."""
        # Sixty doublings reach any ceiling; more would only overflow the float.
        longest = min(self._ceiling, self._floor * 2.0 ** min(self._tries, 60))
        self._tries += 1
        return self._random.uniform(0.0, longest)

    def reset(self) -> None:
        """It worked: start again at the floor."""
        self._tries = 0


class Retry:
    """Calls until it works, as long as the failures are passing ones.

    ``stop`` is looked at several times a second while waiting, and ``waiting`` called.
    """

    def __init__(
        self,
        backoff: Callable[[], Backoff],
        clock: Clock,
        *,
        stop: Callable[[], bool],
        failed: Callable[[TransientError], None],
        waiting: Callable[[], None],
    ) -> None:
        self._backoff = backoff
        self._clock = clock
        self._stop = stop
        self._failed = failed
        self._waiting = waiting

    def __call__(self, action: Callable[[], T]) -> T:
        """What the action returns once it does. Raises Stopped, and whatever is not
        a TransientError."""
        backoff = self._backoff()
        while True:
            try:
                return action()
            except TransientError as error:
                self._failed(error)
            self.wait(backoff.next())

    def wait(self, seconds: float) -> None:
        """Wait. Raises Stopped as soon as the process is asked to stop."""
        end = self._clock.monotonic() + seconds
        while (left := end - self._clock.monotonic()) > 0:
            if self._stop():
                raise Stopped
            self._clock.sleep(min(left, GLANCE_SECONDS))
            self._waiting()
        if self._stop():
            raise Stopped
