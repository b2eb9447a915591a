"""Twitter's v1.1 object: a status of the REST or streaming API, or a deletion notice.

Fields as documented under "Data dictionary: Standard v1.1". The platform is called
``x`` here too, so that a tweet has the same uid in either shape.
"""

from __future__ import annotations

import html
import itertools

import msgspec

from ingest.shapes.draft import Draft, Id, Whole
from model.post import Media, Metrics

PLATFORM = "x"
INSTANCE = "x.com"

PRECISE_PLACES = frozenset({"poi", "neighborhood", "city"})
"""Tagged places small enough for their centre to stand for a position."""


class _User(msgspec.Struct):
    id_str: str | None = None
    screen_name: str | None = None
    name: str | None = None
    followers_count: Whole | None = None


class _Hashtag(msgspec.Struct):
    text: str


class _Mention(msgspec.Struct):
    screen_name: str


class _Link(msgspec.Struct):
    url: str = ""
    expanded_url: str | None = None


class _Picture(msgspec.Struct):
    media_url_https: str | None = None
    type: str | None = None
    ext_alt_text: str | None = None


class _Entities(msgspec.Struct):
    hashtags: tuple[_Hashtag, ...] = ()
    user_mentions: tuple[_Mention, ...] = ()
    urls: tuple[_Link, ...] = ()
    media: tuple[_Picture, ...] = ()


class _Point(msgspec.Struct):
    coordinates: tuple[float, float]


class _Outline(msgspec.Struct):
    coordinates: tuple[tuple[tuple[float, float], ...], ...]


class _Place(msgspec.Struct):
    full_name: str | None = None
    place_type: str | None = None
    bounding_box: _Outline | None = None


class _Extended(msgspec.Struct):
    full_text: str | None = None
    entities: _Entities | None = None
    extended_entities: _Entities | None = None


class _Status(msgspec.Struct, kw_only=True):
    id_str: str | None = None
    id: Id | None = None
    created_at: str | None = None
    full_text: str | None = None
    text: str | None = None
    user: _User | None = None
    entities: _Entities | None = None
    extended_entities: _Entities | None = None
    extended_tweet: _Extended | None = None
    lang: str | None = None
    possibly_sensitive: bool | None = None
    in_reply_to_status_id_str: str | None = None
    quoted_status_id_str: str | None = None
    retweeted_status: _Status | None = None
    coordinates: _Point | None = None
    place: _Place | None = None
    favorite_count: Whole | None = None
    retweet_count: Whole | None = None
    reply_count: Whole | None = None
    quote_count: Whole | None = None


class _Notice(msgspec.Struct):
    status: _Status
    timestamp_ms: str | None = None


class _Item(_Status, kw_only=True):
    delete: _Notice | None = None


_DECODER = msgspec.json.Decoder(_Item)
_NO_ENTITIES = _Entities()


def draft(data: bytes) -> Draft:
    """The draft in a v1.1 object. Raises msgspec's errors."""
    item = _DECODER.decode(data)
    return _status(item) if item.delete is None else _deletion(item.delete)


def post_url(native_id: str | int, handle: str | None) -> str:
    """Where a browser finds the post."""
    return f"https://x.com/{handle or 'i'}/status/{native_id}"


def repost_text(handle: str | None, original: str) -> str:
    """What the platform shows for a repost, but never cut short."""
    return f"RT @{handle}: {original}" if handle else original


def centre(west: float, south: float, east: float, north: float) -> tuple[float, float]:
    """Latitude and longitude of the middle of a box."""
    return (south + north) / 2, (west + east) / 2


def _status(status: _Status) -> Draft:
    user = status.user or _User()
    extended = status.extended_tweet or _Extended()
    entities = extended.entities or status.entities or _NO_ENTITIES
    pictures = extended.extended_entities or status.extended_entities or entities
    native_id = status.id_str or status.id or ""
    result = Draft(
        id=native_id,
        platform=PLATFORM,
        instance=INSTANCE,
        published_at=status.created_at,
        author_id=user.id_str,
        author_handle=user.screen_name,
        author_name=user.name,
        author_followers=user.followers_count,
        text=_text(status),
        url=post_url(native_id, user.screen_name),
        lang=status.lang,
        sensitive=status.possibly_sensitive,
        reply_to=status.in_reply_to_status_id_str,
        quote_of=status.quoted_status_id_str,
        repost_of=status.retweeted_status.id_str if status.retweeted_status else None,
        hashtags=tuple(tag.text for tag in entities.hashtags),
        mentions=tuple(mention.screen_name for mention in entities.user_mentions),
        links=tuple(link.expanded_url or link.url for link in entities.urls),
        media=tuple(
            Media(url=picture.media_url_https, kind=picture.type, description=picture.ext_alt_text)
            for picture in pictures.media
            if picture.media_url_https
        ),
        metrics=Metrics(
            likes=status.favorite_count,
            reposts=status.retweet_count,
            replies=status.reply_count,
            quotes=status.quote_count,
        ),
    )
    _locate(result, status)
    return result


def _text(status: _Status) -> str | None:
    if (original := status.retweeted_status) is not None:
        handle = original.user.screen_name if original.user else None
        return repost_text(handle, _text(original) or "")
    extended = status.extended_tweet.full_text if status.extended_tweet else None
    text = extended or status.full_text or status.text
    return html.unescape(text) if text and "&" in text else text


def _locate(result: Draft, status: _Status) -> None:
    place = status.place
    result.place = place.full_name if place else None
    if status.coordinates is not None:
        result.lon, result.lat = status.coordinates.coordinates
    elif place and place.bounding_box and place.place_type in PRECISE_PLACES:
        lons, lats = zip(*itertools.chain(*place.bounding_box.coordinates), strict=True)
        result.lat, result.lon = centre(min(lons), min(lats), max(lons), max(lats))


def _deletion(notice: _Notice) -> Draft:
    return Draft(
        id=notice.status.id_str or notice.status.id,
        platform=PLATFORM,
        instance=INSTANCE,
        op="delete",
        deleted_at=notice.timestamp_ms,
    )
