"""The events of one batch, decided and handed to tantivy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from index.embedded.engine import EngineWriter
from index.embedded.memory import Memory
from index.embedded.schema import ACCOUNT, UID, document
from index.events import Event
from index.fields import fields_of
from index.lifecycle import UNKNOWN, Standing, Verdict, judge
from model.post import REMOVALS


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
