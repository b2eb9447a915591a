"""The names of the indices, and the one in which a post belongs.

A post's index follows from its own time alone, never from today's date: so it is found
again whenever it comes. A day has an index of its own from ``daily_from`` on; what is
older shares one a year, so that an archive that is read in does not make thousands.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from model.clock import DAY

EPOCH = date(1970, 1, 1)
LAST_YEAR = 2100
EARLIER = "earlier"
LATER = "later"
MAX_ID_BYTES = 512
"""Elasticsearch's limit of a document's id."""


class Names:
    """The names under one prefix."""

    def __init__(self, prefix: str, daily_from: date) -> None:
        self.posts = f"{prefix}-posts"
        self.standings = f"{prefix}-standings"
        self.accounts = f"{prefix}-accounts"
        self._daily_from = (daily_from - EPOCH).days

    def alias(self, period: str) -> str:
        """Through which the posts of a period are written."""
        return f"{self.posts}-{period}"

    def index(self, period: str, version: int) -> str:
        """That holds them, with a mapping of some version."""
        return f"{self.posts}-{period}-v{version}"

    def period(self, event_at: int) -> str:
        """The period of a moment (UTC microseconds): ``2026.11.20``, ``2019``, or beyond
        the years from 1970 to 2100 ``earlier`` and ``later``."""
        return _period(event_at // DAY, self._daily_from)

    def period_of_alias(self, alias: str) -> str | None:
        """The period that an alias stands for, None if it is none of a period."""
        start, _, period = alias.rpartition("-")
        known = period == LATER or period_end(period) is not None
        return period if start == self.posts and known else None


@lru_cache(maxsize=4_096)
def _period(day: int, daily_from: int) -> str:
    if day < 0:
        return EARLIER
    if day > (date(LAST_YEAR, 12, 31) - EPOCH).days:
        return LATER
    moment = EPOCH + timedelta(days=day)
    return moment.strftime("%Y.%m.%d") if day >= daily_from else f"{moment.year}"


def period_end(period: str) -> int | None:
    """The moment (UTC microseconds) before which all posts of a period stand.

    None for ``later``, which has no end, and for what is no period.
    """
    if period == EARLIER:
        return 0
    parts = period.split(".")
    try:
        if len(parts) == 1:
            end = date(int(period) + 1, 1, 1)
        else:
            end = date(*map(int, parts)) + timedelta(days=1)
    except (ValueError, TypeError):
        return None
    return (end - EPOCH).days * DAY
