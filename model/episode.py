"""Runs of matches in event time: what incidents are made of.

The matches of one rule and group form a *series*. Its posts, in the order of their own
time, fall into *episodes*: a pause longer than the rule's window ends one and starts the
next. An episode that gives alarm is what a controller sees as an incident.

Times are UTC microseconds.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

import msgspec


class Series(NamedTuple):
    """The matches of one rule whose ``group_by`` fields hold these values."""

    rule_id: str
    group: tuple[str, ...]

    @property
    def key(self) -> int:
        """A 64-bit name, the same on every machine: the start of SHA-256 over rule and group."""
        return _key(self)


class Spot(msgspec.Struct, frozen=True):
    """A place that a post named, and the event time of that post."""

    at: int
    name: str
    lat: float | None = None
    lon: float | None = None


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """One post's part in a series.

    ``event_at`` is the post's own time, ``collected_at`` when it reached us and
    ``recorded_at`` when it was counted. While the post is not to be seen,
    ``withdrawn_at`` says since when, and the excerpt is gone for good. ``values`` and
    ``number`` are what the rule's kind asked of the post.
    """

    series: int
    uid: str
    account: int
    rev: int
    event_at: int
    collected_at: int
    recorded_at: int
    excerpt: str | None
    place: str | None = None
    lat: float | None = None
    lon: float | None = None
    cluster: int = 0
    values: tuple[str, ...] = ()
    number: float | None = None
    withdrawn_at: int | None = None


class Standing(msgspec.Struct, frozen=True):
    """What is remembered of a post's life: the highest revisions at which it was withheld,
    restored and edited (None where it never was), and whether it was deleted."""

    withheld: int | None = None
    restored: int | None = None
    deleted: bool = False
    edited: int | None = None

    @property
    def hidden(self) -> bool:
        """Whether the post must not be seen. A deletion is final; a withholding lasts until
        a restoration of a higher revision, whichever of the two arrives first."""
        if self.deleted or self.withheld is None:
            return self.deleted
        return self.restored is None or self.restored <= self.withheld

    def counts(self, rev: int) -> bool:
        """Whether what this revision of the post said still stands: the post can be seen,
        and no later edit has replaced it."""
        return not self.hidden and (self.edited is None or rev >= self.edited)


class Figures(NamedTuple):
    """What the live posts of a series in some span come to: how many they are, whether one
    of them was collected soon after it was published, and the earliest place."""

    posts: int
    fresh: bool
    spot: Spot | None


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """How far a rule has looked.

    ``since`` is when this installation first ran it. ``judged_until`` is how far in event
    time a rule that looks for absence has judged. ``unsure`` says why it cannot know,
    empty while it can.
    """

    rule_id: str
    since: int
    judged_until: int
    unsure: str = ""


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """A run of posts of one series with no pause longer than the rule's window.

    ``alarm_at`` is the event time of the first post of those that gave alarm, or None
    while the rule's threshold has not been reached. ``fresh`` says that at least one
    post was collected soon after it was published, so that the alarm is worth a page.
    ``spot`` is the place that the earliest post with one named.
    """

    series: Series
    first_at: int
    last_at: int
    posts: int
    alarm_at: int | None
    fresh: bool
    spot: Spot | None = None


@lru_cache(maxsize=16_384)
def _key(series: Series) -> int:
    digest = hashlib.sha256("\x1f".join((series.rule_id, *series.group)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
