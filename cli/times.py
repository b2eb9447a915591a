"""Times and places as people type them on the command line."""

from __future__ import annotations

import re
from datetime import datetime

from model.clock import DAY, HOUR, MINUTE, SECOND, from_datetime
from model.errors import ConfigurationError

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.IGNORECASE)
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_NEAR = re.compile(r"(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*~\s*(\d+(?:\.\d+)?)\s*(km|m)")

TIME_HINT = "Write 30m, 2h or 7d ago, or a time such as 2026-11-20T18:30"


def parse_moment(text: str, now: int) -> int:
    """UTC microseconds of ``2h`` (ago), ``2026-11-20`` or ``2026-11-20T18:30+00:00``.

    A time without a zone is this machine's local time. Raises ConfigurationError.
    """
    if found := _AGO.fullmatch(text.strip()):
        return now - round(float(found[1]) * _UNITS[found[2].lower()])
    try:
        return from_datetime(datetime.fromisoformat(text.strip()).astimezone())
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"{text!r} is no time", cause=str(error), remedy=TIME_HINT
        ) from error


def parse_span(text: str) -> int:
    """Microseconds of ``30m``, ``2h`` or ``3d``. Raises ConfigurationError."""
    found = _AGO.fullmatch(text.strip())
    if found is None or not float(found[1]):
        raise ConfigurationError(f"{text!r} is no span of time", remedy="Write 30m, 2h or 3d")
    return round(float(found[1]) * _UNITS[found[2].lower()])


def parse_near(text: str) -> tuple[float, float, float]:
    """Latitude, longitude and radius in metres of ``51.236,-0.570~5km``.

    Raises ConfigurationError.
    """
    found = _NEAR.fullmatch(text.strip())
    if found is None or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
        raise ConfigurationError(
            f"{text!r} is no point with a radius",
            remedy="Write latitude,longitude~radius, such as 51.236,-0.570~5km",
        )
    metres = float(found[3]) * (1000 if found[4] == "km" else 1)
    return float(found[1]), float(found[2]), metres
