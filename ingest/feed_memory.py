"""What a feed source remembers between polls: its resume state."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec

from ingest.port import State
from model.post import Operation

REMEMBERED = 1_000
"""Entries that are remembered after they have left the feed, so that one that comes back
changed is known to be an edit."""

_NAME_DIGITS = 16


class Validators(msgspec.Struct, frozen=True):
    """What makes the next question conditional: ETag and Last-Modified, or nothing."""

    etag: str = ""
    modified: str = ""


class _Version(NamedTuple):
    """How an entry looked when it was last seen."""

    rev: int
    digest: str


class _Saved(msgspec.Struct, frozen=True, kw_only=True):
    asked: str = ""
    url: str = ""
    etag: str = ""
    modified: str = ""
    not_before: int = 0
    entries: str = ""


class FeedMemory:
    """The feed's current address, its validators, when it may be asked again (UTC
    microseconds), and the version of each entry.

    ``asked`` is the configured address: a state that belongs to another one is void.
    """

    def __init__(self, asked: str, state: State) -> None:
        saved = msgspec.convert(dict(state), _Saved)
        if saved.asked != asked:
            saved = _Saved(url=asked)
        self._asked = asked
        self.url = saved.url
        self.validators = Validators(saved.etag, saved.modified)
        self.not_before = saved.not_before
        self._versions = dict(map(_unpacked, saved.entries.split()))

    def news(self, native_id: str, digest: str) -> tuple[Operation, int] | None:
        """What an entry that looks like this is: an operation with its revision, or None
        if it was seen before."""
        name = _name(native_id, digest)
        known = self._versions.pop(name, None)
        if known is None:
            return "create", 0
        self._versions[name] = known  # now the one seen last
        return None if known.digest == digest else ("edit", known.rev + 1)

    def remember(self, native_id: str, digest: str, rev: int) -> None:
        """The entry has been delivered in this version."""
        self._versions[_name(native_id, digest)] = _Version(rev, digest)

    def forget(self, listed: int) -> None:
        """Drop the entries that were seen longest ago; ``listed`` is the feed's length."""
        excess = len(self._versions) - max(REMEMBERED, listed)
        for name in list(self._versions)[: max(0, excess)]:
            del self._versions[name]

    def state(self) -> State:
        """All of it, to be given to the next memory."""
        return {
            "asked": self._asked,
            "url": self.url,
            "etag": self.validators.etag,
            "modified": self.validators.modified,
            "not_before": self.not_before,
            "entries": " ".join(
                f"{name}:{version.rev}:{version.digest}" for name, version in self._versions.items()
            ),
        }


def _name(native_id: str, digest: str) -> str:
    """Ids can be long and hold spaces. An entry without one is known by its content."""
    named = native_id or f"\0{digest}"
    return hashlib.sha256(named.encode()).hexdigest()[:_NAME_DIGITS]


def _unpacked(packed: str) -> tuple[str, _Version]:
    name, rev, digest = packed.split(":")
    return name, _Version(int(rev), digest)
