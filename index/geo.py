"""Nearness by cells, so that every engine gives the same answer.

The earth is divided into hexagons by H3 (https://h3geo.org), in sizes from 69 km
(edge, resolution 3) to 11 m (resolution 12). A point is indexed under the cell that
holds it at the finest size, and under that cell's parents. A circle is translated once
into a set of cells: the coarsest size whose edge is at most a tenth of the radius is
taken, and of it every cell whose centre lies within the radius. A point is near if its
cells and the set have one in common.

So distance is never computed while searching, and a point is judged by the centre of
its cell: what is wrongly in or out lies within about a tenth of the radius from the rim.
Whole families of cells in the set are replaced by their parent, which makes it shorter
and changes nothing.
"""

from __future__ import annotations

import math
from functools import lru_cache

import h3

from model.errors import QueryError

COARSEST = 3
FINEST = 12
MIN_RADIUS_M = 110.0
MAX_RADIUS_M = 1_000_000.0

_EDGES_M = {
    resolution: h3.average_hexagon_edge_length(resolution, unit="m")
    for resolution in range(COARSEST, FINEST + 1)
}


@lru_cache(maxsize=8_192)
def cells_of(lat: float, lon: float) -> tuple[str, ...]:
    """The cells of a point (degrees, WGS 84), coarsest first; none for what is no point."""
    if not is_point(lat, lon):
        return ()
    finest = h3.latlng_to_cell(lat, lon, FINEST)
    return (*(h3.cell_to_parent(finest, size) for size in range(COARSEST, FINEST)), finest)


def is_point(lat: float, lon: float) -> bool:
    """Whether these are a latitude and a longitude; not-a-number is neither."""
    return -90 <= lat <= 90 and -180 <= lon <= 180


@lru_cache(maxsize=1_024)
def cells_near(lat: float, lon: float, radius_m: float) -> frozenset[str]:
    """The cells that stand for a circle: see the module.

    Raises QueryError for a point that does not exist or a radius out of bounds.
    """
    check_circle(lat, lon, radius_m)
    resolution = next(r for r, edge in _EDGES_M.items() if edge <= radius_m / 10)
    # A step from cell to cell covers at least one edge length anywhere on the globe.
    steps = math.ceil(radius_m / _EDGES_M[resolution]) + 2
    around = h3.grid_disk(h3.latlng_to_cell(lat, lon, resolution), steps)
    inside = [c for c in around if distance_m(lat, lon, *h3.cell_to_latlng(c)) <= radius_m]
    return frozenset(_indexed(h3.compact_cells(inside)))


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres along the great circle between two points (degrees, WGS 84)."""
    return float(h3.great_circle_distance((lat, lon), (other_lat, other_lon), unit="m"))


def check_circle(lat: float, lon: float, radius_m: float) -> None:
    """Raise QueryError unless this is a circle that can be searched."""
    if not is_point(lat, lon):
        raise QueryError(
            f"{lat},{lon} is no point on the earth",
            hint="Latitude (-90 to 90) comes first, then longitude (-180 to 180)",
        )
    if not MIN_RADIUS_M <= radius_m <= MAX_RADIUS_M:
        raise QueryError(
            f"a radius of {radius_m:g} m cannot be searched",
            hint="Between 110 m and 1000 km is possible",
        )


def _indexed(cells: list[str]) -> list[str]:
    """The same ground in cells of the sizes that points are indexed under."""
    small = [c for c in cells if h3.get_resolution(c) >= COARSEST]
    large = [c for c in cells if h3.get_resolution(c) < COARSEST]
    return small + [child for c in large for child in h3.cell_to_children(c, COARSEST)]
