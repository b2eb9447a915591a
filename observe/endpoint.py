"""A small web server in a thread: ``/metrics`` for Prometheus, ``/health`` for whoever
restarts what hangs."""

from __future__ import annotations

import errno
import threading
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST

from model.errors import ConfigurationError
from observe.page import Page

PORTS = 32
"""How many ports are tried, so that the processes of one machine find one each."""

_PLAIN = "text/plain; charset=utf-8"


class Endpoint:
    """Serves a page on the first free port from ``port`` on; 0 lets the system choose.

    Raises ConfigurationError when the address is not this machine's, or no port is free.
    """

    def __init__(self, page: Page, address: str, port: int) -> None:
        self._server = _listen(page, address, port)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    server_version = "tocsin"
    sys_version = ""
    timeout = 10

    def __init__(self, page: Page, *arguments: object) -> None:
        self._page = page
        super().__init__(*arguments)  # type: ignore[arg-type]  # the server hands them over

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, self._page.text())
        elif path == "/health" and self._page.alive:
            self._answer(HTTPStatus.OK, _PLAIN, b"well\n")
        elif path == "/health":
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, b"silent\n")
        else:
            self._answer(HTTPStatus.NOT_FOUND, _PLAIN, b"only /metrics and /health are here\n")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the base's name
        """Being asked is nothing to tell."""

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _listen(page: Page, address: str, port: int) -> _Server:
    handler = partial(_Handler, page)
    candidates = range(port, min(port + PORTS, 65_536)) if port else range(1)
    for candidate in candidates:
        try:
            return _Server((address, candidate), handler)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ConfigurationError(
                    f"cannot listen on {address}:{candidate}",
                    cause=error.strerror or str(error),
                    remedy="Correct metrics.address or metrics.port",
                ) from error
    raise ConfigurationError(
        f"no port is free on {address} from {port} to {candidates[-1]}",
        remedy="Set metrics.port to the start of a free range",
    )
