"""How long a site is left alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ingest.pace import Pace, retry_after
from model.clock import from_datetime

NOW = from_datetime(datetime(2026, 11, 20, 18, 0, tzinfo=UTC))
PACE = Pace(floor=300, interval=600, ceiling=3_600)


@pytest.mark.parametrize(
    ("cache_control", "ttl", "wait"),
    [
        ("", 0, 600),
        ("", 1_800, 1_800),
        ("public, max-age=900", 0, 900),
        ("max-age=60", 0, 600),
        ('MAX-AGE = "1200", private', 900, 1_200),
        ("s-maxage=2000", 0, 600),
        ("max-age=31536000", 0, 3_600),
        ("max-age=-5", 0, 600),
        ("max-age=" + "9" * 50, 0, 3_600),
        ("no-store", 99_999, 3_600),
    ],
)
def test_the_longest_wish_counts_up_to_a_limit(cache_control: str, ttl: float, wait: float) -> None:
    assert PACE.after_answer({"cache-control": cache_control}, ttl) == wait


def test_nobody_is_asked_more_often_than_is_polite() -> None:
    assert Pace(floor=300, interval=1).after_answer({}, 0) == 300


def test_failures_make_the_wait_double_up_to_a_limit() -> None:
    waits = [PACE.after_failures(count) for count in (1, 2, 3, 4, 10_000)]
    assert waits == [600, 1_200, 2_400, 3_600, 3_600]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("Fri, 20 Nov 2026 18:01:00 GMT", 60),
        ("Fri, 20 Nov 2026 17:00:00 GMT", 0),
        ("Fri, 20 Nov 2026 18:01:00 -0000", 0),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("9" * 30, 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds


def test_no_retry_after_is_no_wish() -> None:
    assert retry_after({}, NOW) == 0
