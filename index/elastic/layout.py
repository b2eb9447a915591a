"""Which indices exist, and making those that are missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from index.elastic import schema
from index.elastic.client import MISSING, Server
from index.elastic.connection import ElasticConnection
from index.elastic.names import Names
from model.errors import StateCorrupt

_EXISTS = "resource_already_exists_exception"
_BAD = 400


class Layout:
    """The indices of one prefix. Several writers may make the same ones at once."""

    def __init__(self, server: Server, connection: ElasticConnection) -> None:
        self._server = server
        self._connection = connection
        self._names = Names(connection.prefix, connection.daily_from)
        self._known: set[str] = set()

    @property
    def names(self) -> Names:
        """The names of the indices."""
        return self._names

    def prepare(self) -> None:
        """Make the template and what every writer needs.

        Raises StateCorrupt where a newer Tocsin has been.
        """
        self.check_version()
        name = self._names.posts
        self._server.ask("PUT", f"/_index_template/{name}", schema.template(name, self._connection))
        settings = {"index": schema.settings(self._connection)}
        for memory in (self._names.standings, self._names.accounts):
            self._create(memory, {"settings": settings, "mappings": schema.MEMORY_MAPPING})

    def ensure(self, periods: Iterable[str]) -> None:
        """Make sure that posts of these periods can be written."""
        for period in sorted(set(periods) - self._known):
            if not self._has(period):
                self.create(period, aliases=(self._names.alias(period), self._names.posts))
            self._known.add(period)

    def create(self, period: str, *, aliases: Iterable[str], version: int = schema.VERSION) -> str:
        """Make the index of a period, by the template; its name."""
        index = self._names.index(period, version)
        self._create(index, {"aliases": {alias: {} for alias in aliases}})
        return index

    def forget(self) -> None:
        """Look again what exists: somebody has dropped an index."""
        self._known.clear()

    def periods(self) -> dict[str, str]:
        """Each period that exists, and the index that holds it."""
        reply = self._server.ask(
            "GET", f"/_alias/{self._names.posts}-*", accept=frozenset({MISSING})
        )
        found: dict[str, str] = {}
        for index, details in reply.body.items():
            for alias in details.get("aliases", {}) if isinstance(details, dict) else ():
                period = self._names.period_of_alias(alias)
                if period is not None:
                    found[period] = index
        return found

    def _has(self, period: str) -> bool:
        path = f"/_alias/{self._names.alias(period)}"
        return self._server.ask("GET", path, accept=frozenset({MISSING})).status != MISSING

    def _create(self, index: str, body: dict[str, Any]) -> None:
        reply = self._server.ask("PUT", f"/{index}", body, accept=frozenset({_BAD}))
        error = reply.body.get("error", {})
        if reply.status == _BAD and error.get("type") != _EXISTS:
            raise StateCorrupt(
                f"the index {index} cannot be made",
                cause=str(error.get("reason", "")),
                remedy="If there are too many shards, shorten the retention",
            )

    def check_version(self) -> None:
        """Raises StateCorrupt where a newer Tocsin has been."""
        name = self._names.posts
        reply = self._server.ask("GET", f"/_index_template/{name}", accept=frozenset({MISSING}))
        for found in reply.body.get("index_templates", ()):
            version = found["index_template"].get("_meta", {}).get("version", 0)
            if version > schema.VERSION:
                raise StateCorrupt(
                    f"the index template {name}",
                    cause=f"a newer Tocsin made it (mapping {version}, ours {schema.VERSION})",
                    remedy="Update Tocsin on this machine",
                )
