"""How far apart two points are, by the flat approximation that serves here."""

from __future__ import annotations

import math


def flat_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Kilometres between two points (degrees), good to a per cent below some hundred."""
    north = (lat - other_lat) * 111.2
    east = (lon - other_lon) * 111.2 * math.cos(math.radians((lat + other_lat) / 2))
    return math.hypot(north, east)
