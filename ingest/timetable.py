"""When each post of a replay is due, and what its time becomes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from model.clock import SECOND, from_datetime
from model.post import Post

BELIEVED_FROM = from_datetime(datetime(1990, 1, 1, tzinfo=UTC))
BELIEVED_UNTIL = from_datetime(datetime(2100, 1, 1, tzinfo=UTC))
"""Posts dated outside are due at once and keep their date: nobody waits for the year 9999."""


class Beginning(msgspec.Struct, frozen=True):
    """The first post's own time, the moment when it was due, and the distance by which
    all times are moved: UTC microseconds, microseconds."""

    first_at: int
    began_at: int
    distance: int = 0


class Timetable:
    """Maps the time of the posts to the time of the replay.

    ``speed`` of None makes every post due at once. With ``latest``, which tells the
    latest time of any post, times are moved so that this one is due when it happens. So
    at speed 1 the first post happens now, and at any higher speed none lies in the
    future when it is handed out. ``beginning`` is that of a replay that goes on.
    """

    def __init__(
        self,
        speed: float | None = None,
        *,
        latest: Callable[[], int] | None = None,
        beginning: Beginning | None = None,
    ) -> None:
        self._speed = speed
        self._latest = latest
        self.beginning = beginning

    def wait(self, post: Post, now: int) -> float:
        """Seconds until the post is due; the first post with a time sets the beginning."""
        event_at = event_time(post)
        if event_at is None:
            return 0.0
        if self.beginning is None:
            self.beginning = Beginning(event_at, now, self._distance(event_at, now))
        if self._speed is None:
            return 0.0
        since_first = event_at - self.beginning.first_at
        return max(0.0, (self.beginning.began_at + since_first / self._speed - now) / SECOND)

    def shifted(self, post: Post) -> Post:
        """The post with its times moved."""
        if self.beginning is None or not self.beginning.distance:
            return post
        return msgspec.structs.replace(
            post,
            published_at=self._moved(_stated_publication(post)) or post.published_at,
            edited_at=self._moved(post.edited_at),
            deleted_at=self._moved(post.deleted_at),
        )

    def _distance(self, first_at: int, now: int) -> int:
        if self._latest is None:
            return 0
        if self._speed == 1:
            return now - first_at
        latest = max(self._latest(), first_at)
        lasting = 0.0 if self._speed is None else (latest - first_at) / self._speed
        return now + round(lasting) - latest

    def _moved(self, instant: int | None) -> int | None:
        if instant is None or self.beginning is None or not _believed(instant):
            return instant
        return instant + self.beginning.distance


def event_time(post: Post) -> int | None:
    """When the edit, removal or publication happened, if that is stated and believable."""
    for instant in (post.deleted_at, post.edited_at, _stated_publication(post)):
        if instant is not None:
            return instant if _believed(instant) else None
    return None


def _stated_publication(post: Post) -> int | None:
    """A post without a date has the collector's, which says nothing about the event."""
    return None if post.published_trust == "collector" else post.published_at


def _believed(instant: int) -> bool:
    return BELIEVED_FROM <= instant < BELIEVED_UNTIL
