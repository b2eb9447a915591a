"""Which shape an item has, told by the keys that only one shape uses.

Looking costs about a microsecond: the values are skipped, not read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import msgspec

from ingest.shapes import bluesky, flat, mastodon, reddit, twitter, x
from ingest.shapes.draft import Draft

ShapeName = Literal[
    "flat", "twitter", "x", "mastodon", "reddit", "bluesky-event", "bluesky-view", "bluesky-feed"
]
SHAPE_NAMES: tuple[ShapeName, ...] = get_args(ShapeName)

DRAFTS: dict[ShapeName, Callable[[bytes], Draft]] = {
    "flat": flat.draft,
    "twitter": twitter.draft,
    "x": x.draft,
    "mastodon": mastodon.draft,
    "reddit": reddit.draft,
    "bluesky-event": bluesky.draft_of_event,
    "bluesky-view": bluesky.draft_of_view,
    "bluesky-feed": bluesky.draft_of_feed_item,
}

_Key = msgspec.Raw | msgspec.UnsetType


class _Keys(msgspec.Struct):
    account: _Key = msgspec.UNSET
    content: _Key = msgspec.UNSET
    data: _Key = msgspec.UNSET
    delete: _Key = msgspec.UNSET
    did: _Key = msgspec.UNSET
    edit_history_tweet_ids: _Key = msgspec.UNSET
    kind: _Key = msgspec.UNSET
    id_str: _Key = msgspec.UNSET
    post: _Key = msgspec.UNSET
    public_metrics: _Key = msgspec.UNSET
    record: _Key = msgspec.UNSET
    referenced_tweets: _Key = msgspec.UNSET
    text: _Key = msgspec.UNSET
    time_us: _Key = msgspec.UNSET
    uri: _Key = msgspec.UNSET


_DECODER = msgspec.json.Decoder(_Keys)


def recognise(data: bytes) -> ShapeName:
    """The shape of a JSON object. Raises msgspec's errors if it is none."""
    keys = _DECODER.decode(data)
    if keys.id_str:
        return "twitter"
    if keys.edit_history_tweet_ids or keys.public_metrics or keys.referenced_tweets:
        return "x"
    if keys.text:
        return "flat"
    return _without_text(keys)


def _without_text(keys: _Keys) -> ShapeName:
    """The shapes that keep their text further down."""
    if keys.data:
        return "reddit" if keys.kind else "x"
    if keys.delete:
        return "twitter"
    if keys.account and keys.content:
        return "mastodon"
    if keys.did and keys.time_us:
        return "bluesky-event"
    if keys.uri and keys.record:
        return "bluesky-view"
    return "bluesky-feed" if keys.post else "flat"
