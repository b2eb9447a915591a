"""From the British National Grid to degrees of WGS 84.

The inverse Transverse Mercator projection and the seven-parameter Helmert transformation
from OSGB36 to WGS 84, as given in Ordnance Survey's "A guide to coordinate systems in
Great Britain" (version 3, sections 6.6 and annexes B and C). The guide puts the error of
the Helmert transformation at some metres; at OS's own OSTN15 test points it is below five
(``tests/enrich/test_national_grid.py``), which is far less than a name is exact.
"""

from __future__ import annotations

import math

_AIRY = (6_377_563.396, 6_356_256.909)
_WGS84 = (6_378_137.0, 6_356_752.3142)
"""Semi-axes in metres."""

_SCALE = 0.999_601_2717
_ORIGIN_LAT = math.radians(49.0)
_ORIGIN_LON = math.radians(-2.0)
_FALSE_EASTING, _FALSE_NORTHING = 400_000.0, -100_000.0

_SHIFT = (446.448, -125.157, 542.060)
_TURN = tuple(math.radians(seconds / 3_600) for seconds in (0.1502, 0.2470, 0.8421))
_STRETCH = -20.4894e-6
"""From OSGB36 to WGS 84: metres, seconds of arc, and parts of one."""

_ENOUGH_M = 1e-5
_ENOUGH_RADIANS = 1e-12

EAST, NORTH = 700_000.0, 1_300_000.0
"""The grid reaches from 0 to these, in metres."""


def is_on_grid(easting: float, northing: float) -> bool:
    """Whether these are metres of the National Grid."""
    return 0 <= easting <= EAST and 0 <= northing <= NORTH


def to_degrees(easting: float, northing: float) -> tuple[float, float]:
    """Latitude and longitude (WGS 84) of metres of the National Grid.

    Raises ValueError outside of the grid, where the formulas are not meant to be used.
    """
    if not is_on_grid(easting, northing):
        raise ValueError(f"{easting:g}, {northing:g} is not on the National Grid")
    lat, lon = _unprojected(easting, northing)
    lat, lon = _geographic(*_transformed(*_cartesian(lat, lon, _AIRY)), _WGS84)
    return math.degrees(lat), math.degrees(lon)


def _unprojected(easting: float, northing: float) -> tuple[float, float]:
    """Radians on the Airy ellipsoid (annex C.2 of the guide, with its names)."""
    a, b = _AIRY
    e2 = 1 - (b / a) ** 2
    lat = _ORIGIN_LAT
    missing = northing - _FALSE_NORTHING
    while abs(missing) >= _ENOUGH_M:
        lat += missing / (a * _SCALE)
        missing = northing - _FALSE_NORTHING - _meridian_arc(lat)
    sin2 = math.sin(lat) ** 2
    nu = a * _SCALE / math.sqrt(1 - e2 * sin2)
    rho = a * _SCALE * (1 - e2) * (1 - e2 * sin2) ** -1.5
    eta2 = nu / rho - 1
    t, sec = math.tan(lat), 1 / math.cos(lat)
    t2, t4, t6 = t**2, t**4, t**6
    x = easting - _FALSE_EASTING
    vii = t / (2 * rho * nu)
    viii = t / (24 * rho * nu**3) * (5 + 3 * t2 + eta2 - 9 * t2 * eta2)
    ix = t / (720 * rho * nu**5) * (61 + 90 * t2 + 45 * t4)
    ten = sec / nu
    eleven = sec / (6 * nu**3) * (nu / rho + 2 * t2)
    twelve = sec / (120 * nu**5) * (5 + 28 * t2 + 24 * t4)
    twelve_a = sec / (5_040 * nu**7) * (61 + 662 * t2 + 1_320 * t4 + 720 * t6)
    return (
        lat - vii * x**2 + viii * x**4 - ix * x**6,
        _ORIGIN_LON + ten * x - eleven * x**3 + twelve * x**5 - twelve_a * x**7,
    )


def _meridian_arc(lat: float) -> float:
    """Metres along the meridian from the true origin (annex C.1 of the guide)."""
    a, b = _AIRY
    n = (a - b) / (a + b)
    less, more = lat - _ORIGIN_LAT, lat + _ORIGIN_LAT
    return (
        b
        * _SCALE
        * (
            (1 + n + 1.25 * n**2 + 1.25 * n**3) * less
            - (3 * n + 3 * n**2 + 21 / 8 * n**3) * math.sin(less) * math.cos(more)
            + (15 / 8 * n**2 + 15 / 8 * n**3) * math.sin(2 * less) * math.cos(2 * more)
            - 35 / 24 * n**3 * math.sin(3 * less) * math.cos(3 * more)
        )
    )


def _cartesian(
    lat: float, lon: float, ellipsoid: tuple[float, float]
) -> tuple[float, float, float]:
    """Metres from the centre of the earth, at no height (annex B.1)."""
    a, b = ellipsoid
    e2 = 1 - (b / a) ** 2
    nu = a / math.sqrt(1 - e2 * math.sin(lat) ** 2)
    return (
        nu * math.cos(lat) * math.cos(lon),
        nu * math.cos(lat) * math.sin(lon),
        nu * (1 - e2) * math.sin(lat),
    )


def _transformed(x: float, y: float, z: float) -> tuple[float, float, float]:
    """The Helmert transformation (section 6.2 of the guide)."""
    (tx, ty, tz), (rx, ry, rz), s = _SHIFT, _TURN, 1 + _STRETCH
    return (
        tx + s * x - rz * y + ry * z,
        ty + rz * x + s * y - rx * z,
        tz - ry * x + rx * y + s * z,
    )


def _geographic(
    x: float, y: float, z: float, ellipsoid: tuple[float, float]
) -> tuple[float, float]:
    """Radians on an ellipsoid (annex B.2)."""
    a, b = ellipsoid
    e2 = 1 - (b / a) ** 2
    p = math.hypot(x, y)
    lat, before = math.atan2(z, p * (1 - e2)), math.inf
    while abs(lat - before) > _ENOUGH_RADIANS:
        before = lat
        nu = a / math.sqrt(1 - e2 * math.sin(lat) ** 2)
        lat = math.atan2(z + e2 * nu * math.sin(lat), p)
    return lat, math.atan2(y, x)
