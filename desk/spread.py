"""How a story spreads: the posts of one cluster, who told it first, and how fast.

A cluster is a set of posts that say nearly the same (:mod:`enrich.clusters`). The same words
may come up again weeks later: a pause longer than the window ends a story.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Literal

import msgspec

from desk.access import Caller, admit
from index.port import Hit, SearchIndex, SearchRequest
from index.query.ast import Keyword, Node
from model.clock import DAY, HOUR, MINUTE
from model.coverage import CoverageInterval
from model.errors import TocsinError
from model.post import Post
from store.engine import Store

Role = Literal["original", "copy", "repost"]

WINDOW = 3 * DAY
MOST_POSTS = 20_000
MOST_STEPS = 60
_PAGE = 500
_STEPS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY)


class NoSuchStory(TocsinError):
    """There is no post or cluster of that name."""


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """One post of a story. ``at`` is its own time in UTC microseconds."""

    uid: str
    role: Role
    at: int
    author: str | None
    platform: str
    text: str


class Step(msgspec.Struct, frozen=True):
    """How many posts there were in a step of the curve, by role. ``since`` is UTC
    microseconds."""

    since: int
    original: int = 0
    copy: int = 0
    repost: int = 0

    @property
    def posts(self) -> int:
        """All of them."""
        return self.original + self.copy + self.repost


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One story. ``step`` is the length of a step of its curve in microseconds;
    ``earlier`` and ``later`` count the posts of the same words outside of it; ``whole``
    says that no post was left out for there being too many."""

    cluster: int
    first: Telling
    last: Telling
    posts: int
    originals: int
    copies: int
    reposts: int
    authors: int
    platforms: dict[str, int]
    step: int
    curve: tuple[Step, ...]
    tellings: tuple[Telling, ...]
    earlier: int = 0
    later: int = 0
    whole: bool = True
    coverage: tuple[CoverageInterval, ...] = ()


class SpreadDesk:
    """The analyst's view of one story."""

    def __init__(self, index: SearchIndex, store: Store) -> None:
        self._index = index
        self._store = store

    def story(self, caller: Caller, name: str, window: int = WINDOW) -> Story:
        """The story that a post belongs to, or the latest of a cluster's number.

        ``window`` is the longest pause in it, in microseconds. Raises NoSuchStory.
        """
        admit(caller, "look at how a story spreads")
        cluster, uid = self._named(name)
        hits, whole = self._hits(Keyword("cluster", str(cluster)))
        stories = _apart(hits, window)
        if not stories:
            raise _unknown(name)
        chosen = next(
            (n for n, story in enumerate(stories) if any(h.post.uid == uid for h in story)),
            len(stories) - 1,
        )
        story = _story(cluster, stories[chosen])
        return msgspec.structs.replace(
            story,
            earlier=sum(map(len, stories[:chosen])),
            later=sum(map(len, stories[chosen + 1 :])),
            whole=whole,
            coverage=tuple(self._store.coverage.intervals(story.first.at, story.last.at + 1)),
        )

    def _named(self, name: str) -> tuple[int, str]:
        """The cluster, and the post's uid where the name is one."""
        if name.isdecimal():
            return int(name), ""
        hit = self._index.get(name)
        if hit is None:
            raise _unknown(name)
        if not hit.enrichment.cluster:
            raise NoSuchStory(
                f"the post {name} belongs to no story", cause="it has no words to compare"
            )
        return hit.enrichment.cluster, name

    def _hits(self, query: Node) -> tuple[list[Hit], bool]:
        """The posts, oldest first, and whether these are all of them."""
        hits: list[Hit] = []
        cursor: str | None = None
        while len(hits) < MOST_POSTS:
            page = self._index.search(
                SearchRequest(query=query, limit=_PAGE, sort="oldest", cursor=cursor)
            )
            hits += page.hits
            cursor = page.cursor
            if cursor is None:
                return hits, True
        return hits, False


def _at(post: Post) -> int:
    """The post's own time, as the index has it."""
    times = (post.published_at, post.observed_at, post.collected_at)
    return next((time for time in times if time is not None), 0)


def _unknown(name: str) -> NoSuchStory:
    return NoSuchStory(
        f"there is no post or cluster {name!r}",
        cause="none is in the index",
        remedy="`tocsin search QUERY --json` shows the uid and the cluster of each post",
    )


def _apart(hits: Sequence[Hit], window: int) -> list[list[Hit]]:
    """Stories: hits in the order of time, divided where the pause is too long."""
    stories: list[list[Hit]] = []
    last = 0
    for hit in hits:
        at = _at(hit.post)
        if not stories or at - last > window:
            stories.append([])
        stories[-1].append(hit)
        last = at
    return stories


def _story(cluster: int, hits: Sequence[Hit]) -> Story:
    tellings = _tellings(hits)
    roles = [telling.role for telling in tellings]
    platforms = [telling.platform for telling in tellings]
    step, curve = _curve(tellings)
    return Story(
        cluster=cluster,
        first=tellings[0],
        last=tellings[-1],
        posts=len(tellings),
        originals=roles.count("original"),
        copies=roles.count("copy"),
        reposts=roles.count("repost"),
        authors=len({telling.author for telling in tellings if telling.author}),
        platforms={name: platforms.count(name) for name in dict.fromkeys(platforms)},
        step=step,
        curve=curve,
        tellings=tuple(tellings),
    )


def _tellings(hits: Sequence[Hit]) -> list[Telling]:
    """Each post with its role: the first that is no repost is the original. What the
    platform marks as passed on is a repost; everything else says the same by itself."""
    tellings = []
    told = False
    for hit in hits:
        post = hit.post
        role: Role = "copy" if told else "original"
        if post.kind == "repost" or post.repost_of:
            role = "repost"
        else:
            told = True
        tellings.append(
            Telling(
                uid=post.uid,
                role=role,
                at=_at(post),
                author=post.author.id if post.author else None,
                platform=post.uid.partition(":")[0],
                text=post.text or "",
            )
        )
    return tellings


def _curve(tellings: Sequence[Telling]) -> tuple[int, tuple[Step, ...]]:
    """Counts per step, empty steps included; the shortest step of which few enough are
    needed."""
    span = tellings[-1].at - tellings[0].at
    step = next((s for s in _STEPS if span // s < MOST_STEPS), _STEPS[-1])
    first = tellings[0].at // step
    counted = {
        number: [telling.role for telling in group]
        for number, group in groupby(tellings, key=lambda telling: telling.at // step)
    }
    steps = []
    for number in range(first, tellings[-1].at // step + 1):
        roles = counted.get(number, [])
        steps.append(
            Step(number * step, *(roles.count(role) for role in ("original", "copy", "repost")))
        )
    return step, tuple(steps)
