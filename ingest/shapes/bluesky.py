"""A Bluesky record: a Jetstream commit, a post view, or an item of a feed.

The date inside a record is its author's claim (the network does not check it), the
commit's ``time_us`` the network's. Edits are numbered by the time in the commit's
``rev``, a TID.

Fields as documented in the lexicons ``app.bsky.feed.post`` and ``app.bsky.feed.defs``,
the Jetstream README and the AT Protocol's page on TIDs.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from ingest.shapes.draft import Draft, Whole
from model.errors import MalformedRecord
from model.post import Media, Metrics, Operation

PLATFORM = "bluesky"
INSTANCE = "bsky.app"

_POSTS = "app.bsky.feed.post"
_REPOSTS = "app.bsky.feed.repost"
_AT = "at://"
_TAKEN_BACK = frozenset({"deleted", "takendown"})
"""What becomes of an account that does not come back. One that is deactivated or suspended may."""
_OPERATIONS: dict[str, Operation] = {"create": "create", "update": "edit", "delete": "delete"}
_TID_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
_TID_CLOCK_BITS = 10

Tid = Annotated[str, msgspec.Meta(pattern=f"^[{_TID_DIGITS}]{{13}}$")]


class _Reference(msgspec.Struct):
    uri: str = ""


class _Reply(msgspec.Struct):
    root: _Reference
    parent: _Reference


class _Feature(msgspec.Struct):
    uri: str | None = None
    did: str | None = None
    tag: str | None = None


class _Facet(msgspec.Struct):
    features: tuple[_Feature, ...] = ()


class _Embedded(msgspec.Struct):
    """A quoted record stands here directly, or one level down beside media."""

    uri: str | None = None
    record: _Reference | None = None


class _External(msgspec.Struct):
    uri: str | None = None


class _Embed(msgspec.Struct):
    record: _Embedded | None = None
    external: _External | None = None


class _Label(msgspec.Struct):
    val: str


class _Labels(msgspec.Struct):
    values: tuple[_Label, ...] = ()


class _Record(msgspec.Struct, kw_only=True):
    text: str | None = None
    created_at: str | None = msgspec.field(name="createdAt", default=None)
    langs: tuple[str, ...] = ()
    reply: _Reply | None = None
    embed: _Embed | None = None
    facets: tuple[_Facet, ...] = ()
    labels: _Labels | None = None
    tags: tuple[str, ...] = ()
    subject: _Reference | str | None = None


class _Commit(msgspec.Struct):
    operation: Literal["create", "update", "delete"]
    collection: str
    rkey: str
    rev: Tid | None = None
    record: _Record | None = None


class _Author(msgspec.Struct, rename="camel"):
    did: str
    handle: str | None = None
    display_name: str | None = None


class _Image(msgspec.Struct):
    fullsize: str
    alt: str | None = None


class _Shown(msgspec.Struct):
    """What is embedded in a view. A record names its pictures by their hash alone, so
    only a view has their addresses."""

    images: tuple[_Image, ...] = ()


class _View(msgspec.Struct, kw_only=True, rename="camel"):
    uri: str = ""
    author: _Author | None = None
    record: _Record | None = None
    embed: _Shown | None = None
    labels: tuple[_Label, ...] = ()
    indexed_at: str | None = None
    like_count: Whole | None = None
    repost_count: Whole | None = None
    reply_count: Whole | None = None
    quote_count: Whole | None = None


class _Account(msgspec.Struct):
    active: bool
    status: str = ""


class _Event(msgspec.Struct):
    did: str
    time_us: Whole
    commit: _Commit | None = None
    account: _Account | None = None
    kind: str = "commit"


class _FeedItem(msgspec.Struct):
    post: _View


_EVENT = msgspec.json.Decoder(_Event)
_VIEW = msgspec.json.Decoder(_View)
_FEED_ITEM = msgspec.json.Decoder(_FeedItem)


def draft_of_event(data: bytes) -> Draft:
    """The draft in a Jetstream event.

    Raises msgspec's errors, and MalformedRecord for an event that is about no post.
    """
    event = _EVENT.decode(data)
    if event.account is not None:
        return _gone(event, event.account)
    commit = event.commit
    if commit is None or commit.collection not in (_POSTS, _REPOSTS):
        about = commit.collection if commit else event.kind
        raise MalformedRecord(f"an event about {about!a}", cause="it is about no post")
    operation = _OPERATIONS[commit.operation]
    result = _draft(f"{event.did}/{commit.collection}/{commit.rkey}", commit.record or _Record())
    result.op = operation
    result.author_id = event.did
    result.observed_at = event.time_us
    if operation == "delete":
        result.deleted_at = event.time_us
    elif operation == "edit":
        result.edited_at = _tid_time(commit.rev) if commit.rev else event.time_us
    return result


def _gone(event: _Event, account: _Account) -> Draft:
    """All that an account has posted is taken back with the account."""
    if account.active or account.status not in _TAKEN_BACK:
        raise MalformedRecord(
            f"an account that is {account.status or 'active'}", cause="nothing of it is taken back"
        )
    return Draft(
        id=event.did,
        platform=PLATFORM,
        instance=INSTANCE,
        op="account_delete",
        author_id=event.did,
        deleted_at=event.time_us,
        observed_at=event.time_us,
    )


def draft_of_view(data: bytes) -> Draft:
    """The draft in a post view. Raises msgspec's errors."""
    return _viewed(_VIEW.decode(data))


def draft_of_feed_item(data: bytes) -> Draft:
    """The draft in an item of a feed. Raises msgspec's errors."""
    return _viewed(_FEED_ITEM.decode(data).post)


def _viewed(view: _View) -> Draft:
    result = _draft(view.uri.removeprefix(_AT), view.record or _Record())
    if view.author is not None:
        result.author_id = view.author.did
        result.author_handle = view.author.handle
        result.author_name = view.author.display_name
    result.observed_at = view.indexed_at
    result.labels = (*result.labels, *(label.val for label in view.labels))
    if view.embed is not None:
        result.media = tuple(
            Media(url=image.fullsize, kind="image", description=image.alt)
            for image in view.embed.images
        )
    result.metrics = Metrics(
        likes=view.like_count,
        reposts=view.repost_count,
        replies=view.reply_count,
        quotes=view.quote_count,
    )
    return result


def _draft(path: str, record: _Record) -> Draft:
    """``path`` is the record's at:// address without the scheme."""
    features = [feature for facet in record.facets for feature in facet.features]
    embed = record.embed or _Embed()
    external = (embed.external.uri,) if embed.external and embed.external.uri else ()
    return Draft(
        id=path,
        platform=PLATFORM,
        instance=INSTANCE,
        published_at=record.created_at,
        published_trust="author",
        text=record.text,
        url=_url(path),
        langs=record.langs,
        labels=tuple(label.val for label in record.labels.values) if record.labels else (),
        conversation_id=_path(record.reply.root.uri) if record.reply else None,
        reply_to=_path(record.reply.parent.uri) if record.reply else None,
        quote_of=_quoted(embed),
        repost_of=_path(record.subject.uri) if isinstance(record.subject, _Reference) else None,
        hashtags=(*(feature.tag for feature in features if feature.tag), *record.tags),
        mentions=tuple(feature.did for feature in features if feature.did),
        links=(*(feature.uri for feature in features if feature.uri), *external),
    )


def _quoted(embed: _Embed) -> str | None:
    if embed.record is None:
        return None
    inner = embed.record.record
    return _path(embed.record.uri or (inner.uri if inner else ""))


def _path(uri: str) -> str | None:
    return uri.removeprefix(_AT) or None


def _url(path: str) -> str | None:
    """Where a browser finds the post; other records have no page of their own."""
    did, _, rest = path.partition("/")
    collection, _, key = rest.partition("/")
    return f"https://bsky.app/profile/{did}/post/{key}" if collection == _POSTS else None


def _tid_time(tid: str) -> int:
    """The microseconds in a TID: 53 bits of time above 10 bits that name a clock."""
    number = 0
    for digit in tid:
        number = number << 5 | _TID_DIGITS.index(digit)
    return number >> _TID_CLOCK_BITS
