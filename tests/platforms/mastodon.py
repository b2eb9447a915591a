"""A Mastodon server that speaks the real protocol from a script of statuses and faults.

    with Mastodon() as server:
        server.post("fire at the mill")
        ...                         # server.url, server.handed_out

The timeline can be paged with ``min_id`` and is streamed as server-sent events with a
heartbeat; each stream plays the next fault of the script. Every id that was handed out by
the stream or a page is logged.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.platforms.serving import OwnedServer, Serving

LOOK_SECONDS = 0.01
START_MS = 1_795_000_000_000


class Fault(NamedTuple):
    """What goes wrong in one stream: refused with ``status``, or ended after so many
    events: ``close`` (cleanly), ``cut`` (in the middle of an event), ``silence``."""

    status: int = 0
    events: int = 0
    end: str = "close"


class Mastodon(Serving):
    """Serves from construction until the ``with`` block ends."""

    def __init__(self) -> None:
        self.statuses: dict[int, dict[str, Any]] = {}
        self.events: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.page_faults: list[tuple[int, dict[str, str]]] = []
        self.handed_out: set[str] = set()
        self.streams = 0
        self.pages: list[str] = []
        self.authorizations: set[str] = set()
        self.token = ""
        self.now_ms = START_MS
        super().__init__(_Exchange)

    @property
    def url(self) -> str:
        """The server's address."""
        return self.address

    @property
    def now_us(self) -> int:
        """Its clock, in microseconds."""
        return self.now_ms * 1_000

    def post(self, text: str, *, late_ms: int = 0, seconds: int = 1) -> str:
        """Somebody posts; a late one is numbered as if it had come so much earlier."""
        self.now_ms += seconds * 1_000
        number = ((self.now_ms - late_ms) << 16) + len(self.statuses)
        status = {
            "id": str(number),
            "uri": f"https://example.social/statuses/{number}",
            "created_at": "2026-11-20T18:00:00.000Z",
            "content": f"<p>{text}</p>",
            "visibility": "public",
            "language": "en",
            "account": {"id": "7", "acct": "somebody", "url": "https://example.social/@somebody"},
        }
        with self.lock:
            self.statuses[number] = status
            self.events.append(("update", json.dumps(status)))
        return f"mastodon:127.0.0.1:{number}"

    def edit(self, uid: str, text: str) -> None:
        """The author changes a status."""
        number = int(uid.rpartition(":")[2])
        with self.lock:
            changed = {"content": f"<p>{text}</p>", "edited_at": "2026-11-20T19:00:00.000Z"}
            self.statuses[number] |= changed
            self.events.append(("status.update", json.dumps(self.statuses[number])))

    def delete(self, uid: str) -> None:
        """The author takes a status back."""
        number = int(uid.rpartition(":")[2])
        with self.lock:
            self.statuses.pop(number)
            self.events.append(("delete", str(number)))

    def event(self, kind: str, data: str) -> None:
        """Any other event."""
        with self.lock:
            self.events.append((kind, data))

    def page(self, min_id: int, limit: int) -> list[dict[str, Any]]:
        """The oldest statuses after a number, the newest of them first."""
        with self.lock:
            numbers = sorted(number for number in self.statuses if number > min_id)[:limit]
            found = [self.statuses[number] for number in reversed(numbers)]
            self.handed_out.update(f"mastodon:127.0.0.1:{number}" for number in numbers)
        return found


class _Exchange(BaseHTTPRequestHandler):
    server: OwnedServer[Mastodon]

    def do_GET(self) -> None:
        owner = self.server.owner
        address = urlsplit(self.path)
        if owner.token and self.headers.get("Authorization") != f"Bearer {owner.token}":
            self._refuse(401)
        elif "/streaming/" in address.path:
            self._stream(owner)
        else:
            owner.pages.append(self.path)
            self._page(owner, parse_qs(address.query))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing."""

    def _refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
        body = b"<html>no</html>"
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _page(self, owner: Mastodon, asked: dict[str, list[str]]) -> None:
        if owner.page_faults:
            self._refuse(*owner.page_faults.pop(0))
            return
        body = json.dumps(owner.page(int(asked["min_id"][0]), int(asked["limit"][0]))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, owner: Mastodon) -> None:
        fault = owner.faults.pop(0) if owner.faults else None
        if fault is not None and fault.status:
            self._refuse(fault.status)
            return
        with owner.lock:
            first = len(owner.events)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b":)\n")
        self.wfile.flush()
        owner.streams += 1
        try:
            self._send(owner, first, fault)
        except OSError:
            return  # the client hung up, as it may

    def _send(self, owner: Mastodon, first: int, fault: Fault | None) -> None:
        number = first
        while not owner.ending.is_set():
            if fault is not None and number - first >= fault.events:
                self._end(owner, fault.end)
                return
            with owner.lock:
                event = owner.events[number] if number < len(owner.events) else None
            if event is None:
                self.wfile.write(b":thump\n")
                self.wfile.flush()
                owner.ending.wait(LOOK_SECONDS)
                continue
            kind, data = event
            self.wfile.write(f"event: {kind}\ndata: {data}\n\n".encode("utf-8", "replace"))
            self.wfile.flush()
            if kind == "update":
                owner.handed_out.add(f"mastodon:127.0.0.1:{json.loads(data)['id']}")
            number += 1

    def _end(self, owner: Mastodon, end: str) -> None:
        if end == "cut":
            self.wfile.write(b'event: update\ndata: {"id": "17')
            self.wfile.flush()
        elif end == "silence":
            owner.ending.wait()
