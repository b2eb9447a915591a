"""The log of a process: one event a line on standard error, for people or for machines.

Standard output belongs to what a command answers. Lines of the libraries take the same
form. Text from outside may stand in an error's words, so every value is escaped to
printable ASCII, and what the settings hold as secret is blotted out wherever it turns up.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog

Format = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
BLOT = "[secret]"
OURS = ("alerts", "bus", "cli", "desk", "enrich", "index", "ingest", "observe", "store")
"""Packages to which the level applies; a library is heard from warnings on."""
_SHORTEST_SECRET = 4
_Event = MutableMapping[str, Any]


def configure_logs(
    level: Level,
    form: Format,
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    fields: Mapping[str, object] | None = None,
) -> None:
    """Set up the log of this process, in place of any earlier set-up.

    ``fields`` are added to every line, such as the stage and the pid. Times are UTC.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Adding(fields or {}),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _Blotting(secrets),
                _as_json if form == "json" else _as_text,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for package in OURS:
        logging.getLogger(package).setLevel(level.upper())


class _Adding:
    """Adds what every line of the process says."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._fields = dict(fields)

    def __call__(self, logger: object, method: str, event: _Event) -> _Event:  # noqa: ARG002
        return {**self._fields, **event}


class _Blotting:
    """Blots out known secrets, the longest first."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        self._secrets = sorted(known, key=len, reverse=True)

    def __call__(self, logger: object, method: str, event: _Event) -> _Event:  # noqa: ARG002
        return {key: self._blotted(value) for key, value in event.items() if value is not None}

    def _blotted(self, value: object) -> object:
        if isinstance(value, (bool, int, float)):
            return value
        words = str(value)
        for secret in self._secrets:
            words = words.replace(secret, BLOT)
        return words


def _as_json(logger: object, method: str, event: _Event) -> str:  # noqa: ARG001
    return json.dumps(event)


def _as_text(logger: object, method: str, event: _Event) -> str:  # noqa: ARG001
    rest = dict(event)
    head = [json.dumps(rest.pop(name, ""))[1:-1] for name in ("timestamp", "level", "event")]
    return " ".join([*head, *(f"{name}={json.dumps(value)}" for name, value in rest.items())])
