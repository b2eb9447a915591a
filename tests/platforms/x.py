"""X's API v2, as far as a collector uses it, from a script of posts and faults.

    with X() as server:
        server.post("fire at the mill")     # matched by every rule there is
        ...                                 # server.url, server.handed_out

Rules, filtered stream (chunked lines with keep-alives) and recent search are spoken as the
real ones are; each stream plays the next fault. Every id that was handed out is logged.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.platforms.serving import OwnedServer, Serving

LOOK_SECONDS = 0.01
START_MS = 1_795_000_000_000
EPOCH_MS = 1_288_834_974_657
SEARCH_PAGE = 10
TOKEN = "bearer-s3cret"


class Fault(NamedTuple):
    """What goes wrong in one stream: refused with ``status`` and headers, or ended after so
    many posts: ``close``, ``cut`` (in the middle of a line), ``disconnect`` (X says so)."""

    status: int = 0
    posts: int = 0
    end: str = "close"
    headers: tuple[tuple[str, str], ...] = ()


class X(Serving):
    """Serves from construction until the ``with`` block ends."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.matched: dict[str, list[dict[str, str]]] = {}
        self.rules: dict[str, dict[str, str]] = {}
        self.faults: list[Fault] = []
        self.search_faults: list[Fault] = []
        self.lines: dict[int, bytes] = {}
        self.handed_out: set[str] = set()
        self.streams = 0
        self.searches: list[dict[str, list[str]]] = []
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

    def post(self, text: str, *, seconds: int = 1) -> str:
        """Somebody posts; returns the uid."""
        self.now_ms += seconds * 1_000
        number = str(((self.now_ms - EPOCH_MS) << 22) + len(self.posts))
        data = {
            "id": number,
            "text": text,
            "created_at": "2026-11-20T18:00:00.000Z",
            "author_id": "7",
            "edit_history_tweet_ids": [number],
        }
        matched = [{"id": rule["id"], "tag": rule["tag"]} for rule in self.rules.values()]
        with self.lock:
            self.posts.append(data)
            self.matched[number] = matched
        return f"x:x.com:{number}"

    def line(self, data: bytes) -> None:
        """A line of the stream that is no post, before the next one."""
        with self.lock:
            self.lines[len(self.posts)] = data


_USERS = {"users": [{"id": "7", "username": "somebody", "name": "Some Body"}]}


class _Exchange(BaseHTTPRequestHandler):
    server: OwnedServer[X]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = parse_qs(address.query)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401, {"title": "Unauthorized", "detail": "Unauthorized"})
        elif address.path == "/2/tweets/search/stream/rules":
            self._answer(200, {"data": list(self.server.owner.rules.values())})
        elif address.path == "/2/tweets/search/stream":
            self._stream(self.server.owner)
        else:
            self._search(self.server.owner, asked)

    def do_POST(self) -> None:
        owner = self.server.owner
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for number in body.get("delete", {}).get("ids", ()):
            owner.rules.pop(number)
        for rule in body.get("add", ()):
            if "nonsense:" in rule["value"]:
                self._answer(201, {"errors": [{"title": "Invalid Rule", "detail": "nonsense"}]})
                return
            number = str(len(owner.rules) + 100)
            owner.rules[number] = {"id": number, **rule}
        self._answer(201, {"data": list(owner.rules.values())})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing."""

    def _answer(self, status: int, body: object, headers: tuple[tuple[str, str], ...] = ()) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _search(self, owner: X, asked: dict[str, list[str]]) -> None:
        owner.searches.append(asked)
        if owner.search_faults:
            fault = owner.search_faults.pop(0)
            self._answer(fault.status, {"title": "no"}, fault.headers)
            return
        with owner.lock:
            found = list(reversed(owner.posts))
        first = int(asked.get("next_token", ["0"])[0])
        page = found[first : first + SEARCH_PAGE]
        owner.handed_out.update(f"x:x.com:{post['id']}" for post in page)
        meta = {} if first + SEARCH_PAGE >= len(found) else {"next_token": str(first + SEARCH_PAGE)}
        self._answer(200, {"data": page, "includes": _USERS, "meta": meta})

    def _stream(self, owner: X) -> None:
        fault = owner.faults.pop(0) if owner.faults else None
        if fault is not None and fault.status:
            self._answer(fault.status, {"title": "no"}, fault.headers)
            return
        with owner.lock:
            first = len(owner.posts)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        owner.streams += 1
        try:
            self._send(owner, first, fault)
        except OSError:
            return  # the client hung up, as it may
        finally:
            self.close_connection = True

    def _send(self, owner: X, first: int, fault: Fault | None) -> None:
        number = first
        while not owner.ending.is_set():
            if fault is not None and number - first >= fault.posts:
                self._end(fault.end)
                return
            with owner.lock:
                post = owner.posts[number] if number < len(owner.posts) else None
                odd = owner.lines.pop(number, None)
            if odd is not None:
                self._chunk(odd + b"\r\n")
            if post is None:
                self._chunk(b"\r\n")
                owner.ending.wait(LOOK_SECONDS)
                continue
            matched = owner.matched[post["id"]]
            body = {"data": post, "includes": _USERS, "matching_rules": matched}
            self._chunk(json.dumps(body).encode() + b"\r\n")
            owner.handed_out.add(f"x:x.com:{post['id']}")
            number += 1

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _end(self, end: str) -> None:
        match end:
            case "close":
                self.wfile.write(b"0\r\n\r\n")
            case "cut":
                self._chunk(b'{"data": {"id": "17')
            case "disconnect":
                said = {"title": "operational-disconnect", "detail": "a restart"}
                self._chunk(json.dumps({"errors": [said]}).encode() + b"\r\n")
                self.server.owner.ending.wait(1)
