"""Times as platforms and exports write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.times import EARLIEST, LATEST, Moment, parse_moment
from model.clock import from_datetime, to_datetime
from model.errors import MalformedRecord

EVENING = from_datetime(datetime(2026, 11, 20, 18, 30, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20T18:30:05Z",
        "2026-11-20T18:30:05.000Z",
        "2026-11-20T19:30:05+01:00",
        "2026-11-20 18:30:05+00:00",
        "20261120T183005Z",
        " 2026-11-20T18:30:05Z\n",
        "Fri Nov 20 18:30:05 +0000 2026",
        "Fri Nov 20 13:30:05 -0500 2026",
        1_795_199_405,
        1_795_199_405.0,
        1_795_199_405_000,
        1_795_199_405_000_000,
        "1795199405",
        "1795199405.000",
        "1795199405000",
    ],
)
def test_every_format_gives_the_same_instant(written: Moment) -> None:
    assert parse_moment(written) == EVENING


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-11-20T25:00:00Z",
        "20/11/2026 18:30",
        "Fri Xyz 20 18:30:05 +0000 2026",
        "Fri Nov 20 18:30:05 +9900 2026",
        "10000-01-01T00:00:00Z",
        "20261120",  # a day, or a number of seconds?
        0,
        2026,
        float("nan"),
        float("inf"),
        10**30,
        "9" * 400,
    ],
)
def test_what_is_no_time_is_refused_with_its_text(written: Moment) -> None:
    with pytest.raises(MalformedRecord) as refusal:
        parse_moment(written)
    assert str(written)[:40] in str(refusal.value)


def test_a_time_without_a_zone_is_utc_only_if_somebody_vouches_for_it() -> None:
    with pytest.raises(MalformedRecord, match="no time zone"):
        parse_moment("2026-11-20T18:30:05")
    assert parse_moment("2026-11-20T18:30:05", assume_utc=True) == EVENING


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("9999-12-31T23:59:59.999999Z", LATEST),
        ("0001-01-01T00:00:00Z", EARLIEST),
    ],
)
def test_the_ends_of_the_calendar_can_be_written_and_shown(written: str, instant: int) -> None:
    assert parse_moment(written) == instant
    assert to_datetime(instant).isoformat().startswith(written[:10])


@pytest.mark.parametrize("written", ["9999-12-31T23:00:00-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_zone_that_leads_out_of_the_calendar_is_refused(written: str) -> None:
    with pytest.raises(MalformedRecord, match="outside the years"):
        parse_moment(written)


ZONES = st.builds(
    timezone, st.timedeltas(min_value=timedelta(hours=-14), max_value=timedelta(hours=14))
)


@given(st.datetimes(timezones=ZONES))
def test_any_time_with_a_zone_keeps_its_instant(moment: datetime) -> None:
    expected = from_datetime(moment)
    if EARLIEST <= expected <= LATEST:
        assert parse_moment(moment.isoformat()) == expected


@given(st.one_of(st.text(), st.integers(), st.floats()))
def test_anything_is_a_time_that_can_be_shown_or_refused(written: Moment) -> None:
    try:
        to_datetime(parse_moment(written, assume_utc=True))
    except MalformedRecord as refusal:
        str(refusal).encode()
