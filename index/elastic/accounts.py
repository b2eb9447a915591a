"""The accounts that were deleted, by their key alone.

Every writer holds the whole set. One that deletes an account first notes it, then removes
what can be found of it; every other looks for new notes after each of its commits, and
removes what it wrote meanwhile. So a post is seen by one of the two.
"""

from __future__ import annotations

from collections.abc import Collection

from index.elastic.bulk import OK, Bulk, check
from index.elastic.client import Server
from index.elastic.document import action
from index.elastic.scan import scan
from model.clock import Clock


class Accounts:
    """The set of deleted accounts, as this writer knows it."""

    def __init__(self, server: Server, bulk: Bulk, index: str, clock: Clock) -> None:
        self._server = server
        self._bulk = bulk
        self._index = index
        self._clock = clock
        self._deleted: set[int] = set()

    def __contains__(self, account: int | None) -> bool:
        return account in self._deleted

    def add(self, accounts: Collection[int]) -> None:
        """Note that these were deleted; every writer can see it from now on."""
        if not accounts:
            return
        source = b'{"at":%d}\n' % self._clock.now()
        items = [action("index", self._index, str(account)) + source for account in accounts]
        check(self._bulk.send(items), lambda outcome: outcome.status >= OK)
        self._server.ask("POST", f"/{self._index}/_refresh")
        self._deleted.update(accounts)

    def news(self) -> set[int]:
        """Those of which this writer had not heard."""
        count = self._server.ask("GET", f"/{self._index}/_count").body["count"]
        if count <= len(self._deleted):
            return set()
        found = {int(hit["_id"]) for hit in scan(self._server, self._index, {"match_all": {}})}
        new = found - self._deleted
        self._deleted |= new
        return new
