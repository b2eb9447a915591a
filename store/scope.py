"""Where a repository works: in a transaction of its own, or in one that several share."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from sqlalchemy import Connection

WRITES = "tocsin_writes"
"""The execution option that marks the connection of a writing transaction."""


class Scope(Protocol):
    """Hands a repository the connection that it works on."""

    def reading(self) -> AbstractContextManager[Connection]:
        """One consistent state for as long as the block lasts."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A block whose changes all happen, durably, or none of them."""
        ...


class Shared:
    """A transaction that somebody else began and will end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reading(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._connection)

    def writing(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._connection)
