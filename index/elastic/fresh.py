"""Posts that are seen for the first time: nearly all of them, so this is the fast way.

Nothing is read. A standing is created for each, which fails where there is one already;
such a post is left to be decided on.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from index.elastic.bulk import CONFLICT, OK
from index.elastic.posts import Posts
from index.elastic.standings import Standings
from index.events import Event
from index.port import Rejected

IN_FLIGHT = 2
WORTH_SPLITTING = 200
MAX_EVENTS = 1_500


class Fresh(NamedTuple):
    """What could not be written, and what something is known of already."""

    rejected: list[Rejected]
    known: list[Event]


class FreshPosts:
    """Writes them, with two requests on their way at a time: so this process prepares one
    while Elasticsearch works on the other."""

    def __init__(self, standings: Standings, posts: Posts) -> None:
        self._standings = standings
        self._posts = posts
        self._threads = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="elastic-bulk")

    def write(self, events: Sequence[Event]) -> Fresh:
        """Write posts in their first version. Raises IndexUnavailable."""
        self._posts.expect(events)
        written = Fresh([], [])
        # All of them end before the first failure is raised: none may outlive this call.
        answers = [self._threads.submit(self._write, some) for some in _portions(events)]
        for failed in [answer.exception() for answer in answers]:
            if failed is not None:
                raise failed
        for answer in answers:
            rejected, known = answer.result()
            written.rejected.extend(rejected)
            written.known.extend(known)
        return written

    def close(self) -> None:
        """Release the threads."""
        self._threads.shutdown()

    def _write(self, events: Sequence[Event]) -> Fresh:
        period = self._posts.period
        claims = self._standings.claim((event.post.uid, period(event)) for event in events)
        claimed = list(zip(events, claims, strict=True))
        new = [event for event, claim in claimed if claim.status < OK]
        refused: list[tuple[Event, str | None]]
        refused = [(e, claim.cause) for e, claim in claimed if _failed(claim.status)]
        refused += zip(new, self._posts.put(new), strict=True)
        return Fresh(
            [Rejected(event.position, cause) for event, cause in refused if cause is not None],
            [event for event, claim in claimed if claim.status == CONFLICT],
        )


def _failed(status: int) -> bool:
    return status >= OK and status != CONFLICT


def _portions(events: Sequence[Event]) -> list[Sequence[Event]]:
    """The events for each request: halves, where there are enough, but never too many."""
    size = len(events) if len(events) < WORTH_SPLITTING else -(-len(events) // IN_FLIGHT)
    step = max(1, min(size, MAX_EVENTS))
    return [events[start : start + step] for start in range(0, len(events), step)]
