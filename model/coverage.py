"""What a source saw, and when it was blind.

"No posts" must never mean "the collector was down" without anybody knowing.
"""

from __future__ import annotations

from typing import Literal

import msgspec

CoverageState = Literal["live", "degraded", "blind", "backfilled", "not_authorised"]


class CoverageInterval(msgspec.Struct, frozen=True, kw_only=True):
    """One source in one state: from ``since`` (inclusive) to ``until`` (exclusive, UTC
    microseconds; None while it lasts), with the reason and the posts it brought."""

    source: str
    state: CoverageState
    since: int
    until: int | None = None
    reason: str = ""
    posts: int = 0


class CoverageGap(msgspec.Struct, frozen=True, kw_only=True):
    """A time that has passed, of which a source now knows more: from ``since`` (inclusive)
    to ``until`` (exclusive, UTC microseconds) it is ``backfilled`` from the platform's
    history, or ``blind`` for good, with the reason."""

    since: int
    until: int
    state: CoverageState
    reason: str = ""
