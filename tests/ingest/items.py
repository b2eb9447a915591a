"""Items as platforms write them, for the tests of the shapes."""

from __future__ import annotations

from typing import TypeAlias

Item: TypeAlias = dict[str, object]

TWEET: Item = {
    "created_at": "Fri Nov 20 18:30:05 +0000 2026",
    "id": 1859313004000000001,
    "id_str": "1859313004000000001",
    "full_text": "Smoke over #Guildford &amp; sirens @SurreyFire https://t.co/a",
    "lang": "en",
    "possibly_sensitive": False,
    "in_reply_to_status_id_str": None,
    "user": {
        "id_str": "77",
        "screen_name": "hightown",
        "name": "High Town",
        "followers_count": 12,
    },
    "entities": {
        "hashtags": [{"text": "Guildford", "indices": [11, 21]}],
        "user_mentions": [{"screen_name": "SurreyFire"}],
        "urls": [{"url": "https://t.co/a", "expanded_url": "https://example.org/fire"}],
    },
    "extended_entities": {
        "media": [{"media_url_https": "https://example.org/p.jpg", "type": "photo"}]
    },
    "coordinates": {"type": "Point", "coordinates": [-0.57, 51.236]},
    "place": {"full_name": "Guildford, England", "place_type": "city"},
    "favorite_count": 3,
    "retweet_count": 1,
}

X_POST: Item = {
    "data": {
        "id": "1859313004000000001",
        "text": "Smoke over #Guildford &amp; sirens @SurreyFire https://t.co/a",
        "created_at": "2026-11-20T18:30:05.000Z",
        "author_id": "77",
        "lang": "en",
        "conversation_id": "1859313004000000001",
        "edit_history_tweet_ids": ["1859313004000000001"],
        "possibly_sensitive": False,
        "public_metrics": {"like_count": 3, "retweet_count": 1, "impression_count": 90},
        "entities": {
            "hashtags": [{"start": 11, "end": 21, "tag": "Guildford"}],
            "mentions": [{"username": "SurreyFire"}],
            "urls": [{"url": "https://t.co/a", "expanded_url": "https://example.org/fire"}],
        },
        "attachments": {"media_keys": ["3_1"]},
        "geo": {"place_id": "p1"},
    },
    "includes": {
        "users": [
            {
                "id": "77",
                "username": "hightown",
                "name": "High Town",
                "public_metrics": {"followers_count": 12},
            }
        ],
        "media": [{"media_key": "3_1", "type": "photo", "url": "https://example.org/p.jpg"}],
        "places": [
            {
                "id": "p1",
                "full_name": "Guildford, England",
                "place_type": "city",
                "geo": {"bbox": [-0.6, 51.2, -0.5, 51.3]},
            }
        ],
    },
    "matching_rules": [{"id": "1", "tag": "fire"}],
}

STATUS: Item = {
    "id": "113520000000000001",
    "created_at": "2026-11-20T18:30:05.000Z",
    "edited_at": None,
    "uri": "https://social.example/users/hightown/statuses/113520000000000001",
    "url": "https://social.example/@hightown/113520000000000001",
    "account": {
        "id": "9",
        "acct": "hightown",
        "display_name": "High Town",
        "url": "https://social.example/@hightown",
        "followers_count": 12,
        "bot": False,
    },
    "content": "<p>Smoke over <a href='https://social.example/tags/guildford'>#<span>Guildford"
    "</span></a> &amp; sirens</p>",
    "spoiler_text": "fire",
    "sensitive": True,
    "visibility": "public",
    "language": "en",
    "in_reply_to_id": None,
    "reblog": None,
    "tags": [{"name": "guildford"}],
    "mentions": [{"acct": "surreyfire@other.example"}],
    "media_attachments": [{"url": "https://social.example/p.jpg", "type": "image"}],
    "favourites_count": 3,
}

RECORD: Item = {
    "$type": "app.bsky.feed.post",
    "text": "Smoke over #Guildford & sirens",
    "createdAt": "2026-11-20T18:30:05.000Z",
    "langs": ["en"],
    "facets": [
        {"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "Guildford"}]},
        {"features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:fire"}]},
        {"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/f"}]},
    ],
    "reply": {
        "root": {"uri": "at://did:plc:other/app.bsky.feed.post/3root", "cid": "c"},
        "parent": {"uri": "at://did:plc:other/app.bsky.feed.post/3parent", "cid": "c"},
    },
}

COMMIT: Item = {
    "did": "did:plc:hightown",
    "time_us": 1_795_199_406_000_000,
    "kind": "commit",
    "commit": {
        "rev": "3lbcdefghijk2",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3lbpost",
        "record": RECORD,
        "cid": "bafy",
    },
}

POST_VIEW: Item = {
    "uri": "at://did:plc:hightown/app.bsky.feed.post/3lbpost",
    "cid": "bafy",
    "author": {
        "did": "did:plc:hightown",
        "handle": "hightown.example",
        "displayName": "High Town",
    },
    "record": RECORD,
    "embed": {
        "$type": "app.bsky.embed.images#view",
        "images": [{"fullsize": "https://cdn.example/p", "thumb": "t", "alt": "smoke"}],
    },
    "likeCount": 3,
    "indexedAt": "2026-11-20T18:30:06.000Z",
    "labels": [{"val": "graphic-media"}],
}

FEED_VIEW: Item = {"post": POST_VIEW}

FLAT: Item = {
    "id": "262342930549850112",
    "created_at": "2026-11-20T18:30:05Z",
    "text": "Smoke over Guildford",
    "event": "a column of the file's own",
    "on_topic": True,
}


def changed(item: Item, path: str, value: object) -> Item:
    """A copy of the item with another value at a dotted path."""
    first, _, rest = path.partition(".")
    inner = item.get(first)
    if not rest:
        return {**item, first: value}
    return {**item, first: changed(inner if isinstance(inner, dict) else {}, rest, value)}


THING: Item = {
    "kind": "t3",
    "data": {
        "name": "t3_1abcd2",
        "author": "hightown",
        "author_fullname": "t2_77",
        "created_utc": 1795199405.0,
        "edited": False,
        "subreddit": "guildford",
        "permalink": "/r/guildford/comments/1abcd2/smoke/",
        "url": "https://www.reddit.com/r/guildford/comments/1abcd2/smoke/",
        "title": "What is going on?",
        "selftext": "Smoke over #Guildford & sirens",
        "is_self": True,
        "over_18": False,
        "removed_by_category": None,
        "score": 3,
        "num_comments": 2,
    },
}
