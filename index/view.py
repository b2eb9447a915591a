"""The part of a post that index and match read; the rest of its bytes is skipped."""

from __future__ import annotations

import msgspec

from model.encoding import SCHEMA_FIELD, Codec
from model.post import POST, Operation, PostKind


class AuthorView(msgspec.Struct, frozen=True, gc=False):
    """Who posted."""

    id: str
    handle: str | None = None
    followers: int | None = None
    bot: bool | None = None


class MetricsView(msgspec.Struct, frozen=True, gc=False):
    """What the platform counted."""

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    quotes: int | None = None
    views: int | None = None


class GeoView(msgspec.Struct, frozen=True, gc=False):
    """The position that the author attached: degrees, WGS 84."""

    lat: float
    lon: float
    name: str | None = None


class MediaView(msgspec.Struct, frozen=True, gc=False):
    """That something is attached."""


class DeliveryView(msgspec.Struct, frozen=True, gc=False):
    """By which source the post came."""

    source: str


class AgainView(msgspec.Struct, frozen=True, gc=False):
    """That the post was sent through once more: when, and whether for the rules too."""

    at: int
    match: bool = False


class PostView(
    msgspec.Struct, frozen=True, kw_only=True, tag_field=SCHEMA_FIELD, tag="post/1", gc=False
):
    """A post as index and match see it. Times are UTC microseconds."""

    op: Operation
    uid: str
    rev: int = 0
    kind: PostKind = "post"
    published_at: int | None = None
    edited_at: int | None = None
    observed_at: int | None = None
    collected_at: int | None = None
    author: AuthorView | None = None
    text: str | None = None
    sensitive: bool | None = None
    conversation_id: str | None = None
    reply_to: str | None = None
    repost_of: str | None = None
    quote_of: str | None = None
    community: str | None = None
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    media: tuple[MediaView, ...] = ()
    metrics: MetricsView | None = None
    geo: GeoView | None = None
    delivery: DeliveryView | None = None
    again: AgainView | None = None

    @property
    def event_at(self) -> int:
        """The post's own time: when it was published, else observed, else collected.

        A post that carries no time at all stands at the start of 1970, where it can
        still be found.
        """
        for moment in (self.published_at, self.observed_at, self.collected_at):
            if moment is not None:
                return moment
        return 0


POST_VIEW: Codec[PostView] = POST.view(PostView)
