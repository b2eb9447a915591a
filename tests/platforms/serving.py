"""What the scripted HTTP servers share: a thread that serves for as long as a block lasts."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Generic, Self, TypeVar

_LOOK_SECONDS = 0.02

Owner = TypeVar("Owner", bound="Serving")


class OwnedServer(ThreadingHTTPServer, Generic[Owner]):
    """Answers by a handler that finds the script at ``self.server.owner``."""

    daemon_threads = False

    def __init__(self, owner: Owner, handler: type[BaseHTTPRequestHandler]) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), handler)


class Serving:
    """Serves from construction until the ``with`` block ends, which ``ending`` tells."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self._server = OwnedServer(self, handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_LOOK_SECONDS,))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """The server's address, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"
