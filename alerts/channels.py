"""The channels: a terminal, a file, and everything that apprise can reach.

An apprise address holds passwords and tokens. It comes from the wiring, and neither it
nor any part of it leaves this module: not in an outcome, nor in an error, nor in a log.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TextIO

import apprise

from alerts.errors import ChannelRefused
from alerts.port import Message, Outcome

# What the library and its HTTP client log holds addresses, so it reaches nobody's log.
for _chatty in ("apprise", "urllib3"):
    logging.getLogger(_chatty).addHandler(logging.NullHandler())
    logging.getLogger(_chatty).propagate = False

_STATUS = re.compile(r"error=([1-5][0-9][0-9])\b")
_FINAL_ANSWERS = frozenset({400, 404, 405, 410, 413, 422})
"""HTTP answers that another try will not change: nobody is there, or not for this message."""


class LineChannel:
    """Writes each message as one line to a stream, such as the terminal."""

    def __init__(self, name: str, stream: TextIO) -> None:
        self.name = name
        self._stream = stream

    def deliver(self, message: Message) -> Outcome:
        """Write and flush the line."""
        try:
            self._stream.write(_line(message))
            self._stream.flush()
        except (OSError, ValueError) as error:
            return Outcome("failed_for_now", str(error))
        return Outcome("accepted")


class FileChannel:
    """Appends each message as one line to a file, which may be moved away at any time."""

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        self._file = file

    def deliver(self, message: Message) -> Outcome:
        """Append the line."""
        try:
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(_line(message))
        except OSError as error:
            return Outcome("failed_for_now", str(error))
        return Outcome("accepted")


class AppriseChannel:
    """Sends each message by a service that apprise knows.

    ``address`` is the service's apprise address, which is secret; ``timeout`` is in
    seconds, for the whole of one try. Raises ChannelRefused if apprise makes nothing of
    the address.
    """

    def __init__(self, name: str, address: str, *, timeout: float = 10.0) -> None:
        self.name = name
        self._timeout = timeout
        asset = apprise.AppriseAsset(
            app_id="Tocsin", storage_mode=apprise.PersistentStoreMode.MEMORY
        )
        self._service = apprise.Apprise(asset=asset)
        if not self._service.add(address):
            raise ChannelRefused(
                f"the address of channel {name}",
                cause="apprise knows no such service, or misses a part of the address",
                remedy="Compare it with the apprise documentation; it is not shown, being secret",
            )

    def deliver(self, message: Message) -> Outcome:
        """Try once. A service that does not accept is asked again, unless its answer says
        that this would be in vain."""
        result = self._service.notify(
            title=f"{message.marking} {message.severity.upper()}: {message.title}",
            body=message.body,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=_URGENCY.get(message.severity, apprise.NotifyType.INFO),
            timeout=self._timeout,
        )
        if result:
            return Outcome("accepted")
        if result.status is apprise.AppriseResultStatus.TIMEOUT:
            return Outcome("failed_for_now", f"no answer within {self._timeout:g} seconds")
        answers = (_STATUS.search(entry.message) for entry in result.logs())
        status = next((int(answer.group(1)) for answer in answers if answer), None)
        if status is None:
            return Outcome("failed_for_now", "the service could not be reached")
        final = status in _FINAL_ANSWERS
        return Outcome("failed_for_good" if final else "failed_for_now", f"it answered {status}")


_URGENCY = {
    "high": apprise.NotifyType.FAILURE,
    "elevated": apprise.NotifyType.WARNING,
}


def _line(message: Message) -> str:
    body = " | ".join(message.body.split("\n"))
    return f"{message.marking} {message.severity.upper()}: {message.title} | {body}\n"
