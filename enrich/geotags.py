"""Geotags: the position that an author attached, named after the settlement around it."""

from __future__ import annotations

import math

from enrich.distances import flat_km
from enrich.gazetteer import Entry, Gazetteer
from model.enriched import Place
from model.post import Geo

FARTHEST_KM = 10.0


class Geotagger:
    """Turns positions into places."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer

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
        around = [
            (flat_km(lat, lon, entry.lat, entry.lon), entry)
            for entry in self._gazetteer.settlements_around(lat, lon)
        ]
        distance, nearest = min(around, key=lambda one: one[0], default=(math.inf, None))
        return nearest if distance <= FARTHEST_KM else None
