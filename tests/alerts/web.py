"""A web service on the loopback that answers as a test tells it to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


class Service:
    """Takes messages. ``status`` is what it answers; while ``hangs`` it answers nothing."""

    def __init__(self) -> None:
        self.status = 200
        self.hangs = False
        self.received: list[dict[str, str]] = []
        self.released = Event()
        self.port = 0


@contextmanager
def web_service() -> Iterator[Service]:
    """A service that runs as long as the block."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if service.hangs:
                service.released.wait(30)
                return
            service.received.append(json.loads(body))
            self.send_response(service.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing to standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        service.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
