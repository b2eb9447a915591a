"""Points in time as platforms and exports write them.

ISO 8601, Twitter's classic format ("Sun Oct 28 00:00:03 +0000 2012") and epoch numbers
in seconds, milliseconds or microseconds, told apart by their size. All become UTC
microseconds since 1970. A time without a zone is refused unless the caller vouches
that it is UTC: guessing would move a post by hours without a trace.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from model.clock import MILLISECOND, SECOND, from_datetime
from model.errors import MalformedRecord

Moment = str | int | float
"""A point in time that has not been read yet."""

EARLIEST = from_datetime(datetime.min.replace(tzinfo=UTC))
LATEST = from_datetime(datetime.max.replace(tzinfo=UTC))
"""What a calendar can hold: the years 1 to 9999."""

_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?")
_EPOCH_UNITS = ((10**8, 0), (10**11, SECOND), (10**14, MILLISECOND), (10**17, 1))
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_CLASSIC = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{2}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2}) (\d{4})",
    re.ASCII,
)


def parse_moment(value: Moment, *, assume_utc: bool = False) -> int:
    """UTC microseconds of a time in any of the formats above.

    Raises MalformedRecord for anything else, for a time without a zone unless
    ``assume_utc``, and for one outside the years 1 to 9999.
    """
    try:
        instant = _parse(value.strip(), assume_utc) if isinstance(value, str) else _epoch(value)
    except (ValueError, OverflowError) as error:
        raise _unreadable(value, str(error)) from error
    if not EARLIEST <= instant <= LATEST:
        raise _unreadable(value, "it is outside the years 1 to 9999")
    return instant


def _parse(text: str, assume_utc: bool) -> int:
    if text[4:5] == "-" or text[8:9] == "T":
        return _iso(text, assume_utc)
    if _NUMBER.fullmatch(text):
        return _epoch(float(text) if "." in text else int(text))
    if found := _CLASSIC.fullmatch(text):
        return _classic(found)
    raise ValueError("neither ISO 8601, nor Twitter's format, nor an epoch number")


def _iso(text: str, assume_utc: bool) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        if not assume_utc:
            raise ValueError(
                "it has no time zone, and nobody vouches that it is UTC (--assume-utc does)"
            )
        moment = moment.replace(tzinfo=UTC)
    return from_datetime(moment)


def _epoch(number: float) -> int:
    """A number's size tells its unit for every year from 1973 to 5138."""
    size = abs(number)
    for limit, unit in _EPOCH_UNITS:
        if size < limit:
            if not unit:
                break
            return round(number * unit)
    raise ValueError("as an epoch number it is in neither seconds, milli- nor microseconds")


def _classic(found: re.Match[str]) -> int:
    month, day, hour, minute, second, sign, zone_hours, zone_minutes, year = found.groups()
    zone = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    moment = datetime(
        int(year),
        _MONTHS.get(month, 0),
        int(day),
        int(hour),
        int(minute),
        int(second),
        tzinfo=timezone(-zone if sign == "-" else zone),
    )
    return from_datetime(moment)


def _unreadable(value: Moment, cause: str) -> MalformedRecord:
    return MalformedRecord(f"the time {str(value)[:60]!a}", cause=cause)
