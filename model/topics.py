"""The topics of the log and the consumer groups that read them."""

from __future__ import annotations

import msgspec


class Topic(msgspec.Struct, frozen=True):
    """A named sequence of records, split into partitions by key.

    A *derived* topic adds a part to each record of another topic: its records have the
    source's partition and offset, hold only the added part, and are read together with
    the source's bytes. So a post is written once, however many stages add to it.

    Of a *compacted* topic a log may drop a record once a later one has the same key.
    """

    name: str
    derives_from: str | None = None
    compacted: bool = False


POSTS_RAW = Topic("posts.raw")
POSTS_ENRICHED = Topic("posts.enriched", derives_from="posts.raw")
ALERT_MATCHES = Topic("alerts.matches")
POSTS_DEAD = Topic("posts.dead")

TOPICS = (POSTS_RAW, POSTS_ENRICHED, ALERT_MATCHES, POSTS_DEAD)

GROUP_ENRICH = "enrich"
GROUP_INDEX = "index"
GROUP_MATCH = "match"
GROUP_WINDOW = "window"
