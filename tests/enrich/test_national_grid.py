"""The National Grid, at the points by which Ordnance Survey lets others test."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from enrich.national_grid import EAST, NORTH, is_on_grid, to_degrees

POINTS = Path(__file__).parent / "data" / "ostn15_points.txt"
GOOD_TO_M = 5.0


def test_every_point_of_ordnance_survey_is_within_five_metres() -> None:
    lines = [line for line in POINTS.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == 40
    for line in lines:
        lon, lat, easting, northing = map(float, line.split())
        found_lat, found_lon = to_degrees(easting, northing)
        north = (found_lat - lat) * 111_195
        east = (found_lon - lon) * 111_195 * math.cos(math.radians(lat))
        assert math.hypot(north, east) < GOOD_TO_M, line


@pytest.mark.parametrize(
    ("easting", "northing"), [(-1, 0), (0, -1), (EAST + 1, 0), (0, NORTH + 1), (math.nan, 0)]
)
def test_what_is_not_on_the_grid_is_refused(easting: float, northing: float) -> None:
    assert not is_on_grid(easting, northing)
    with pytest.raises(ValueError, match="National Grid"):
        to_degrees(easting, northing)
