"""A submission or comment of Reddit, as its listings give it: ``{"kind": …, "data": …}``.

Reddit sends no deletions: what was taken back is still listed, emptied, or no longer there.
An emptied one is a deletion here.

Fields as documented under "Reddit API: things".
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ingest.shapes.draft import Draft, Whole
from model.post import Metrics

PLATFORM = "reddit"
INSTANCE = "reddit.com"

_SITE = "https://www.reddit.com"
_EMPTIED = frozenset({"[deleted]", "[removed]"})


class _Thing(msgspec.Struct, kw_only=True):
    name: str
    author: str | None = None
    author_fullname: str | None = None
    created_utc: float | None = None
    edited: float | bool = False
    subreddit: str | None = None
    permalink: str | None = None
    url: str | None = None
    title: str | None = None
    selftext: str | None = None
    body: str | None = None
    link_id: str | None = None
    parent_id: str | None = None
    over_18: bool | None = None
    removed_by_category: str | None = None
    is_self: bool | None = None
    score: Whole | None = None
    num_comments: Whole | None = None


class _Listed(msgspec.Struct):
    kind: Literal["t1", "t3"]
    data: _Thing


_DECODER = msgspec.json.Decoder(_Listed)


def draft(data: bytes) -> Draft:
    """The draft in a thing. Raises msgspec's errors."""
    thing = _DECODER.decode(data).data
    result = Draft(id=thing.name, platform=PLATFORM, instance=INSTANCE, community=thing.subreddit)
    if _is_emptied(thing):
        result.op = "delete"
        return result
    edited = thing.edited if not isinstance(thing.edited, bool) else None
    result.op = "edit" if edited else "create"
    result.edited_at = edited
    result.published_at = thing.created_utc
    result.author_id = thing.author_fullname or thing.author
    result.author_handle = thing.author
    result.title = thing.title
    result.text = thing.body if thing.body is not None else thing.selftext
    result.url = f"{_SITE}{thing.permalink}" if thing.permalink else None
    result.links = (thing.url,) if thing.url and thing.is_self is False else ()
    result.sensitive = thing.over_18
    result.conversation_id = thing.link_id or thing.name
    result.reply_to = thing.parent_id
    result.metrics = Metrics(likes=thing.score, replies=thing.num_comments)
    return result


def _is_emptied(thing: _Thing) -> bool:
    text = thing.body if thing.body is not None else thing.selftext
    return (
        thing.removed_by_category is not None
        or (thing.author in (None, "[deleted]") and (text in _EMPTIED or thing.title in _EMPTIED))
        or text == "[removed]"
    )
