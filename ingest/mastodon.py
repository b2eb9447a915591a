"""Mastodon: a server's public, local or hashtag timeline, streamed, with its past filled in.

The stream brings statuses, edits and deletions as they happen, also of statuses that
arrive late from other servers, but it has no cursor. So after every new connection the
time since the last sign of life is read again from the timeline, a little more than that
because servers give late statuses old numbers, and only when that is done does coverage
say that it was filled.

Endpoints and events as documented under "Mastodon API: streaming" and "timelines".
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from ingest.download import Download, Downloader
from ingest.event_stream import EventStream, Refused, ServerEvent, StreamLimits
from ingest.hygiene import Limits
from ingest.mapping import Mapper, bad_item
from ingest.means import Means, wanted
from ingest.pace import retry_after
from ingest.port import (
    BadItem,
    Batch,
    ConnectionFailed,
    CredentialRefused,
    SourceGone,
    State,
)
from ingest.shapes.draft import Draft, Setting, assemble
from ingest.shapes.mastodon import PLATFORM
from ingest.source_entry import SourceEntry
from ingest.terms import Filter, Wanted
from model.clock import DAY, MILLISECOND, MINUTE, SECOND
from model.coverage import CoverageGap, CoverageState
from model.errors import ConfigurationError, RecordError
from model.post import REMOVALS, Post, Provenance, raw_payload

_MOMENT = 0.25
"""How long a call waits for a first event, in seconds."""
_PAGE = 40
_NUMBER_SHIFT = 16
"""A status is numbered by its milliseconds, above sixteen bits that tell apart."""
_NO_ENTRY = frozenset({401, 403, 422})
_GONE = 410
_OK = 200
_LIMITS = Limits()
_STREAM = StreamLimits()


class MastodonPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How far the past is read again, in microseconds: ``overlap`` before the last sign of
    life, and no further back than ``furthest``, one page every ``page_pause``, and after a refusal
    not before ``refused_pause``. The sign of
    life in the state is renewed every ``mark``."""

    overlap: int = 10 * MINUTE
    furthest: int = 7 * DAY
    mark: int = 5 * SECOND
    page_pause: int = SECOND
    refused_pause: int = MINUTE


_POLICY = MastodonPolicy()


class Timeline(NamedTuple):
    """A timeline of a server: ``public``, ``local``, or ``hashtag`` with its tag."""

    kind: str
    tag: str = ""

    @classmethod
    def read(cls, text: str) -> Timeline:
        """As it is configured: ``public``, ``local`` or ``#fire``. Raises ConfigurationError."""
        if text.startswith("#") and text[1:].isidentifier():
            return cls("hashtag", text[1:].lower())
        if text in ("public", "local"):
            return cls(text)
        raise ConfigurationError(
            f"{text!a} is no timeline", remedy="Write public, local, or a tag as #fire"
        )

    @property
    def stream(self) -> str:
        """Where its stream is."""
        if self.kind == "hashtag":
            return f"/api/v1/streaming/hashtag?{urlencode({'tag': self.tag})}"
        return "/api/v1/streaming/public" + ("/local" if self.kind == "local" else "")

    def page(self, after: int) -> str:
        """Where the oldest statuses after a number are."""
        asked = {"min_id": str(after), "limit": str(_PAGE)}
        if self.kind == "hashtag":
            return f"/api/v1/timelines/tag/{quote(self.tag)}?{urlencode(asked)}"
        asked |= {"local": "true"} if self.kind == "local" else {}
        return f"/api/v1/timelines/public?{urlencode(asked)}"


class _Past(msgspec.Struct):
    """A time that is being read again: from ``since`` to ``until``, now after a number,
    and not before the server wants to be asked again."""

    since: int
    until: int
    after: int
    not_before: int = 0


class MastodonSource:
    """One timeline of one server. ``token`` is a user's, which most servers ask for."""

    def __init__(
        self,
        name: str,
        server: str,
        timeline: Timeline,
        downloader: Downloader,
        *,
        wanted: Wanted | None = None,
        token: str = "",
        authority: str | None = None,
        policy: MastodonPolicy = _POLICY,
        stream_limits: StreamLimits = _STREAM,
        limits: Limits = _LIMITS,
    ) -> None:
        self._name = f"{PLATFORM}:{name}"
        self._server = server.rstrip("/")
        self._timeline = timeline
        self._downloader = downloader
        self._filter = Filter(wanted or Wanted())
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._policy = policy
        self._stream_limits = stream_limits
        host = urlsplit(server).hostname or ""
        delivery = Provenance(source=self._name, collector=PLATFORM, authority=authority)
        self._setting = Setting(platform=PLATFORM, instance=host, delivery=delivery, limits=limits)
        self._mapper = Mapper(self._setting, shape="mastodon", server=host)
        self._stream: EventStream | None = None
        self._seen_at: int | None = None
        self._marked: int | None = None
        self._past: _Past | None = None
        self._reached = 0
        self._is_fresh = True

    @property
    def name(self) -> str:
        """``mastodon:`` and the configured name."""
        return self._name

    def open(self, state: State) -> None:
        """Connect the stream first, so that nothing falls between it and the past."""
        seen_at = state.get("seen_at")
        self._seen_at = self._marked = int(seen_at) if seen_at is not None else None
        self._reached = int(state.get("after") or 0)
        self._past, self._is_fresh = None, True
        try:
            self._stream = EventStream(
                self._server + self._timeline.stream, self._headers, self._stream_limits
            )
        except Refused as error:
            raise self._explained(error) from error

    def fetch(self, now: int, max_items: int) -> Batch:
        """A page of the past while there is one, and then what the stream brings."""
        if self._stream is None:
            raise ConnectionFailed(f"{self._name} is not connected")
        if self._is_fresh:
            self._is_fresh = False
            self._past = self._missed(now)
        if self._past is not None and now >= self._past.not_before:
            return self._fill(self._past, now, max_items)
        posts, bad = self._sorted(self._stream.take(max_items, _MOMENT), now)
        if self._past is None:
            self._seen_at = now
        return self._batch(posts, bad)

    def close(self) -> None:
        """Disconnect."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _missed(self, now: int) -> _Past | None:
        if self._seen_at is None:
            return None
        since = max(self._seen_at, now - self._policy.furthest)
        return _Past(since, now, max(self._reached, _number(since - self._policy.overlap)))

    def _fill(self, past: _Past, now: int, max_items: int) -> Batch:
        past.not_before = now + self._policy.page_pause
        answer = self._downloader.get(self._server + self._timeline.page(past.after), self._headers)
        if answer.status in _NO_ENTRY:
            return self._filled(past, "blind", "the server does not show its past to us")
        if answer.status != _OK:
            asked = round(retry_after(answer.headers, now) * SECOND)
            past.not_before = now + max(asked, self._policy.refused_pause)
            return self._batch([], [])
        statuses = sorted(_statuses(answer, self._name), key=_number_of)[:max_items]
        if not statuses or _number_of(statuses[-1]) <= past.after:
            return self._filled(past, "backfilled", "read again from the server's timeline")
        past.after = _number_of(statuses[-1])
        return self._batch(
            *self._sorted([ServerEvent("update", bytes(one)) for one in statuses], now)
        )

    def _filled(self, past: _Past, state: CoverageState, reason: str) -> Batch:
        self._past, self._reached = None, 0
        self._seen_at = past.until
        gap = CoverageGap(since=past.since, until=past.until, state=state, reason=reason)
        return self._batch([], [], gap)

    def _sorted(self, events: list[ServerEvent], now: int) -> tuple[list[Post], list[BadItem]]:
        posts: list[Post] = []
        bad: list[BadItem] = []
        for event in events:
            try:
                post = self._post(event, now)
            except RecordError as error:
                bad.append(bad_item(error, event.data, self._name))
                continue
            if post is not None and (post.op in REMOVALS or self._filter.passes(post)):
                posts.append(post)
        return posts, bad

    def _post(self, event: ServerEvent, now: int) -> Post | None:
        match event.kind:
            case "update" | "status.update":
                return self._mapper.post(event.data, now)
            case "delete":
                number = event.data.decode("ascii", "replace").strip()
                gone = Draft(id=number, op="delete", deleted_at=now)
                return assemble(gone, self._setting, raw_payload(event.data), now)
            case _:
                return None  # filters, announcements and the like

    def _batch(self, posts: list[Post], bad: list[BadItem], *gaps: CoverageGap) -> Batch:
        return Batch(posts=tuple(posts), bad=tuple(bad), state=self._state(), gaps=gaps)

    def _state(self) -> State:
        """While the past is read the state stays at its beginning, and says how far it got."""
        if self._past is not None:
            return {"seen_at": self._marked, "after": self._past.after}
        seen_at, marked = self._seen_at, self._marked
        if seen_at is not None and (marked is None or seen_at - marked >= self._policy.mark):
            self._marked = seen_at
        return {} if self._marked is None else {"seen_at": self._marked}

    def _explained(self, error: Refused) -> ConnectionFailed | CredentialRefused | SourceGone:
        if error.status in _NO_ENTRY:
            return CredentialRefused(
                f"{self._name}: the server does not stream to us",
                cause=error.cause,
                remedy="Name a token of a user of that server as the source's credential",
            )
        if error.status == _GONE:
            return SourceGone(f"{self._name}: the stream is gone", cause=error.cause)
        return error


def build(entry: SourceEntry, means: Means) -> MastodonSource:
    """The timeline that an entry of the sources file describes. Raises ConfigurationError."""
    return MastodonSource(
        entry.name,
        entry.url,
        Timeline.read(entry.timeline),
        means.downloader,
        wanted=wanted(entry),
        token=means.secret(entry),
        authority=entry.authority,
        limits=means.limits,
    )


class _Numbered(msgspec.Struct):
    id: str


_NUMBERED = msgspec.json.Decoder(_Numbered)
_PAGE_OF = msgspec.json.Decoder(list[msgspec.Raw])


def _statuses(answer: Download, name: str) -> list[msgspec.Raw]:
    try:
        return _PAGE_OF.decode(answer.body)
    except msgspec.MsgspecError as error:
        raise ConnectionFailed(f"{name}: no page of statuses", cause=str(error)) from error


def _number_of(status: msgspec.Raw) -> int:
    try:
        number = _NUMBERED.decode(status).id
    except msgspec.MsgspecError:
        return 0
    return int(number) if number.isascii() and number.isdigit() else 0


def _number(time: int) -> int:
    """The least number that a status of a time (UTC microseconds) can have."""
    return max(0, time // MILLISECOND) << _NUMBER_SHIFT
