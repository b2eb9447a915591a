"""A Mastodon status, as the REST and streaming API of any Mastodon-like server give it.

The collecting server numbers statuses by itself, and its deletions name that number;
so a source that knows its server names it as the instance. Without one, as in a file,
a status is named by its ActivityPub address, which is the same on every server.

Fields as documented under "Mastodon: Entities: Status".
"""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from ingest.plain_text import plain_text
from ingest.shapes.draft import Draft, Whole
from model.errors import MalformedRecord
from model.post import Media, Metrics

PLATFORM = "mastodon"
ANY_SERVER = "activitypub"
"""The instance of statuses that are named by their address."""

_PUBLIC = frozenset({None, "public", "unlisted"})


class _Account(msgspec.Struct):
    id: str
    acct: str | None = None
    display_name: str | None = None
    url: str | None = None
    followers_count: Whole | None = None
    bot: bool | None = None


class _Tag(msgspec.Struct):
    name: str


class _Mention(msgspec.Struct):
    acct: str


class _Attachment(msgspec.Struct):
    url: str | None = None
    type: str | None = None
    description: str | None = None


class _Card(msgspec.Struct):
    url: str | None = None


class _Original(msgspec.Struct):
    id: str
    uri: str = ""
    content: str = ""


class _Status(msgspec.Struct, kw_only=True):
    id: str
    uri: str = ""
    url: str | None = None
    account: _Account
    created_at: str | None = None
    edited_at: str | None = None
    content: str = ""
    spoiler_text: str | None = None
    sensitive: bool | None = None
    visibility: str | None = None
    language: str | None = None
    in_reply_to_id: str | None = None
    reblog: _Original | None = None
    tags: tuple[_Tag, ...] = ()
    mentions: tuple[_Mention, ...] = ()
    media_attachments: tuple[_Attachment, ...] = ()
    card: _Card | None = None
    favourites_count: Whole | None = None
    reblogs_count: Whole | None = None
    replies_count: Whole | None = None


_DECODER = msgspec.json.Decoder(_Status)


def draft(data: bytes, instance: str | None = None) -> Draft:
    """The draft in a status read from the server ``instance``.

    Raises msgspec's errors, and MalformedRecord for a status that is not public.
    """
    status = _DECODER.decode(data)
    if status.visibility not in _PUBLIC:
        raise MalformedRecord(
            f"a status of visibility {status.visibility!a}",
            cause="only what everybody may read is collected",
        )
    original = status.reblog
    return Draft(
        id=_named(status.id, status.uri, instance),
        platform=PLATFORM,
        instance=instance or ANY_SERVER,
        op="edit" if status.edited_at else "create",
        published_at=status.created_at,
        edited_at=status.edited_at,
        author_id=status.account.url or status.account.id,
        author_handle=status.account.acct,
        author_name=status.account.display_name,
        author_url=status.account.url,
        author_followers=status.account.followers_count,
        author_bot=status.account.bot,
        text=plain_text(original.content if original else status.content),
        url=status.url or status.uri or None,
        content_warning=status.spoiler_text,
        lang=status.language,
        sensitive=status.sensitive,
        reply_to=status.in_reply_to_id if instance else None,  # a number of that server alone
        repost_of=_named(original.id, original.uri, instance) if original else None,
        hashtags=tuple(tag.name for tag in status.tags),
        mentions=tuple(mention.acct for mention in status.mentions),
        links=(status.card.url,) if status.card and status.card.url else (),
        media=tuple(
            Media(url=attached.url, kind=attached.type, description=attached.description)
            for attached in status.media_attachments
            if attached.url
        ),
        metrics=Metrics(
            likes=status.favourites_count,
            reposts=status.reblogs_count,
            replies=status.replies_count,
        ),
    )


def _named(local_id: str, uri: str, instance: str | None) -> str:
    """The native id of a status: its number on a known server, or else its address."""
    if instance is not None:
        return local_id
    address = urlsplit(uri)
    if not address.hostname:
        raise MalformedRecord(
            "a status without an address",
            cause="it has no uri, and the server that it was read from is not known",
            remedy="Name that server as the instance",
        )
    return f"{address.hostname}{address.path}"
