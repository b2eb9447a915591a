"""Posts of which something may be known: what is known is read, decided on and stored."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from index.elastic.bulk import CONFLICT, OK
from index.elastic.decisions import Decide, Decision
from index.elastic.posts import Posts
from index.elastic.standings import Standings
from model.errors import IndexUnavailable

AT_ONCE = 1_000
MAX_ROUNDS = 20
"""Of deciding again because another writer was faster."""


class Settled(NamedTuple):
    """The causes of what was refused, by uid, and how many documents were dropped."""

    refused: dict[str, str]
    dropped: int


def settle(decides: Mapping[str, Decide], standings: Standings, posts: Posts) -> Settled:
    """Decide on each post and do it. Raises IndexUnavailable; deciding again is harmless."""
    refused: dict[str, str] = {}
    dropped = 0
    uids = iter(decides)
    while some := list(itertools.islice(uids, AT_ONCE)):
        decisions, faults = _decided({uid: decides[uid] for uid in some}, standings)
        posts.expect(d.after.periods[0] for d in decisions if d.winner is not None)
        more, gone = posts.carry_out(decisions)
        refused |= faults | more
        dropped += gone
    return Settled(refused, dropped)


def _decided(
    decides: Mapping[str, Decide], standings: Standings
) -> tuple[list[Decision], dict[str, str]]:
    """Decisions that are stored, and the causes of those that cannot be."""
    done: list[Decision] = []
    faults: dict[str, str] = {}
    waiting: Sequence[str] = list(decides)
    for _ in range(MAX_ROUNDS):
        known = standings.read(waiting)
        decisions = [decides[uid](known[uid]) for uid in waiting]
        outcomes = standings.write(decisions)
        waiting = []
        for decision, outcome in zip(decisions, outcomes, strict=True):
            if outcome.status < OK:
                done.append(decision)
            elif outcome.status == CONFLICT:
                waiting.append(decision.uid)
            else:
                faults[decision.uid] = outcome.cause
        if not waiting:
            return done, faults
    raise IndexUnavailable(
        f"the standings of {len(waiting)} posts",
        cause="other writers change them all the time",
        remedy="Make sure that each partition of the log has one indexer",
    )
