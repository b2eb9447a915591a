"""From a feed's bytes to its entries. The only module with feedparser.

An entry's raw bytes are its canonical JSON: every field as feedparser read it, keys in
order, markup untouched. Feeds have no bytes of their own per entry that survive a
broken document, so the hash of an entry covers this JSON and not the feed's XML.
"""

from __future__ import annotations

import hashlib
import io
import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser
import msgspec

from ingest.hygiene import clean_text
from ingest.plain_text import plain_text, tidy
from ingest.port import ConnectionFailed
from ingest.shapes.draft import Draft
from model.errors import MalformedRecord
from model.post import Media

_DIGEST_DIGITS = 16
_MINUTES = re.compile(r"[0-9]{1,6}")
_REFERENCE = re.compile(rb"&#([xX][0-9a-fA-F]{1,4096}|[0-9]{1,4096})(?![0-9a-fA-F]);?")
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})


class _Text(msgspec.Struct):
    value: str = ""
    type: str | None = None

    def plain(self) -> str:
        """The words, without markup if it has any."""
        return plain_text(self.value) if self.type in _HTML_TYPES else tidy(self.value)


class _Link(msgspec.Struct):
    href: str = ""
    rel: str | None = None
    type: str | None = None


class _Tag(msgspec.Struct):
    term: str | None = None


class _Position(msgspec.Struct):
    """GeoRSS as feedparser gives it; lines and areas have coordinates of another depth."""

    type: str = ""
    coordinates: msgspec.Raw = msgspec.Raw(b"null")


class _Entry(msgspec.Struct, kw_only=True):
    id: str = ""
    link: str = ""
    title_detail: _Text = msgspec.field(default_factory=_Text)
    summary_detail: _Text = msgspec.field(default_factory=_Text)
    content: tuple[_Text, ...] = ()
    author: str | None = None
    language: str | None = None
    links: tuple[_Link, ...] = ()
    tags: tuple[_Tag, ...] = ()
    published_parsed: str | None = None
    updated_parsed: str | None = None
    where: _Position | None = None


_ENTRY = msgspec.json.Decoder(_Entry)
_POINT = msgspec.json.Decoder(tuple[float, float])


class FeedEntry(NamedTuple):
    """One entry: what names it, a digest of what a reader sees of it, its canonical
    JSON, and its draft or else its fault. ``native_id`` is empty for an entry that has
    neither guid nor link."""

    native_id: str
    digest: str
    data: bytes
    draft: Draft
    fault: MalformedRecord | None = None


class ParsedFeed(NamedTuple):
    """A feed's entries, oldest first as far as the feed's order tells.

    ``sound`` is false if the document is broken: then entries may be missing.
    ``ttl`` is how long the feed asks to be left alone, in seconds.
    """

    entries: tuple[FeedEntry, ...]
    sound: bool
    ttl: float


def parse_feed(body: bytes, content_type: str, url: str) -> ParsedFeed:
    """The entries of an RSS, Atom or similar document.

    ``url`` is where it was read from, for relative links. Raises ConnectionFailed if it
    is no feed at all.
    """
    # As a stream, because feedparser would open bytes that look like an address.
    parsed = feedparser.parse(
        io.BytesIO(_REFERENCE.sub(_mended, body)),
        response_headers={"content-type": content_type, "content-location": url},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    if not parsed.get("version") and not parsed.entries:
        raise ConnectionFailed(
            "the answer is no feed", cause=f"it is {content_type or 'of no stated type'}"
        )
    language = str(parsed.feed.get("language") or "")
    entries = [_entry(entry, url, language) for entry in parsed.entries]
    return ParsedFeed(
        entries=tuple(reversed(_told_apart(entries))),
        sound=not isinstance(parsed.get("bozo_exception"), SAXException),
        ttl=_seconds(parsed.feed.get("ttl")),
    )


def _mended(reference: re.Match[bytes]) -> bytes:
    """feedparser dies of a reference to what is no character, as ``&#xD800;``."""
    digits = reference[1].lower()
    number = int(digits[1:], 16) if digits.startswith(b"x") else int(digits)
    sound = 0 < number < 0xD800 or 0xE000 <= number <= 0x10FFFF
    return reference[0] if sound else b"&#xFFFD;"


def _entry(parsed: object, url: str, language: str) -> FeedEntry:
    data = msgspec.json.encode(_plain(parsed), order="deterministic")
    try:
        entry = _ENTRY.decode(data)
        draft = _draft(entry, url, language)
    except ValueError as error:
        fault = MalformedRecord("an entry that cannot be understood", cause=str(error))
        return FeedEntry("", _digest(data), data, Draft(), fault)
    seen = "\x1f".join((draft.title or "", draft.text or "", draft.url or ""))
    return FeedEntry(entry.id or draft.url or "", _digest(seen.encode()), data, draft)


def _draft(entry: _Entry, url: str, language: str) -> Draft:
    title = entry.title_detail.plain()
    body = (entry.content[0] if entry.content else entry.summary_detail).plain()
    lang = (entry.language or language).partition("-")[0].lower()
    draft = Draft(
        kind="article",
        title=title or None,
        text=body if body.startswith(title) else f"{title}\n{body}".strip(),
        url=urljoin(url, entry.link) if entry.link else None,
        published_at=entry.published_parsed or entry.updated_parsed,
        edited_at=entry.updated_parsed,
        author_name=entry.author or None,
        langs=(lang,) if lang else (),
        labels=tuple(tag.term for tag in entry.tags if tag.term),
        media=tuple(
            Media(url=urljoin(url, link.href), kind=link.type)
            for link in entry.links
            if link.rel == "enclosure" and link.href
        ),
    )
    if entry.where is not None and entry.where.type == "Point":
        draft.lon, draft.lat = _POINT.decode(entry.where.coordinates)
    return draft


def _told_apart(entries: Sequence[FeedEntry]) -> list[FeedEntry]:
    """Some feeds give all their entries the same guid; then the guid names nothing, and
    an entry is named by its content as well."""
    distinct = {(entry.native_id, entry.digest): entry for entry in entries}
    count = Counter(native_id for native_id, _ in distinct if native_id)
    return [
        entry._replace(native_id=f"{native_id}#{digest}") if count[native_id] > 1 else entry
        for (native_id, digest), entry in distinct.items()
    ]


def _plain(value: object) -> object:
    """What feedparser made of an entry, as plain JSON values; times in ISO 8601, UTC."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, time.struct_time):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", value)
    if isinstance(value, dict):
        return {clean_text(str(name)): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGEST_DIGITS]


def _seconds(ttl: object) -> float:
    """RSS states its time to live in minutes."""
    return float(ttl) * 60 if isinstance(ttl, str) and _MINUTES.fullmatch(ttl) else 0.0
