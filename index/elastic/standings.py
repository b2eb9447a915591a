"""The standings of posts, kept beside the posts and longer than they are.

Every post has one, from its first event on: it says in which period the post is, so that
a later version of another day does not leave two of it. Finding by id sees the last write
at once, so no refresh is needed to decide rightly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from index.elastic.bulk import OK, Bulk, Outcome
from index.elastic.client import Server
from index.elastic.decisions import Decision, Known, Mark
from index.elastic.document import action, id_of
from index.lifecycle import UNKNOWN, Standing
from model.clock import Clock

_encode = msgspec.json.encode


class Standings:
    """Reads and writes them. Safe to share between threads."""

    def __init__(self, server: Server, bulk: Bulk, index: str, clock: Clock) -> None:
        self._server = server
        self._bulk = bulk
        self._index = index
        self._clock = clock

    def claim(self, posts: Iterable[tuple[str, str]]) -> list[Outcome]:
        """Note for posts (uid and period) never heard of that they are shown in version 1.

        An outcome is CONFLICT where something is known already.
        """
        now = self._clock.now()
        items = [
            action("create", self._index, uid)
            + b'{"periods":["%b"],"version":1,"at":%d}\n' % (period.encode(), now)
            for uid, period in posts
        ]
        return self._bulk.send(items)

    def read(self, uids: Collection[str]) -> dict[str, Known]:
        """What is known of each of these posts."""
        found: dict[str, Known] = dict.fromkeys(uids, Known())
        if not found:
            return found
        asked = {"ids": [id_of(uid) for uid in found]}
        reply = self._server.ask("POST", f"/{self._index}/_mget", asked)
        for uid, stored in zip(found, reply.body["docs"], strict=True):
            if stored.get("found"):
                found[uid] = _known(stored)
        return found

    def write(self, decisions: Sequence[Decision]) -> list[Outcome]:
        """Store what is new in each decision.

        An outcome is CONFLICT where another writer was faster: read and decide again.
        """
        now = self._clock.now()
        items = [self._item(decision, now) for decision in decisions if decision.is_new]
        outcomes = iter(self._bulk.send(items))
        return [next(outcomes) if decision.is_new else Outcome(OK - 1) for decision in decisions]

    def _item(self, decision: Decision, now: int) -> bytes:
        mark, after = decision.before.mark, decision.after
        if mark is None:
            head = action("create", self._index, decision.uid)
        else:
            lock = {"if_seq_no": mark.seq_no, "if_primary_term": mark.primary_term}
            head = action("index", self._index, decision.uid, **lock)
        body: dict[str, Any] = {"periods": after.periods, "version": after.version, "at": now}
        if after.standing != UNKNOWN:
            body["standing"] = after.standing
        return head + _encode(body) + b"\n"


def _known(stored: dict[str, Any]) -> Known:
    source = stored["_source"]
    standing = source.get("standing")
    return Known(
        Standing(*standing) if standing else UNKNOWN,
        source["version"],
        tuple(source["periods"]),
        Mark(stored["_seq_no"], stored["_primary_term"]),
    )
