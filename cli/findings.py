"""What a check found, and how an error becomes a finding."""

from __future__ import annotations

from typing import Literal

import msgspec

from model.errors import TocsinError

Verdict = Literal["well", "warning", "wrong"]


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, how it is, and what to do about it."""

    what: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def failed(what: str, error: TocsinError) -> Finding:
    """The finding of a check that could not be made."""
    detail = f"{error.what}: {error.cause}" if error.cause else error.what
    return Finding(what, "wrong", detail, error.remedy)
