"""Between a thread that reads a connection and whoever asks what came.

Bounded: while it is full the reading thread waits, its socket fills, and the other side is
slowed down. So a flood or a log that is away costs time and not memory.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

from ingest.port import SourceError

T = TypeVar("T")


class Closed(Exception):
    """Nobody wants any more."""


class Inlet(Generic[T]):
    """One connection's items, from its beginning to its end."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._items: deque[T] = deque()
        self._change = threading.Condition()
        self._error: SourceError | None = None
        self._closed = False

    def put(self, item: T) -> None:
        """Hand over an item, after waiting for room. Raises Closed once nobody wants any."""
        with self._change:
            self._change.wait_for(lambda: self._closed or len(self._items) < self._room)
            if self._closed:
                raise Closed
            self._items.append(item)
            self._change.notify_all()

    def end(self, error: SourceError) -> None:
        """Nothing more will come, because of this; the first reason is the one that counts."""
        with self._change:
            self._error = self._error or error
            self._change.notify_all()

    def take(self, most: int, wait: float) -> list[T]:
        """What has come, after at most ``wait`` seconds for the first.

        Raises the error of the end once everything that came before it was taken.
        """
        with self._change:
            self._change.wait_for(lambda: bool(self._items) or self._error is not None, wait)
            if not self._items and self._error is not None:
                raise self._error
            taken = [self._items.popleft() for _ in range(min(most, len(self._items)))]
            self._change.notify_all()
            return taken

    def close(self) -> None:
        """Want no more."""
        with self._change:
            self._closed = True
            self._change.notify_all()
