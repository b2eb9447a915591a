"""Bluesky: the whole network's posts by Jetstream, of which a source keeps its own.

Jetstream sends every event from a cursor on, a time in microseconds, and keeps about a day
and a half. Its times can go backwards a little, so a resumed stream begins some seconds
before the last event: what comes twice is the same event again. Deletions of posts and of
accounts come in the same stream; which posts were kept is not remembered here, so all
deletions go through, of which each holds an id and nothing more.

The wire is that of Jetstream's ``/subscribe`` (README of bluesky-social/jetstream).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from ingest.hygiene import Limits
from ingest.mapping import Mapper, bad_item
from ingest.means import Means, wanted
from ingest.port import BadItem, Batch, ConnectionFailed, SourceGone, State
from ingest.shapes.bluesky import INSTANCE, PLATFORM
from ingest.shapes.draft import Setting
from ingest.source_entry import SourceEntry
from ingest.terms import Filter, Wanted
from model.clock import HOUR, SECOND
from model.coverage import CoverageGap
from model.errors import ConfigurationError, RecordError
from model.post import REMOVALS, Post, Provenance

JETSTREAM = "wss://jetstream2.us-east.bsky.network/subscribe"
COLLECTION = "app.bsky.feed.post"

_OPEN_SECONDS = 20.0
_FRAME_BYTES = 32 * 1_048_576
_MOMENT = 0.25
"""How long a call waits for a first event, in seconds."""
_LIMITS = Limits()
_TOO_MANY = 429


class JetstreamPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a stream is resumed and when it counts as dead.

    ``rewind`` and ``silence`` are seconds, ``window`` is what the server keeps, in
    microseconds. A cursor is kept at least every ``mark_seconds``, also when nothing passes.
    """

    rewind: float = 5.0
    silence: float = 60.0
    window: int = 36 * HOUR
    mark_seconds: float = 5.0


_POLICY = JetstreamPolicy()


class _Stamp(msgspec.Struct):
    time_us: int
    kind: str = "commit"


class _Event(NamedTuple):
    data: bytes
    stamp: _Stamp | None


_STAMP = msgspec.json.Decoder(_Stamp)


class BlueskySource:
    """One selection from Bluesky's stream.

    Raises ConfigurationError for an address that is none of a web socket.
    """

    def __init__(
        self,
        name: str,
        wanted: Wanted,
        *,
        url: str = JETSTREAM,
        authority: str | None = None,
        policy: JetstreamPolicy = _POLICY,
        limits: Limits = _LIMITS,
    ) -> None:
        if not url.startswith(("ws://", "wss://")):
            raise ConfigurationError(
                f"{url!a} is no address of a stream", remedy="Give one that begins with wss://"
            )
        self._name = f"{PLATFORM}:{name}"
        self._url = url
        self._wanted = wanted
        self._filter = Filter(wanted)
        self._policy = policy
        delivery = Provenance(source=self._name, collector=PLATFORM, authority=authority)
        setting = Setting(platform=PLATFORM, instance=INSTANCE, delivery=delivery, limits=limits)
        self._mapper = Mapper(setting, shape="bluesky-event")
        self._socket: ClientConnection | None = None
        self._connection = contextlib.ExitStack()
        self._resume = _Resume(None, _POLICY, selected=False)
        self._cursor: int | None = None
        self._marked: int | None = None
        self._heard_at = 0

    @property
    def name(self) -> str:
        """``bluesky:`` and the configured name."""
        return self._name

    def open(self, state: State) -> None:
        """Connect, and ask for what came since the cursor in ``state``."""
        cursor = state.get("cursor")
        self._cursor = self._marked = int(cursor) if cursor is not None else None
        self._resume = _Resume(self._cursor, self._policy, selected=bool(self._wanted.authors))
        self._socket = _connected(self._name, self._address(), self._connection)
        self._heard_at = 0

    def fetch(self, now: int, max_items: int) -> Batch:
        """The events that have come, at most ``max_items`` of them handed out."""
        socket = self._socket
        if socket is None:
            raise ConnectionFailed(f"{self._name} is not connected")
        posts: list[Post] = []
        bad: list[BadItem] = []
        gaps = list(self._resume.begun(now))
        for event in self._received(socket, max_items, now):
            if event.stamp is not None:
                gaps += self._resume.passed(event.stamp.time_us)
                self._cursor = max(self._cursor or 0, event.stamp.time_us)
            self._sort(event, now, posts, bad)
        gaps += self._resume.rested(self._heard_at, now)
        if posts or bad or gaps or self._is_time_to_mark():
            self._marked = self._cursor
        state: State = {} if self._marked is None else {"cursor": self._marked}
        return Batch(posts=tuple(posts), bad=tuple(bad), state=state, gaps=tuple(gaps))

    def close(self) -> None:
        """Disconnect."""
        self._socket = None
        with contextlib.suppress(WebSocketException, OSError):
            self._connection.close()

    def _received(self, socket: ClientConnection, most: int, now: int) -> Iterator[_Event]:
        """What has come, after a short wait for the first.

        Raises ConnectionFailed when the connection has ended, or has been silent for too
        long; what came before its end was handed out by earlier calls.
        """
        wait = _MOMENT
        for number in range(most):
            try:
                data = socket.recv(timeout=wait, decode=False)
            except TimeoutError:
                break
            except ConnectionClosed as error:
                if number:
                    break
                raise ConnectionFailed(
                    f"{self._name}: the stream ended", cause=str(error)
                ) from error
            wait = 0.0
            self._heard_at = now
            yield _Event(bytes(data), _stamp(bytes(data)))
        self._check_silence(now)

    def _check_silence(self, now: int) -> None:
        """A whole network is never silent; a few authors may well be, and pings tell then."""
        if self._wanted.authors:
            return
        self._heard_at = self._heard_at or now
        if now - self._heard_at > self._policy.silence * SECOND:
            raise ConnectionFailed(
                f"{self._name}: the stream is silent",
                cause=f"no event for {self._policy.silence:g} seconds",
            )

    def _sort(self, event: _Event, now: int, posts: list[Post], bad: list[BadItem]) -> None:
        if event.stamp is not None and event.stamp.kind not in ("commit", "account"):
            return
        try:
            post = self._mapper.post(event.data, now)
        except RecordError as error:
            if event.stamp is None or event.stamp.kind == "commit":
                bad.append(bad_item(error, event.data, self._name))
            return
        if post.op in REMOVALS or self._filter.passes(post):
            posts.append(post)

    def _is_time_to_mark(self) -> bool:
        if self._cursor is None:
            return False
        return self._cursor - (self._marked or 0) >= self._policy.mark_seconds * SECOND

    def _address(self) -> str:
        query = [("wantedCollections", COLLECTION)]
        query += [("wantedDids", author) for author in self._wanted.authors]
        if self._cursor is not None:
            query.append(("cursor", str(self._cursor - round(self._policy.rewind * SECOND))))
        return f"{self._url}?{urlencode(query)}"


def build(entry: SourceEntry, means: Means) -> BlueskySource:
    """The stream that an entry of the sources file describes."""
    return BlueskySource(
        entry.name,
        wanted(entry),
        url=entry.url or JETSTREAM,
        authority=entry.authority,
        limits=means.limits,
    )


class _Resume:
    """What is known of the time between the cursor and the new connection.

    The server does not say that a cursor is too old: it begins with the oldest that it
    has. Nor does it say when the past is over: that shows by the time of the events.
    """

    def __init__(self, cursor: int | None, policy: JetstreamPolicy, *, selected: bool) -> None:
        self._cursor = cursor
        self._policy = policy
        self._selected = selected
        self._connected_at = 0
        self._is_first = True

    def begun(self, now: int) -> Iterator[CoverageGap]:
        """The first look after connecting: what the server cannot have any more."""
        if self._cursor is None or self._connected_at:
            return
        self._connected_at = now
        yield from self._lost(now - self._policy.window)

    def passed(self, time: int) -> Iterator[CoverageGap]:
        """An event of this time has come."""
        if self._cursor is None:
            return
        if self._is_first and not self._selected:
            self._is_first = False
            if time - self._cursor > self._policy.silence * SECOND:
                yield from self._lost(time)
        if time >= self._connected_at:
            yield from self._filled()

    def rested(self, heard_at: int, now: int) -> Iterator[CoverageGap]:
        """Nothing more has come for a while: a backlog would have."""
        if self._cursor is not None and self._selected:
            since = max(heard_at, self._connected_at)
            if now - since > self._policy.rewind * SECOND:
                yield from self._filled()

    def _lost(self, until: int) -> Iterator[CoverageGap]:
        if self._cursor is not None and until > self._cursor:
            reason = "the stream no longer had what came in this time"
            yield CoverageGap(since=self._cursor, until=until, state="blind", reason=reason)
            self._cursor = until

    def _filled(self) -> Iterator[CoverageGap]:
        cursor, self._cursor = self._cursor, None
        if cursor is not None and cursor < self._connected_at:
            yield CoverageGap(
                since=cursor,
                until=self._connected_at,
                state="backfilled",
                reason="sent again by the stream after a new connection",
            )


def _stamp(data: bytes) -> _Stamp | None:
    try:
        return _STAMP.decode(data)
    except msgspec.MsgspecError:
        return None


def _connected(name: str, address: str, until: contextlib.ExitStack) -> ClientConnection:
    try:
        return until.enter_context(
            connect(
                address,
                open_timeout=_OPEN_SECONDS,
                close_timeout=1,
                max_size=_FRAME_BYTES,
                proxy=None,
                user_agent_header="Tocsin/1",
            )
        )
    except InvalidStatus as error:
        raise _refused(name, error) from error
    except (WebSocketException, OSError) as error:
        cause = str(error) or type(error).__name__
        raise ConnectionFailed(f"{name}: no connection", cause=cause) from error


def _refused(name: str, error: InvalidStatus) -> ConnectionFailed | SourceGone:
    status = error.response.status_code
    cause = f"it answered {status}"
    if status == 410:
        return SourceGone(f"{name}: the stream is gone", cause=cause)
    asked = error.response.headers.get("Retry-After", "")
    patience = float(asked) if asked.isdigit() else (60.0 if status == _TOO_MANY else None)
    return ConnectionFailed(f"{name}: no connection", cause=cause, retry_after=patience)
