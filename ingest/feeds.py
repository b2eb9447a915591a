"""RSS and Atom feeds: what local sites publish, asked for politely.

A feed is asked no more often than its interval, its ``ttl`` and its ``Cache-Control``
allow, with ETag and Last-Modified so that an unchanged feed costs it nothing; what it
asks for in ``Retry-After`` is passed on to the runner, and a failing feed is asked ever
more rarely. An entry whose visible content has changed is an edit of the same post. An
entry that is no longer listed is not a deletion: feeds only ever show their latest.
"""

from __future__ import annotations

from collections import deque
from urllib.parse import urlsplit

import msgspec

from ingest.download import Download, Downloader, shown_url
from ingest.feed_entries import FeedEntry, ParsedFeed, parse_feed
from ingest.feed_memory import FeedMemory, Validators
from ingest.hygiene import Limits, check_size
from ingest.mapping import bad_item
from ingest.means import Means
from ingest.pace import Pace, retry_after
from ingest.port import BadItem, Batch, ConnectionFailed, CredentialRefused, SourceGone, State
from ingest.shapes.draft import Setting, assemble
from ingest.source_entry import SourceEntry
from model.clock import SECOND
from model.errors import ConfigurationError, RecordError
from model.post import Operation, Post, Provenance, raw_payload

PLATFORM = "feed"

_OK = 200
_NOT_MODIFIED = 304
_UNAUTHORISED = frozenset({401, 407})
_GONE = 410
_LONGEST_VALIDATOR = 1_000
_UNCHANGED = ParsedFeed(entries=(), sound=True, ttl=0.0)
_POLITE = Pace()
_LIMITS = Limits()


class _Answer(msgspec.Struct):
    """What the last poll brought: entries yet to be handed out, and what to remember
    once they are."""

    entries: deque[FeedEntry]
    listed: int
    url: str
    validators: Validators
    wait: float


class FeedSource:
    """One feed. Its posts are called ``feed:<host>:<guid or link>``.

    Raises ConfigurationError for an address that is not one of the web.
    """

    def __init__(
        self,
        name: str,
        url: str,
        downloader: Downloader,
        *,
        authority: str | None = None,
        pace: Pace = _POLITE,
        limits: Limits = _LIMITS,
    ) -> None:
        self._name = f"feeds:{name}"
        self._url = url
        self._downloader = downloader
        self._pace = pace
        self._setting = Setting(
            platform=PLATFORM,
            instance=_host(url),
            delivery=Provenance(source=self._name, collector="feeds", authority=authority),
            limits=limits,
        )
        self._memory = FeedMemory(url, {})
        self._failures = 0
        self._answer: _Answer | None = None

    @property
    def name(self) -> str:
        """``feeds:`` and the configured name."""
        return self._name

    def open(self, state: State) -> None:
        """Remember what was seen; nothing is asked yet."""
        self._memory = FeedMemory(self._url, state)
        self._answer = None

    def fetch(self, now: int, max_items: int) -> Batch:
        """New and changed entries, oldest first. A poll that brings more than
        ``max_items`` is handed out over several calls."""
        if self._answer is None:
            if (early := self._early(now)) > 0:
                return Batch(state=self._memory.state(), wait=early)
            self._answer = self._ask(now)
        posts, bad = self._hand_out(self._answer.entries, now, max_items)
        if not self._answer.entries:
            self._settle(self._answer, now)
            self._answer = None
        return Batch(
            posts=tuple(posts),
            bad=tuple(bad),
            state=self._memory.state(),
            wait=0.0 if self._answer else self._early(now),
        )

    def close(self) -> None:
        """Nothing is open between two polls."""
        self._answer = None

    def _early(self, now: int) -> float:
        """Seconds until the feed may be asked; bounded, should the clock have been put back."""
        return min(max(0.0, (self._memory.not_before - now) / SECOND), self._pace.ceiling)

    def _ask(self, now: int) -> _Answer:
        """After a failure the configured address is tried: a move may have been a mistake."""
        url = self._url if self._failures else self._memory.url
        conditions = _conditions(self._memory.validators) if url == self._memory.url else {}
        try:
            answer = self._understood(self._downloader.get(url, conditions), url, now)
        except ConnectionFailed as error:
            self._failures += 1
            wait = max(error.retry_after or 0.0, self._pace.after_failures(self._failures))
            raise ConnectionFailed(
                f"{self._name}: {error.what}", cause=error.cause, retry_after=wait
            ) from error
        self._failures = 0
        return answer

    def _understood(self, download: Download, asked: str, now: int) -> _Answer:
        _check_status(download, self._name, now)
        feed, validators = _UNCHANGED, self._memory.validators
        if download.status == _OK:
            content_type = download.headers.get("content-type", "")
            feed = parse_feed(download.body, content_type, download.url)
            validators = _validators(download) if feed.sound else Validators()
        return _Answer(
            entries=deque(feed.entries),
            listed=len(feed.entries),
            url=download.moved_to or asked,
            validators=validators,
            wait=self._pace.after_answer(download.headers, feed.ttl),
        )

    def _hand_out(
        self, entries: deque[FeedEntry], now: int, max_items: int
    ) -> tuple[list[Post], list[BadItem]]:
        posts: list[Post] = []
        bad: list[BadItem] = []
        while entries and len(posts) + len(bad) < max_items:
            entry = entries.popleft()
            news = self._memory.news(entry.native_id, entry.digest)
            if news is None:
                continue
            op, rev = news
            self._memory.remember(entry.native_id, entry.digest, rev)
            try:
                posts.append(self._post(entry, op, rev, now))
            except RecordError as error:
                bad.append(bad_item(error, entry.data, self._name))
        return posts, bad

    def _post(self, entry: FeedEntry, op: Operation, rev: int, now: int) -> Post:
        if entry.fault is not None:
            raise entry.fault
        check_size(entry.data, self._setting.limits)
        draft = msgspec.structs.replace(entry.draft, id=entry.native_id, op=op, rev=rev)
        if op == "create":
            draft.edited_at = None  # the date of an update that nobody saw before
        return assemble(draft, self._setting, raw_payload(entry.data), now)

    def _settle(self, answer: _Answer, now: int) -> None:
        self._memory.url = answer.url
        self._memory.validators = answer.validators
        self._memory.forget(answer.listed)
        self._memory.not_before = now + round(answer.wait * SECOND)


def build(entry: SourceEntry, means: Means) -> FeedSource:
    """The feed that an entry of the sources file describes."""
    return FeedSource(
        entry.name,
        entry.url,
        means.downloader,
        authority=entry.authority,
        pace=Pace(interval=entry.interval),
        limits=means.limits,
    )


def _check_status(download: Download, name: str, now: int) -> None:
    """Raises SourceError for an answer that is neither a document nor "not modified"."""
    status, shown = download.status, shown_url(download.url)
    if status in (_OK, _NOT_MODIFIED):
        return
    if status == _GONE:
        raise SourceGone(
            f"{name}: {shown} is gone",
            cause="it answered 410",
            remedy="Look for the feed's new address, or remove it from the sources file",
        )
    if status in _UNAUTHORISED:
        raise CredentialRefused(f"{name}: {shown} asks for a login", cause=f"it answered {status}")
    raise ConnectionFailed(
        f"{shown} gave no feed",
        cause=f"it answered {status}",
        retry_after=retry_after(download.headers, now),
    )


def _conditions(validators: Validators) -> dict[str, str]:
    headers = {"If-None-Match": validators.etag, "If-Modified-Since": validators.modified}
    return {name: value for name, value in headers.items() if value}


def _validators(download: Download) -> Validators:
    return Validators(
        _repeatable(download.headers.get("etag", "")),
        _repeatable(download.headers.get("last-modified", "")),
    )


def _repeatable(value: str) -> str:
    """A header can only be sent back if it is short, visible ASCII."""
    sound = value.isascii() and value.isprintable() and len(value) <= _LONGEST_VALIDATOR
    return value if sound else ""


def _host(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            f"{url!a} is no address of a feed", remedy="Give one that begins with https://"
        )
    return parts.hostname
