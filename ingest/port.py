"""The source port: where posts come from.

A source yields batches together with the state from which it could go on. It may wait
for the other side for as long as one request takes, but it never sleeps, never publishes
and never stores its own position: the runner does, and stores the state only after the
log has acknowledged the batch. So a crash anywhere repeats at most one batch, and loses
none.

A source says by the type of its error whose failure it is:

    SourceError
    ├── ConnectionFailed    the connection's: the runner waits and calls again
    ├── CredentialRefused   the credential's: the runner stops this source and raises an alarm
    └── SourceGone          it no longer exists: the runner stops this source and raises an alarm

A :class:`~model.errors.ConfigurationError` also stops the source: a person must act.
What is wrong with a single item is no exception but a :class:`BadItem` in the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

from model.coverage import CoverageGap, CoverageState
from model.errors import TocsinError
from model.post import Post


class SourceError(TocsinError):
    """A source could not deliver."""


class ConnectionFailed(SourceError):
    """Nobody answered, or not in the way that was agreed. ``retry_after`` is in seconds,
    None where the other side gave no hint."""

    def __init__(
        self, what: str, *, cause: str = "", remedy: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(what, cause=cause, remedy=remedy)
        self.retry_after = retry_after


class CredentialRefused(SourceError):
    """The other side does not accept who we are."""


class SourceGone(SourceError):
    """The other side says that what we read has been taken away for good."""


class BadItem(NamedTuple):
    """An item that cannot become a post: its bytes, where it came from, and why."""

    original: bytes
    origin: str
    error: str
    cause: str


State = Mapping[str, str | int | float | None]
"""Where a source would go on, as JSON values. Opaque to the runner."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What a source has now.

    ``state`` is where it goes on after this batch. ``wait`` is how many seconds it would
    like to be left alone (0: call again at once). ``finished`` ends the source. ``heard``
    says that the other side answered or gave a sign of life; without one, as while a
    connection is still being made, coverage stays as it is. ``gaps`` are times that have
    passed and were filled from history, or are lost.
    """

    posts: tuple[Post, ...] = ()
    bad: tuple[BadItem, ...] = ()
    state: State = {}
    wait: float = 0.0
    finished: bool = False
    heard: bool = True
    gaps: tuple[CoverageGap, ...] = ()


class Source(Protocol):
    """One platform, query or feed. Belongs to one thread."""

    @property
    def name(self) -> str:
        """What coverage, cursors and alarms call this source, as ``feeds:guildford-news``."""
        ...

    def open(self, state: State) -> None:
        """Get ready to go on from ``state``, empty the first time.

        After a ConnectionFailed the runner closes the source and opens it again with the
        last state that it saved. Raises SourceError or ConfigurationError.
        """
        ...

    def fetch(self, now: int, max_items: int) -> Batch:
        """What is there now (UTC microseconds), at most ``max_items`` items.

        ``now`` becomes the posts' ``collected_at``. Raises SourceError or
        ConfigurationError.
        """
        ...

    def close(self) -> None:
        """Release connections and files; may be called more than once."""
        ...


class CursorStore(Protocol):
    """Where the runner keeps the state of each source. Belongs to one thread."""

    def load(self, source: str) -> State:
        """What was saved last, or an empty mapping. Raises StoreUnavailable."""
        ...

    def save(self, source: str, state: State) -> None:
        """Replace the state, durably. Raises StoreUnavailable."""
        ...


class CoverageLedger(Protocol):
    """Where the runner declares what each source sees. Belongs to one thread."""

    def record(self, source: str, state: CoverageState, at: int, reason: str, posts: int) -> None:
        """From ``at`` (UTC microseconds) on the source is in ``state``.

        ``posts`` have come since the call before and count for the interval in ``state``.
        The runner calls at every change and, while nothing changes, about once a minute:
        a repeated state and reason extend the interval. A source that has not been heard
        of for many minutes is therefore blind, whatever its last state was, because its
        collector has died. Raises StoreUnavailable; the call is repeated.
        """
        ...

    def amend(self, source: str, since: int, until: int, state: CoverageState, reason: str) -> None:
        """Replace what was said of a time that has passed. Raises StoreUnavailable; the
        call is repeated."""
        ...
