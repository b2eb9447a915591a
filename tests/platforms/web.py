"""A web server whose answers are scripted, one after the other, per path.

    with WebServer({"/feed": [Reply(body=b"<rss/>"), Reply(status=304)]}) as server:
        ...                         # server.url("/feed"), server.requests

The last reply of a path is given again and again. Whatever the server was asked is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

from tests.platforms.serving import OwnedServer, Serving

ENDLESS_PART = b" " * 65_536
DRIP_SECONDS = 0.02


class Request(NamedTuple):
    """What was asked: path and headers by lower-case name."""

    path: str
    headers: Mapping[str, str]


class Reply(NamedTuple):
    """One answer. ``deliver`` sends the body, by default whole and with its length."""

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""
    deliver: Callable[[Exchange, bytes], None] | None = None


class WebServer(Serving):
    """Serves from construction until the ``with`` block ends."""

    def __init__(self, script: Mapping[str, Sequence[Reply]]) -> None:
        self.requests: list[Request] = []
        self._script = {path: list(replies) for path, replies in script.items()}
        super().__init__(Exchange)

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"{self.address}{path}"

    def script(self, path: str, *replies: Reply) -> None:
        """Replace what is left of a path's script."""
        with self.lock:
            self._script[path] = list(replies)

    def next_reply(self, request: Request) -> Reply:
        """What the script has for this request."""
        with self.lock:
            self.requests.append(request)
            replies = self._script.get(request.path, [Reply(status=404)])
            return replies.pop(0) if len(replies) > 1 else replies[0]


class Exchange(BaseHTTPRequestHandler):
    """One request and its answer."""

    server: OwnedServer[WebServer]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer as scripted, and close, so that every question is a request of its own."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.owner.next_reply(Request(self.path, headers))
        try:
            self.send_response(reply.status)
            self.send_header("Connection", "close")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            (reply.deliver or whole)(self, reply.body)
        except (BrokenPipeError, ConnectionResetError):
            return  # the client has had enough, as it should

    def ending(self, seconds: float | None = None) -> bool:
        """Wait; whether the server is about to end."""
        return self.server.owner.ending.wait(seconds)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing."""


def whole(exchange: Exchange, body: bytes) -> None:
    """The body with its length."""
    exchange.send_header("Content-Length", str(len(body)))
    exchange.end_headers()
    exchange.wfile.write(body)


def half(exchange: Exchange, body: bytes) -> None:
    """The first half of a body whose whole length is announced; then the line is cut."""
    exchange.send_header("Content-Length", str(len(body)))
    exchange.end_headers()
    exchange.wfile.write(body[: len(body) // 2])


def stalled(exchange: Exchange, body: bytes) -> None:
    """The beginning of a body, and then nothing, with the connection open."""
    exchange.send_header("Content-Length", str(len(body) + 1))
    exchange.end_headers()
    exchange.wfile.write(body)
    exchange.wfile.flush()
    exchange.ending()


def dripping(exchange: Exchange, body: bytes) -> None:
    """A byte at a time, never silent and never done."""
    exchange.end_headers()
    while not exchange.ending(DRIP_SECONDS):
        exchange.wfile.write(body[:1])
        exchange.wfile.flush()


def endless(exchange: Exchange, body: bytes) -> None:
    """The body, and then more than anybody wants."""
    exchange.end_headers()
    exchange.wfile.write(body)
    while not exchange.ending(0):
        exchange.wfile.write(ENDLESS_PART)
