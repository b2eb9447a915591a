"""Geotags: the position that an author attached, named after the settlement around it."""

from __future__ import annotations

import math
from collections import defaultdict

from enrich.gazetteer import Entry, Gazetteer
from enrich.resolve import flat_km
from model.enriched import Place
from model.post import Geo

FARTHEST_KM = 10.0
_CELLS_PER_DEGREE = 5


class Geotagger:
    """Turns positions into places. The grid of settlements is built on the first use."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._grid: dict[tuple[int, int], list[Entry]] = {}

    def place(self, geo: Geo) -> Place:
        """The geotag as a place outside the text (start and end are 0).

        It bears the name that the platform gave, else that of the nearest settlement
        within ten kilometres, else none; the position is the author's in every case.
        """
        near = None if geo.name else self._nearest(geo.lat, geo.lon)
        return Place(
            start=0,
            end=0,
            text="",
            name=geo.name or (near.name if near else ""),
            kind="position",
            confidence=1.0,
            lat=geo.lat,
            lon=geo.lon,
            origin="geotag",
        )

    def _nearest(self, lat: float, lon: float) -> Entry | None:
        if not self._grid:
            self._grid = _grid(self._gazetteer)
        row, column = _cell(lat, lon)
        around = [
            (flat_km(lat, lon, entry.lat, entry.lon), entry)
            for i in (row - 1, row, row + 1)
            for j in (column - 1, column, column + 1)
            for entry in self._grid.get((i, j), ())
        ]
        distance, nearest = min(around, key=lambda one: one[0], default=(math.inf, None))
        return nearest if distance <= FARTHEST_KM else None


def _grid(gazetteer: Gazetteer) -> dict[tuple[int, int], list[Entry]]:
    grid: dict[tuple[int, int], list[Entry]] = defaultdict(list)
    for entry in gazetteer.settlements():
        grid[_cell(entry.lat, entry.lon)].append(entry)
    return dict(grid)


def _cell(lat: float, lon: float) -> tuple[int, int]:
    return math.floor(lat * _CELLS_PER_DEGREE), math.floor(lon * _CELLS_PER_DEGREE)
