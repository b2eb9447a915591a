"""One entry of the sources file: its fields, and what each may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from ingest.yaml_fields import Broken, Field, fields, items, scalar
from model.clock import from_datetime

FEEDS = "feeds"
BLUESKY = "bluesky"
MASTODON = "mastodon"
REDDIT = "reddit"
X = "x"
SHORTEST_INTERVAL = 300.0
"""Seconds. Asking a site more often is impolite, and gets an address blocked."""

AUTHORISATION = ("authority", "owner", "expires")
"""The fields without which nothing may be collected."""
APPROVAL = "approval"
"""The field that names a platform's own approval, where one is needed."""


class Fields(NamedTuple):
    """What an entry of a platform has beside name, platform and authorisation: the fields
    that it needs, groups of which it needs one, and those that it may have."""

    needed: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self.needed + self.one_of + self.optional)


PLATFORMS: Mapping[str, Fields] = {
    FEEDS: Fields(needed=("url",), optional=("interval",)),
    BLUESKY: Fields(one_of=("terms", "authors"), optional=("languages", "url")),
    MASTODON: Fields(needed=("url", "timeline"), optional=("terms", "languages", "credential")),
    REDDIT: Fields(needed=("communities", "credential"), optional=("terms", "url")),
    X: Fields(needed=("rules", "credential", "approval"), optional=("url",)),
}
"""The platforms that are built in. A plug-in has ``url``, ``interval``, ``credential`` and
``options`` as it likes."""

_PLUGIN_FIELDS = Fields(optional=("url", "interval", "credential", "options"))
_ALWAYS = ("name", "platform", *AUTHORISATION)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PLUGIN = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_COMMUNITY = re.compile(r"[A-Za-z0-9_]{2,24}")
_DURATION = re.compile(r"([0-9]{1,6})\s*([smhd])")
_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


class SourceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One source as it is configured.

    ``platform`` is one of :data:`PLATFORMS`, or a plug-in as ``module:attribute``, for
    which alone ``options`` are. ``expires`` is the last day of the authority (UTC),
    ``interval`` is in seconds, ``credential`` the name of a secret of the settings and
    never the secret, ``approval`` the file of the platform's own approval and
    ``approved_until`` its last day, ``line`` where the entry stands.
    """

    name: str
    platform: str
    authority: str
    owner: str
    expires: date
    line: int
    url: str = ""
    interval: float = SHORTEST_INTERVAL
    timeline: str = ""
    terms: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    credential: str = ""
    approval: str = ""
    approved_until: date | None = None
    options: Mapping[str, str] = {}

    @property
    def source(self) -> str:
        """What coverage and cursors call it, as ``feeds:guildford-news``."""
        return _called(self.platform, self.name)

    @property
    def authorised_until(self) -> int:
        """When the authority, or the platform's approval, has run out: UTC microseconds."""
        last = min(self.expires, self.approved_until or self.expires)
        return from_datetime(datetime.combine(last, time(), UTC) + timedelta(days=1))


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
    faults += _unfitting(field.line, str(values.get("platform", "")), written)
    named = isinstance(values.get("name"), str) and isinstance(values.get("platform"), str)
    source = _called(str(values["platform"]), str(values["name"])) if named else ""
    entry = None if faults else msgspec.convert(values, SourceEntry)
    return ReadEntry(entry, source, tuple(faults))


def _unfitting(line: int, platform: str, written: Mapping[str, Field]) -> Iterator[Broken]:
    """What is missing in an entry, and what is of no use to its platform."""
    of = PLATFORMS.get(platform, _PLUGIN_FIELDS)
    for name in (*_ALWAYS, *of.needed):
        if name not in written:
            yield Broken(line, name, "is missing")
    if of.one_of and not any(name in written for name in of.one_of):
        cause = f"is missing, as is {' and '.join(of.one_of[1:])}; nobody may keep everything"
        yield Broken(line, of.one_of[0], cause)
    if platform in PLATFORMS:
        for name, value in written.items():
            if name in _KNOWN and name not in _ALWAYS and name not in of.known:
                yield Broken(value.line, name, f"is of no use to the platform {platform}")


def _called(platform: str, name: str) -> str:
    return f"{platform.partition(':')[0]}:{name}"


def _read(name: str, field: Field) -> object:
    if name == "options":
        return {key: scalar(value, key) for key, value in fields(field, name).items()}
    if name in _LISTS:
        found = tuple(_value(name, _LISTS[name], item) for item in items(field, name))
        if not found:
            raise Broken(field.line, name, "is empty")
        return found
    if name in _READERS:
        return _value(name, _READERS[name], field)
    raise Broken(field.line, name, f"is no field of a source; there are {', '.join(_KNOWN)}")


def _value(name: str, reader: Callable[[str], object], field: Field) -> object:
    text = scalar(field, name)
    if not text:
        raise Broken(field.line, name, "is empty")
    try:
        return reader(text)
    except ValueError as error:
        raise Broken(field.line, name, f"{text!a} {error}") from error


def _name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError("must be 1 to 64 lower-case letters, digits, dots, hyphens or underscores")
    return text


def _platform(text: str) -> str:
    if text not in PLATFORMS and _PLUGIN.fullmatch(text) is None:
        known = ", ".join(PLATFORMS)
        raise ValueError(f"is neither one of {known} nor a plug-in as module:attribute")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise ValueError("is no http or https address, nor one of a web socket")
    return text


def _timeline(text: str) -> str:
    if text in ("public", "local") or (text.startswith("#") and text[1:].isidentifier()):
        return text
    raise ValueError("is no timeline; write public, local, or a tag as '#fire'")


def _term(text: str) -> str:
    if not any(sign.isalnum() for sign in text):
        raise ValueError("has no word to look for")
    return text


def _community(text: str) -> str:
    if _COMMUNITY.fullmatch(text) is None:
        raise ValueError("is no community; write its name without r/, as guildford")
    return text


def _language(text: str) -> str:
    if _LANGUAGE.fullmatch(text) is None:
        raise ValueError("is no language; write its letters, as en or cy")
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
    "timeline": _timeline,
    "credential": _name,
    "approval": str,
}
_LISTS: dict[str, Callable[[str], object]] = {
    "terms": _term,
    "languages": _language,
    "authors": str,
    "communities": _community,
    "rules": _term,
}
_KNOWN = (*_READERS, *_LISTS, "options")
