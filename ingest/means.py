"""What sources are built with, and how they get at their secrets."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ingest.download import Downloader
from ingest.hygiene import Limits
from ingest.source_entry import SourceEntry
from ingest.terms import Wanted
from model.errors import ConfigurationError


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """The downloader that sources share, the secrets by name, and how large an item may be."""

    downloader: Downloader
    credentials: Mapping[str, str] = {}
    limits: Limits = Limits()

    def __repr__(self) -> str:
        return f"Means(credentials of {', '.join(self.credentials) or 'nobody'})"

    def secret(self, entry: SourceEntry) -> str:
        """The secret that an entry names, empty where it names none.

        Raises ConfigurationError for one that the settings do not have.
        """
        if not entry.credential:
            return ""
        if secret := self.credentials.get(entry.credential):
            return secret
        raise ConfigurationError(
            f"the source {entry.source} has no credential",
            cause=f"the settings have no secret of the name {entry.credential!a}",
            remedy='Set TOCSIN_INGEST__CREDENTIALS={"' + entry.credential + '": "..."}',
        )


def wanted(entry: SourceEntry) -> Wanted:
    """Which posts an entry is for."""
    return Wanted(terms=entry.terms, languages=entry.languages, authors=entry.authors)
