"""The events of one batch, decoded: the same for every back end.

All records are decoded before anything is written, so that a bad one leaves no trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from index.fields import POST_VIEW, PostView
from index.port import Entry, Rejected
from model.enriched import ENRICHMENT, Enrichment
from model.errors import MalformedRecord, RecordError
from model.incident import account_key
from model.post import REMOVALS

MAX_ID = 1_024
"""Code points of an id. Far beyond what platforms use, and within what every engine can find."""


class Event(NamedTuple):
    """An entry, decoded. ``position`` is its place in the batch; ``account`` stands for the
    author on one platform; a removal has no ``enrichment``."""

    position: int
    entry: Entry
    post: PostView
    account: int | None
    enrichment: Enrichment | None


def decode(entries: Sequence[Entry]) -> tuple[list[Event], list[Rejected]]:
    """The events, and what is none."""
    events, rejected = [], []
    for position, entry in enumerate(entries):
        try:
            events.append(_decoded(position, entry))
        except RecordError as error:
            rejected.append(Rejected(position, str(error)))
    return events, rejected


def _decoded(position: int, entry: Entry) -> Event:
    post = POST_VIEW.decode(entry.post)
    if not 0 < len(post.uid) <= MAX_ID:
        raise MalformedRecord("the id of a post", cause="it is empty or overlong")
    account = account_key(post.uid, post.author.id) if post.author else None
    if post.op in REMOVALS:
        if post.op == "account_delete" and account is None:
            raise MalformedRecord("the deletion of an account", cause="it names no author")
        return Event(position, entry, post, account, None)
    return Event(position, entry, post, account, ENRICHMENT.decode(entry.enrichment))
