"""The index port: writing enriched posts and searching them.

Life cycle: a :class:`SearchIndex` is opened for reading by any number of processes, an
:class:`IndexWriter` by one at a time; both are closed once. Threading: an instance
belongs to one thread. Durability: what was written is durable, and searchable by new
searches, once :meth:`IndexWriter.commit` has returned; a crash before it loses at most
what came since the last commit, which the caller writes again. Order is not given: an
older version never replaces a newer one, and a removed post stays removed, also when
its removal arrives first: :mod:`index.lifecycle` says what becomes of a post. Times are
UTC microseconds; a post stands at its own time, which is when it was published, else
observed, else collected.

Errors: :class:`~model.errors.IndexUnavailable` where the same call may succeed later,
:class:`~model.errors.StateCorrupt` for a damaged index, :class:`~model.errors.QueryError`
for a query that the engine refuses. What is wrong with one post is an outcome, not an
exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from index.query.ast import MatchAll, Node
from model.enriched import Enrichment
from model.post import Post

Sort = Literal["newest", "oldest", "relevance"]
TopField = Literal["place", "area", "tension", "platform", "lang", "community", "source", "hashtag"]


class Entry(NamedTuple):
    """A post to be written: its encoded record and its encoded enrichment, untouched."""

    post: bytes
    enrichment: bytes


class Rejected(NamedTuple):
    """One entry of a batch could not be written: its place in the batch and the reason."""

    position: int
    cause: str


class SearchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for. ``since`` is inclusive, ``until`` exclusive, by the post's own time.

    Posts of the same time are sorted by uid; "newest" is the exact reverse of "oldest".
    ``cursor`` is that of the page before; it is opaque and bound to query, span and sort.
    """

    query: Node = MatchAll()
    since: int | None = None
    until: int | None = None
    limit: int = 20
    sort: Sort = "newest"
    cursor: str | None = None


class Hit(msgspec.Struct, frozen=True):
    """A post that was found, with all that is known of it."""

    post: Post
    enrichment: Enrichment


class SearchPage(msgspec.Struct, frozen=True):
    """One page of hits, how many there are in all, and the cursor of the next page
    (None at the end)."""

    hits: tuple[Hit, ...]
    total: int
    cursor: str | None = None


class Bucket(msgspec.Struct, frozen=True):
    """A count: ``key`` is a value, or the start of an interval in UTC microseconds."""

    key: str | int
    count: int


class SearchIndex(Protocol):
    """Reading. See the module for the contract."""

    def search(self, request: SearchRequest) -> SearchPage:
        """One page of posts."""
        ...

    def count(self, request: SearchRequest) -> int:
        """How many posts there are; limit, sort and cursor are ignored."""
        ...

    def over_time(self, request: SearchRequest, interval: int) -> list[Bucket]:
        """Counts per interval (microseconds), oldest first, empty intervals included.

        Intervals start at multiples of ``interval`` since 1970. The first and the last
        are those of ``since`` and ``until``, or of the first and the last post. Raises
        QueryError for more than 10,000 of them.
        """
        ...

    def top(self, request: SearchRequest, field: TopField, limit: int) -> list[Bucket]:
        """The commonest values of a field, most first, ties by value; 10,000 at most."""
        ...

    def get(self, uid: str) -> Hit | None:
        """One post, or None if it is not there or was removed."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...


class IndexWriter(Protocol):
    """Writing. See the module for the contract.

    After IndexUnavailable the same call may be made again: the writer keeps what it was
    given since the last commit. What it was given in the failed call counts as not given.
    """

    def write(self, entries: Sequence[Entry]) -> list[Rejected]:
        """Create, replace if newer, or remove, according to each post's operation."""
        ...

    def commit(self) -> None:
        """Make what was written durable and searchable."""
        ...

    def erase(self, uids: Sequence[str]) -> int:
        """Remove these posts for good, durably, and keep them out should they come
        again; returns how many were there."""
        ...

    def close(self) -> None:
        """Commit and release everything."""
        ...
