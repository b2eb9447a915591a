"""Reads a source as the runner would: at the saved state again after every failure."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from ingest.port import Batch, ConnectionFailed, Source, State
from model.coverage import CoverageGap
from model.post import Post

PATIENCE = 120.0


class Clocked(Protocol):
    """A scripted server with a clock of its own."""

    @property
    def now_us(self) -> int: ...


class Reader:
    """What a source handed out, by the clock of its server."""

    def __init__(self, server: Clocked, source: Source, state: State | None = None) -> None:
        self.server, self.source = server, source
        self.state: State = state or {}
        self.posts: list[Post] = []
        self.bad: list[bytes] = []
        self.gaps: list[CoverageGap] = []
        self.errors: list[str] = []
        self.is_open = False

    def once(self) -> Batch | None:
        """One call; None where the connection failed."""
        try:
            if not self.is_open:
                self.source.open(self.state)
                self.is_open = True
            batch = self.source.fetch(self.server.now_us, 500)
        except ConnectionFailed as error:
            self.errors.append(str(error))
            self.close()
            return None
        self.posts += batch.posts
        self.bad += [item.original for item in batch.bad]
        self.gaps += batch.gaps
        self.state = batch.state
        return batch

    def until(self, done: Callable[[], bool]) -> None:
        """Go on until it is so."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, (self.errors[-3:], len(self.posts))
            self.once()

    def has(self, *wanted: str) -> bool:
        """Whether these posts have come."""
        return set(wanted) <= {post.uid for post in self.posts}

    def close(self) -> None:
        """Hang up."""
        self.source.close()
        self.is_open = False
