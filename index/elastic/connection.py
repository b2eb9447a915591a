"""How Elasticsearch is reached, and what indices are made there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from model.errors import ConfigurationError

_PREFIX = re.compile(r"[a-z0-9][a-z0-9_.]{0,40}")
_INTERVAL = re.compile(r"-1|[1-9]\d*(ms|s|m)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticConnection:
    """Where the nodes are and who asks. Secrets never show in ``repr``.

    Either ``api_key`` (the encoded form) or ``username`` and ``password``, or nothing for
    a cluster without security. ``ca_file`` is the authority that signed the nodes'
    certificates, if it is not one that the system trusts. ``request_seconds`` is how long
    one request may take. ``refresh_interval`` is Elasticsearch's own setting: -1 makes
    posts searchable by the indexer's commits alone. Posts published before ``daily_from``
    share one index a year; it must not be changed once posts are stored.

    Raises ConfigurationError for what cannot work.
    """

    urls: tuple[str, ...] = ("http://127.0.0.1:9200",)
    api_key: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    request_seconds: float = 30.0
    prefix: str = "tocsin"
    shards: int = 1
    replicas: int = 0
    refresh_interval: str = "-1"
    daily_from: date = date(2026, 1, 1)

    def __post_init__(self) -> None:
        for name, fault, remedy in self._faults():
            raise ConfigurationError(f"elasticsearch.{name}", cause=fault, remedy=remedy)

    def _faults(self) -> list[tuple[str, str, str]]:
        """Setting, fault and remedy of everything that is wrong. No value is repeated:
        an address may hold a password."""
        urls, key, user = self.urls, self.api_key, self.username
        checks = (
            (not urls, "url", "there is none", "Name at least one node"),
            (
                not all(url.startswith(("http://", "https://")) for url in urls),
                "url",
                "an address does not start with http:// or https://",
                "Write it as https://elastic.example:9200",
            ),
            (
                any("@" in url for url in urls),
                "url",
                "an address holds a user name or a password",
                "Give them as username and password, where no log repeats them",
            ),
            (bool(key and user), "api_key", "there is a user name too", "Give one of the two"),
            (
                (user is None) != (self.password is None),
                "password",
                "user name and password come together",
                "Give both, or neither",
            ),
            (
                self.ca_file is not None and not self.ca_file.is_file(),
                "ca_file",
                f"there is no file {self.ca_file}",
                "Name the PEM file of the authority that signed the nodes' certificates",
            ),
            (self.request_seconds <= 0, "request_seconds", "it is not above zero", "Try 30"),
            (
                not _PREFIX.fullmatch(self.prefix),
                "prefix",
                "no index can have such a name",
                "Use lower-case letters, digits, dots and underscores",
            ),
            (self.shards < 1, "shards", "there must be at least one", "Try 1"),
            (self.replicas < 0, "replicas", "it is below zero", "Try 1 on three nodes"),
            (
                not _INTERVAL.fullmatch(self.refresh_interval),
                "refresh_interval",
                "it is neither -1 nor a time",
                "Write -1, 500ms, 1s or 30s",
            ),
            (
                (self.daily_from.month, self.daily_from.day) != (1, 1),
                "daily_from",
                "it is not the first day of a year",
                "Write for example 2026-01-01",
            ),
        )
        return [(name, fault, remedy) for wrong, name, fault, remedy in checks if wrong]
