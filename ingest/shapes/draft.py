"""What a shape found in an item, before it is checked: one plain set of fields.

Every shape renames its platform's fields into a :class:`Draft`; a flat row is a draft
already. :func:`assemble` is the one place where a draft becomes a post, so that ids,
times and limits are treated alike for every platform.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from ingest.hygiene import (
    Limits,
    check_name,
    check_text,
    credible_trust,
    is_web_address,
    native_id,
)
from ingest.times import Moment, parse_moment
from model.errors import MalformedRecord
from model.post import (
    REMOVALS,
    Author,
    Geo,
    Media,
    Metrics,
    Operation,
    Post,
    PostKind,
    Provenance,
    Raw,
    TimeTrust,
    post_event_id,
    post_uid,
)

Id = str | int
Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""An integer that every encoding can carry."""


class Draft(msgspec.Struct, kw_only=True):
    """The fields of a post as an item states them. Also the columns of a flat row.

    Ids are the platform's own; ``reply_to``, ``repost_of``, ``quote_of`` and
    ``conversation_id`` name posts of the same instance. ``created_at`` is another name
    of ``published_at``, ``lang`` of a single one of ``langs``, and ``author`` of the
    author's id.
    """

    id: Id | None = None
    platform: str | None = None
    instance: str | None = None
    op: Operation = "create"
    rev: Whole | None = None
    kind: PostKind | None = None
    published_at: Moment | None = None
    created_at: Moment | None = None
    edited_at: Moment | None = None
    deleted_at: Moment | None = None
    observed_at: Moment | None = None
    published_trust: TimeTrust = "platform"
    author: Id | None = None
    author_id: Id | None = None
    author_handle: str | None = None
    author_name: str | None = None
    author_url: str | None = None
    author_followers: Whole | None = None
    author_bot: bool | None = None
    text: str | None = None
    title: str | None = None
    url: str | None = None
    content_warning: str | None = None
    lang: str | None = None
    langs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    sensitive: bool | None = None
    conversation_id: Id | None = None
    reply_to: Id | None = None
    repost_of: Id | None = None
    quote_of: Id | None = None
    community: str | None = None
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    metrics: Metrics | None = None
    lat: float | None = None
    lon: float | None = None
    place: str | None = None


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of all items of a source: where they come from and how to read them.

    ``platform`` and ``instance`` hold for drafts that do not name their own.
    ``instance`` of None leaves the choice to the shape.
    """

    platform: str = "replay"
    instance: str | None = None
    assume_utc: bool = False
    delivery: Provenance | None = None
    limits: Limits = Limits()


def assemble(draft: Draft, setting: Setting, raw: Raw, collected_at: int) -> Post:
    """The post that a draft describes.

    Raises MalformedRecord or RecordTooLarge, naming the field that is at fault.
    """
    platform = check_name(draft.platform or setting.platform)
    instance = check_name(draft.instance or setting.instance or platform)
    uid = post_uid(platform, instance, native_id(draft.id, setting.limits))
    if draft.text is not None:
        check_text(draft.text, setting.limits)
    edited_at = _instant(draft.edited_at, setting)
    rev = _revision(draft, edited_at)
    published_at, trust = _published(draft, setting, collected_at)
    return Post(
        event_id=post_event_id(uid, draft.op, rev),
        op=draft.op,
        uid=uid,
        rev=rev,
        kind=draft.kind or _kind(draft),
        published_at=published_at,
        edited_at=edited_at,
        deleted_at=_deleted(draft, setting),
        observed_at=_instant(draft.observed_at, setting) or collected_at,
        collected_at=collected_at,
        published_trust=trust,
        author=_author(draft),
        text=draft.text,
        title=draft.title,
        url=_web_address(draft.url),
        content_warning=draft.content_warning or None,
        langs=draft.langs or ((draft.lang,) if draft.lang else ()),
        labels=draft.labels,
        sensitive=draft.sensitive,
        conversation_id=_post_named(draft.conversation_id, platform, instance),
        reply_to=_post_named(draft.reply_to, platform, instance),
        repost_of=_post_named(draft.repost_of, platform, instance),
        quote_of=_post_named(draft.quote_of, platform, instance),
        community=draft.community,
        hashtags=draft.hashtags,
        mentions=draft.mentions,
        links=tuple(filter(is_web_address, draft.links)),
        media=tuple(media for media in draft.media if is_web_address(media.url)),
        metrics=draft.metrics,
        geo=_position(draft),
        delivery=setting.delivery,
        raw=raw,
    )


def _instant(value: Moment | None, setting: Setting) -> int | None:
    return None if value is None else parse_moment(value, assume_utc=setting.assume_utc)


def _revision(draft: Draft, edited_at: int | None) -> int:
    """Platforms that do not number their edits are numbered by the time of the edit."""
    if draft.rev is not None:
        if draft.rev < 0:
            raise MalformedRecord(f"revision {draft.rev}", cause="revisions count from 0")
        return draft.rev
    if draft.op != "edit":
        return 0
    if edited_at is None:
        raise MalformedRecord("an edit", cause="it has neither rev nor edited_at to order it by")
    return edited_at


def _published(
    draft: Draft, setting: Setting, collected_at: int
) -> tuple[int | None, TimeTrust | None]:
    if draft.op in REMOVALS:
        return None, None
    stated = _stated_time(draft)
    if stated is not None:
        instant = parse_moment(stated, assume_utc=setting.assume_utc)
        return instant, credible_trust(instant, collected_at, draft.published_trust)
    if draft.op == "create":
        return collected_at, "collector"
    return None, None


def _deleted(draft: Draft, setting: Setting) -> int | None:
    """The one time that a removal states is that of the removal."""
    if draft.op not in REMOVALS:
        return None
    stated = draft.deleted_at if draft.deleted_at is not None else _stated_time(draft)
    return _instant(stated, setting)


def _stated_time(draft: Draft) -> Moment | None:
    return draft.published_at if draft.published_at is not None else draft.created_at


def _kind(draft: Draft) -> PostKind:
    if draft.repost_of is not None:
        return "repost"
    if draft.quote_of is not None:
        return "quote"
    return "reply" if draft.reply_to is not None else "post"


def _author(draft: Draft) -> Author | None:
    for name in (draft.author_id, draft.author, draft.author_handle, draft.author_name):
        if name is not None and name != "":
            return Author(
                id=str(name),
                handle=draft.author_handle,
                name=draft.author_name,
                url=_web_address(draft.author_url),
                followers=draft.author_followers,
                bot=draft.author_bot,
            )
    return None


def _web_address(address: str | None) -> str | None:
    return address if address is not None and is_web_address(address) else None


def _post_named(value: Id | None, platform: str, instance: str) -> str | None:
    return None if value is None or value == "" else post_uid(platform, instance, str(value))


def _position(draft: Draft) -> Geo | None:
    """A position off the globe is no position; the raw item still shows it."""
    lat, lon = draft.lat, draft.lon
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    return Geo(lat=lat, lon=lon, name=draft.place)
