"""X's v2 object: a post, bare or as ``{"data": …, "includes": …}``.

An edit has an id of its own on X. The first id of ``edit_history_tweet_ids`` names the
post through all its edits, and the place of an id in that list is its revision, so that
versions that arrive in any order fall into place.

Fields as documented under "X API v2 data dictionary".
"""

from __future__ import annotations

import html
from typing import Annotated

import msgspec

from ingest.shapes.draft import Draft, Whole
from ingest.shapes.twitter import (
    INSTANCE,
    PLATFORM,
    PRECISE_PLACES,
    centre,
    post_url,
    repost_text,
)
from ingest.times import Moment
from model.errors import MalformedRecord
from model.post import Media, Metrics

Snowflake = Annotated[str, msgspec.Meta(pattern=r"^\d{1,19}$")]

_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_SNOWFLAKE_TIME_SHIFT = 22


class _Hashtag(msgspec.Struct):
    tag: str


class _Mention(msgspec.Struct):
    username: str


class _Link(msgspec.Struct):
    url: str
    expanded_url: str | None = None


class _Entities(msgspec.Struct):
    hashtags: tuple[_Hashtag, ...] = ()
    mentions: tuple[_Mention, ...] = ()
    urls: tuple[_Link, ...] = ()


class _Note(msgspec.Struct):
    text: str
    entities: _Entities | None = None


class _Counts(msgspec.Struct):
    like_count: Whole | None = None
    retweet_count: Whole | None = None
    reply_count: Whole | None = None
    quote_count: Whole | None = None
    impression_count: Whole | None = None


class _Reference(msgspec.Struct):
    type: str
    id: str


class _Attachments(msgspec.Struct):
    media_keys: tuple[str, ...] = ()


class _Point(msgspec.Struct):
    coordinates: tuple[float, float]


class _Geo(msgspec.Struct):
    coordinates: _Point | None = None
    place_id: str | None = None


class _UserCounts(msgspec.Struct):
    followers_count: Whole | None = None


class _User(msgspec.Struct):
    id: str
    username: str | None = None
    name: str | None = None
    public_metrics: _UserCounts | None = None


class _Picture(msgspec.Struct):
    media_key: str
    type: str | None = None
    url: str | None = None
    preview_image_url: str | None = None
    alt_text: str | None = None


class _Outline(msgspec.Struct):
    bbox: tuple[float, float, float, float] | None = None


class _Place(msgspec.Struct):
    id: str
    full_name: str | None = None
    place_type: str | None = None
    geo: _Outline | None = None


class _Post(msgspec.Struct, kw_only=True):
    id: str | None = None
    text: str | None = None
    note_tweet: _Note | None = None
    created_at: str | None = None
    author_id: str | None = None
    lang: str | None = None
    possibly_sensitive: bool | None = None
    conversation_id: str | None = None
    edit_history_tweet_ids: tuple[Snowflake, ...] = ()
    referenced_tweets: tuple[_Reference, ...] = ()
    attachments: _Attachments | None = None
    entities: _Entities | None = None
    public_metrics: _Counts | None = None
    geo: _Geo | None = None


class _Includes(msgspec.Struct):
    users: tuple[_User, ...] = ()
    tweets: tuple[_Post, ...] = ()
    media: tuple[_Picture, ...] = ()
    places: tuple[_Place, ...] = ()


class _Item(_Post, kw_only=True):
    """A bare post and an envelope share no field, so one struct reads both."""

    data: _Post | list[msgspec.Raw] | None = None
    includes: _Includes | None = None


_DECODER = msgspec.json.Decoder(_Item)
_NOTHING = _Includes()


def draft(data: bytes) -> Draft:
    """The draft in a v2 object. Raises msgspec's errors, and MalformedRecord for a page."""
    item = _DECODER.decode(data)
    if isinstance(item.data, list):
        raise MalformedRecord(
            f"a page of {len(item.data)} posts",
            cause="an item must be a single post",
            remedy="Flatten the file first, as with `twarc2 flatten`",
        )
    return _post(item.data or item, item.includes or _NOTHING)


def _post(post: _Post, includes: _Includes) -> Draft:
    user = next((user for user in includes.users if user.id == post.author_id), None)
    handle = user.username if user else None
    entities = (post.note_tweet and post.note_tweet.entities) or post.entities or _Entities()
    references = {reference.type: reference.id for reference in post.referenced_tweets}
    result = Draft(
        id=post.id,
        platform=PLATFORM,
        instance=INSTANCE,
        published_at=post.created_at,
        author_id=post.author_id,
        author_handle=handle,
        text=_text(post, references.get("retweeted"), includes),
        url=post_url(post.id, handle) if post.id else None,
        lang=post.lang,
        sensitive=post.possibly_sensitive,
        conversation_id=post.conversation_id,
        reply_to=references.get("replied_to"),
        quote_of=references.get("quoted"),
        repost_of=references.get("retweeted"),
        hashtags=tuple(hashtag.tag for hashtag in entities.hashtags),
        mentions=tuple(mention.username for mention in entities.mentions),
        links=tuple(link.expanded_url or link.url for link in entities.urls),
        media=_media(post.attachments, includes),
        metrics=_metrics(post.public_metrics),
    )
    if user is not None:
        result.author_name = user.name
        counts = user.public_metrics
        result.author_followers = counts.followers_count if counts else None
    if post.geo is not None:
        _locate(result, post.geo, includes)
    if len(post.edit_history_tweet_ids) > 1:
        _revise(result, post)
    return result


def _revise(result: Draft, post: _Post) -> None:
    """Name the post by its first id, and this version by its place among the edits."""
    history = sorted(post.edit_history_tweet_ids, key=int)
    result.id = history[0]
    result.rev = history.index(post.id) if post.id in history else len(history)
    if result.rev:
        result.op = "edit"
        result.edited_at = post.created_at
        result.published_at = _snowflake_time(history[0])


def _snowflake_time(native_id: str) -> Moment:
    """When a post was made, in epoch milliseconds: X's ids begin with it."""
    return (int(native_id) >> _SNOWFLAKE_TIME_SHIFT) + _SNOWFLAKE_EPOCH_MS


def _text(post: _Post, repost_of: str | None, includes: _Includes) -> str | None:
    if repost_of is not None:
        original = next((tweet for tweet in includes.tweets if tweet.id == repost_of), None)
        if original is not None:
            handle = next((u.username for u in includes.users if u.id == original.author_id), None)
            return repost_text(handle, _text(original, None, includes) or "")
    text = post.note_tweet.text if post.note_tweet else post.text
    return html.unescape(text) if text and "&" in text else text


def _media(attachments: _Attachments | None, includes: _Includes) -> tuple[Media, ...]:
    if attachments is None:
        return ()
    return tuple(
        Media(
            url=picture.url or picture.preview_image_url or "",
            kind=picture.type,
            description=picture.alt_text,
        )
        for picture in includes.media
        if picture.media_key in attachments.media_keys
    )


def _metrics(counts: _Counts | None) -> Metrics | None:
    if counts is None:
        return None
    return Metrics(
        likes=counts.like_count,
        reposts=counts.retweet_count,
        replies=counts.reply_count,
        quotes=counts.quote_count,
        views=counts.impression_count,
    )


def _locate(result: Draft, geo: _Geo, includes: _Includes) -> None:
    place = next((place for place in includes.places if place.id == geo.place_id), None)
    result.place = place.full_name if place else None
    if geo.coordinates is not None:
        result.lon, result.lat = geo.coordinates.coordinates
    elif place and place.geo and place.geo.bbox and place.place_type in PRECISE_PLACES:
        result.lat, result.lon = centre(*place.geo.bbox)
