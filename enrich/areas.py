"""In which areas a place lies.

Each area is covered with H3 cells (https://h3geo.org) of a size that fits it. Cells that lie
wholly inside settle the question by one look-up; only in those on the border is the point
compared with the outline itself.

A place claims an area only if it is known exactly enough: its radius of doubt must not be
larger than the area. "Guildford" lies somewhere in the town, so it is in the district but
in no ward of it, though the middle of the town falls into one. A place that bears the
area's own name claims it whatever its size.
"""

from __future__ import annotations

from collections.abc import Sequence

import h3.api.basic_int as h3
import shapely
from shapely.geometry import Point

from enrich.area_file import Area
from enrich.tokens import fold_tokens
from model.enriched import Place

FEWEST_CELLS = 25
"""Cells that an area is covered with at the least; about seven times as many at the most."""

FINEST = 13
_REMEMBERED = 50_000

_DOUBT_M = {
    "position": 0.0,
    "postcode": 100.0,
    "street": 400.0,
    "venue": 400.0,
    "village": 1_000.0,
    "district": 3_000.0,
    "town": 2_500.0,
    "city": 7_000.0,
    "borough": 6_000.0,
    "county": 40_000.0,
    "region": 100_000.0,
    "nation": 250_000.0,
    "state": 400_000.0,
    "country": 500_000.0,
    "continent": 3_000_000.0,
}
_DOUBT_ELSE_M = 2_500.0
"""How far from its point a place of each kind may extend, in metres, where the place does
not say so itself."""


class AreaMap:
    """Finds the areas of places. Belongs to one thread; remembers some points."""

    def __init__(self, areas: Sequence[Area], version: str = "") -> None:
        self.version = version
        self._areas = tuple(areas)
        self._names = [" ".join(fold_tokens(area.name)) for area in areas]
        self._cells: dict[int, dict[int, list[tuple[int, bool]]]] = {}
        self._known: dict[tuple[float, float], tuple[int, ...]] = {}
        for number, area in enumerate(areas):
            self._cover(number, area)
            shapely.prepare(area.outline.shape)

    def __len__(self) -> int:
        return len(self._areas)

    def of_place(self, place: Place) -> tuple[str, ...]:
        """The ids of the areas that a place lies in, as far as it is known so exactly."""
        if place.lat is None or place.lon is None:
            return ()
        holding = self._around(place.lat, place.lon)
        if not holding:
            return ()
        doubt = doubt_m(place)
        name = " ".join(fold_tokens(place.name)) if doubt else ""
        return tuple(
            [
                self._areas[number].id
                for number in holding
                if doubt <= self._areas[number].outline.radius_m or name == self._names[number]
            ]
        )

    def holding(self, lat: float, lon: float) -> list[Area]:
        """The areas that hold a point (degrees, WGS 84), in the order of their files."""
        return [self._areas[number] for number in self._around(lat, lon)]

    def _around(self, lat: float, lon: float) -> tuple[int, ...]:
        known = self._known.get((lat, lon))
        if known is None:
            known = self._look(lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else ()
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[lat, lon] = known
        return known

    def _look(self, lat: float, lon: float) -> tuple[int, ...]:
        found: set[int] = set()
        for resolution, cells in self._cells.items():
            for number, whole in cells.get(h3.latlng_to_cell(lat, lon, resolution), ()):
                # A point on the border itself belongs to both sides: better twice than never.
                if whole or self._areas[number].outline.shape.intersects(Point(lon, lat)):
                    found.add(number)
        return tuple(sorted(found))

    def _cover(self, number: int, area: Area) -> None:
        resolution = _resolution(area.outline.size_m2)
        cells = self._cells.setdefault(resolution, {})
        for polygon in area.outline.shape.geoms:
            shape = h3.geo_to_h3shape(polygon)
            whole = set(h3.h3shape_to_cells_experimental(shape, resolution, contain="full"))
            for cell in h3.h3shape_to_cells_experimental(shape, resolution, contain="overlap"):
                cells.setdefault(cell, []).append((number, cell in whole))


def doubt_m(place: Place) -> float:
    """How far from its point the place may be meant, in metres: as it says itself, else
    what is usual for its kind."""
    own: float | None = getattr(place, "radius_m", None)
    return _DOUBT_M.get(place.kind, _DOUBT_ELSE_M) if own is None else own


def _resolution(size: float) -> int:
    """The coarsest size of cells of which the area holds enough."""
    for resolution in range(FINEST):
        if size / h3.average_hexagon_area(resolution, unit="m^2") >= FEWEST_CELLS:
            return resolution
    return FINEST
