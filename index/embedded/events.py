"""The events of one batch, decided and handed to tantivy.

All records are decoded before anything is written, so that a bad one leaves no trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from index.embedded.engine import EngineWriter
from index.embedded.memory import Memory
from index.embedded.schema import ACCOUNT, UID, document
from index.fields import POST_VIEW, PostView, fields_of
from index.lifecycle import UNKNOWN, Standing, Verdict, judge
from index.port import Entry, Rejected
from model.enriched import ENRICHMENT, Enrichment
from model.errors import MalformedRecord, RecordError
from model.incident import account_key
from model.post import REMOVALS

MAX_ID = 1_024
"""Code points of an id. Far beyond what platforms use, and within what tantivy can find."""


class Event(NamedTuple):
    """An entry, decoded. ``account`` stands for the author on one platform; a removal has
    no ``enrichment``."""

    entry: Entry
    post: PostView
    account: int | None
    enrichment: Enrichment | None


def decode(entries: Sequence[Entry]) -> tuple[list[Event], list[Rejected]]:
    """The events, and what is none."""
    events, rejected = [], []
    for position, entry in enumerate(entries):
        try:
            events.append(_decoded(entry))
        except RecordError as error:
            rejected.append(Rejected(position, str(error)))
    return events, rejected


def _decoded(entry: Entry) -> Event:
    post = POST_VIEW.decode(entry.post)
    if not 0 < len(post.uid) <= MAX_ID:
        raise MalformedRecord("the id of a post", cause="it is empty or overlong")
    account = account_key(post.uid, post.author.id) if post.author else None
    if post.op in REMOVALS:
        if post.op == "account_delete" and account is None:
            raise MalformedRecord("the deletion of an account", cause="it names no author")
        return Event(entry, post, account, None)
    return Event(entry, post, account, ENRICHMENT.decode(entry.enrichment))


class Decisions:
    """What is known of the posts of one batch, and what the batch adds to it."""

    def __init__(self, memory: Memory, events: Iterable[Event]) -> None:
        self._memory = memory
        self._standings = memory.standings({event.post.uid for event in events})
        self._deleted = memory.deleted_accounts(
            {e.account for e in events if e.account is not None}
        )
        self._changed: dict[str, Standing] = {}
        self._newly_deleted: set[int] = set()

    def verdict(self, event: Event) -> Verdict:
        """What becomes of the post. Later events of the batch build on it."""
        post, account = event.post, event.account
        if post.op == "account_delete" and account is not None:
            self._deleted.add(account)
            self._newly_deleted.add(account)
        elif account in self._deleted and post.op not in REMOVALS:
            return "ignore"
        before = self._standings.get(post.uid, UNKNOWN)
        after, verdict = judge(before, post.op, post.rev)
        if after != before:
            self._standings[post.uid] = after
            if after.memorable:
                self._changed[post.uid] = after
        return verdict

    def remember(self) -> None:
        """Write down what has changed."""
        self._memory.remember(self._changed)
        self._memory.remember_deleted(self._newly_deleted)


def apply(events: Sequence[Event], memory: Memory, engine: EngineWriter) -> None:
    """Create, replace and remove posts. Nothing of it is durable yet."""
    decisions = Decisions(memory, events)
    for event in events:
        verdict = decisions.verdict(event)
        if verdict == "ignore":
            continue
        engine.delete_documents_by_term(UID, event.post.uid)
        if event.post.op == "account_delete" and event.account is not None:
            engine.delete_documents_by_term(ACCOUNT, event.account)
        if event.enrichment is not None:
            fields = fields_of(event.post, event.enrichment)
            engine.add_document(document(fields, event.account, event.entry))
    decisions.remember()
