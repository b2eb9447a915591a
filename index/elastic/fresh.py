"""Posts that are seen for the first time: nearly all of them, so this is the fast way.

Nothing is read. A standing is created for each, which fails where there is one already;
such a post is left to be decided on.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeAlias

from index.elastic.bulk import CONFLICT, OK
from index.elastic.posts import Posts
from index.elastic.standings import Standings
from index.events import Event
from index.port import Rejected

IN_FLIGHT = 2
WORTH_SPLITTING = 200
MAX_POSTS = 1_500

Dated: TypeAlias = tuple[Event, str]
"""A post, and the period in which it stands."""


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
        posts = [(event, self._posts.period(event)) for event in events]
        self._posts.expect({period for _, period in posts})
        written = Fresh([], [])
        # All of them end before the first failure is raised: none may outlive this call.
        answers = [self._threads.submit(self._write, some) for some in _portions(posts)]
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

    def _write(self, posts: Sequence[Dated]) -> Fresh:
        claims = self._standings.claim((event.post.uid, period) for event, period in posts)
        claimed = list(zip(posts, claims, strict=True))
        new = [post for post, claim in claimed if claim.status < OK]
        refused: list[tuple[Dated, str | None]]
        refused = [(post, claim.cause) for post, claim in claimed if _failed(claim.status)]
        refused += zip(new, self._posts.put(new), strict=True)
        return Fresh(
            [Rejected(post[0].position, cause) for post, cause in refused if cause is not None],
            [post[0] for post, claim in claimed if claim.status == CONFLICT],
        )


def _failed(status: int) -> bool:
    return status >= OK and status != CONFLICT


def _portions(posts: Sequence[Dated]) -> list[Sequence[Dated]]:
    """The posts for each request: halves, where there are enough, but never too many."""
    size = len(posts) if len(posts) < WORTH_SPLITTING else -(-len(posts) // IN_FLIGHT)
    step = max(1, min(size, MAX_POSTS))
    return [posts[start : start + step] for start in range(0, len(posts), step)]
