"""Bulk requests, with an outcome for each item.

What Elasticsearch refuses for now (429, 5xx) is sent again by itself, later and a few
times; what a later request may cure remains IndexUnavailable, for the caller to repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from bus.retry import Backoff
from index.elastic.client import BLOCKED, BUSY, Server, reason
from model.clock import Clock
from model.errors import IndexUnavailable

TRIES = 6
FLOOR_SECONDS, CEILING_SECONDS = 0.1, 3.0
MAX_BYTES = 8 * 1024 * 1024
"""Of one request. Elasticsearch takes 100 MB; memory and time-outs are happier with less."""

OK = 300
MISSING = 404
CONFLICT = 409
TOO_LARGE = 413

_FILTER = "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by"


class Outcome(NamedTuple):
    """What became of an item: an HTTP status, and the cause where it failed."""

    status: int
    cause: str = ""


class Bulk:
    """Sends items. Safe to share between threads."""

    def __init__(self, server: Server, clock: Clock) -> None:
        self._server = server
        self._clock = clock

    def send(self, items: Sequence[bytes], *, only_aliases: bool = False) -> list[Outcome]:
        """The outcome of each item, in order; none of them is one that may pass.

        ``only_aliases`` refuses a name that is no alias, where Elasticsearch would make an
        index. Raises IndexUnavailable when items are still refused after a few tries;
        some may then have been written.
        """
        outcomes: dict[int, Outcome] = {}
        waiting = list(range(len(items)))
        backoff = Backoff(FLOOR_SECONDS, CEILING_SECONDS, Random())  # noqa: S311 - only jitter
        for attempt in range(TRIES):
            if attempt:
                self._clock.sleep(backoff.next())
            answers = self._in_portions(
                [items[n] for n in waiting], MAX_BYTES >> attempt, only_aliases=only_aliases
            )
            outcomes.update(zip(waiting, answers, strict=True))
            waiting = [n for n in waiting if may_pass(outcomes[n])]
            if not waiting:
                return [outcomes[n] for n in range(len(items))]
        raise IndexUnavailable(
            f"Elasticsearch refused {len(waiting)} of {len(items)} items",
            cause=outcomes[waiting[0]].cause,
            remedy="It is overloaded, blocked or out of disk; it is tried again",
        )

    def _in_portions(
        self, items: Sequence[bytes], max_bytes: int, *, only_aliases: bool
    ) -> list[Outcome]:
        """What was refused goes in smaller requests each time: it may have been too much."""
        answers: list[Outcome] = []
        start = size = 0
        for n, item in enumerate(items):
            if size and size + len(item) > max_bytes:
                answers += self._request(items[start:n], only_aliases=only_aliases)
                start, size = n, 0
            size += len(item)
        return answers + self._request(items[start:], only_aliases=only_aliases)

    def _request(self, items: Sequence[bytes], *, only_aliases: bool) -> list[Outcome]:
        if not items:
            return []
        accepted = BUSY | {TOO_LARGE}
        parameters: dict[str, str | int] = {"filter_path": _FILTER}
        if only_aliases:
            parameters["require_alias"] = "true"
        reply = self._server.ask("POST", "/_bulk", b"".join(items), accept=accepted, **parameters)
        if reply.status == TOO_LARGE and len(items) > 1:
            half = len(items) // 2
            first = self._request(items[:half], only_aliases=only_aliases)
            return first + self._request(items[half:], only_aliases=only_aliases)
        if reply.status >= OK:
            return [_refused(reply.status, reply.body.get("error"))] * len(items)
        return [_outcome(item) for item in reply.body["items"]]


def may_pass(outcome: Outcome) -> bool:
    """Whether the same item may be taken later: a busy node, a full disk, a write block."""
    return outcome.status in BUSY or outcome.status >= 500 or BLOCKED in outcome.cause


def check(outcomes: Sequence[Outcome], fault: Callable[[Outcome], bool]) -> None:
    """Raise IndexUnavailable for the first outcome that is a fault."""
    for outcome in outcomes:
        if fault(outcome):
            raise IndexUnavailable("a write to Elasticsearch", cause=outcome.cause)


def _outcome(item: dict[str, Any]) -> Outcome:
    (answer,) = item.values()
    error = answer.get("error")
    return _refused(answer["status"], error) if error else _done(answer["status"])


@lru_cache(maxsize=16)
def _done(status: int) -> Outcome:
    return Outcome(status)


def _refused(status: int, error: object) -> Outcome:
    cause = reason(error) if isinstance(error, dict) else str(error)
    return Outcome(status, f"Elasticsearch refused it with {status}: {cause}")
