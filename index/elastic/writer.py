"""Writing to Elasticsearch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from index.elastic.accounts import Accounts
from index.elastic.bulk import Bulk
from index.elastic.client import Server
from index.elastic.connection import ElasticConnection
from index.elastic.decisions import decide, erase
from index.elastic.fresh import FreshPosts
from index.elastic.layout import Layout
from index.elastic.posts import Posts
from index.elastic.scan import scan
from index.elastic.schema import ACCOUNT, ID
from index.elastic.settling import settle
from index.elastic.standings import Standings
from index.events import Event, decode
from index.port import Entry, Rejected
from model.clock import Clock, SystemClock
from model.post import REMOVALS


class ElasticWriter:
    """A writer of the index; several may work at once. Belongs to one thread.

    Opens no connection before the first write, so that it can be made while Elasticsearch
    is away. What :meth:`write` has returned from is stored; :meth:`commit` makes it
    searchable. After :class:`~model.errors.IndexUnavailable` the same call may be made
    again, and writes nothing twice.
    """

    def __init__(self, connection: ElasticConnection, *, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self._server = Server(connection)
        bulk = Bulk(self._server, clock)
        self._layout = Layout(self._server, connection)
        names = self._layout.names
        self._standings = Standings(self._server, bulk, names.standings, clock)
        self._accounts = Accounts(self._server, bulk, names.accounts, clock)
        self._posts = Posts(self._server, bulk, self._layout)
        self._fresh = FreshPosts(self._standings, self._posts)
        self._doomed: set[int] = set()
        self._is_prepared = False

    def write(self, entries: Sequence[Entry]) -> list[Rejected]:
        """Create, replace if newer, or remove, according to each post's operation."""
        events, rejected = decode(entries)
        if events:
            self._prepare()
            rejected += self._write(events)
        return sorted(rejected)

    def commit(self) -> None:
        """Make what was written searchable; it is durable already."""
        if self._posts.is_refreshed and not self._doomed:
            return
        self._posts.refresh()
        self._doomed |= self._accounts.news()
        self._remove_accounts()

    def erase(self, uids: Sequence[str]) -> int:
        """Remove these posts for good, durably, and keep them out should they come again.

        Returns how many were there. Elasticsearch hides their bytes at once, and drops
        them from the disk when it next merges the segments that hold them.
        """
        self._prepare()
        self.commit()
        dropped = self._erase(uids)
        self._posts.refresh()
        return dropped

    def close(self) -> None:
        """Commit and release everything."""
        try:
            self.commit()
        finally:
            self._fresh.close()
            self._server.close()

    def _prepare(self) -> None:
        if not self._is_prepared:
            self._layout.prepare()
            # What a writer that was killed had written of these accounts must go as well.
            self._doomed |= self._accounts.news()
            self._is_prepared = True

    def _write(self, events: Sequence[Event]) -> list[Rejected]:
        deleted = _deleted_accounts(events)
        self._accounts.add(deleted)
        self._doomed |= deleted
        groups = _by_post(event for event in events if self._is_wanted(event))
        rejected, known = self._fresh.write([g[0] for g in groups.values() if _is_fresh(g)])
        rest = {event.post.uid for event in known}
        rest.update(uid for uid, group in groups.items() if not _is_fresh(group))
        decides = {uid: decide(uid, groups[uid], self._posts.names) for uid in groups.keys() & rest}
        refused = settle(decides, self._standings, self._posts).refused
        for uid, cause in refused.items():
            rejected += [Rejected(event.position, cause) for event in groups[uid]]
        return rejected

    def _is_wanted(self, event: Event) -> bool:
        return event.post.op in REMOVALS or event.account not in self._accounts

    def _erase(self, uids: Iterable[str]) -> int:
        decides = {uid: erase(uid) for uid in uids}
        return settle(decides, self._standings, self._posts).dropped

    def _remove_accounts(self) -> None:
        """Remove every post of the deleted accounts that were not yet seen to, whoever
        wrote it. What this leaves undone the next commit does."""
        if not self._doomed:
            return
        self._posts.refresh_all()
        query = {"terms": {ACCOUNT: sorted(self._doomed)}}
        found = scan(self._server, self._posts.names.posts, query, source=[ID])
        self._erase([hit["_source"][ID] for hit in found])
        self._posts.refresh()
        self._doomed.clear()


def _deleted_accounts(events: Iterable[Event]) -> set[int]:
    return {e.account for e in events if e.post.op == "account_delete" and e.account is not None}


def _by_post(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events of each post, in the order in which they came."""
    groups: dict[str, list[Event]] = {}
    for event in events:
        groups.setdefault(event.post.uid, []).append(event)
    return groups


def _is_fresh(group: Sequence[Event]) -> bool:
    """Whether nothing is likely to be known of the post: its first version, and no other."""
    post = group[0].post
    return len(group) == 1 and post.op == "create" and post.rev <= 0
