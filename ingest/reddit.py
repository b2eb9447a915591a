"""Reddit: the submissions and comments of some communities, without a gap that is not said.

Reddit streams nothing and announces no edit or deletion. So listings are walked from the
newest down to what is known (:mod:`ingest.reddit_listing`), and what was collected lately
is asked for again from time to time: Reddit requires that what is deleted there is deleted
here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ingest.hygiene import Limits
from ingest.mapping import Mapper, bad_item
from ingest.means import Means, wanted
from ingest.port import BadItem, Batch, State
from ingest.reddit_client import RedditClient, Thing
from ingest.reddit_listing import Memory, Missing, Step, Walk, portions
from ingest.shapes.draft import Draft, Setting, assemble
from ingest.shapes.reddit import INSTANCE, PLATFORM
from ingest.source_entry import SourceEntry
from ingest.terms import Filter, Wanted
from model.clock import DAY, MINUTE
from model.coverage import CoverageGap, CoverageState
from model.errors import RecordError
from model.post import REMOVALS, Post, Provenance, raw_payload

LISTINGS = ("new", "comments")
_LIMITS = Limits()
_EMPTIED = 2**62
"""The version of what was taken back: later than any edit."""


class RedditPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds between two walks, and microseconds between two looks at what was collected
    within the last ``look_back``."""

    pause: float = 15.0
    look_again: int = 10 * MINUTE
    look_back: int = 2 * DAY


_POLICY = RedditPolicy()


class RedditSource:
    """Some communities, by the listings of submissions and of comments."""

    def __init__(
        self,
        name: str,
        communities: Sequence[str],
        client: RedditClient,
        *,
        wanted: Wanted | None = None,
        authority: str | None = None,
        policy: RedditPolicy = _POLICY,
        limits: Limits = _LIMITS,
    ) -> None:
        self._name = f"{PLATFORM}:{name}"
        self._communities = frozenset(community.lower() for community in communities)
        self._path = "r/" + "+".join(communities)
        self._client = client
        self._filter = Filter(wanted or Wanted())
        self._policy = policy
        delivery = Provenance(source=self._name, collector=PLATFORM, authority=authority)
        self._setting = Setting(
            platform=PLATFORM, instance=INSTANCE, delivery=delivery, limits=limits
        )
        self._mapper = Mapper(self._setting, shape="reddit")
        self._memories = {listing: Memory() for listing in LISTINGS}
        self._walks: dict[str, Walk] = {}
        self._missing: deque[tuple[Missing, deque[list[str]]]] = deque()
        self._versions: dict[str, int] = {}
        self._saved: State = {}
        self._again: deque[list[str]] = deque()
        self._again_at = 0

    @property
    def name(self) -> str:
        """``reddit:`` and the configured name."""
        return self._name

    def open(self, state: State) -> None:
        """Remember what is known; nothing is asked yet."""
        for listing in LISTINGS:
            names, newest_at = state.get(listing), state.get(f"{listing}_at")
            self._memories[listing] = Memory.read(str(names or ""), int(newest_at or 0))
        self._walks = {listing: Walk(self._memories[listing]) for listing in LISTINGS}
        self._saved = state
        self._missing.clear()
        self._again.clear()
        self._again_at = 0

    def fetch(self, now: int, max_items: int) -> Batch:  # noqa: ARG002  a page is never more
        """One request: a page of a walk, or a hundred that are asked for by name."""
        for listing, walk in self._walks.items():
            step = walk.take(self._client.page(f"{self._path}/{listing}", walk.after))
            return self._walked(listing, step, now)
        if self._missing:
            return self._probed(now)
        if self._again or now >= self._again_at:
            return self._looked_again(now)
        self._walks = {listing: Walk(self._memories[listing]) for listing in LISTINGS}
        return Batch(state=self._state(), wait=self._policy.pause)

    def close(self) -> None:
        """Nothing is open between two requests."""

    def _walked(self, listing: str, step: Step, now: int) -> Batch:
        gaps: list[CoverageGap] = []
        if step.is_done:
            del self._walks[listing]
            if step.missing is not None and step.missing.names:
                self._missing.append((step.missing, deque(portions(step.missing.names))))
            elif step.missing is not None:
                gaps.append(_gap(step.missing, "blind", "the listing does not reach back so far"))
        return self._batch(step.new, now, gaps)

    def _probed(self, now: int) -> Batch:
        """Ask for a hundred names of what may be missing."""
        missing, left = self._missing[0]
        found = self._client.things(left.popleft())
        gaps: list[CoverageGap] = []
        if not left:
            self._missing.popleft()
            gaps.append(_gap(missing, "backfilled", "asked for by number"))
        ours = [thing for thing in found if thing.community.lower() in self._communities]
        return self._batch(ours, now, gaps)

    def _looked_again(self, now: int) -> Batch:
        """Edits and deletions among a hundred that were collected lately."""
        if not self._again:
            self._again_at = now + self._policy.look_again
            names = [name for memory in self._memories.values() for name in memory.names]
            self._versions = {name: self._versions.get(name, 0) for name in names}
            self._again.extend(portions(names))
        if not self._again:
            return Batch(state=self._state())
        asked = self._again.popleft()
        things = {thing.name: thing for thing in self._client.things(asked)}
        recent = [t for t in things.values() if t.created_at >= now - self._policy.look_back]
        batch = self._batch(recent, now, [])
        changed = [post for post in batch.posts if self._is_new_version(post)]
        gone = [self._gone(name, now) for name in asked if name not in things]
        return msgspec.structs.replace(batch, posts=(*changed, *gone))

    def _is_new_version(self, post: Post) -> bool:
        name = post.uid.rpartition(":")[2]
        version = _EMPTIED if post.op in REMOVALS else post.rev
        is_new = version > self._versions.get(name, 0)
        self._versions[name] = max(version, self._versions.get(name, 0))
        return is_new

    def _gone(self, name: str, now: int) -> Post:
        for memory in self._memories.values():
            memory.names.pop(name, None)
        draft = Draft(id=name, op="delete", deleted_at=now)
        return assemble(draft, self._setting, raw_payload(name.encode()), now)

    def _batch(self, things: Iterable[Thing], now: int, gaps: list[CoverageGap]) -> Batch:
        bad: list[BadItem] = []
        posts = tuple(self._posts(things, now, bad))
        return Batch(posts=posts, bad=tuple(bad), state=self._state(), gaps=tuple(gaps))

    def _posts(self, things: Iterable[Thing], now: int, bad: list[BadItem]) -> Iterator[Post]:
        for thing in sorted(things, key=lambda thing: thing.created_at):
            try:
                post = self._mapper.post(thing.data, now)
            except RecordError as error:
                bad.append(bad_item(error, thing.data, self._name))
                continue
            if post.op in REMOVALS or self._filter.passes(post):
                yield post

    def _state(self) -> State:
        """What a walk met counts once nothing is missing before it: a crash walks again."""
        if self._missing:
            return self._saved
        state: dict[str, str | int | float | None] = {}
        for listing, memory in self._memories.items():
            state[listing] = memory.written()
            state[f"{listing}_at"] = memory.newest_at
        self._saved = state
        return state


def build(entry: SourceEntry, means: Means) -> RedditSource:
    """The communities that an entry of the sources file describes. Raises ConfigurationError."""
    return RedditSource(
        entry.name,
        entry.communities,
        RedditClient(means.secret(entry), url=entry.url),
        wanted=wanted(entry),
        authority=entry.authority,
        limits=means.limits,
    )


def _gap(missing: Missing, state: CoverageState, reason: str) -> CoverageGap:
    return CoverageGap(since=missing.since, until=missing.until, state=state, reason=reason)
