"""What has become of the posts that a batch is about: deleted, withheld, restored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from model.episode import Standing
from model.incident import Match
from store.engine import Repositories

_ALIVE = Standing()


class Lives(NamedTuple):
    """What is known of posts once the events of a batch have happened."""

    standings: dict[str, Standing]

    def is_gone(self, uid: str) -> bool:
        """Whether the post will never be seen again."""
        return self.standings.get(uid, _ALIVE).deleted

    def counts(self, uid: str, rev: int) -> bool:
        """Whether what this revision of the post said still stands."""
        return self.standings.get(uid, _ALIVE).counts(rev)


def learn(batch: Sequence[Match], tx: Repositories, now: int) -> Lives:
    """Write down what the events of a batch say, and tell what is known of its posts.

    The posts of an account that this batch deletes are among them.
    """
    before = tx.standings.of_posts({match.uid for match in batch})
    after = dict(before)
    for match in batch:
        if match.op != "match":
            after[match.uid] = _after(after.get(match.uid, _ALIVE), match)
    for uid in _orphans(batch, tx, now):
        after[uid] = replace(after.get(uid, _ALIVE), deleted=True)
    tx.standings.put({uid: one for uid, one in after.items() if one != before.get(uid)})
    return Lives(after)


def _orphans(batch: Sequence[Match], tx: Repositories, now: int) -> Iterator[str]:
    """The posts of deleted accounts: those of the batch, and those that counted when it
    says that their account was deleted."""
    lost = {match.account for match in batch if match.op == "account_delete"} - {0}
    tx.standings.delete_accounts(lost, now)
    named = {match.account for match in batch} - {0}
    deleted = tx.standings.deleted_accounts(named)
    yield from (match.uid for match in batch if match.account in deleted)
    yield from (post.uid for post in tx.contributions.of_accounts(lost))


def _after(before: Standing, event: Match) -> Standing:
    """The post's standing after one more event. Which one comes first does not matter."""
    if event.op == "withhold":
        return replace(before, withheld=_higher(before.withheld, event.rev))
    if event.op == "edit":
        return replace(before, edited=_higher(before.edited, event.rev))
    if event.op == "restore":
        return replace(before, restored=_higher(before.restored, event.rev))
    return replace(before, deleted=True)


def _higher(one: int | None, other: int) -> int:
    return other if one is None else max(one, other)
