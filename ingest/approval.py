"""A platform's own written approval, without which a source of that platform stays off.

An approval is a small YAML file beside the sources file, so that it can be shown to whoever
asks: ``platform``, ``reference``, ``scope``, ``granted`` and ``expires``, the last two as
days (UTC), ``expires`` inclusive.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import msgspec

from ingest.yaml_fields import Broken, Field, fields, parse, scalar

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIELDS = ("platform", "reference", "scope", "granted", "expires")


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform has allowed, from the day ``granted`` to the day ``expires`` (UTC)."""

    platform: str
    reference: str
    scope: str
    granted: date
    expires: date


def read_approval(path: Path, platform: str) -> Approval:
    """The approval in a file. Raises ValueError that says what is wrong with it."""
    try:
        document = parse(path.read_text(encoding="utf-8"))
        if document is None:
            raise ValueError(f"{path} is empty")
        approval = _read(fields(document, ""))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    except Broken as broken:
        raise ValueError(f"{path}:{broken.line}: {broken.field}: {broken.cause}") from broken
    if approval.platform != platform:
        raise ValueError(f"{path} is an approval for {approval.platform}, not for {platform}")
    return approval


def _read(written: dict[str, Field]) -> Approval:
    values: dict[str, object] = {}
    for name in _FIELDS:
        if name not in written:
            raise Broken(1, name, "is missing")
        values[name] = scalar(written[name], name)
        if not values[name]:
            raise Broken(written[name].line, name, "is empty")
    for name in ("granted", "expires"):
        text = str(values[name])
        if _DAY.fullmatch(text) is None:
            raise Broken(written[name].line, name, "is no day; write it as 2027-03-31")
        try:
            values[name] = date.fromisoformat(text)
        except ValueError as error:
            raise Broken(written[name].line, name, str(error)) from error
    return msgspec.convert(values, Approval)
