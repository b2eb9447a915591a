"""A Jetstream that speaks the real protocol from a script of events and faults.

    with Jetstream() as server:
        server.post("did:plc:a", "fire in the high street")
        ...                         # server.url, server.handed_out

Events are kept, as the real one keeps them, and sent from the cursor that a client asks
for; each connection plays the next fault of the script. Every id that was handed out is
logged, once for each time.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

COLLECTION = "app.bsky.feed.post"
LOOK_SECONDS = 0.01


class Event(NamedTuple):
    """One event as it goes over the wire; ``uid`` is the post that it is about."""

    time_us: int
    did: str
    uid: str
    data: str | bytes


class Fault(NamedTuple):
    """What goes wrong in one connection.

    ``status`` refuses it. ``events`` is how many are sent before it ends as ``end`` says:
    a clean close, a cut line, or silence with the connection open.
    """

    status: int = 0
    events: int = 0
    end: str = "close"
    retry_after: str = ""


class Jetstream:
    """Serves from construction until the ``with`` block ends."""

    def __init__(self, start_us: int = 1_795_000_000_000_000) -> None:
        self.events: list[Event] = []
        self.faults: list[Fault] = []
        self.handed_out: list[str] = []
        self.cursors: list[int | None] = []
        self.forgotten_before = 0
        self.now_us = start_us
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._server: Server = serve(
            self._handle, "127.0.0.1", 0, process_request=self._admit, ping_interval=None
        )
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._server.shutdown()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where to connect."""
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/subscribe"

    def post(self, did: str, text: str, langs: tuple[str, ...] = ("en",), after: int = 1) -> str:
        """Somebody posts, so many seconds after the event before; returns the uid."""
        record = {"text": text, "langs": langs, "createdAt": "2026-11-20T18:00:00Z"}
        return self._commit(did, f"k{len(self.events):05}", "create", record, after)

    def delete(self, uid: str) -> None:
        """The author takes a post back."""
        did, _, rkey = uid.split(":", 2)[2].split("/")
        self._commit(did, rkey, "delete", None, 1)

    def account(self, did: str, status: str) -> None:
        """Something becomes of an account."""
        self._event(
            did,
            f"bluesky:bsky.app:{did}",
            "account",
            1,
            {"active": False, "did": did, "status": status},
        )

    def raw(self, data: str | bytes) -> None:
        """Something that is no event at all."""
        self.now_us += 1_000_000
        with self._lock:
            self.events.append(Event(self.now_us, "", "", data))

    def _commit(self, did: str, rkey: str, operation: str, record: object, after: int) -> str:
        uid = f"bluesky:bsky.app:{did}/{COLLECTION}/{rkey}"
        body = {"operation": operation, "collection": COLLECTION, "rkey": rkey}
        if record is not None:
            body["record"] = record  # type: ignore[assignment]
        self._event(did, uid, "commit", after, body)
        return uid

    def _event(self, did: str, uid: str, kind: str, after: int, body: object) -> None:
        self.now_us += after * 1_000_000
        message = {"did": did, "time_us": self.now_us, "kind": kind, kind: body}
        with self._lock:
            self.events.append(Event(self.now_us, did, uid, json.dumps(message)))

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        fault = self.faults[0] if self.faults else Fault()
        if not fault.status:
            return None
        self.faults.pop(0)
        response = connection.respond(HTTPStatus(fault.status), "<html>no</html>")
        if fault.retry_after:
            response.headers["Retry-After"] = fault.retry_after
        return response

    def _handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        fault = self.faults.pop(0) if self.faults else None
        asked = parse_qs(urlsplit(connection.request.path).query)
        cursor = int(asked["cursor"][0]) if "cursor" in asked else None
        self.cursors.append(cursor)
        dids = set(asked.get("wantedDids", ()))
        try:
            self._send(connection, self._first(cursor), dids, fault)
        except ConnectionClosed:
            return

    def _first(self, cursor: int | None) -> int:
        with self._lock:
            if cursor is None:
                return len(self.events)
            start = max(cursor, self.forgotten_before)
            times = [event.time_us for event in self.events]
        return next((n for n, time in enumerate(times) if time >= start), len(times))

    def _send(
        self, connection: ServerConnection, first: int, dids: set[str], fault: Fault | None
    ) -> None:
        sent = 0
        while not self._ending.is_set():
            if fault is not None and sent >= fault.events:
                _ENDS[fault.end](connection, self._ending)
                return
            with self._lock:
                event = self.events[first] if first < len(self.events) else None
            if event is None:
                try:
                    connection.recv(timeout=LOOK_SECONDS)
                except TimeoutError:
                    continue
            elif not dids or event.did in dids:
                self.handed_out.append(event.uid)
                connection.send(event.data)
                sent += 1
            first += 1


def _close(connection: ServerConnection, ending: threading.Event) -> None:
    connection.close()


def _cut(connection: ServerConnection, ending: threading.Event) -> None:
    connection.socket.close()


def _silence(connection: ServerConnection, ending: threading.Event) -> None:
    while not ending.is_set():
        try:
            connection.recv(timeout=LOOK_SECONDS)
        except TimeoutError:
            continue


_ENDS: dict[str, Callable[[ServerConnection, threading.Event], None]] = {
    "close": _close,
    "cut": _cut,
    "silence": _silence,
}
