"""A public post, edit or deletion as it was collected: schema ``post/1``.

Times are UTC in microseconds since 1970, ids are strings, absent is None and never 0.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from model.encoding import SCHEMA_FIELD, Codec

Operation = Literal["create", "edit", "delete", "withhold", "restore", "account_delete"]
PostKind = Literal["post", "reply", "repost", "quote", "comment", "article"]
TimeTrust = Literal["platform", "author", "collector"]

REMOVALS: frozenset[str] = frozenset({"delete", "withhold", "account_delete"})
"""Operations after which the post must no longer be seen."""


class Author(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who posted, as the platform names them."""

    id: str
    handle: str | None = None
    name: str | None = None
    url: str | None = None
    followers: int | None = None
    bot: bool | None = None


class Metrics(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts that the platform showed when the post was collected."""

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    quotes: int | None = None
    views: int | None = None


class Media(msgspec.Struct, frozen=True, omit_defaults=True):
    """A picture, film or sound attached to the post; never its content."""

    url: str
    kind: str | None = None
    description: str | None = None


class Geo(msgspec.Struct, frozen=True, omit_defaults=True):
    """The position that the author attached: degrees, WGS 84."""

    lat: float
    lon: float
    name: str | None = None


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True):
    """By which way the post reached us."""

    source: str
    collector: str
    connection: str = ""
    cursor: str | None = None
    authority: str | None = None


class Raw(msgspec.Struct, frozen=True, omit_defaults=True):
    """The platform's own bytes, untouched, and their SHA-256 in hexadecimal."""

    sha256: str
    data: bytes = msgspec.field(name="bytes")
    media_type: str = "application/json"
    encoding: str | None = None


class Again(msgspec.Struct, frozen=True, omit_defaults=True):
    """That a post was sent through the enricher once more, after a change of what it knows.

    ``at`` is when, in UTC microseconds; ``match`` whether the rules are to see it again.
    """

    at: int
    match: bool = False


class Post(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    kw_only=True,
    tag_field=SCHEMA_FIELD,
    tag="post/1",
):
    """One event in the life of a post.

    ``uid`` is ``platform:instance:native_id`` and names the post through all its edits;
    ``event_id`` names this event. ``rev`` is 0 for the first version and grows with
    every edit. ``published_trust`` says whose clock ``published_at`` is.
    """

    event_id: str
    op: Operation
    uid: str
    rev: int = 0
    kind: PostKind = "post"
    published_at: int | None = None
    edited_at: int | None = None
    deleted_at: int | None = None
    observed_at: int | None = None
    collected_at: int | None = None
    published_trust: TimeTrust | None = None
    author: Author | None = None
    text: str | None = None
    html: str | None = None
    title: str | None = None
    url: str | None = None
    content_warning: str | None = None
    langs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    sensitive: bool | None = None
    conversation_id: str | None = None
    reply_to: str | None = None
    repost_of: str | None = None
    quote_of: str | None = None
    community: str | None = None
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    metrics: Metrics | None = None
    geo: Geo | None = None
    match: tuple[str, ...] = ()
    delivery: Provenance | None = None
    raw: Raw | None = None
    again: Again | None = None


POST: Codec[Post] = Codec(Post)


def post_uid(platform: str, instance: str, native_id: str) -> str:
    """The name of a post through all its edits: ``platform:instance:native_id``."""
    return f"{platform}:{instance}:{native_id}"


def post_event_id(uid: str, op: Operation, rev: int) -> str:
    """The deterministic name of one event: SHA-256 over uid, operation and revision.

    The same event seen twice, by two collectors or after a restart, has the same name.
    """
    return hashlib.sha256(f"{uid}\x1f{op}\x1f{rev}".encode()).hexdigest()


def raw_payload(data: bytes, media_type: str = "application/json") -> Raw:
    """The platform's bytes with the hash that is taken at capture."""
    return Raw(sha256=hashlib.sha256(data).hexdigest(), data=data, media_type=media_type)
