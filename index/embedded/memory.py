"""What the index remembers of posts that were edited or removed, in a small SQLite file.

A post that was only ever created leaves nothing here. What is remembered counts at once
and becomes durable with :meth:`Memory.commit`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from index.lifecycle import Standing
from model.errors import IndexUnavailable, StateCorrupt, TocsinError

_PREPARE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    """CREATE TABLE IF NOT EXISTS revisions (
        uid TEXT PRIMARY KEY,
        shown INTEGER NOT NULL,
        withheld INTEGER NOT NULL,
        restored INTEGER NOT NULL,
        deleted INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS accounts (account INTEGER PRIMARY KEY)",
)
_AT_ONCE = 500
_MARKS = ",".join("?" * _AT_ONCE)
_REVISIONS = f"SELECT * FROM revisions WHERE uid IN ({_MARKS})"  # noqa: S608 - marks alone
_ACCOUNTS = f"SELECT account FROM accounts WHERE account IN ({_MARKS})"  # noqa: S608 - the same
_ANY_POST = "SELECT EXISTS (SELECT 1 FROM revisions)"
_ANY_ACCOUNT = "SELECT EXISTS (SELECT 1 FROM accounts)"
_BUSY_SECONDS = 5.0


class Memory:
    """Standings by uid, and the accounts that were deleted, by their key alone.

    Belongs to one thread. Raises IndexUnavailable where the same call may succeed later
    (a full disk), and StateCorrupt for a damaged file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._translated():
            self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                for statement in _PREPARE:
                    self._connection.execute(statement)
                self._knows_posts = self._any(_ANY_POST)
                self._knows_accounts = self._any(_ANY_ACCOUNT)
            except sqlite3.Error:
                self._connection.close()
                raise

    def standings(self, uids: Collection[str]) -> dict[str, Standing]:
        """What is remembered of these posts; those of which nothing is are left out."""
        found: dict[str, Standing] = {}
        if not self._knows_posts:
            return found
        with self._translated():
            for some in _portions(uids):
                rows = self._connection.execute(_REVISIONS, some)
                for uid, shown, withheld, restored, deleted in rows:
                    found[uid] = Standing(shown, withheld, restored, bool(deleted))
        return found

    def remember(self, standings: Mapping[str, Standing]) -> None:
        """Keep these standings in place of the former ones."""
        self._knows_posts |= bool(standings)
        self._write(
            "INSERT OR REPLACE INTO revisions VALUES (?, ?, ?, ?, ?)",
            [(uid, *standing) for uid, standing in standings.items()],
        )

    def deleted_accounts(self, accounts: Collection[int]) -> set[int]:
        """Those of the accounts that were deleted."""
        found: set[int] = set()
        if not self._knows_accounts:
            return found
        with self._translated():
            for some in _portions(accounts):
                found.update(account for (account,) in self._connection.execute(_ACCOUNTS, some))
        return found

    def remember_deleted(self, accounts: Collection[int]) -> None:
        """Keep that these accounts were deleted."""
        self._knows_accounts |= bool(accounts)
        self._write(
            "INSERT OR IGNORE INTO accounts VALUES (?)", [(account,) for account in accounts]
        )

    def commit(self) -> None:
        """Make everything durable."""
        with self._translated():
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Forget what was not committed."""
        with self._translated():
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Release the file, without what was not committed."""
        self._connection.close()

    def _any(self, query: str) -> bool:
        (known,) = self._connection.execute(query).fetchone()
        return bool(known)

    def _write(self, statement: str, rows: Sequence[tuple[str | int, ...]]) -> None:
        with self._translated():
            if rows and not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(statement, rows)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise IndexUnavailable(
                f"{self._path} cannot be used",
                cause=str(error),
                remedy="Make sure that its disk has room",
            ) from error
        except sqlite3.DatabaseError as error:
            raise _damaged(self._path, error) from error


def _portions(keys: Collection[str] | Collection[int]) -> Iterator[list[str | int | None]]:
    """The keys in portions that the queries take; the last is filled up with NULL."""
    ordered: list[str | int | None] = list(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        some = ordered[start : start + _AT_ONCE]
        yield some + [None] * (_AT_ONCE - len(some))


def _damaged(path: Path, error: sqlite3.DatabaseError) -> TocsinError:
    return StateCorrupt(
        f"{path}, which remembers deleted posts",
        cause=str(error),
        remedy="Restore it from a backup, or remove it and run `tocsin index rebuild`",
    )
