"""Times and places as people type them."""

from __future__ import annotations

import pytest

from cli.times import parse_moment, parse_near
from model.clock import DAY, HOUR, MINUTE
from model.errors import TocsinError

NOW = 1_790_000_000_000_000


@pytest.mark.parametrize(
    ("text", "ago"), [("30m", 30 * MINUTE), ("2h", 2 * HOUR), ("1.5 d", 36 * HOUR), ("1W", 7 * DAY)]
)
def test_spans_count_back_from_now(text: str, ago: int) -> None:
    assert parse_moment(text, NOW) == NOW - ago


def test_a_zone_is_respected() -> None:
    assert parse_moment("2026-11-20T18:30+01:00", NOW) == parse_moment("2026-11-20T17:30Z", NOW)


@pytest.mark.parametrize("text", ["", "soon", "2h ago", "2026-13-01", "99999-01-01", "-3h"])
def test_what_is_no_time_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(TocsinError, match="Write 30m"):
        parse_moment(text, NOW)


def test_a_point_with_a_radius() -> None:
    assert parse_near("51.236,-0.570~5km") == (51.236, -0.57, 5_000)
    assert parse_near(" 51 , 0 ~ 300m ") == (51, 0, 300)


@pytest.mark.parametrize(
    "text", ["", "guildford", "51.2,-0.5", "91,0~1km", "0,181~1km", "1,2~-3km"]
)
def test_what_is_no_point_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(TocsinError, match="latitude,longitude~radius"):
        parse_near(text)
