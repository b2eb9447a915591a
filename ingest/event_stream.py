"""Server-sent events: a connection that pushes, read by a thread of its own.

An HTTP client that waits for the next line cannot be asked to come back after a moment
without losing the connection. So a thread waits, and hands over what came.

The format is that of the HTML standard, section "Server-sent events".
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import httpx
import msgspec

from ingest.download import USER_AGENT, shown_url
from ingest.inlet import Closed, Inlet
from ingest.port import ConnectionFailed


class ServerEvent(NamedTuple):
    """One event: its kind and its data, undecoded."""

    kind: str
    data: bytes


class StreamLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds for connecting, seconds without a byte (a heartbeat counts) after which a
    connection is dead, bytes of one event, and events that wait to be handed over."""

    connect_seconds: float = 20.0
    silence_seconds: float = 60.0
    event_bytes: int = 4 * 1_048_576
    waiting: int = 5_000


PATIENT = StreamLimits()


class Refused(ConnectionFailed):
    """The server answered, and not with a stream."""

    def __init__(self, what: str, status: int) -> None:
        super().__init__(what, cause=f"it answered {status}")
        self.status = status


class EventStream:
    """One connection, from construction until :meth:`close`.

    Raises ConnectionFailed, or Refused with the status that the server answered.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], limits: StreamLimits = PATIENT
    ) -> None:
        self._limits = limits
        self._shown = shown_url(url)
        self._inlet: Inlet[ServerEvent] = Inlet(limits.waiting)
        self._open = contextlib.ExitStack()
        self._response = self._connected(url, headers)
        threading.Thread(target=self._read, name="event-stream", daemon=True).start()

    def take(self, most: int, wait: float) -> list[ServerEvent]:
        """What has come, after at most ``wait`` seconds for the first.

        Raises ConnectionFailed once everything that came before the end was handed over.
        """
        return self._inlet.take(most, wait)

    def close(self) -> None:
        """Hang up."""
        self._inlet.close()
        # The thread waits for a line; only this wakes it.
        with contextlib.suppress(OSError):
            line = self._response.extensions["network_stream"]
            line.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def _connected(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        timeout = httpx.Timeout(self._limits.silence_seconds, connect=self._limits.connect_seconds)
        asked = {"User-Agent": USER_AGENT, "Accept": "text/event-stream", **headers}
        try:
            client = self._open.enter_context(httpx.Client(timeout=timeout, trust_env=False))
            response = self._open.enter_context(client.stream("GET", url, headers=asked))
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            self._open.close()
            cause = str(error) or type(error).__name__
            raise ConnectionFailed(f"{self._shown}: no connection", cause=cause) from error
        if response.status_code != httpx.codes.OK:
            self._open.close()
            raise Refused(f"{self._shown} gave no stream", response.status_code)
        return response

    def _read(self) -> None:
        cause = "it was closed by the other side"
        try:
            for event in _events(self._lines(), self._limits.event_bytes):
                self._inlet.put(event)
        except Closed:
            cause = "it was closed by us"
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError) as error:
            cause = str(error) or type(error).__name__
        finally:
            with contextlib.suppress(httpx.HTTPError, httpx.StreamError, OSError, RuntimeError):
                self._open.close()
            ended = ConnectionFailed(f"{self._shown}: the stream ended", cause=cause)
            self._inlet.end(ended)

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for part in self._response.iter_bytes():
            *lines, rest = (rest + part).split(b"\n")
            if len(rest) > self._limits.event_bytes:
                raise ValueError(f"a line has more than {self._limits.event_bytes:,} bytes")
            yield from (line.removesuffix(b"\r") for line in lines)


def _events(lines: Iterable[bytes], longest: int) -> Iterator[ServerEvent]:
    """The events in a stream of lines. One that its connection cuts off is dropped, as the
    standard has it: the server will give it again."""
    kind = "message"
    data: list[bytes] = []
    size = 0
    for line in lines:
        if not line:
            if data:
                yield ServerEvent(kind, b"\n".join(data))
            kind, data, size = "message", [], 0
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            kind = value.decode("utf-8", "replace")
        elif field == b"data":
            size += len(value)
            if size > longest:
                raise ValueError(f"an event has more than {longest:,} bytes")
            data.append(value)
