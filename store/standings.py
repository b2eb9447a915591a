"""Which posts and accounts were deleted, and which posts are withheld or were edited.

Kept also for posts that never matched a rule: the match may come later.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import select

from model.episode import Standing
from store.scope import Scope
from store.statements import among, chunks, insert_new, upsert
from store.tables import DELETED_ACCOUNTS, STANDINGS


class Standings:
    """What must be remembered of posts and accounts so that nothing comes back to life."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def of_posts(self, uids: Collection[str]) -> dict[str, Standing]:
        """What is remembered of these posts; nothing for most."""
        found: dict[str, Standing] = {}
        with self._scope.reading() as connection:
            for some in chunks(uids):
                for uid, *standing in connection.execute(_OF_POSTS, {"uids": some}):
                    found[uid] = Standing(*standing)
        return found

    def put(self, standings: Mapping[str, Standing]) -> None:
        """Remember this of these posts from now on."""
        if not standings:
            return
        rows = [{"uid": uid} | msgspec.structs.asdict(one) for uid, one in standings.items()]
        with self._scope.writing() as connection:
            connection.execute(upsert(connection, STANDINGS), rows)

    def deleted_accounts(self, accounts: Collection[int]) -> set[int]:
        """Which of these accounts were deleted."""
        found: set[int] = set()
        with self._scope.reading() as connection:
            for some in chunks(accounts):
                found.update(connection.scalars(_DELETED, {"accounts": some}))
        return found

    def delete_accounts(self, accounts: Collection[int], at: int) -> None:
        """These accounts were deleted (UTC microseconds)."""
        if not accounts:
            return
        rows = [{"account": account, "deleted_at": at} for account in accounts]
        with self._scope.writing() as connection:
            connection.execute(insert_new(connection, DELETED_ACCOUNTS), rows)


_OF_POSTS = select(STANDINGS).where(among(STANDINGS.c.uid, "uids"))
_DELETED = select(DELETED_ACCOUNTS.c.account).where(among(DELETED_ACCOUNTS.c.account, "accounts"))
