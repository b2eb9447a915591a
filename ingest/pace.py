"""How long a site wants to be left alone, and how long it is.

``Retry-After`` and ``Cache-Control`` are those of RFC 9110 and RFC 9111.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import msgspec

from model.clock import SECOND, from_datetime

_SECONDS = re.compile(r"[0-9]{1,9}")
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds between two questions to a site.

    Never less than ``floor``; ``interval`` unless the site asks for more; never more
    than ``ceiling``, whatever the site or our own back-off says.
    """

    floor: float = 300.0
    interval: float = 300.0
    ceiling: float = 14_400.0

    def after_answer(self, headers: Mapping[str, str], ttl: float) -> float:
        """The wait after an answer that states these headers and time to live (seconds)."""
        age = _MAX_AGE.search(headers.get("cache-control", ""))
        return self._bounded(max(self.interval, ttl, float(age[1]) if age else 0.0))

    def after_failures(self, failures: int) -> float:
        """The wait after so many failures in a row, one or more: it doubles each time."""
        return self._bounded(max(self.floor, self.interval) * 2.0 ** min(failures - 1, 16))

    def _bounded(self, seconds: float) -> float:
        return max(self.floor, min(seconds, self.ceiling))


def retry_after(headers: Mapping[str, str], now: int) -> float:
    """Seconds that ``Retry-After`` asks for; 0 if absent, unreadable or in the past."""
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        return max(0.0, (from_datetime(parsedate_to_datetime(value)) - now) / SECOND)
    except ValueError:
        return 0.0
