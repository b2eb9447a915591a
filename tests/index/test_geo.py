"""Nearness by cells against nearness by distance."""

from __future__ import annotations

import math

import h3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.geo import FINEST, MAX_RADIUS_M, MIN_RADIUS_M, cells_near, cells_of
from model.errors import QueryError

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
radii = st.floats(math.log(MIN_RADIUS_M + 1), math.log(MAX_RADIUS_M)).map(math.exp)
bearings = st.floats(0, 2 * math.pi)


def is_near(lat: float, lon: float, radius_m: float, other: tuple[float, float]) -> bool:
    """Whether another point is near, as every engine says it."""
    return not cells_near(lat, lon, radius_m).isdisjoint(cells_of(*other))


def away(lat: float, lon: float, bearing: float, metres: float) -> tuple[float, float]:
    """The point at a distance, on a sphere of the radius that H3 uses."""
    angle = metres / 6_371_007.180918475
    here, east = math.radians(lat), math.radians(lon)
    there = math.asin(
        max(-1.0, min(1.0, math.sin(here) * math.cos(angle)
        + math.cos(here) * math.sin(angle) * math.cos(bearing)))
    )  # fmt: skip
    turned = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(here),
        math.cos(angle) - math.sin(here) * math.sin(there),
    )
    return math.degrees(there), (math.degrees(east + turned) + 540) % 360 - 180


@settings(max_examples=150)
@given(latitudes, longitudes, radii, bearings, st.floats(0, 0.85))
@example(lat=90.0, lon=0.0, radius=5_000.0, bearing=1.0, part=0.8)
@example(lat=0.0, lon=180.0, radius=50_000.0, bearing=1.5, part=0.8)
@example(lat=-90.0, lon=-180.0, radius=1_000_000.0, bearing=0.0, part=0.85)
def test_well_inside_is_near(
    lat: float, lon: float, radius: float, bearing: float, part: float
) -> None:
    assert is_near(lat, lon, radius, away(lat, lon, bearing, radius * part))


@settings(max_examples=150)
@given(latitudes, longitudes, radii, bearings, st.floats(1.15, 3))
@example(lat=90.0, lon=0.0, radius=5_000.0, bearing=1.0, part=1.2)
def test_well_outside_is_not(
    lat: float, lon: float, radius: float, bearing: float, part: float
) -> None:
    assert not is_near(lat, lon, radius, away(lat, lon, bearing, radius * part))


@settings(max_examples=30)
@given(latitudes, longitudes, radii)
def test_a_circle_has_few_cells_and_all_are_indexed_sizes(
    lat: float, lon: float, radius: float
) -> None:
    cells = cells_near(lat, lon, radius)
    assert 0 < len(cells) < 1_000
    sizes = {h3.get_resolution(cell) for cell in cells_of(51.2, -0.5)}
    assert {h3.get_resolution(cell) for cell in cells} <= sizes


def test_a_point_is_indexed_under_each_size_once() -> None:
    cells = cells_of(51.236, -0.57)
    assert len(cells) == len(set(cells)) == 10
    assert cells[-1] == h3.latlng_to_cell(51.236, -0.57, FINEST)


@pytest.mark.parametrize(
    "point", [(91.0, 0.0), (0.0, 181.0), (math.nan, 0.0), (0.0, math.inf), (-90.1, 0.0)]
)
def test_what_is_no_point_is_nowhere(point: tuple[float, float]) -> None:
    assert cells_of(*point) == ()
    with pytest.raises(QueryError):
        cells_near(*point, 5_000)


@pytest.mark.parametrize("radius", [0, -1, 100, 1_000_001, math.nan, math.inf])
def test_radii_that_cannot_be_searched(radius: float) -> None:
    with pytest.raises(QueryError, match="radius"):
        cells_near(51.2, -0.5, radius)
