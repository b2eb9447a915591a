"""One entry of the sources file: its fields, and what each may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from ingest.yaml_fields import Broken, Field, fields, scalar
from model.clock import from_datetime

FEEDS = "feeds"
SHORTEST_INTERVAL = 300.0
"""Seconds. Asking a site more often is impolite, and gets an address blocked."""

AUTHORISATION = ("authority", "owner", "expires")
"""The fields without which nothing may be collected."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PLUGIN = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DURATION = re.compile(r"([0-9]{1,6})\s*([smhd])")
_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


class SourceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One source as it is configured.

    ``platform`` is ``feeds``, or a plug-in as ``module:attribute``, for which alone
    ``options`` are. ``expires`` is the last day of the authority (UTC), ``interval`` is
    in seconds, ``line`` where the entry stands.
    """

    name: str
    platform: str
    authority: str
    owner: str
    expires: date
    line: int
    url: str = ""
    interval: float = SHORTEST_INTERVAL
    options: Mapping[str, str] = {}

    @property
    def source(self) -> str:
        """What coverage and cursors call it, as ``feeds:guildford-news``."""
        return _called(self.platform, self.name)

    @property
    def authorised_until(self) -> int:
        """When the authority has run out: UTC microseconds."""
        return from_datetime(datetime.combine(self.expires, time(), UTC) + timedelta(days=1))


class ReadEntry(NamedTuple):
    """What became of an entry: ``entry`` is None if it has faults, ``source`` is empty if
    it does not say which source it is."""

    entry: SourceEntry | None
    source: str
    faults: tuple[Broken, ...]


def read_entry(field: Field) -> ReadEntry:
    """Read every field, and say everything that is wrong with them.

    Raises Broken if the entry is no mapping of fields at all.
    """
    written = fields(field, "sources")
    values: dict[str, object] = {"line": field.line}
    faults: list[Broken] = []
    for name, value in written.items():
        try:
            values[name] = _read(name, value)
        except Broken as broken:
            faults.append(broken)
    faults += (
        Broken(field.line, name, "is missing") for name in _needed(values) if name not in written
    )
    named = isinstance(values.get("name"), str) and isinstance(values.get("platform"), str)
    source = _called(str(values["platform"]), str(values["name"])) if named else ""
    entry = None if faults else msgspec.convert(values, SourceEntry)
    return ReadEntry(entry, source, tuple(faults))


def _needed(values: Mapping[str, object]) -> tuple[str, ...]:
    always = ("name", "platform", *AUTHORISATION)
    return (*always, "url") if values.get("platform") == FEEDS else always


def _called(platform: str, name: str) -> str:
    return f"{platform.partition(':')[0]}:{name}"


def _read(name: str, field: Field) -> object:
    if name == "options":
        return {key: scalar(value, key) for key, value in fields(field, name).items()}
    if name not in _READERS:
        known = ", ".join((*_READERS, "options"))
        raise Broken(field.line, name, f"is no field of a source; there are {known}")
    text = scalar(field, name)
    if not text:
        raise Broken(field.line, name, "is empty")
    try:
        return _READERS[name](text)
    except ValueError as error:
        raise Broken(field.line, name, f"{text!a} {error}") from error


def _name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError("must be 1 to 64 lower-case letters, digits, dots, hyphens or underscores")
    return text


def _platform(text: str) -> str:
    if text != FEEDS and _PLUGIN.fullmatch(text) is None:
        raise ValueError(f"is neither {FEEDS} nor a plug-in as module:attribute")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no http or https address")
    return text


def _date(text: str) -> date:
    if _DAY.fullmatch(text) is None:
        raise ValueError("is no day; write it as 2027-03-31")
    return date.fromisoformat(text)


def _interval(text: str) -> float:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("is no duration; write 15m or 1h")
    seconds = float(found[1]) * _UNIT_SECONDS[found[2]]
    if seconds < SHORTEST_INTERVAL:
        raise ValueError("is too short; 5m is the least that is polite")
    return seconds


_READERS: dict[str, Callable[[str], object]] = {
    "name": _name,
    "platform": _platform,
    "url": _url,
    "authority": str,
    "owner": str,
    "expires": _date,
    "interval": _interval,
}
